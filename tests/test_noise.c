/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is what the kernel's books do not tell unknown, and never 0? */
#include "noise.h"

#include <math.h>

#include "fake_root.h"

static const int one[] = { 1 }, both[] = { 0, 1 };
static struct noise_books books;
static char why[NOISE_WHY];

/* user nice system idle iowait irq softirq steal guest guest_nice */
static const char two_pus[] = "cpu  30 0 30 900 0 0 0 50 0 0\n"
			      "cpu0 10 0 20 500 7 3 4 20 0 0\n"
			      "cpu1 20 1 10 400 0 0 2 30 0 0\n"
			      "intr 1 2 3\n"
			      "procs_running 2\n";
static const char interrupts[] =
	"           CPU0       CPU1\n"
	"  0:         46          5   IO-APIC   2-edge      timer\n"
	"LOC:       1000        200   Local timer interrupts\n"
	"ERR:          9\n";

static void look(const char *root, const int *pu, size_t count)
{
	memset(&books, 0x55, sizeof(books));
	memset(why, 'x', sizeof(why));
	noise_read_books(root, pu, count, &books, why);
}

static double ticks(double n)
{
	return n / (double)sysconf(_SC_CLK_TCK);
}

static void assert_near(double got, double want)
{
	if (!(fabs(got - want) < 1e-9))
		fail_msg("%g, not %g", got, want);
}

static void test_read(void **state)
{
	const char *root = *state;

	root_put(root, "/proc/stat", two_pus);
	root_put(root, "/proc/interrupts", interrupts);
	look(root, one, 1);
	assert_near(books.busy_s, ticks(20 + 1 + 10 + 2));
	assert_near(books.steal_s, ticks(30));
	assert_near(books.interrupts, 205);
	assert_string_equal(why, "");
	look(root, both, 2);
	assert_near(books.busy_s, ticks(37 + 33));
	assert_near(books.steal_s, ticks(50));
	/* those of no PU in particular are of none */
	assert_near(books.interrupts, 1251 + 9);
	/* of no PU at all everything is known */
	look(root, both, 0);
	assert_near(books.busy_s + books.steal_s + books.interrupts, 0);
	assert_string_equal(why, "");
}

static void expect_untimed(const char *root, const int *pu, size_t count,
			   const char *reason)
{
	look(root, pu, count);
	assert_true(isnan(books.busy_s));
	assert_true(isnan(books.steal_s));
	if (!strstr(why, reason))
		fail_msg("'%s' does not say '%s'", why, reason);
}

/* ProcSubset=pid, mount -o subset=pid */
static void test_hidden(void **state)
{
	expect_untimed(*state, both, 2, "/proc/stat: No such file");
	assert_true(isnan(books.interrupts));
	noise_read_books(*state, both, 2, &books, NULL);
	assert_true(isnan(books.busy_s));
}

/* What a container manager puts in the file's place may leave out PUs, times
 * or both. */
static void test_cut(void **state)
{
	static const int third[] = { 0, 2 };
	const char *root = *state;

	root_put(root, "/proc/stat", "");
	expect_untimed(root, one, 1, "some PU");
	root_put(root, "/proc/stat", two_pus);
	expect_untimed(root, third, 2, "some PU");
	root_put(root, "/proc/stat", "cpu1 20 1 10 400 0 0 2\n");
	expect_untimed(root, one, 1, "some PU");
	root_put(root, "/proc/stat", "cpu1 0 0 0 0 0 0 0 0 0 0\n");
	expect_untimed(root, one, 1, "some PU");
}

static void test_directory(void **state)
{
	root_put(*state, "/proc/stat/is/a", "directory");
	expect_untimed(*state, one, 1, "/proc/stat: ");
}

/* A machine with offline PUs names the others; one PU that is not named makes
 * the sum unknown. */
static void test_interrupts(void **state)
{
	static const int apart[] = { 1, 5 };
	const char *root = *state;

	root_put(root, "/proc/interrupts",
		 "  CPU0  CPU1  CPU5\n"
		 "  7:  1  20  300  some  7:1\n"
		 "  8:  x  1  1\n");
	look(root, apart, 2);
	assert_near(books.interrupts, 320);
	root_put(root, "/proc/interrupts", "  CPU0  CPU1\n  7:  1  20\n");
	look(root, apart, 2);
	assert_true(isnan(books.interrupts));
	root_put(root, "/proc/interrupts", "");
	look(root, one, 1);
	assert_true(isnan(books.interrupts));
}

/* Lines as long as those of the largest machines. */
static void test_many_pus(void **state)
{
	enum { PUS = 6000 };
	static const int last[] = { PUS - 1 };
	char *text = malloc(PUS * 32), *at = text;

	assert_non_null(text);
	for (int i = 0; i < PUS; i++)
		at += sprintf(at, " CPU%d", i);
	at += sprintf(at, "\n 7:");
	for (int i = 0; i < PUS; i++)
		at += sprintf(at, " %d", i);
	sprintf(at, " name\n");
	root_put(*state, "/proc/interrupts", text);
	free(text);
	look(*state, last, 1);
	assert_near(books.interrupts, PUS - 1);
}

static void test_growth(void **state)
{
	const struct noise_books before = { 1, 2, 3 }, after = { 5, NAN, 4 };
	struct noise_books grown = noise_growth(&before, &after);

	(void)state;
	assert_near(grown.busy_s, 4);
	assert_true(isnan(grown.steal_s));
	assert_near(grown.interrupts, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ROOT(test_read),
		IN_ROOT(test_hidden),
		IN_ROOT(test_cut),
		IN_ROOT(test_directory),
		IN_ROOT(test_interrupts),
		IN_ROOT(test_many_pus),
		cmocka_unit_test(test_growth),
	};

	return cmocka_run_group_tests_name("noise", tests, NULL, NULL);
}
