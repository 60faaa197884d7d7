/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do captions say of a run what its rows show, and of others nothing? */
#include "captions.h"

#include <string.h>

#include "made_up_rows.h"
#include "scratch.h"
#include "support.h"

static char text[CAPTION_SIZE];

static const char *caption(const struct summary *s, const char *chart)
{
	return caption_of(s, chart, "what it is called", text, sizeof(text));
}

static void put(const char *id, const char *metric, double value)
{
	rows_put(id, metric, "ns", value, value, value);
}

/* Where most of a start is the process, it says so, and the other way round. */
static void test_startup(void **state)
{
	struct summary s;

	rows_begin(state);
	put("worker/pthread/thread/pu/-", "ready", 10);
	put("worker/answered/thread/pu/-", "done", 50);
	put("worker/exec/process/pu/-", "ready", 80);
	put("worker/answered/process/pu/-", "done", 100);
	rows_read(&s);
	caption(&s, "startup");
	assert_non_null(strstr(text, "(pthread) is 20 % of"));
	assert_non_null(strstr(text, "(fork and exec) is 80 % of"));
	assert_null(strstr(text, "most"));
	summary_free(&s);
}

static void test_growth(void **state)
{
	struct summary s;

	rows_begin(state);
	put("share/reference/thread/pu/size=64KiB", "latency", 100);
	put("share/reference/thread/pu/size=1KiB", "latency", 100);
	put("share/pipe/thread/pu/size=1KiB", "latency", 100);
	put("share/pipe/thread/pu/size=1MiB", "latency", 250);
	put("share/pipe/thread/pu/size=64KiB", "latency", 9000);
	put("share/pipe/thread/l3/size=64MiB", "latency", 90000);
	rows_read(&s);
	caption(&s, "share");
	assert_non_null(strstr(text, "reference (thread, pu) takes 1.00 times "
				     "as long at size=64KiB as at size=1KiB"));
	assert_non_null(strstr(text, "pipe (thread, pu) takes 2.50 times as "
				     "long at size=1MiB as at size=1KiB."));
	summary_free(&s);
}

static void test_what_is_not_there(void **state)
{
	static const char *const chart[] = { "startup",  "share",
					     "message",  "waiters",
					     "lock",     "roundtrip",
					     "idle_gap", "fork_memory" };
	struct summary s;

	rows_begin(state);
	put("getppid/-/-/-/-", "latency", 1);
	put("worker/exec/process/pu/-", "ready", 80);
	rows_lack("worker/answered/process/pu/-", "done", "failed", "it broke");
	put("share/pipe/thread/pu/size=1KiB", "latency", 100);
	rows_read(&s);
	for (size_t i = 0; i < sizeof(chart) / sizeof(*chart); i++) {
		caption(&s, chart[i]);
		assert_null(strstr(text, "In this run"));
		assert_true(strlen(text) > 40);
	}
	assert_string_equal(caption(&s, "unknown"), "what it is called");
	summary_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_startup),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_what_is_not_there),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
