/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is a file written whole or not at all, and nobody else's instead? */
#include "scratch.h"
#include "whole.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "csv.h"
#include "rundir.h"
#include "support.h"
#include "topo.h"

/* ------------------------------------------------------- calls that fail */

static unsigned writes, fail_from; /* 0: none fails */

/* In place of libc's for what is linked here: from the nth on the disk is
 * full. */
ssize_t write(int fd, const void *text, size_t size)
{
	if (fail_from && ++writes >= fail_from) {
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_write, fd, text, size);
}

/* ------------------------------------------------------------------ help */

static void lay(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void holds(const char *path, const char *want)
{
	char text[256] = "";
	FILE *f = fopen(path, "r");

	if (!f)
		fail_msg("%s is not there", path);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	if (strcmp(text, want))
		fail_msg("%s holds '%s', not '%s'", path, text, want);
}

static bool is_link(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISLNK(st.st_mode);
}

static int put(const char *dir, const char *name, const char *text)
{
	struct whole *whole = whole_begin(dir, name);

	if (!whole)
		return -1;
	fputs(text, whole_file(whole));
	return whole_name(whole);
}

static void say(const void *what, FILE *out)
{
	fputs(what, out);
}

static size_t count_temporaries(const char *dir)
{
	char command[128];
	FILE *p;
	unsigned long n;

	snprintf(command, sizeof(command), "find %s -name '*.tmp*' | wc -l",
		 dir);
	p = popen(command, "r");
	assert_non_null(p);
	assert_int_equal(fscanf(p, "%lu", &n), 1);
	pclose(p);
	return n;
}

/* ----------------------------------------------------------------- links */

/* Every way to write a file: what a link points at stays as it is. */
static void test_links_are_not_followed(void **state)
{
	static const char *const name[] = { "whole", "page.html", "tables.md",
					    "table.csv", "topology.xml" };
	struct csv_out *out;
	char err[256];

	(void)state;
	assert_int_equal(mkdir("run", 0777), 0);
	lay("victim", "mine\n");
	for (size_t i = 0; i < COUNT(name); i++) {
		char path[64];

		snprintf(path, sizeof(path), "run/%s", name[i]);
		assert_int_equal(symlink("../victim", path), 0);
		/* as the name of a temporary once was */
		snprintf(path, sizeof(path), "run/%s.tmp", name[i]);
		assert_int_equal(symlink("../victim", path), 0);
	}
	assert_int_equal(put("run", "whole", "new\n"), 0);
	assert_int_equal(rundir_write("run", "page.html", say, "new\n"), 0);
	assert_int_equal(rundir_write("run", "tables.md", say, "new\n"), 0);
	out = csv_create("run/table.csv");
	assert_non_null(out);
	csv_str(out, "new");
	csv_end(out);
	assert_int_equal(csv_close(out), 0);
	if (topo_open(NULL, err, sizeof(err)))
		fail_msg("%s", err);
	assert_int_equal(topo_export("run/topology.xml"), 0);
	topo_close();
	holds("victim", "mine\n");
	for (size_t i = 0; i < COUNT(name); i++) {
		char path[64];

		snprintf(path, sizeof(path), "run/%s", name[i]);
		assert_false(is_link(path));
		if (strcmp(name[i], "topology.xml"))
			holds(path, "new\n");
	}
}

/* Nor a link in the middle of a name; dir itself is its user's. */
static void test_parts(void **state)
{
	(void)state;
	assert_int_equal(mkdir("parts", 0777), 0);
	assert_int_equal(mkdir("elsewhere", 0777), 0);
	assert_int_equal(symlink("../elsewhere", "parts/charts"), 0);
	assert_int_equal(rundir_make_part("parts", "charts"), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(put("parts", "charts/x.svg", "new"), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(rmdir("elsewhere"), 0); /* nothing is in it */
	assert_int_equal(unlink("parts/charts"), 0);
	assert_int_equal(put("parts", "charts/x.svg", "new"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(rundir_make_part("parts", "charts"), 0);
	assert_int_equal(rundir_make_part("parts", "charts"), 0);
	assert_int_equal(put("parts", "charts/x.svg", "new"), 0);
	holds("parts/charts/x.svg", "new");
	assert_int_equal(symlink("parts", "mine"), 0);
	assert_int_equal(put("mine", "y", "y"), 0);
	holds("parts/y", "y");
	lay("parts/file", "");
	assert_int_equal(rundir_make_part("parts", "file"), -1);
	assert_int_equal(errno, ENOTDIR);
}

/* --------------------------------------------------------- what is there */

static void test_what_stays(void **state)
{
	(void)state;
	assert_int_equal(mkdir("dir", 0777), 0);
	assert_int_equal(put(".", "dir", "x"), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(mkfifo("fifo", 0666), 0);
	assert_int_equal(put(".", "fifo", "x"), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(put("/dev", "full", "x"), -1);
	assert_int_equal(put("nowhere", "x", "x"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(put(".", "", "x"), -1);
	assert_int_equal(count_temporaries("."), 5); /* of the first test */
}

/* A link to nowhere is replaced like any other. */
static void test_dangling(void **state)
{
	(void)state;
	assert_int_equal(symlink("nothing", "dangling"), 0);
	assert_int_equal(put(".", "dangling", "x"), 0);
	assert_false(is_link("dangling"));
	assert_int_equal(access("nothing", F_OK), -1);
}

static void test_mode(void **state)
{
	struct stat st;
	mode_t old = umask(027);

	(void)state;
	assert_int_equal(put(".", "mode", "x"), 0);
	umask(old);
	assert_int_equal(stat("mode", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

/* What a killed process of the same number has left blocks nobody, and is
 * cleared away. */
static void test_left_over(void **state)
{
	char path[64];
	int fd;

	(void)state;
	assert_int_equal(mkdir("left", 0777), 0);
	lay("victim", "mine\n");
	for (int i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "left/a.csv.%ld-%d.tmp",
			 (long)getpid(), i);
		if (i % 2)
			assert_int_equal(symlink("../victim", path), 0);
		else
			lay(path, "half");
	}
	lay("left/a.tmp", "not ours");
	lay("left/.1-2.tmp", "nor this");
	lay("left/a.csv.1-x.tmp", "nor this");
	assert_int_equal(put("left", "a.csv", "new"), 0);
	holds("left/a.csv", "new");
	holds("victim", "mine\n");
	assert_int_equal(count_temporaries("left"), 23);
	fd = open("left", O_RDONLY | O_DIRECTORY);
	assert_true(fd >= 0);
	whole_sweep(fd);
	close(fd);
	assert_int_equal(count_temporaries("left"), 3);
}

/* ----------------------------------------------------------- a full disk */

/* Whichever write is the first that fails: the old file whole, or the new. */
static void test_full_disk(void **state)
{
	char text[40000];
	unsigned n;

	(void)state;
	assert_int_equal(mkdir("full", 0777), 0);
	memset(text, 'n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (n = 1; n < 200; n++) {
		int result;

		lay("full/file", "old");
		writes = 0;
		fail_from = n;
		result = put("full", "file", text);
		fail_from = 0;
		if (!result)
			break;
		assert_int_equal(errno, ENOSPC);
		holds("full/file", "old");
		assert_int_equal(count_temporaries("full"), 0);
	}
	assert_in_range(n, 2, 199); /* some failed, and then none */
}

/* Files that belong together: both are old, or both new. */
static void test_full_disk_of_two(void **state)
{
	static const struct rundir_file pages[] = { { "a.md", say, "new" },
						    { "b.html", say, "new" } };
	unsigned n;

	(void)state;
	for (n = 1; n < 200; n++) {
		int result;

		lay("full/a.md", "old");
		lay("full/b.html", "old");
		writes = 0;
		fail_from = n;
		result = rundir_write_all("full", pages, 2);
		fail_from = 0;
		if (!result)
			break;
		holds("full/a.md", "old");
		holds("full/b.html", "old");
		assert_int_equal(count_temporaries("full"), 0);
	}
	assert_int_equal(n, 3); /* one write each */
	holds("full/a.md", "new");
	holds("full/b.html", "new");
	assert_int_equal(unlink("full/b.html"), 0);
	assert_int_equal(mkdir("full/b.html", 0777), 0);
	lay("full/a.md", "old");
	assert_int_equal(rundir_write_all("full", pages, 2), -1);
	holds("full/a.md", "old");
	assert_int_equal(count_temporaries("full"), 0);
}

static void test_dropped(void **state)
{
	struct whole *whole = whole_begin(".", "dropped");

	(void)state;
	assert_non_null(whole);
	whole_drop(whole);
	whole_drop(NULL);
	whole = whole_begin(".", "dropped");
	assert_non_null(whole);
	assert_int_equal(whole_end(whole), 0);
	assert_int_equal(access("dropped", F_OK), -1);
	whole_drop(whole);
	assert_int_equal(access("dropped", F_OK), -1);
	assert_int_equal(count_temporaries("."), 5 + 3);
}

/* ------------------------------------------------------------------ locks */

static void test_lock(void **state)
{
	long writer = -1, other;
	int fd, second;

	(void)state;
	assert_int_equal(mkdir("locked", 0777), 0);
	fd = rundir_lock("locked", &writer);
	assert_true(fd >= 0);
	assert_int_equal(writer, 0);
	second = rundir_lock("locked", &other);
	assert_int_equal(second, -1);
	assert_true(other == getpid() || other == 1);
	close(fd);
	fd = rundir_lock("locked", &writer);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(rundir_lock("no such", &writer), -1);
	assert_int_equal(writer, 0);
}

/* What stands in place of a run's file is named before anybody reads it. */
static void test_check(void **state)
{
	char err[256] = "";

	(void)state;
	assert_int_equal(mkdir("checked", 0777), 0);
	assert_int_equal(rundir_check("checked", err, sizeof(err)), 0);
	assert_int_equal(rundir_check("no such", err, sizeof(err)), 0);
	lay("checked/summary.csv", "");
	assert_int_equal(rundir_check("checked", err, sizeof(err)), 0);
	assert_int_equal(mkfifo("checked/noise.csv", 0666), 0);
	assert_int_equal(rundir_check("checked", err, sizeof(err)), -1);
	assert_non_null(strstr(err, "checked/noise.csv: not a regular file"));
	assert_int_equal(unlink("checked/noise.csv"), 0);
	assert_int_equal(symlink("/dev/zero", "checked/topology.xml"), 0);
	assert_int_equal(rundir_check("checked", err, sizeof(err)), -1);
	assert_non_null(strstr(err, "checked/topology.xml: not a regular"));
	assert_int_equal(unlink("checked/topology.xml"), 0);
	lay("checked/topology.xml", "");
	assert_int_equal(truncate("checked/topology.xml", TOPO_XML_MAX + 1), 0);
	assert_int_equal(rundir_check("checked", err, sizeof(err)), -1);
	assert_non_null(strstr(err, "larger than"));
	assert_int_equal(truncate("checked/topology.xml", 1), 0);
	assert_int_equal(mkdir("checked/env.csv", 0777), 0);
	assert_int_equal(rundir_check("checked", err, sizeof(err)), -1);
	assert_non_null(strstr(err, "checked/env.csv: a directory"));
	assert_null(strchr(err, '\n'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links_are_not_followed),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_what_stays),
		cmocka_unit_test(test_dangling),
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_left_over),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_full_disk_of_two),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
