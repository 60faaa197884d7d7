/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is report.html whole whatever a run lacks or holds, and is its answer never
 * a wrong or an empty sentence? */
#include "report_html.h"
#include "scratch.h"

#include <math.h>
#include <sys/stat.h>

#include "answer.h"
#include "machine_view.h"
#include "results.h"
#include "support.h"
#include "topo.h"

/* --------------------------------------------- a run, written by hand */

static char *text;
static size_t text_size;
static FILE *run;
static struct summary summary;
static struct env_file env;
static struct claim_line *line;
static size_t lines;
static char *page, *shown;

static int begin_run(void **state)
{
	(void)state;
	run = open_memstream(&text, &text_size);
	return run ? fprintf(run, "%s\n", RESULTS_SUMMARY_HEADER) < 0 : -1;
}

static int end_run(void **state)
{
	(void)state;
	free(line);
	free(page);
	free(shown);
	shown = page = NULL;
	line = NULL;
	summary_free(&summary);
	env_file_free(&env);
	remove("env.csv");
	remove("invocations.csv");
	remove("topology.xml");
	remove("noise.csv");
	return 0;
}

static void write_file(const char *name, const char *content)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(content, f);
	assert_int_equal(fclose(f), 0);
}

/* No interval where low is NAN. */
static void trip(const char *variant, const char *peer, const char *place,
		 double value, double low, double high)
{
	fprintf(run, "1,m,r,roundtrip,%s,%s,%s,-,latency,ns,ok,,16,1000,%g,",
		variant, peer, place, value);
	if (isnan(low))
		fputs(",", run);
	else
		fprintf(run, "%g,%g", low, high);
	fputs(",,,,,,,single,\n", run);
}

static void read_run(void)
{
	char err[256];

	assert_int_equal(fclose(run), 0);
	write_file("summary.csv", text);
	free(text);
	if (summary_read(&summary, ".", err, sizeof(err)) ||
	    env_file_read(&env, ".", err, sizeof(err)))
		fail_msg("%s", err);
	line = claims_decide(&summary, &env, &lines);
	assert_non_null(line);
}

/* ------------------------------------------------------------ the answer */

static char sentence[ANSWER_SENTENCES][ANSWER_SIZE];

/* Every sentence is one: it begins, ends, and has no hole in it. */
static size_t answer(void)
{
	static const char *const hole[] = { "  ",     " .",        " ,",
					    "nan",    "inf",       "- ",
					    "(null)", "takes and", "takes .",
					    "takes  " };
	size_t count;

	read_run();
	count = answer_write(&summary, line, lines, sentence);
	assert_in_range(count, 1, ANSWER_SENTENCES);
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(sentence[i]);

		assert_true(length > 20);
		assert_int_equal(sentence[i][length - 1], '.');
		assert_true(sentence[i][0] >= 'A' && sentence[i][0] <= 'Z');
		for (size_t k = 0; k < COUNT(hole); k++)
			if (strstr(sentence[i], hole[k]))
				fail_msg("'%s' in: %s", hole[k], sentence[i]);
	}
	return count;
}

static void says(size_t which, const char *what)
{
	if (!strstr(sentence[which], what))
		fail_msg("no '%s' in: %s", what, sentence[which]);
}

static void does_not_say(size_t which, const char *what)
{
	if (strstr(sentence[which], what))
		fail_msg("'%s' in: %s", what, sentence[which]);
}

static void test_answer(void **state)
{
	(void)state;
	/* the nearest place is taken, and pipe before what stands first */
	trip("spin", "thread", "l3", 100, 99, 101);
	trip("pipe", "thread", "pu", 4000, 3900, 4100);
	trip("pipe", "process", "pu", 4400, 4400, 4400);
	trip("pipe", "thread", "machine", 90000, 90000, 90000);
	trip("pipe", "thread", "l3", 8000, 7000, 9000);
	trip("pipe", "process", "l3", 12000, 12000, 12000);
	trip("pipe", "thread", "any", 1, 1, 1);
	assert_int_equal(answer(), 3);
	assert_string_equal(
		sentence[0],
		"There and back again by pipe takes 4.00 µs [3.90 µs, 4.10 µs] "
		"between threads and 4.40 µs [4.40 µs, 4.40 µs] between "
		"processes where both run on one PU, and 8.00 µs [7.00 µs, "
		"9.00 µs] between threads and 12.0 µs [12.0 µs, 12.0 µs] "
		"between processes on two PUs (place l3).");
	assert_string_equal(
		sentence[1],
		"On two PUs it takes 2.00 [1.71, 2.31] times as long as on one "
		"between threads and 2.73 [2.73, 2.73] times between "
		"processes; a process takes 1.10 [1.07, 1.13] times as long "
		"as a thread on one PU and 1.50 [1.33, 1.71] times on two.");
	says(2, "nothing that the widely copied tables claim");
}

static void test_answer_of_one_place(void **state)
{
	(void)state;
	trip("eventfd", "thread", "pu", 4000, NAN, NAN);
	trip("eventfd", "process", "pu", 2000, 1900, 2100);
	assert_int_equal(answer(), 3);
	says(0, "by eventfd takes 4.00 µs between threads and 2.00 µs [");
	does_not_say(0, "two PUs");
	assert_string_equal(sentence[1], "A process takes 0.50 times as long "
					 "as a thread on one PU.");
}

static void test_answer_of_one_peer(void **state)
{
	(void)state;
	trip("uv_async", "thread", "core", 4000, 4000, 4000);
	trip("uv_async", "thread", "pu", 8000, 8000, 8000);
	assert_int_equal(answer(), 3);
	does_not_say(0, "process");
	says(0, "(place core)");
	assert_string_equal(sentence[1],
			    "On two PUs it takes 0.50 [0.50, 0.50] times as "
			    "long as on one between threads.");
}

static void test_answer_of_one_case(void **state)
{
	(void)state;
	trip("pipe", "process", "node", 4000, 4000, 4000);
	assert_int_equal(answer(), 2);
	says(0, "takes 4.00 µs [4.00 µs, 4.00 µs] between processes on two "
		"PUs (place node).");
}

static void test_answer_of_nothing(void **state)
{
	(void)state;
	trip("pipe", "thread", "any", 4000, 4000, 4000);
	assert_int_equal(answer(), 2);
	says(0, "measured no round trip");
}

static void test_answer_of_zero(void **state)
{
	(void)state;
	trip("pipe", "thread", "pu", 0, 0, 0);
	/* below 0, and so was a sample */
	fputs("1,m,r,roundtrip,pipe,process,pu,-,latency,ns,ok,,16,1000,-5,-9,"
	      "1,-20,,,,,10,single,\n",
	      run);
	assert_int_equal(answer(), 2);
	says(0, "measured no round trip");
}

static void message(const char *variant, const char *peer, double value)
{
	fprintf(run,
		"1,m,r,message,%s,%s,pu,size=1KiB,latency,ns,ok,,16,1000,%g,%g,"
		"%g,,,,,,,single,\n",
		variant, peer, value, value, value);
}

static void test_answer_counts_claims(void **state)
{
	(void)state;
	message("queue_uv_async", "thread", 15e3); /* 7.5 µs: as claimed */
	message("pipe", "process", 8e3);           /* and this is not */
	assert_int_equal(answer(), 2);
	says(1, "Of 2 statements");
	says(1, "1 holds and 1 differs: ");
	says(1, "they give 0.5–2 ms for “1 KiB message one way, child "
		"(pipe), place pu”, and it is 4.00 µs [");
	does_not_say(1, "cannot be told");
}

static void test_answer_without_example(void **state)
{
	(void)state;
	message("queue_uv_async", "thread", 15e3);
	assert_int_equal(answer(), 2);
	says(1, "Of 1 statement of");
	says(1, "1 holds and 0 differ.");
}

/* -------------------------------------------------------------- the page */

static void make_page(const char *tables)
{
	static struct report_digest digest;
	struct report_html r = { .dir = ".",
				 .summary = &summary,
				 .digest = &digest,
				 .env = &env,
				 .tables = tables };
	char err[PATH_MAX + 256];
	size_t size;
	FILE *out = open_memstream(&page, &size);

	read_run();
	if (report_digest_read(&digest, ".", &summary, err, sizeof(err)))
		fail_msg("%s", err);
	r.claim = line;
	r.claims = lines;
	assert_non_null(out);
	report_html_write(&r, out);
	assert_int_equal(fclose(out), 0);
}

static size_t count(const char *what)
{
	size_t n = 0;

	for (const char *at = page; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void expect_has(const char *what)
{
	if (!count(what))
		fail_msg("no %s", what);
}

/* As many ends as beginnings, whatever is between. */
static void expect_balanced(void)
{
	static const char *const tag[] = { "section", "table",  "tr",
					   "div",     "figure", "details",
					   "ul",      "svg",    "p" };
	char begin[16], more[16], end[16];

	for (size_t i = 0; i < COUNT(tag); i++) {
		snprintf(begin, sizeof(begin), "<%s>", tag[i]);
		snprintf(more, sizeof(more), "<%s ", tag[i]);
		snprintf(end, sizeof(end), "</%s>", tag[i]);
		if (count(begin) + count(more) != count(end))
			fail_msg("%s: %zu begin and %zu end", tag[i],
				 count(begin) + count(more), count(end));
	}
}

static void test_page_of_summary_alone(void **state)
{
	static const char *const section[] = {
		"question", "claims",      "charts", "machine",
		"noise",    "environment", "cases",  "method",
	};
	const char *at;

	(void)state;
	trip("pipe", "thread", "pu", 4000, 3900, 4100);
	make_page("### roundtrip\n\n| a | b |\n| --- | --: |\n| c | 1 |\n");
	at = page;
	for (size_t i = 0; i < COUNT(section); i++) {
		char id[32];

		snprintf(id, sizeof(id), "id=\"%s\"", section[i]);
		at = strstr(at, id);
		if (!at)
			fail_msg("%s is not there, or not in its place", id);
	}
	expect_balanced();
	expect_has("env.csv is not there");
	expect_has("invocations.csv is not there");
	expect_has("left no topology.xml");
	expect_has("No chart was drawn");
	expect_has("no <code>run --aa</code>");
	expect_has("<caption>roundtrip: a</caption>");
	expect_has("<code>roundtrip/pipe/thread/pu/-</code>");
	assert_int_equal(count("http:") + count("https:") + count(" src="), 0);
}

/* As CSV quotes it. */
#define EVIL "<script>alert(1)</script>\"\"'&\x01\xff"

static void test_page_of_hostile_run(void **state)
{
	(void)state;
	fputs("1,\"" EVIL "\",\"" EVIL "\",roundtrip,v,thread,pu,"
	      "-,latency,ns,ok,,16,9,5,4,6,,,,,,,single,\n"
	      "1,\"" EVIL "\",\"" EVIL "\",create,pthread,thread,pu,-,first,"
	      "ns,failed,"
	      "\"<svg onload=alert(1)> \"\" | [a](javascript:b)\","
	      ",,,,,,,,,,,,\n",
	      run);
	write_file("env.csv", "name,value,source\n"
			      "\"<b>x\",\"</table><script>\",\"<a href=x>\"\n"
			      "cpu.model,\"<i>cpu</i>\",x\n"
			      "handoff.version,\"<u>\",x\n"
			      "load<s>.before,\"<q>1\",x\n"
			      "load<s>.after,\"<q>2\",x\n");
	make_page("| <script> |\n| --- |\n| x |\n");
	expect_balanced();
	/* the one script is ours */
	assert_int_equal(count("<script"), 1);
	assert_int_equal(count("<img") + count("<b>") + count("<i>") +
				 count("<u>") + count("<q>") + count("<s>") +
				 count("onload=alert(1)>") + count("<a href=x"),
			 0);
	assert_int_equal(count("\xff") + count("\x01"), 0);
	expect_has("&lt;script&gt;alert(1)&lt;/script&gt;&quot;");
	expect_has("&lt;svg onload=alert(1)&gt; &quot; | [a](javascript:b)");
}

#define NOISE "machine,run,bench,variant,peer,place,param,metric,spread\n"

static void test_noise(void **state)
{
	(void)state;
	fputs("1,m,r,b,v,-,-,-,call,ns,ok,,2,2,1,,,,,,,,,single,\n"
	      "1,m,r,b,v,-,-,-,done,ns,ok,,1,1,1,,,,,,,,,single,\n"
	      "1,m,r,b,v,-,-,-,calls,count,ok,,1,1,1,,,,,,,,,slope,\n",
	      run);
	write_file("noise.csv", NOISE "m,r,b,v,-,-,-,call,0.01\n"
				      "m,r,b,v,-,-,-,done,0.02\n"
				      "m,r,b,v,-,-,-,first,0.05\n"
				      "m,r,b,v,-,-,-,last,\n");
	write_file(
		"invocations.csv",
		"bench,variant,peer,place,param,metric,unit,block,order,arm,"
		"pass,value,samples,batches,batch_n,elapsed_ns,pu_a,pu_b,"
		"cpu_ns,peer_cpu_ns,drift,disturbed,gap_before_ns,"
		"gap_after_ns\n"
		/* two metrics of one invocation are one invocation */
		"b,v,-,-,-,call,ns,0,0,0,time,1,1,1,1,1,3,,1,0,0,1,1000,\n"
		"b,v,-,-,-,done,ns,0,0,0,time,1,1,1,1,1,3,,1,0,0,1,1000,\n"
		"b,v,-,-,-,call,ns,1,1,0,time,1,1,1,1,1,7,4,1,0,0,0,,5000\n"
		"b,v,-,-,-,calls,count,1,2,0,trace,1,1,1,1,1,9,,1,0,0,1,,\n");
	write_file("env.csv", "name,value,source\n"
			      "cpufreq.scaling_governor,powersave,x\n"
			      "load.before,1,x\nload.after,2,x\n");
	make_page("");
	expect_has("Of 2 timed invocations 1 (50 %) were disturbed");
	expect_has("between blocks was 5.00 µs.");
	expect_has("2.0 % in half of 3 cases, and up to 5.1 %");
	expect_has("<th scope=\"row\">governor</th>");
	expect_has("</span> noisy</span>");
	expect_has("<td>1</td><td>2</td>");
}

/* Half of the arms would tell of less noise than there was. */
static void test_noise_cut_off(void **state)
{
	(void)state;
	trip("pipe", "thread", "pu", 4000, 3900, 4100);
	write_file("noise.csv", NOISE "m,r,roundtrip,pipe,thread,pu,-,a,0.01\n"
				      "m,r,roundtrip,pipe,thread,pu,-,b,0.02");
	make_page("");
	expect_has("no <code>run --aa</code>");
}

/* ----------------------------------------------------------- the machine */

static int view(const int *used, size_t n)
{
	size_t size;
	FILE *out;
	int result;

	free(shown);
	shown = NULL;
	out = open_memstream(&shown, &size);
	assert_non_null(out);
	result = machine_view("topology.xml", used, n, out);
	assert_int_equal(fclose(out), 0);
	return result;
}

/* What a run leaves of two PUs, 4 and 6, on one cache. */
static void write_topology(void)
{
	char err[256];

	setenv("HWLOC_SYNTHETIC", "l3:1(size=1048576) core:2 pu:1(indexes=4,6)",
	       1);
	if (topo_open(NULL, err, sizeof(err)))
		fail_msg("%s", err);
	assert_int_equal(topo_export("topology.xml"), 0);
	topo_close();
	unsetenv("HWLOC_SYNTHETIC");
}

static void has_shown(const char *what)
{
	if (!strstr(shown, what))
		fail_msg("no %s in: %s", what, shown);
}

/* Without lstopo boxes are drawn, with it a picture; both mark what is used. */
static void test_machine_boxes(void **state)
{
	char *path = strdup(getenv("PATH"));
	const int used[] = { 6 };

	(void)state;
	write_topology();
	setenv("PATH", "/nowhere", 1);
	assert_int_equal(view(used, 1), 0);
	setenv("PATH", path, 1);
	has_shown("<div class=\"box\">L3Cache (1MiB)");
	has_shown("<div class=\"box\">NUMANode 0 (1GiB)");
	has_shown("<div class=\"box\">PU 4</div>");
	has_shown("<div class=\"box used\">PU 6 used</div>");
	has_shown("Used, with a thick edge: PU 6 (");
	free(path);
}

static void test_machine_lstopo(void **state)
{
	const int used[] = { 4, 6 };

	(void)state;
	if (system("lstopo-no-graphics --version >/dev/null 2>&1"))
		skip_because("lstopo-no-graphics is not installed");
	write_topology();
	assert_int_equal(view(used, 2), 0);
	has_shown("<svg role=\"img\"");
	has_shown("id=\"machine-view-PU_0_rect\" style=");
	has_shown("id=\"machine-view-PU_1_rect\" style=");
	has_shown("PUs 4, 6 (");
}

static void test_machine_lacking(void **state)
{
	(void)state;
	assert_int_equal(view(NULL, 0), -1);
	has_shown("no topology.xml");
	write_file("topology.xml", "<topology>no</topology>");
	/* hwloc complains on stderr as well */
	assert_int_equal(view(NULL, 0), -1);
	has_shown("cannot read topology.xml");
	has_shown("not recorded");
}

static void test_machine_of_unknown_pus(void **state)
{
	const int used[] = { 4, 5, 6, 99 };

	(void)state;
	write_topology();
	/* of another machine: not all can be marked, and none is left out */
	assert_int_equal(view(used, 4), 0);
	has_shown("PU 4 used");
	has_shown("PUs 4–6, 99 (");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_run, end_run)
#define PLAIN(name) cmocka_unit_test_teardown(name, end_run)
	const struct CMUnitTest tests[] = {
		TEST(test_answer),
		TEST(test_answer_of_one_place),
		TEST(test_answer_of_one_peer),
		TEST(test_answer_of_one_case),
		TEST(test_answer_of_nothing),
		TEST(test_answer_of_zero),
		TEST(test_answer_counts_claims),
		TEST(test_answer_without_example),
		TEST(test_page_of_summary_alone),
		TEST(test_page_of_hostile_run),
		TEST(test_noise),
		TEST(test_noise_cut_off),
		PLAIN(test_machine_boxes),
		PLAIN(test_machine_lstopo),
		PLAIN(test_machine_lacking),
		PLAIN(test_machine_of_unknown_pus),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
