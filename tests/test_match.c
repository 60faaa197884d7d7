/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do places of different machines stand beside those that are alike? */
#include "compare.h"
#include "scratch.h"

#include "csv.h"
#include "made_up_run.h"

static const double value[] = { 100, 101, 102, 103, 104, 105, 106 };

/* A run of one round trip at each of `places`, "pu l3 any"; with `recorded`,
 * "pu core:absent l3", in env.csv, unless that is NULL. */
static void make_run(const char *dir, const char *places, const char *recorded)
{
	struct made_up m = made_up_begin(dir, dir, "r");
	char list[256], *save = NULL;

	snprintf(list, sizeof(list), "%s", places);
	for (char *p = strtok_r(list, " ", &save); p;
	     p = strtok_r(NULL, " ", &save)) {
		char names[96];

		snprintf(names, sizeof(names),
			 "roundtrip,pipe,thread,%s,-,latency,ns", p);
		made_up_values(&m, names, "single", value, 7);
	}
	made_up_lacks(&m, "roundtrip,pipe,thread,l2,-,latency,ns", "absent",
		      "no L2 is shared");
	snprintf(list, sizeof(list), "%s", recorded ? recorded : "");
	for (char *p = strtok_r(list, " ", &save); p;
	     p = strtok_r(NULL, " ", &save)) {
		char name[96], *absent = strstr(p, "=absent");

		if (absent)
			*absent = '\0';
		snprintf(name, sizeof(name), "topology.place.%s", p);
		made_up_fact(&m, name, absent ? "absent: none" : "pu 0 pu 1");
	}
	made_up_end(&m);
}

static struct comparison c;

static void read_runs(char *const *path, size_t paths)
{
	const struct compare_options options = {
		.paths = path,
		.path_count = paths,
		.threshold = 0.02,
		.matching = COMPARE_MATCH_NEAREST,
	};

	compare_make(&c, &options);
}

static bool says(char *const *line, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strstr(line[i], text))
			return true;
	return false;
}

/* The places of the rows, one after the other. */
static void expect_places(const char *expected)
{
	char all[512] = "";

	for (size_t i = 0; i < c.rows; i++) {
		size_t used = strlen(all);
		char id[160];

		snprintf(all + used, sizeof(all) - used, "%s%s", i ? " " : "",
			 c.row[i].row->place);
		snprintf(id, sizeof(id), "roundtrip/pipe/thread/%s/-",
			 c.row[i].row->place);
		assert_string_equal(c.row[i].id, id);
	}
	assert_string_equal(all, expected);
}

static char *const ab[] = { (char *)"a", (char *)"b" };

/* l3 of one machine beside package of another, and so on. */
static void test_two_machines(void **state)
{
	(void)state;
	make_run("a", "pu l3 any", NULL);
	make_run("b", "any machine pu package core node", NULL);
	read_runs(ab, 2);
	expect_places("pu nearest(l3=node) farthest(l3=machine) any core");
	for (size_t i = 0; i < c.rows - 1; i++)
		assert_true(c.row[i].side[0].ok && c.row[i].side[1].ok);
	assert_false(c.row[4].side[0].ok);
	assert_true(says(c.note, c.notes, "nearest(l3=node): A l3, B node"));
	assert_true(says(c.note, c.notes,
			 "left out of B, for being neither the nearest nor the "
			 "farthest: package"));
	assert_false(says(c.unsafe, c.unsafes, "of one kind"));
	/* each side's own invocations, by its own name */
	assert_int_equal(c.row[1].side[0].samples, 7);
	assert_int_equal(c.row[1].side[1].samples, 7);
	assert_string_equal(c.row[1].side[1].id,
			    "roundtrip/pipe/thread/node/-");
	compare_free(&c);
}

/* Nothing is farther than the nearest: one row, and by one name. */
static void test_one_other_place(void **state)
{
	(void)state;
	make_run("a", "pu l3", NULL);
	make_run("b", "pu l3", NULL);
	read_runs(ab, 2);
	expect_places("pu nearest(l3)");
	compare_free(&c);
}

/* What the run recorded goes before any list: names, order, presence. */
static void test_recorded_order(void **state)
{
	(void)state;
	make_run("a", "machine cluster pu tile",
		 "pu core=absent cluster tile "
		 "machine any");
	make_run("b", "pu package", "pu l3 package any");
	read_runs(ab, 2);
	/* b's l3 was not measured, but it is the nearest */
	expect_places("farthest(machine=package) nearest(cluster=l3) pu");
	assert_false(c.row[1].side[1].ok);
	assert_true(says(c.note, c.notes, "left out of A"));
	assert_true(says(c.note, c.notes, "farthest: tile"));
	compare_free(&c);
}

/* Numbered groups lie where groups do. */
static void test_numbered(void **state)
{
	(void)state;
	make_run("a", "pu package group2 l3 group1", NULL);
	make_run("b", "pu l4", NULL);
	read_runs(ab, 2);
	expect_places("pu farthest(package=l4) nearest(l3=l4)");
	compare_free(&c);
}

static void test_kinds(void **state)
{
	char *const ad[] = { (char *)"a", (char *)"d" };

	(void)state;
	make_run("a", "pu:p pu:e l3:p-p l3:p-e", NULL);
	make_run("b", "pu:e pu:p l3:e-e l3:p-e l3:p-p", NULL);
	read_runs(ab, 2);
	expect_places("pu:p pu:e nearest(l3:p-p) nearest(l3:p-e)");
	assert_false(says(c.unsafe, c.unsafes, "of one kind"));
	compare_free(&c);

	make_run("d", "pu package", NULL);
	read_runs(ad, 2);
	expect_places("pu(pu:p=pu) nearest(l3:p-p=package)");
	assert_true(says(c.unsafe, c.unsafes,
			 "the cores of nearest are not of one kind: A l3:p-p, "
			 "B package"));
	assert_true(says(c.unsafe, c.unsafes, "the cores of pu are not"));
	assert_true(says(c.note, c.notes, "left out of A"));
	compare_free(&c);
}

static void test_three_machines(void **state)
{
	char *const abd[] = { (char *)"a", (char *)"b", (char *)"d" };

	(void)state;
	make_run("a", "pu l3", NULL);
	make_run("b", "pu package", NULL);
	make_run("d", "pu l3 machine", NULL);
	read_runs(abd, 3);
	expect_places("pu nearest(l3=package=l3) "
		      "farthest(l3=package=machine)");
	compare_free(&c);
}

/* Pairs of PUs, and what has no place, are called what they are. */
static void test_others(void **state)
{
	(void)state;
	make_run("a", "l3 pu0-pu1 - any", NULL);
	make_run("b", "package pu0-pu1 - any", NULL);
	read_runs(ab, 2);
	expect_places("nearest(l3=package) pu0-pu1 - any");
	compare_free(&c);
}

static void put_histogram(const char *dir, const char *place, int low)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/histogram.csv", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f,
		"bench,variant,peer,place,param,metric,unit,low,high,count\n"
		"roundtrip,pipe,thread,%s,-,latency,ns,%d,%d,7\n",
		place, low, low + 1);
	assert_int_equal(fclose(f), 0);
}

/* The distributions are those of each machine's own place. */
static void test_distributions(void **state)
{
	(void)state;
	make_run("a", "l3", NULL);
	make_run("b", "package", NULL);
	put_histogram("a", "l3", 100);
	put_histogram("b", "package", 200);
	read_runs(ab, 2);
	compare_read_cdf(&c);
	assert_int_equal(c.curves, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(c.curve[i].id, "roundtrip/pipe/thread/"
						   "nearest(l3=package)/-");
		assert_true(c.curve[i].latency.lowest == (i ? 200 : 100));
	}
	compare_free(&c);
	unlink("a/histogram.csv");
	unlink("b/histogram.csv");
}

/* The CSV's column has the class, too. */
static void test_csv(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct csv_out *csv;

	(void)state;
	assert_non_null(out);
	make_run("a", "pu l3", NULL);
	make_run("b", "pu package", NULL);
	read_runs(ab, 2);
	csv = csv_stream(out);
	assert_non_null(csv);
	assert_int_equal(compare_write_csv(&c, csv), 0);
	fclose(out);
	assert_non_null(strstr(text, ",thread,nearest(l3=package),-,latency,"));
	free(text);
	compare_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_machines),
		cmocka_unit_test(test_one_other_place),
		cmocka_unit_test(test_recorded_order),
		cmocka_unit_test(test_numbered),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_three_machines),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_distributions),
		cmocka_unit_test(test_csv),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
