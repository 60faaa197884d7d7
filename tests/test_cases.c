/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are the cases of a machine all there, named well, picked as asked, and those
 * that it cannot run among them with the reason? */
#include "cases.h"

#include <regex.h>

#include "invocation.h"
#include "support.h"

static const struct bench *const *made_up_all(size_t *count);

/* cases.c once more, over benches that are made up here. */
struct test_case *made_up_select(const struct case_filter *filter,
				 size_t *count, char *err, size_t size);
const char *made_up_status_name(enum status status);
const char *made_up_case_peer(const struct test_case *c);
const char *made_up_case_place(const struct test_case *c);
bool made_up_list_names(const char *list, const char *word);
bool made_up_all_pairs(const struct case_filter *filter);
int made_up_each(const struct case_filter *filter, case_visit *visit,
		 case_whole *whole, void *ctx, char *err, size_t size);
uint64_t made_up_count(const struct case_filter *filter, char *err,
		       size_t size);
#define bench_all made_up_all
#define cases_select made_up_select
#define status_name made_up_status_name
#define case_peer made_up_case_peer
#define case_place made_up_case_place
#define cases_list_names made_up_list_names
#define cases_all_pairs made_up_all_pairs
#define cases_each made_up_each
#define cases_count made_up_count
/* NOLINTNEXTLINE(bugprone-suspicious-include): another registry below it */
#include "../harness/cases.c"
#undef bench_all
#undef cases_select
#undef status_name
#undef case_peer
#undef case_place
#undef cases_list_names
#undef cases_all_pairs
#undef cases_each
#undef cases_count

/* Every standard place is here. */
static const char everything[] = "pack:2 group:2 numa:1 l3:2 l2:2 core:2 pu:2";

static char err[1024];

static void open_machine(const char *synthetic)
{
	char why[256];

	if (synthetic) {
		setenv("HWLOC_SYNTHETIC", synthetic, 1);
		setenv("HWLOC_THISSYSTEM", "0", 1);
	} else {
		unsetenv("HWLOC_SYNTHETIC");
		unsetenv("HWLOC_THISSYSTEM");
	}
	if (topo_open(NULL, why, sizeof(why)))
		fail_msg("%s", why);
}

typedef struct test_case *select_fn(const struct case_filter *filter,
				    size_t *count, char *err, size_t size);

/* Up to three patterns, of which the first NULL ends the list. */
static struct test_case *pick(select_fn *select, size_t *count,
			      struct case_filter filter, const char *a,
			      const char *b, const char *c)
{
	char *patterns[] = { (char *)(uintptr_t)a, (char *)(uintptr_t)b,
			     (char *)(uintptr_t)c };

	while (filter.pattern_count < 3 && patterns[filter.pattern_count])
		filter.pattern_count++;
	filter.patterns = patterns;
	*count = 0;
	err[0] = '\0';
	return select(&filter, count, err, sizeof(err));
}

static const struct case_filter no_filter,
	full = { .full = 1 }, everything_there_is = { .full = 1, .hidden = 1 };

static struct test_case *must_pick(select_fn *select, size_t *count,
				   struct case_filter filter, const char *a,
				   const char *b, const char *c)
{
	struct test_case *cases = pick(select, count, filter, a, b, c);

	if (!cases)
		fail_msg("%s", err);
	assert_true(*count > 0);
	return cases;
}

static void must_refuse(select_fn *select, struct case_filter filter,
			const char *pattern, const char *why)
{
	size_t count;

	assert_null(pick(select, &count, filter, pattern, NULL, NULL));
	if (!strstr(err, why))
		fail_msg("%s: \"%s\", not \"%s\"", pattern, err, why);
	assert_null(strchr(err, '\n'));
}

/* ------------------------------------------------- the cases of the build */

static void check_ids(void)
{
	size_t count;
	struct test_case *c = must_pick(cases_select, &count,
					everything_there_is, NULL, NULL, NULL);
	regex_t form;

	assert_int_equal(
		regcomp(&form,
			"^[a-z0-9_]+/[A-Za-z0-9_-]+/(-|thread|process)/"
			"[a-z0-9-]+/(-|[a-z_]+=[0-9A-Za-z.]+)$",
			REG_EXTENDED | REG_NOSUB),
		0);
	for (size_t i = 0; i < count; i++) {
		char id[2 * CASE_ID];

		if (regexec(&form, c[i].id, 0, NULL, 0))
			fail_msg("%s is no case id", c[i].id);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(c[i].id, c[k].id);
		/* whole, and made of its parts */
		snprintf(id, sizeof(id), "%s/%s/%s/%s/%s", c[i].bench->name,
			 c[i].variant->name, case_peer(&c[i]),
			 case_place(&c[i]), c[i].param);
		assert_string_equal(c[i].id, id);
		assert_int_equal(c[i].status == STATUS_OK,
				 c[i].reason[0] == '\0');
		assert_null(strchr(c[i].reason, '\n'));
		assert_int_equal(c[i].peer == PEER_NONE,
				 !(c[i].variant->peers & c[i].peer));
	}
	regfree(&form);
	free(c);
}

static void test_ids(void **state)
{
	(void)state;
	open_machine(everything);
	check_ids();
	open_machine("pack:1 core:1 pu:1");
	check_ids();
	open_machine(NULL);
	check_ids();
}

/* A name must fit where the runner hands it to an invocation. */
static void test_names_fit(void **state)
{
	const struct bench *const *bench;
	struct invocation *inv = NULL;
	size_t count;

	(void)state;
	bench = bench_all(&count);
	for (size_t i = 0; i < count; i++) {
		const struct variant *v = bench[i]->variants;
		size_t metrics = 0;

		assert_true(strlen(bench[i]->name) < sizeof(inv->bench));
		assert_non_null(bench[i]->title);
		assert_non_null(bench[i]->unit);
		assert_non_null(bench[i]->run);
		if (bench[i]->values || bench[i]->full_values)
			assert_non_null(bench[i]->param);
		for (; v && v->name; v++)
			assert_true(strlen(v->name) < sizeof(inv->variant));
		while (bench[i]->metrics && bench[i]->metrics[metrics].name)
			assert_true(strlen(bench[i]->metrics[metrics++].name) <
				    SAMPLE_NAME);
		assert_true(metrics <= BENCH_MAX_METRICS);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(bench[i]->name, bench[k]->name);
	}
}

/* Benches in the order of bench/list.h, and none of them missing. */
static void test_order(void **state)
{
	const struct bench *const *bench;
	struct test_case *c;
	size_t benches, count, at = 0;

	(void)state;
	open_machine(NULL);
	bench = bench_all(&benches);
	c = must_pick(cases_select, &count, everything_there_is, NULL, NULL,
		      NULL);
	for (size_t i = 0; i < count; i++) {
		if (at < benches && c[i].bench != bench[at])
			at++;
		assert_true(at < benches && c[i].bench == bench[at]);
	}
	assert_int_equal(at, benches - 1);
	free(c);
}

/* All cases of the build whose id begins so. */
static size_t beginning(const char *start)
{
	size_t count, n = 0;
	struct test_case *c =
		must_pick(cases_select, &count, no_filter, NULL, NULL, NULL);

	for (size_t i = 0; i < count; i++)
		n += !strncmp(c[i].id, start, strlen(start));
	free(c);
	return n;
}

static size_t picked_by(const char *a, const char *b)
{
	size_t count;

	free(must_pick(cases_select, &count, no_filter, a, b, NULL));
	return count;
}

static void test_patterns(void **state)
{
	(void)state;
	open_machine(everything);
	/* a bare bench, a bare bench/variant */
	assert_int_equal(picked_by("roundtrip", NULL), beginning("roundtrip/"));
	assert_int_equal(picked_by("roundtrip/pipe", NULL),
			 beginning("roundtrip/pipe/"));
	assert_int_equal(picked_by("roundtrip/pipe/thread", NULL),
			 beginning("roundtrip/pipe/thread/"));
	/* globs: '*' crosses '/' */
	assert_int_equal(picked_by("roundtrip*", NULL), beginning("roundtrip"));
	assert_int_equal(picked_by("roundtrip/p*/thread/l[23]/-", NULL), 2);
	assert_int_equal(picked_by("message/*/size=64KiB", NULL),
			 picked_by("message/*=64KiB", NULL));
	assert_int_equal(picked_by("*", NULL), picked_by(NULL, NULL));
	/* one case */
	assert_int_equal(picked_by("roundtrip/pipe/process/l3/-", NULL), 1);
	/* several: all that any of them picks, each once */
	assert_int_equal(picked_by("roundtrip", "message"),
			 beginning("roundtrip/") + beginning("message/"));
	assert_int_equal(picked_by("roundtrip", "roundtrip/pipe"),
			 beginning("roundtrip/"));
}

static void test_unknown_patterns(void **state)
{
	(void)state;
	open_machine(everything);
	must_refuse(cases_select, no_filter, "rountrip",
		    "no case matches 'rountrip'; nearest: roundtrip ");
	must_refuse(cases_select, no_filter, "roundtrip/pip",
		    "nearest: roundtrip/pipe");
	must_refuse(cases_select, no_filter, "mesage/pipe/process/pu/size=64KB",
		    "message/pipe/process/pu/size=64KiB");
	must_refuse(cases_select, no_filter, "roundtrip/pipe/process/l4/-",
		    "roundtrip/pipe/process/l3/-");
	/* part of a name is no bench */
	must_refuse(cases_select, no_filter, "round",
		    "no case matches 'round'");
	must_refuse(cases_select, no_filter, "pipe", "no case matches 'pipe'");
	must_refuse(cases_select, no_filter, "", "no case matches ''");
	must_refuse(cases_select, no_filter, "roundtrip/",
		    "no case matches 'roundtrip/'");

	/* longer than any id */
	char monster[4 * CASE_ID];
	memset(monster, 'x', sizeof(monster));
	monster[sizeof(monster) - 1] = '\0';
	must_refuse(cases_select, no_filter, monster, "no case matches 'xxx");

	/* one bad pattern among good ones */
	size_t count;
	assert_null(pick(cases_select, &count, no_filter, "roundtrip", "futx",
			 NULL));
	assert_non_null(strstr(err, "'futx'; nearest: futex"));
}

static void test_names_three_ids(void **state)
{
	const char *at;
	int commas = 0;

	(void)state;
	open_machine(everything);
	must_refuse(cases_select, no_filter, "roundtrip/pipe/thread/l9/-",
		    "nearest: ");
	at = strstr(err, "nearest: ");
	assert_non_null(at);
	for (; *at && *at != '('; at++)
		commas += *at == ',';
	assert_int_equal(commas, 2);
}

/* ----------------------------------------------------- places and peers */

static void test_places(void **state)
{
	struct case_filter filter = { .places = "l3" };
	struct test_case *c;
	size_t count, without = 0;

	(void)state;
	open_machine(everything);
	c = must_pick(cases_select, &count, filter, NULL, NULL, NULL);
	for (size_t i = 0; i < count; i++) {
		without += !c[i].place;
		assert_true(!c[i].place || !strcmp(c[i].place->name, "l3"));
	}
	/* what has no place is not narrowed by one */
	assert_true(without > 0 && without < count);
	free(c);

	filter.places = "pu,l3,any";
	free(must_pick(cases_select, &count, filter, "roundtrip/pipe/thread",
		       NULL, NULL));
	assert_int_equal(count, 3);
	filter.places = "l3,";
	free(must_pick(cases_select, &count, filter, "roundtrip/pipe/thread",
		       NULL, NULL));
	assert_int_equal(count, 1);

	filter.places = "pu,l9";
	must_refuse(cases_select, filter, NULL,
		    "--places: no place 'l9'; there are: pu core l2 l3 node "
		    "package machine");
	assert_non_null(strstr(err, " any"));
	filter.places = "l"; /* not by its beginning */
	must_refuse(cases_select, filter, NULL, "no place 'l'");
	filter.places = ",pu";
	must_refuse(cases_select, filter, NULL, "no place ''");
}

static void test_peers(void **state)
{
	struct case_filter filter = { .peers = "thread" };
	struct test_case *c;
	size_t count, alone = 0;

	(void)state;
	open_machine(everything);
	c = must_pick(cases_select, &count, filter, NULL, NULL, NULL);
	for (size_t i = 0; i < count; i++) {
		alone += !c[i].peer;
		assert_int_not_equal(c[i].peer, PEER_PROCESS);
	}
	assert_true(alone > 0 && alone < count);
	free(c);
	filter.peers = "process,thread";
	free(must_pick(cases_select, &count, filter, NULL, NULL, NULL));
	assert_int_equal(count, picked_by(NULL, NULL));

	filter.peers = "threads";
	must_refuse(cases_select, filter, NULL,
		    "--peers: no peer 'threads'; there are: thread process");
	filter.peers = "-";
	must_refuse(cases_select, filter, NULL, "no peer '-'");
}

/* Each alone picks something, together they do not. */
static void test_nothing_left(void **state)
{
	struct case_filter filter = { .peers = "process" };

	(void)state;
	open_machine(everything);
	must_refuse(cases_select, filter, "roundtrip/pipe/thread",
		    "the patterns and filters together pick no case");
}

/* --------------------------------------------------------- absent cases */

static void test_absent_places(void **state)
{
	struct test_case *c;
	size_t count;

	(void)state;
	open_machine("pack:1 core:1 pu:1(indexes=7)");
	c = must_pick(cases_select, &count, no_filter, "roundtrip/pipe/thread",
		      NULL, NULL);
	assert_int_equal(count, 8); /* all places are named all the same */
	for (size_t i = 0; i < count; i++) {
		bool here = !strcmp(case_place(&c[i]), "pu") ||
			    !strcmp(case_place(&c[i]), "any");

		assert_int_equal(c[i].status, here ? STATUS_OK : STATUS_ABSENT);
		if (!here)
			assert_string_equal(c[i].reason,
					    "needs two PUs; only PU 7 is "
					    "allowed");
	}
	free(c);
}

/* ------------------------------------------------------- benches made up */

static bool never(char *why, size_t size, bool *denied)
{
	(void)denied;
	snprintf(why, size, "no unicorn in this machine");
	return false;
}

static bool refused(char *why, size_t size, bool *denied)
{
	*denied = true;
	snprintf(why, size, "the unicorn is root's");
	return false;
}

/* Leaves a remark though all is well. */
static bool always(char *why, size_t size, bool *denied)
{
	(void)denied;
	snprintf(why, size, "there it is");
	return true;
}

static const struct need unicorn = { never }, root = { refused },
			 air = { always };
static const struct need *const needs_unicorn[] = { &air, &unicorn, &root,
						    NULL };
static const struct need *const needs_root[] = { &air, &root, NULL };
static const struct need *const needs_air[] = { &air, NULL };

static const struct variant variants[] = {
	{ "plain", NULL, PEER_THREAD | PEER_PROCESS, PLACES_ALL },
	{ "two", NULL, PEER_THREAD, PLACES_TWO_PUS },
	{ "one", NULL, PEER_PROCESS, PLACE_ONE_PU },
	{ "free", NULL, PEER_PROCESS, PLACE_ANY },
	{ "alone", NULL, PEER_NONE, PLACE_ONE_PU },
	{ "full", NULL, PEER_THREAD, PLACE_ONE_PU, NULL, FULL },
	{ "hidden", NULL, PEER_THREAD, PLACE_ONE_PU, NULL, HIDDEN },
	{ "lacking", NULL, PEER_NONE, PLACES_NONE, needs_unicorn },
	{ "denied", NULL, PEER_NONE, PLACES_NONE, needs_root },
	{ "met", NULL, PEER_NONE, PLACES_NONE, needs_air },
	{ "both", NULL, PEER_THREAD, PLACES_TWO_PUS, needs_root },
	{ NULL },
};

static const uint64_t sizes[] = {
	0, 1, 1536, 64 << 10, 1 << 20, 3 << 20, UINT64_C(1) << 40, PARAM_END
};
static const uint64_t gaps[] = {
	0, 10000, 100000, 1000000, 10000000, PARAM_END
};
static const uint64_t waiters[] = { PARAM_NONE, 0, 4, 1000000, PARAM_END };
static const uint64_t at_once[] = { PARAM_NONE, PARAM_PUS, PARAM_END };
static const uint64_t pages[] = { 1, 64, PARAM_END };
static const uint64_t more_pages[] = { 512, PARAM_PUS, PARAM_END };
static const uint64_t one_page[] = { 7, PARAM_END };

static const struct variant sweeping[] = {
	{ "common", NULL, PEER_NONE, PLACES_NONE },
	{ "own", NULL, PEER_NONE, PLACES_NONE, .values = one_page },
	{ "rare", NULL, PEER_NONE, PLACES_NONE, .tier = FULL },
	{ "secret", NULL, PEER_NONE, PLACES_NONE, .tier = HIDDEN },
	{ "settled", NULL, PEER_THREAD, PLACE_ONE_PU | PLACE_ANY,
	  .full_places = PLACE_ANY },
	{ NULL },
};

static const struct bench solo = { .name = "solo" },
			  sized = { .name = "sized",
				    .param = "size",
				    .values = sizes,
				    .param_is_bytes = true },
			  rested = { .name = "rested",
				     .param = "gap",
				     .values = gaps,
				     .param_is_ns = true },
			  waited = { .name = "waited",
				     .param = "waiters",
				     .values = waiters },
			  paired = { .name = "paired", .variants = variants },
			  crowd = { .name = "crowd",
				    .param = "at_once",
				    .values = at_once },
			  swept = { .name = "swept",
				    .variants = sweeping,
				    .param = "pages",
				    .values = pages,
				    .full_values = more_pages };

static const struct bench *const *made_up_all(size_t *count)
{
	static const struct bench *const all[] = { &solo,   &sized,  &rested,
						   &waited, &paired, &crowd,
						   &swept };

	*count = COUNT(all);
	return all;
}

static void expect_ids(struct case_filter filter, const char *pattern,
		       const char *const *id, size_t ids)
{
	size_t count;
	struct test_case *c =
		must_pick(made_up_select, &count, filter, pattern, NULL, NULL);

	for (size_t i = 0; i < count && i < ids; i++)
		assert_string_equal(c[i].id, id[i]);
	assert_int_equal(count, ids);
	free(c);
}

#define EXPECT_IDS(filter, pattern, ...)                                  \
	expect_ids(filter, pattern, (const char *const[]){ __VA_ARGS__ }, \
		   COUNT(((const char *const[]){ __VA_ARGS__ })))

static void test_made_up_ids(void **state)
{
	(void)state;
	open_machine("pack:1 core:2 pu:2");
	EXPECT_IDS(no_filter, "solo", "solo/-/-/-/-");
	EXPECT_IDS(no_filter, "sized", "sized/-/-/-/size=0B",
		   "sized/-/-/-/size=1B", "sized/-/-/-/size=1536B",
		   "sized/-/-/-/size=64KiB", "sized/-/-/-/size=1MiB",
		   "sized/-/-/-/size=3MiB", "sized/-/-/-/size=1TiB");
	EXPECT_IDS(no_filter, "rested", "rested/-/-/-/gap=0",
		   "rested/-/-/-/gap=10us", "rested/-/-/-/gap=100us",
		   "rested/-/-/-/gap=1ms", "rested/-/-/-/gap=10ms");
	EXPECT_IDS(no_filter, "waited", "waited/-/-/-/-",
		   "waited/-/-/-/waiters=0", "waited/-/-/-/waiters=4",
		   "waited/-/-/-/waiters=1000000");
	EXPECT_IDS(no_filter, "paired/plain/thread", "paired/plain/thread/pu/-",
		   "paired/plain/thread/core/-", "paired/plain/thread/l2/-",
		   "paired/plain/thread/l3/-", "paired/plain/thread/node/-",
		   "paired/plain/thread/package/-",
		   "paired/plain/thread/machine/-",
		   "paired/plain/thread/any/-");
	EXPECT_IDS(no_filter, "paired/two", "paired/two/thread/core/-",
		   "paired/two/thread/l2/-", "paired/two/thread/l3/-",
		   "paired/two/thread/node/-", "paired/two/thread/package/-",
		   "paired/two/thread/machine/-");
	EXPECT_IDS(no_filter, "paired/one", "paired/one/process/pu/-");
	EXPECT_IDS(no_filter, "paired/free", "paired/free/process/any/-");
	EXPECT_IDS(no_filter, "paired/alone", "paired/alone/-/pu/-");
	EXPECT_IDS(no_filter, "paired/met", "paired/met/-/-/-");
}

/* The same name on every machine. */
static void test_as_many_as_pus(void **state)
{
	static const char *const machines[] = { "pack:1 core:2 pu:2",
						"pack:1 core:1 pu:1" };

	(void)state;
	for (size_t i = 0; i < COUNT(machines); i++) {
		struct test_case *c;
		size_t count;

		open_machine(machines[i]);
		EXPECT_IDS(no_filter, "crowd", "crowd/-/-/-/-",
			   "crowd/-/-/-/at_once=pus");
		c = must_pick(made_up_select, &count, no_filter,
			      "crowd/-/-/-/at_once=pus", NULL, NULL);
		assert_string_equal(c->param, "at_once=pus");
		assert_true(c->value == PARAM_PUS);
		free(c);
		topo_close();
	}
	open_machine(NULL);
}

/* A variant's own values are all it has; the rest of a bench's come only with
 * --full, or where they are named. */
static void test_values(void **state)
{
	(void)state;
	open_machine("pack:1 core:2 pu:2");
	EXPECT_IDS(no_filter, "swept", "swept/common/-/-/pages=1",
		   "swept/common/-/-/pages=64", "swept/own/-/-/pages=7",
		   "swept/settled/thread/pu/pages=1",
		   "swept/settled/thread/pu/pages=64");
	EXPECT_IDS(full, "swept/common", "swept/common/-/-/pages=1",
		   "swept/common/-/-/pages=64", "swept/common/-/-/pages=512",
		   "swept/common/-/-/pages=pus");
	EXPECT_IDS(full, "swept/own", "swept/own/-/-/pages=7");
	EXPECT_IDS(full, "swept/rare", "swept/rare/-/-/pages=1",
		   "swept/rare/-/-/pages=64", "swept/rare/-/-/pages=512",
		   "swept/rare/-/-/pages=pus");
	EXPECT_IDS(no_filter, "swept/common/-/-/pages=512",
		   "swept/common/-/-/pages=512");
	must_refuse(made_up_select, no_filter, "swept/*/pages=512", "--full");
	must_refuse(made_up_select, no_filter, "swept/own/-/-/pages=64",
		    "no case matches");
	/* full_values make nothing known that is hidden */
	must_refuse(made_up_select, full, "swept/secret/-/-/pages=512",
		    "no case matches");
	EXPECT_IDS(everything_there_is, "swept/secret",
		   "swept/secret/-/-/pages=1", "swept/secret/-/-/pages=64",
		   "swept/secret/-/-/pages=512", "swept/secret/-/-/pages=pus");
}

static void test_full_tier(void **state)
{
	size_t without, with;

	(void)state;
	open_machine("pack:1 core:2 pu:2");
	free(must_pick(made_up_select, &without, no_filter, NULL, NULL, NULL));
	free(must_pick(made_up_select, &with, full, NULL, NULL, NULL));
	/* paired/full; swept/common twice, swept/rare four times, swept/settled
	 * twice on one PU and four times on any */
	assert_int_equal(with, without + 1 + 2 + 4 + 2 + 4);
	EXPECT_IDS(full, "paired/full", "paired/full/thread/pu/-");
	/* named in full it needs no --full; by a glob it does */
	EXPECT_IDS(no_filter, "paired/full/thread/pu/-",
		   "paired/full/thread/pu/-");
	must_refuse(made_up_select, no_filter, "paired/full/*", "--full");
	must_refuse(made_up_select, no_filter, "*/full/*", "--full");
}

/* The instrument's own: neither picked nor suggested unless asked for. */
static void test_hidden_tier(void **state)
{
	const struct case_filter hidden = { .hidden = 1 };
	size_t without, with;

	(void)state;
	open_machine("pack:1 core:2 pu:2");
	free(must_pick(made_up_select, &without, no_filter, NULL, NULL, NULL));
	free(must_pick(made_up_select, &with, hidden, NULL, NULL, NULL));
	/* paired/hidden, and swept/secret four times */
	assert_int_equal(with, without + 1 + 4);
	EXPECT_IDS(hidden, "paired/hidden", "paired/hidden/thread/pu/-");
	must_refuse(made_up_select, no_filter, "paired/hidden/thread/pu/-",
		    "no case matches");
	must_refuse(made_up_select, full, "paired/hidde", "nearest: ");
	assert_null(strstr(err, "hidden"));
	must_refuse(made_up_select, full, "*/hidden/*", "no case matches");
}

/* ------------------------------------------------------------- all pairs */

static const struct case_filter all_pairs = { .places = "all-pairs" };

static void test_all_pairs(void **state)
{
	static const char *const id[] = { "paired/plain/thread/",
					  "paired/plain/process/",
					  "paired/two/thread/",
					  "paired/both/thread/" };
	struct test_case *c;
	size_t count, at = 0;

	(void)state;
	open_machine("pack:1 core:2 pu:2");
	/* variants that take two PUs, and nothing of the others */
	c = must_pick(made_up_select, &count, all_pairs, NULL, NULL, NULL);
	assert_int_equal(count, COUNT(id) * 4 * 3);
	for (size_t i = 0; i < COUNT(id); i++)
		for (int a = 0; a < 4; a++)
			for (int b = 0; b < 4; b++) {
				char want[CASE_ID];

				if (a == b)
					continue;
				snprintf(want, sizeof(want), "%spu%d-pu%d/-",
					 id[i], a, b);
				assert_string_equal(c[at].id, want);
				assert_int_equal(c[at].place->pu_a, a);
				assert_int_equal(c[at].place->pu_b, b);
				at++;
			}
	free(c);

	/* PUs with holes, as the system numbers them */
	open_machine("pack:1 core:2 pu:1(indexes=7,3)");
	EXPECT_IDS(all_pairs, "paired/two", "paired/two/thread/pu3-pu7/-",
		   "paired/two/thread/pu7-pu3/-");
	/* not among places by name, nor with them */
	must_refuse(made_up_select, no_filter, "paired/two/thread/pu3-pu7/-",
		    "no case matches");
	must_refuse(made_up_select,
		    (struct case_filter){ .places = "pu,all-pairs" }, NULL,
		    "--places: no place 'all-pairs'");
	assert_true(made_up_all_pairs(&all_pairs));
	assert_false(made_up_all_pairs(&no_filter));
}

static void test_all_pairs_narrowed(void **state)
{
	struct case_filter filter = all_pairs;

	(void)state;
	open_machine("pack:1 core:2 pu:1");
	filter.peers = "process";
	EXPECT_IDS(filter, NULL, "paired/plain/process/pu0-pu1/-",
		   "paired/plain/process/pu1-pu0/-");
	must_refuse(made_up_select, filter, "paired/two", "pick no case");
	/* what takes one PU, or none, has no pairs */
	must_refuse(made_up_select, all_pairs, "paired/one", "pick no case");
	must_refuse(made_up_select, all_pairs, "solo", "pick no case");
	must_refuse(made_up_select, all_pairs, "pairde",
		    "no case matches 'pairde'; nearest: paired ");
	/* why is needed is still said */
	size_t count;
	struct test_case *c = must_pick(made_up_select, &count, all_pairs,
					"paired/both", NULL, NULL);
	assert_int_equal(count, 2);
	assert_int_equal(c->status, STATUS_DENIED);
	free(c);
}

static void test_all_pairs_literal(void **state)
{
	(void)state;
	open_machine("pack:1 core:2 pu:2");
	EXPECT_IDS(all_pairs, "paired/two/thread/pu2-pu1/-",
		   "paired/two/thread/pu2-pu1/-");
	EXPECT_IDS(all_pairs, "paired/two/thread/pu2-pu1",
		   "paired/two/thread/pu2-pu1/-");
	EXPECT_IDS(all_pairs, "paired/*/pu2-pu1/-",
		   "paired/plain/thread/pu2-pu1/-",
		   "paired/plain/process/pu2-pu1/-",
		   "paired/two/thread/pu2-pu1/-",
		   "paired/both/thread/pu2-pu1/-");
	/* a place by name is none of the pairs; neither is one with itself */
	must_refuse(made_up_select, all_pairs, "paired/two/thread/core/-",
		    "pick no case");
	must_refuse(made_up_select, all_pairs, "paired/two/thread/pu1-pu1/-",
		    "no case matches");
	must_refuse(made_up_select, all_pairs, "paired/two/thread/pu1-pu4/-",
		    "no case matches");
}

static void test_all_pairs_of_one_pu(void **state)
{
	(void)state;
	open_machine("pack:1 core:1 pu:1(indexes=7)");
	must_refuse(made_up_select, all_pairs, NULL, "only one PU is allowed");
	must_refuse(made_up_select, all_pairs, "paired/two",
		    "only one PU is allowed");
	open_machine("pack:1 core:2 pu:1");
	must_refuse(made_up_select, all_pairs, "solo", "pick no case");
	assert_null(strstr(err, "only one PU"));
}

/* What is skipped early is nothing that a pattern would have picked. */
static void test_all_pairs_by_pattern(void **state)
{
	static const char *const pattern[] = {
		"*",
		"*/two/*",
		"p*two*",
		"paired*pu0-pu1*",
		"pai?ed/two/*",
		"[p]aired/two/*",
		"*pu3-pu2/-",
		"paired/t*",
		"paired/t*/*",
		"paired/*o/*",
		"paired/two/thread/pu?-pu0/-",
		"paire*/thread/pu0-pu1/-",
		"paired/pl*/process/*",
		"paired/plain/*ss/pu[01]-*",
		"\\paired/two/*",
		"paired/\\two/*",
		"paired/two/*/*",
		"*o/thread/*",
		"*-",
	};
	struct test_case *all;
	size_t of_all, count;

	(void)state;
	open_machine("pack:1 core:2 pu:2");
	all = must_pick(made_up_select, &of_all, all_pairs, NULL, NULL, NULL);
	for (size_t i = 0; i < COUNT(pattern); i++) {
		struct test_case *c =
			must_pick(made_up_select, &count, all_pairs, pattern[i],
				  NULL, NULL);
		size_t at = 0;

		for (size_t k = 0; k < of_all; k++) {
			if (fnmatch(pattern[i], all[k].id, 0))
				continue;
			if (at >= count || strcmp(c[at].id, all[k].id))
				fail_msg("%s lacks %s", pattern[i], all[k].id);
			at++;
		}
		assert_int_equal(at, count);
		free(c);
	}
	/* a second pattern is not lost for the first */
	free(must_pick(made_up_select, &count, all_pairs, "paired/two",
		       "*/both/*", NULL));
	assert_int_equal(count, 24);
	free(all);
}

static void test_pairs_by_hand(void **state)
{
	struct case_filter filter = { .places = "pu1-pu2" };
	struct test_case *c;
	size_t count;

	(void)state;
	open_machine("pack:1 core:2 pu:2");
	EXPECT_IDS(filter, "paired/two", "paired/two/thread/pu1-pu2/-");
	/* both are said to be two PUs, and are the ones that were named */
	c = must_pick(made_up_select, &count, filter, "paired/plain/process",
		      NULL, NULL);
	assert_int_equal(count, 1);
	assert_int_equal(c->place->pu_a, 1);
	assert_int_equal(c->place->pu_b, 2);
	assert_int_equal(c->status, STATUS_OK);
	free(c);
	/* several, either way round, beside places, each once */
	filter.places = "pu3-pu0,core,pu0-pu3,pu3-pu0,pu";
	EXPECT_IDS(filter, "paired/plain/thread", "paired/plain/thread/pu/-",
		   "paired/plain/thread/core/-",
		   "paired/plain/thread/pu3-pu0/-",
		   "paired/plain/thread/pu0-pu3/-");
	EXPECT_IDS(filter, "*/two/*/pu0-pu3/-", "paired/two/thread/pu0-pu3/-");
	/* what takes one PU has none */
	filter.places = "pu0-pu1";
	must_refuse(made_up_select, filter, "paired/one", "pick no case");

	static const char *const bad[] = { "pu0-pu4",  "pu4-pu0", "pu1-pu1",
					   "pu0-pu01", "pu0-",    "pu0-pu1x",
					   "pu-1-pu2", "pu0 -pu1" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		filter.places = bad[i];
		must_refuse(made_up_select, filter, NULL, "--places: ");
		assert_non_null(strstr(err, bad[i]));
	}
	filter.places = "pu0-pu4";
	must_refuse(made_up_select, filter, NULL,
		    "--places: pu0-pu4 is no pair of two allowed PUs; allowed "
		    "are 0-3");
}

/* ------------------------------------------- without a list of the cases */

struct seen {
	size_t cases;
	uint64_t whole;
	char first[CASE_ID], last[CASE_ID], group[CASE_ID];
	size_t stop;
};

static int see_case(void *ctx, const struct test_case *c)
{
	struct seen *seen = ctx;

	if (!seen->cases++)
		memcpy(seen->first, c->id, sizeof(seen->first));
	memcpy(seen->last, c->id, sizeof(seen->last));
	return seen->cases == seen->stop ? 7 : 0;
}

static int see_whole(void *ctx, const struct test_case *c, uint64_t count)
{
	struct seen *seen = ctx;

	seen->whole += count;
	memcpy(seen->group, c->id, sizeof(seen->group));
	return 0;
}

static uint64_t count_of(struct case_filter filter, const char *pattern)
{
	char *patterns[] = { (char *)(uintptr_t)pattern };

	filter.patterns = patterns;
	filter.pattern_count = pattern != NULL;
	return made_up_count(&filter, err, sizeof(err));
}

static void see(struct seen *seen, bool whole, int result, const char *pattern)
{
	char *patterns[] = { (char *)(uintptr_t)pattern };
	struct case_filter filter = { .places = "all-pairs",
				      .patterns = patterns,
				      .pattern_count = 1 };

	assert_int_equal(made_up_each(&filter, see_case,
				      whole ? see_whole : NULL, seen, err,
				      sizeof(err)),
			 result);
}

/* 4096 PUs have 16 773 120 pairs. */
static void test_pairs_of_many_pus(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	open_machine("pack:64 core:64 pu:1");
	assert_true(count_of(all_pairs, "paired/two") == 16773120);
	assert_true(count_of(all_pairs, "paired/p*/*/-") == 2 * 16773120);
	assert_true(count_of(all_pairs, NULL) == 4 * 16773120);
	assert_int_equal(count_of(all_pairs, "*/pu7-pu4095/-"), 4);
	assert_int_equal(count_of(all_pairs, "*two*-pu4095/-"), 4095);
	assert_int_equal(count_of(all_pairs, "paired/two/thread/pu2047-*"),
			 4095);
	assert_int_equal(count_of(all_pairs, "*/solo/*"), 0);
	assert_non_null(strstr(err, "no case matches"));

	see(&seen, true, 0, "paired/two");
	assert_int_equal(seen.cases, 0);
	assert_true(seen.whole == 16773120);
	assert_string_equal(seen.group, "paired/two/thread/pu*-pu*/-");
	/* which is a pattern that means the same */
	assert_true(count_of(all_pairs, seen.group) == seen.whole);
	/* not so many are shown one by one, whatever is asked for */
	see(&seen, true, 0, "paired/two/thread/pu9-*");
	assert_int_equal(seen.cases, 4095);
	assert_string_equal(seen.first, "paired/two/thread/pu9-pu0/-");
	assert_string_equal(seen.last, "paired/two/thread/pu9-pu4095/-");
	/* and all where they are asked for; a visitor ends it */
	seen = (struct seen){ .stop = 10000 };
	see(&seen, false, 7, "paired/two");
	assert_int_equal(seen.cases, 10000);
	assert_string_equal(seen.last, "paired/two/thread/pu2-pu1810/-");
}

static void test_count(void **state)
{
	static const char *const patterns[] = { NULL, "paired", "paired/two",
						"*/pu/*", "swept/*" };

	(void)state;
	open_machine("pack:1 core:2 pu:2");
	for (size_t i = 0; i < COUNT(patterns); i++) {
		size_t count;

		free(must_pick(made_up_select, &count, full, patterns[i], NULL,
			       NULL));
		assert_int_equal(count_of(full, patterns[i]), count);
	}
	assert_int_equal(count_of(all_pairs, NULL), 4 * 12);
	assert_int_equal(count_of(full, "nothing"), 0);
}

/* -------------------------------------------------------- what is nearest */

static void expect_nearest(const char *pattern, const char *names)
{
	char text[256];

	snprintf(text, sizeof(text), "no case matches '%s'; nearest: %s (",
		 pattern, names);
	must_refuse(cases_select, no_filter, pattern, text);
}

static void test_nearest(void **state)
{
	(void)state;
	open_machine("pack:1 l3:1 core:2 pu:1");
	/* a variant without its bench */
	expect_nearest("pipe", "roundtrip/pipe, oneway/pipe, message/pipe");
	expect_nearest("uv_async",
		       "roundtrip/uv_async, message/queue_uv_async");
	must_refuse(cases_select, no_filter, "socketpar",
		    "nearest: worker/socketpair, roundtrip/");
	/* part by part, whatever follows */
	must_refuse(cases_select, no_filter, "lock/futex/*",
		    "nearest: lock/futex_mutex");
	must_refuse(cases_select, no_filter, "rountrip/pipe/*/pu",
		    "nearest: roundtrip/pipe/thread/pu");
	/* only places that there are */
	must_refuse(cases_select, no_filter, "roundtrip/pipe/process/l4/-",
		    "nearest: roundtrip/pipe/process/l3/-, ");
	must_refuse(cases_select, no_filter, "roundtrip/pipes/thread/l2",
		    "nearest: roundtrip/pipe/thread/l3, ");
	must_refuse(cases_select, no_filter, "roundtrip/pipes/thread/machine",
		    "nearest: roundtrip/pipe/thread/");
	assert_null(strstr(err, "thread/machine,"));
}

static void test_list_names(void **state)
{
	(void)state;
	assert_true(cases_list_names(NULL, "pu"));
	assert_true(cases_list_names("pu", "pu"));
	assert_true(cases_list_names("l2,pu,l3", "pu"));
	assert_true(cases_list_names("l2,pu", "pu"));
	assert_false(cases_list_names("", "pu"));
	assert_false(cases_list_names("l2,l3", "pu"));
	assert_false(cases_list_names("pus,p", "pu"));
}

static void expect_status(const char *id, enum status status,
			  const char *reason)
{
	size_t count;
	struct test_case *c =
		must_pick(made_up_select, &count, no_filter, id, NULL, NULL);

	assert_int_equal(count, 1);
	assert_int_equal(c->status, status);
	assert_string_equal(c->reason, reason);
	free(c);
}

static void test_needs(void **state)
{
	(void)state;
	open_machine("pack:1 core:2 pu:1");
	expect_status("paired/met/-/-/-", STATUS_OK, "");
	/* the first need that is not met says why */
	expect_status("paired/lacking/-/-/-", STATUS_ABSENT,
		      "no unicorn in this machine");
	expect_status("paired/denied/-/-/-", STATUS_DENIED,
		      "the unicorn is root's");
	expect_status("paired/both/thread/package/-", STATUS_DENIED,
		      "the unicorn is root's");
	/* permission would not help where the machine lacks the place */
	expect_status("paired/both/thread/core/-", STATUS_ABSENT,
		      "no two allowed PUs share just a core (no SMT siblings)");
}

static void test_words(void **state)
{
	static const char *const word[] = { "ok", "absent", "denied", "failed",
					    "timeout" };
	struct test_case c = { .peer = PEER_NONE };

	(void)state;
	for (int i = STATUS_OK; i <= STATUS_TIMEOUT; i++)
		assert_string_equal(status_name((enum status)i), word[i]);
	assert_string_equal(case_peer(&c), "-");
	assert_string_equal(case_place(&c), "-");
	c.peer = PEER_THREAD;
	assert_string_equal(case_peer(&c), "thread");
	c.peer = PEER_PROCESS;
	assert_string_equal(case_peer(&c), "process");
}

static int close_machine(void **state)
{
	(void)state;
	topo_close();
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, close_machine)
	const struct CMUnitTest tests[] = {
		TEST(test_ids),
		TEST(test_names_fit),
		TEST(test_order),
		TEST(test_patterns),
		TEST(test_unknown_patterns),
		TEST(test_names_three_ids),
		TEST(test_places),
		TEST(test_peers),
		TEST(test_nothing_left),
		TEST(test_absent_places),
		TEST(test_made_up_ids),
		TEST(test_as_many_as_pus),
		TEST(test_values),
		TEST(test_full_tier),
		TEST(test_hidden_tier),
		TEST(test_all_pairs),
		TEST(test_all_pairs_narrowed),
		TEST(test_all_pairs_literal),
		TEST(test_all_pairs_of_one_pu),
		TEST(test_all_pairs_by_pattern),
		TEST(test_pairs_by_hand),
		TEST(test_pairs_of_many_pus),
		TEST(test_count),
		TEST(test_nearest),
		TEST(test_list_names),
		TEST(test_needs),
		TEST(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
