/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handoff: what it costs to hand work to another thread or process. */
#include <argp.h>
#include <argz.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cases.h"
#include "clean.h"
#include "compare.h"
#include "die.h"
#include "doctor.h"
#include "inherit.h"
#include "invocation.h"
#include "nearest.h"
#include "recover.h"
#include "report.h"
#include "report_json.h"
#include "report_pool.h"
#include "rundir.h"
#include "runner.h"
#include "selftest.h"
#include "settings.h"
#include "tool.h"
#include "topo.h"
#include "units.h"
#include "version.h"

const char *argp_program_version =
	"handoff " HANDOFF_VERSION " (" HANDOFF_COMMIT ")";

/* ------------------------------------------------- options of commands */

enum {
	KEY_BUDGET = 256,
	KEY_INVOCATIONS,
	KEY_PLACES,
	KEY_PEERS,
	KEY_SEED,
	KEY_FULL,
	KEY_DEADLINE,
	KEY_THRESHOLD,
	KEY_FAIL_ON,
	KEY_GROUP,
	KEY_MATCH,
	KEY_FORMAT,
	KEY_CASE,
	KEY_METRIC,
	KEY_VERDICT,
	KEY_CLAIMS,
	KEY_PRECISION,
	KEY_AA,
	KEY_NO_COUNTS,
	KEY_TUNE,
	KEY_JSON,
	KEY_EACH
};

struct options {
	struct run_options run;
	struct compare_options compare;
	int json, each;
	char **patterns;
	size_t pattern_count;
};

static void take_number(struct argp_state *state, const char *name,
			const char *text, uint64_t least, uint64_t *value)
{
	if (units_parse_u64(text, value) || *value < least)
		argp_error(state,
			   "--%s: '%s' is not a whole number of at "
			   "least %llu",
			   name, text, (unsigned long long)least);
}

static void take_duration(struct argp_state *state, const char *name,
			  const char *text, double *seconds)
{
	if (units_parse_duration(text, seconds) || *seconds <= 0)
		argp_error(state,
			   "--%s: '%s' is not a duration above 0, such "
			   "as 30s or 5m",
			   name, text);
}

static void take_tune(struct argp_state *state, const char *list)
{
	static const char *const known[] = { "fifo", "cpu-dma-latency" };
	const char *at = list;
	size_t span;

	for (;; at += span + 1) {
		bool found = false;

		span = strcspn(at, ",");
		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			found |= strlen(known[i]) == span &&
				 !strncmp(at, known[i], span);
		if (!found)
			argp_error(state,
				   "--tune: no '%.*s'; there are: fifo "
				   "cpu-dma-latency",
				   (int)span, at);
		if (!at[span])
			return;
	}
}

static void take_verdicts(struct argp_state *state, const char *name,
			  const char *list, unsigned *verdicts)
{
	const char *bad;

	if (compare_parse_verdicts(list, verdicts, &bad))
		argp_error(state,
			   "--%s: no '%.*s'; there are: faster slower "
			   "equivalent inconclusive differs same missing, and "
			   "different for faster,slower,differs",
			   name, (int)strcspn(bad, ","), bad);
}

/* The index of a name in a table of them, which ends in NULL. */
static int take_choice(struct argp_state *state, const char *name,
		       const char *text, const char *const *choice)
{
	char all[128] = "";

	for (int i = 0; choice[i]; i++) {
		size_t used = strlen(all);

		if (!strcmp(text, choice[i]))
			return i;
		snprintf(all + used, sizeof(all) - used, " %s", choice[i]);
	}
	argp_error(state, "--%s: no '%s'; there are:%s", name, text, all);
	return 0;
}

/* What only `compare` knows. */
static error_t parse_compare(int key, char *arg, struct argp_state *state)
{
	/* in the order of their enums */
	static const char *const format[] = { "table", "markdown", "csv",
					      "json", NULL };
	static const char *const group[] = { "default", "machine", "run",
					     NULL };
	static const char *const match[] = { "same", "nearest", NULL };
	struct compare_options *o = &((struct options *)state->input)->compare;

	switch (key) {
	case KEY_THRESHOLD:
		if (units_parse_percent(arg, &o->threshold) ||
		    o->threshold <= 0)
			argp_error(state,
				   "--threshold: '%s' is not a share above 0, "
				   "such as 2%% or 0.02",
				   arg);
		return 0;
	case KEY_FAIL_ON:
		take_verdicts(state, "fail-on", arg, &o->fail_on);
		return 0;
	case KEY_VERDICT:
		take_verdicts(state, "verdict", arg, &o->verdicts);
		return 0;
	case KEY_GROUP:
		o->grouping = (enum compare_grouping)take_choice(state, "group",
								 arg, group);
		return 0;
	case KEY_MATCH:
		o->matching = (enum compare_matching)take_choice(state, "match",
								 arg, match);
		return 0;
	case KEY_FORMAT:
		o->format = (enum compare_format)take_choice(state, "format",
							     arg, format);
		return 0;
	case KEY_CASE:
		if (argz_add(&o->cases, &o->cases_length, arg))
			argp_error(state, "--case: out of memory");
		return 0;
	case KEY_METRIC:
		o->metrics = arg;
		return 0;
	case KEY_CLAIMS:
		o->claims = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	struct run_options *run = &o->run;

	switch (key) {
	case 'o':
		run->dir = arg;
		break;
	case KEY_BUDGET:
		take_duration(state, "budget", arg, &run->budget_s);
		break;
	case KEY_DEADLINE:
		take_duration(state, "deadline", arg, &run->deadline_s);
		break;
	case KEY_INVOCATIONS:
		take_number(state, "invocations", arg, 1, &run->invocations);
		break;
	case KEY_SEED:
		take_number(state, "seed", arg, 0, &run->seed);
		break;
	case KEY_PLACES:
		run->filter.places = arg;
		break;
	case KEY_PEERS:
		run->filter.peers = arg;
		break;
	case KEY_FULL:
		run->filter.full = 1;
		break;
	case KEY_PRECISION:
		if (units_parse_percent(arg, &run->precision) ||
		    run->precision <= 0)
			argp_error(state,
				   "--precision: '%s' is not a share above 0, "
				   "such as 2%%",
				   arg);
		break;
	case KEY_AA:
		run->aa = 1;
		break;
	case KEY_NO_COUNTS:
		run->no_counts = 1;
		break;
	case KEY_TUNE:
		take_tune(state, arg);
		run->tune = arg;
		break;
	case KEY_JSON:
		o->json = 1;
		break;
	case KEY_EACH:
		o->each = 1;
		break;
	case ARGP_KEY_ARGS:
		o->patterns = state->argv + state->next;
		o->pattern_count = (size_t)(state->argc - state->next);
		break;
	default:
		return parse_compare(key, arg, state);
	}
	return 0;
}

#define FILTER_OPTIONS                                                   \
	{ "places",                                                      \
	  KEY_PLACES,                                                    \
	  "LIST",                                                        \
	  0,                                                             \
	  "Only these places, such as pu,l3,any; l3 is also l3:p-e, of " \
	  "two kinds of PUs; pu4-pu12: these two PUs; all-pairs: "       \
	  "every two PUs, both ways round",                              \
	  1 },                                                           \
		{ "peers",                                               \
		  KEY_PEERS,                                             \
		  "LIST",                                                \
		  0,                                                     \
		  "Only these second parties: thread, process or both",  \
		  1 },                                                   \
	{                                                                \
		"full", KEY_FULL, NULL, 0,                               \
			"With the cases that are not in `make bench`", 1 \
	}

static const struct argp_option list_options[] = {
	FILTER_OPTIONS,
	{ "each", KEY_EACH, NULL, 0,
	  "With all-pairs of more than 64 PUs: every case, instead of one line "
	  "for all pairs of a variant",
	  1 },
	{ 0 }
};

static const struct argp_option run_options[] = {
	{ "output", 'o', "DIR", 0,
	  "Write the run's files into DIR (default results/MACHINE/TIME)", 0 },
	FILTER_OPTIONS,
	{ "budget", KEY_BUDGET, "TIME", 0,
	  "Time to spend in all, but for tables and charts (default 180s); "
	  "what "
	  "does not fit is left out, --full cases and counts first",
	  2 },
	{ "invocations", KEY_INVOCATIONS, "K", 0,
	  "Fresh processes to measure each case in (default 10; 6 are the "
	  "fewest that give a 95 % interval)",
	  2 },
	{ "precision", KEY_PRECISION, "SHARE", 0,
	  "Add blocks until every interval is this narrow, such as 2%, or "
	  "the budget ends",
	  2 },
	{ "aa", KEY_AA, NULL, 0,
	  "Time each case as two interleaved arms and write their difference, "
	  "the machine's own noise, to noise.csv",
	  2 },
	{ "no-counts", KEY_NO_COUNTS, NULL, 0,
	  "Time only: count no system calls, switches, copies", 2 },
	{ "tune", KEY_TUNE, "LIST", 0,
	  "While measuring: fifo (SCHED_FIFO), cpu-dma-latency (no deep idle "
	  "states); undone at the end, logged in env.csv",
	  2 },
	{ "deadline", KEY_DEADLINE, "TIME", 0,
	  "When to give up on one process (default 20s or more)", 2 },
	{ "seed", KEY_SEED, "N", 0,
	  "Seed of the order and the jitter (default: the time; recorded)", 2 },
	{ 0 }
};

static const struct argp_option compare_options[] = {
	{ "threshold", KEY_THRESHOLD, "SHARE", 0,
	  "A difference this small counts as none (default 2%)", 0 },
	{ "fail-on", KEY_FAIL_ON, "LIST", 0,
	  "Exit 1 if a case is slower, faster, different (Holm-adjusted)", 0 },
	{ "group", KEY_GROUP, "machine|run", 0,
	  "Compare machines, all runs of each together, or runs (default: "
	  "machines where there are several and one has several runs)",
	  0 },
	{ "match", KEY_MATCH, "same|nearest", 0,
	  "Places beside those of the same name (default), or one PU, the "
	  "nearest other core and the farthest beside each other, whatever "
	  "they are called",
	  0 },
	{ "case", KEY_CASE, "GLOB", 0,
	  "Only these cases; may be given several times", 1 },
	{ "metric", KEY_METRIC, "LIST", 0,
	  "Only these metrics, such as latency,call", 1 },
	{ "verdict", KEY_VERDICT, "LIST", 0,
	  "Show only faster, slower, equivalent, inconclusive, differs, same, "
	  "missing; different: the first two and differs",
	  1 },
	{ "format", KEY_FORMAT, "FORMAT", 0,
	  "table (default), markdown, csv or json", 2 },
	{ "claims", KEY_CLAIMS, NULL, 0,
	  "With the claims, machine beside machine", 2 },
	{ "output", 'o', "DIR", 0,
	  "Write compare.html, compare.md, compare.csv and charts/ into DIR",
	  2 },
	{ 0 }
};

static const struct argp_option report_options[] = {
	{ "json", KEY_JSON, NULL, 0,
	  "Print the run as JSON in Google Benchmark's schema and make "
	  "nothing; "
	  "of results/latest where no DIR is named",
	  0 },
	{ "output", 'o', "DIR", 0,
	  "Of several runs: write them as one run, with its report, into DIR",
	  0 },
	{ 0 }
};

static const struct argp_option selftest_options[] = {
	{ "budget", KEY_BUDGET, "TIME", 0, "Time to spend in all (default 45s)",
	  0 },
	{ 0 }
};

static const struct argp_option no_options[] = { { 0 } };

static const char pattern_text[] =
	"\vA PATTERN is a glob over case ids "
	"(bench/variant/peer/place/param), such as 'roundtrip/*/thread/pu/-'; "
	"a bench, or bench/variant, means all its cases.";

/* ------------------------------------------------------------ commands */

/* Results that do not reach their reader are not done. */
static int flush_output(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_DONE;
	warn("standard output: %s", strerror(errno));
	return EXIT_CASE_FAILED;
}

static int list_case(void *ctx, const struct test_case *c)
{
	(void)ctx;
	if (c->status == STATUS_OK) {
		fputs_unlocked(c->id, stdout);
		putc_unlocked('\n', stdout);
	} else {
		printf("%-48s %s: %s\n", c->id, status_name(c->status),
		       c->reason);
	}
	return ferror(stdout);
}

static int list_whole(void *ctx, const struct test_case *c, uint64_t count)
{
	(void)ctx;
	printf("%-48s %s%s%s; %llu of %zu PUs, --each names them\n", c->id,
	       status_name(c->status), c->reason[0] ? ": " : "", c->reason,
	       (unsigned long long)count, topo_pu_count());
	return ferror(stdout);
}

/* What the places are, beside the list of cases that goes to standard output.
 */
static void list_places(void)
{
	size_t count;
	const struct place *place = topo_places(&count);
	const struct topo_kind *kind;
	char text[128];

	for (size_t i = 0; i < count; i++) {
		if (!place[i].present)
			continue;
		topo_place_text(&place[i], text, sizeof(text));
		fprintf(stderr, "# place %-12s %s\n", place[i].name, text);
	}
	kind = topo_kinds(&count);
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "# kind  %-12s pu %s%s%s\n", kind[i].name,
			kind[i].pus, kind[i].what[0] ? ": " : "", kind[i].what);
}

static int do_list(struct options *o)
{
	char err[1024];

	if (topo_open(NULL, err, sizeof(err)))
		die_usage("%s", err);
	o->run.filter.patterns = o->patterns;
	o->run.filter.pattern_count = o->pattern_count;
	if (cases_each(&o->run.filter, list_case, o->each ? NULL : list_whole,
		       NULL, err, sizeof(err)) < 0)
		die_usage("%s", err);
	list_places();
	topo_close();
	return flush_output();
}

static int do_run(struct options *o)
{
	char dir[PATH_MAX];
	int result, shown;

	o->run.filter.patterns = o->patterns;
	o->run.filter.pattern_count = o->pattern_count;
	result = runner_run(&o->run, dir);
	if (!*dir)
		return result;
	shown = report_make(dir, stdout);
	return result ? result : shown;
}

/* Before runs are read: those that were killed are made whole. */
static int prepare_runs(const struct options *o)
{
	char err[PATH_MAX + 256];
	int result = EXIT_DONE;

	for (size_t i = 0; i < o->pattern_count; i++) {
		if (rundir_check(o->patterns[i], err, sizeof(err)))
			die_usage("%s", err);
		if (recover_run(o->patterns[i]))
			result = EXIT_CASE_FAILED;
	}
	return result;
}

static int do_report(struct options *o)
{
	static char latest[] = "results/latest";
	static char *latest_only[] = { latest };
	int recovered;

	if (o->json && !o->pattern_count) {
		o->patterns = latest_only;
		o->pattern_count = 1;
	}
	if (!o->pattern_count)
		die_usage("report takes the directory of a run, or those of "
			  "several runs of one machine");
	if (o->json && o->pattern_count > 1)
		die_usage("report --json takes the directory of one run");
	if (o->run.dir && o->pattern_count == 1)
		die_usage("-o: a single run's report goes into its own "
			  "directory; name several runs to pool them in "
			  "another");
	recovered = prepare_runs(o);
	if (o->json)
		return report_json(o->patterns[0], stdout) | flush_output() |
		       recovered;
	if (o->pattern_count > 1)
		return report_pool(o->patterns, o->pattern_count, o->run.dir,
				   stdout) |
		       recovered;
	return report_make(o->patterns[0], stdout) | recovered;
}

static int do_compare(struct options *o)
{
	if (o->pattern_count < 2)
		die_usage("compare takes two or more runs: directories, or "
			  "summary.csv files");
	o->compare.paths = o->patterns;
	o->compare.path_count = o->pattern_count;
	o->compare.dir = o->run.dir;
	int recovered = prepare_runs(o);
	int result = compare_runs(&o->compare, stdout);

	return flush_output() ? EXIT_CASE_FAILED : result | recovered;
}

static int do_doctor(struct options *o)
{
	if (o->pattern_count)
		die_usage("doctor takes no arguments");
	doctor_run(stdout);
	return flush_output();
}

static int do_selftest(struct options *o)
{
	if (o->pattern_count)
		die_usage("selftest takes no arguments");
	int result = selftest_run(stdout, o->run.budget_s);

	return flush_output() ? EXIT_CASE_FAILED : result;
}

static int do_help(struct options *o);
static int do_version(struct options *o);

static const struct command {
	const char *name, *arguments, *text;
	const struct argp_option *options;
	int (*run)(struct options *o);
} commands[] = {
	{ "list", "[PATTERN…]",
	  "The cases of this machine, and why the others are absent.",
	  list_options, do_list },
	{ "run", "[PATTERN…]",
	  "Measure cases; leave CSV files, tables, charts and a report.",
	  run_options, do_run },
	{ "compare", "A B [C…]",
	  "Machines or runs side by side, the first as the baseline: ratio, "
	  "interval and verdict of each case.",
	  compare_options, do_compare },
	{ "report", "DIR [DIR…]",
	  "Make tables, charts and report.html of a run again, from its files "
	  "alone; or one report of several runs of a machine.",
	  report_options, do_report },
	{ "doctor", "",
	  "What on this machine makes numbers noisy, and how to mend it; "
	  "changes nothing.",
	  no_options, do_doctor },
	{ "selftest", "",
	  "Does the instrument recover known truths on this machine?",
	  selftest_options, do_selftest },
	{ "help", "[COMMAND]", "What --help says, of all or of one command.",
	  no_options, do_help },
	{ "version", "", "What --version says.", no_options, do_version },
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

static int run_command(const struct command *command, int argc, char **argv)
{
	struct options o = {
		.run = {
			.budget_s = 180,
			.invocations = RUNNER_INVOCATIONS,
			.seed = (uint64_t)time(NULL),
		},
		.compare = { .threshold = 0.02 },
	};
	char name[64], text[1024];
	struct argp argp = {
		.options = command->options,
		.parser = parse,
		.args_doc = command->arguments,
		.doc = text,
	};

	snprintf(text, sizeof(text), "%s%s", command->text,
		 strstr(command->arguments, "PATTERN") ? pattern_text : "");
	snprintf(name, sizeof(name), "handoff %s", command->name);
	if (command->run == do_selftest)
		o.run.budget_s = 45;
	argv[0] = name;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	tool_check();
	return command->run(&o);
}

/* ---------------------------------------------------------------- main */

static char command_list[2048];

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static bool is_bench(const char *name)
{
	size_t count;
	const struct bench *const *bench = bench_all(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(name, bench[i]->name))
			return true;
	return false;
}

/* That no command has a name, and which may have been meant. */
static void say_nearest(char *text, size_t size, const char *name)
{
	const char *all[COMMANDS], *near;
	size_t used;
	/* a bench, or a case of one */
	char bench[64];

	snprintf(bench, sizeof(bench), "%.*s", (int)strcspn(name, "/"), name);
	if (is_bench(bench)) {
		snprintf(text, size,
			 "no command '%.100s', but a bench: handoff run %.100s",
			 name, name);
		return;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		all[i] = commands[i].name;
	near = nearest_name(name, all, COMMANDS);
	snprintf(text, size, "no command '%.100s'; %s", name,
		 near ? "nearest:" : "there are:");
	for (size_t i = 0; i < COMMANDS; i++) {
		used = strlen(text);
		if (!near || all[i] == near)
			snprintf(text + used, size - used, " %s", all[i]);
	}
}

static error_t parse_main(int key, char *arg, struct argp_state *state)
{
	const struct command **command = state->input;
	char text[512];

	switch (key) {
	case ARGP_KEY_ARG:
		*command = find_command(arg);
		if (!*command) {
			say_nearest(text, sizeof(text), arg);
			argp_error(state, "%s", text);
		}
		/* the rest is the command's */
		state->quoted = 0;
		state->next = state->argc;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a command is missing");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp main_argp = {
	.parser = parse_main,
	.args_doc = "COMMAND [ARGUMENT…]",
	.doc = command_list,
};

static int do_help(struct options *o)
{
	const struct command *command = NULL;
	char word[512];

	if (o->pattern_count > 1)
		die_usage("help takes one command");
	if (o->pattern_count) {
		command = find_command(o->patterns[0]);
		if (!command) {
			say_nearest(word, sizeof(word), o->patterns[0]);
			die_usage("%s", word);
		}
	}
	snprintf(word, sizeof(word), "handoff");
	char *argv[] = { word, (char *)(uintptr_t) "--help", NULL };

	/* it exits */
	if (command)
		return run_command(command, 2, argv);
	argp_parse(&main_argp, 2, argv, 0, NULL, &command);
	return EXIT_DONE;
}

static int do_version(struct options *o)
{
	if (o->pattern_count)
		die_usage("version takes no arguments");
	printf("%s\n", argp_program_version);
	return flush_output();
}

int main(int argc, char **argv)
{
	const struct command *command = NULL;
	int first;

	inherit_mend();
	if (argc == 3 && !strcmp(argv[1], INVOCATION_ARGUMENT))
		return invocation_main(atoi(argv[2]));

	setlocale(LC_CTYPE, "");
	clean_standard_streams();
	settings_check();
	argp_err_exit_status = EXIT_USAGE;
	snprintf(command_list, sizeof(command_list),
		 "What does it cost to hand work to another thread, and what "
		 "to another process, on this machine?\vCommands:\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		size_t used = strlen(command_list);

		snprintf(command_list + used, sizeof(command_list) - used,
			 "  handoff %s %s\n    %s\n", commands[i].name,
			 commands[i].arguments, commands[i].text);
	}
	argv[0] = (char *)(uintptr_t) "handoff";
	for (first = 1; first < argc && argv[first][0] == '-'; first++)
		;
	argp_parse(&main_argp, argc, argv, ARGP_IN_ORDER, NULL, &command);
	return run_command(command, argc - first, argv + first);
}
