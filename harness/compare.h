/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Machines or runs side by side, case by case: ratio, interval, verdict. */
#ifndef HANDOFF_COMPARE_H
#define HANDOFF_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "distribution.h"
#include "env_file.h"
#include "series.h"
#include "stats.h"
#include "summary.h"

/* --------------------------------------------------- what is asked for */

enum compare_format {
	COMPARE_TABLE,
	COMPARE_MARKDOWN,
	COMPARE_CSV,
	COMPARE_JSON,
};

enum compare_grouping {
	COMPARE_BY_DEFAULT, /* machine if there are several machines and one of
			     * them has several runs, else run */
	COMPARE_BY_MACHINE,
	COMPARE_BY_RUN,
};

/* Which places of different machines stand beside each other. */
enum compare_matching {
	COMPARE_MATCH_SAME,    /* those of one name */
	COMPARE_MATCH_NEAREST, /* one PU, one core, the nearest other core, the
				* farthest one, whatever they are called */
};

/* What is said of a group beside the first one. The first four are those of
 * enum verdict. */
enum compare_verdict {
	COMPARE_FASTER = FASTER,
	COMPARE_SLOWER = SLOWER,
	COMPARE_EQUIVALENT = EQUIVALENT,
	COMPARE_INCONCLUSIVE = INCONCLUSIVE,
	COMPARE_DIFFERS, /* a count, and surely another one */
	COMPARE_SAME,    /* a count, and no other one that could be told */
	COMPARE_MISSING, /* one of them has no number */
	COMPARE_VERDICTS
};

struct compare_options {
	char *const *paths; /* of runs' directories, or summary.csv files */
	size_t path_count;
	double threshold; /* a difference this small is none: 0.02 */
	unsigned fail_on; /* 1 << verdict, or-ed */
	enum compare_grouping grouping;
	enum compare_matching matching;
	enum compare_format format;
	char *cases; /* argz vector of globs over case ids; NULL: all */
	size_t cases_length;
	const char *metrics; /* "latency,call", or NULL: all */
	unsigned verdicts;   /* to show: 1 << verdict, or-ed; 0: all */
	bool claims;         /* on the terminal too */
	const char *dir;     /* for compare.csv, compare.md, charts; or NULL */
};

/* "faster", "slower", … */
const char *compare_verdict_name(enum compare_verdict verdict);

/* A comma-separated list of such names as bits; 0, or -1 where one is none:
 * *bad begins it. "different" is all of faster, slower and differs. */
int compare_parse_verdicts(const char *list, unsigned *bits, const char **bad);

/* -------------------------------------------------- what is compared */

/* One argument: a run, or what is left of one. */
struct compare_run {
	const char *path;
	const char *machine, *id; /* as its summary.csv has them */
	bool has_series;          /* it has an invocations.csv */
	struct summary summary;
	struct series_set series;
	struct env_file env; /* no facts of a summary.csv alone */
};

/* What is compared with another: a run, or all runs of a machine. */
struct compare_group {
	char label[8];    /* "A", "B", … in the order of the arguments */
	const char *name; /* no other group's: the machine, the run, or the path
			   * of the run */
	const char *machine;
	size_t *run; /* of comparison.run */
	size_t runs;
};

/* Places that stand beside each other, of which each group may have its own. */
struct compare_class {
	char label[128];    /* "nearest(l3=package)" */
	const char **place; /* one a group */
};

/* A case's metric in one group. */
struct compare_side {
	const char *id;     /* of the case there; NULL: the row's */
	const char *status; /* "ok", "absent", …; "missing": not in the run */
	const char *reason; /* not ok: why */
	const char *method, *flags;
	double value;       /* median; NAN unless ok */
	struct interval ci; /* 95 %; NAN: too few invocations */
	double invocations;
	double *sample; /* one an invocation; NULL: only the interval is known
			 */
	size_t samples;
	double spread; /* several runs: the largest median over the smallest,
			* less 1; else NAN */
	double noise;  /* |ln ratio| of an A/A run's arms; 0: unknown */
	double clock_step_ns;
	bool ok;
};

/* How a unit is compared. */
enum compare_kind {
	COMPARE_TIME,  /* ns: less is faster */
	COMPARE_RATE,  /* B/s, 1/s: more is faster */
	COMPARE_COUNT, /* the rest: the same or not */
};

/* One metric of one case. */
struct compare_row {
	char *id;                      /* of the case */
	const struct summary_row *row; /* bench … unit, of a run that has it */
	struct summary_row *matched;   /* that, with a class for its place; NULL
					* where it is called what it is */
	enum compare_kind kind;
	struct compare_side *side; /* one a group */
};

/* One group's beside the first group's. */
struct compare_pairing {
	const struct compare_row *row;
	size_t group;       /* from 1 */
	double ratio;       /* the group's over the first's; NAN: none */
	struct interval ci; /* of the ratio, 95 % */
	struct interval ci90;
	double p;          /* of "no difference"; NAN: not tested */
	double p_bh;       /* Benjamini and Hochberg: for the table */
	double p_holm;     /* Holm: for --fail-on */
	double delta;      /* a difference inside it is none */
	double detectable; /* the smallest that would have been found: 1.03 */
	const char *basis; /* "invocations", "intervals", "counts", or why there
			    * is no ratio */
	enum compare_verdict verdict;
	enum compare_verdict gate; /* the same with Holm's p */
};

/* A setting of env.csv that is not the same everywhere. */
struct compare_difference {
	const char *name;
	char **value; /* one a group; "-": not there */
	bool minor;   /* not one that is known to matter */
};

/* A line of the claims table, machine beside machine. */
struct compare_claim {
	char id[24], claim[96], claimed[32];
	struct compare_decision {
		char measured[224], verdict[200];
	} * of; /* one a group */
};

/* The distribution of one case in one group. */
struct compare_curve {
	const struct compare_group *group;
	const char *id; /* of the case */
	struct distribution latency;
};

/* All that a comparison came to; what prints or draws it computes nothing. */
struct comparison {
	struct compare_run *run;
	size_t runs;
	struct compare_group *group;
	size_t groups;
	bool by_machine;
	enum compare_matching matching;
	struct compare_class *class; /* of COMPARE_MATCH_NEAREST */
	size_t classes;
	struct lookup texts;     /* ids of the sides */
	struct compare_row *row; /* in the order of the first run that has it */
	size_t rows;
	struct compare_pairing *pairing; /* all, the largest effect first; those
					  * without a ratio at the end */
	size_t pairings;
	struct compare_difference *difference; /* as env.csv orders them */
	size_t differences;
	char **unsafe; /* what makes the comparison unsafe, a line each */
	size_t unsafes;
	char **note; /* how it was made, a line each */
	size_t notes;
	struct compare_claim *claim;
	size_t claims;
	struct compare_curve *curve; /* of cases that several groups have */
	size_t curves;
	double threshold;
	unsigned verdicts; /* those to show */
};

/* ---------------------------------------------------------- the steps */

/* Reads, groups and compares. Exits 2 with "path:line: what" where that cannot
 * be done. */
void compare_make(struct comparison *c, const struct compare_options *options);
void compare_free(struct comparison *c);

/* The parts of compare_make(), in their order. */
void compare_read(struct comparison *c, const struct compare_options *options);
void compare_decide(struct comparison *c);
void compare_environment(struct comparison *c);
void compare_claims(struct comparison *c);

/*
 * Which places of the groups stand beside each other, by COMPARE_MATCH_NEAREST;
 * with a note of what they are, and of what is left out. Exits 2 where a
 * machine has no second core.
 */
void compare_classes(struct comparison *c);

/* What a group's place is called in the comparison: how many labels (0: it is
 * left out), of which there are at most two. */
enum { COMPARE_LABELS = 2 };
size_t compare_labels(const struct comparison *c, size_t group,
		      const char *place, const char *label[COMPARE_LABELS]);

/* Reads comparison.curve from the histogram.csv of the runs that have one;
 * exits 2 where one is damaged. */
void compare_read_cdf(struct comparison *c);

/* Appends to c->unsafe or c->note. */
void compare_say(char ***lines, size_t *count, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether a pairing's verdict is among those to show. */
bool compare_shows(const struct comparison *c, const struct compare_pairing *p);

/* ------------------------------------------------------------- output */

/* Charts that Markdown links to, or-ed. */
enum { COMPARE_CHARTS = 1, COMPARE_CDF_CHART = 2 };

/* Tables for a terminal or in Markdown. */
void compare_print(const struct comparison *c, enum compare_format format,
		   bool claims, unsigned charts, FILE *out);

/* How ratios and verdicts come about, as Markdown. */
void compare_print_rules(const struct comparison *c, FILE *out);

/*
 * CSV, schema 1: a row for each case, metric and group but the first one (b is
 * the group, a the first one), the largest effect first, missing ones last:
 *
 * schema,bench,variant,peer,place,param,metric,unit,a,a_name,b,b_name,a_status,
 * a_invocations,a_value,a_ci_low,a_ci_high,b_status,b_invocations,b_value,
 * b_ci_low,b_ci_high,ratio,ratio_ci_low,ratio_ci_high,p,p_bh,p_holm,delta,
 * detectable,verdict,basis,a_reason,b_reason
 *
 * a, b: the groups' letters. ratio: b over a, with its 95 % interval. delta,
 * detectable: shares, 0.02 for 2 %. Numbers that are not known are empty. New
 * columns only at the end, with a new schema number.
 *
 * 0, or -1 and errno.
 */
struct csv_out;
int compare_write_csv(const struct comparison *c, struct csv_out *out);

/* compare_cdf.csv: group,name,case,latency,share: how many round trips took at
 * most so long, by comparison.curve. 0, or -1 and errno. */
int compare_write_cdf(const struct comparison *c, struct csv_out *out);

void compare_write_json(const struct comparison *c, FILE *out);

/* The whole command: prints the comparison to out and writes what -o asks for.
 * An exit code: 0; 1 where fail_on found one, or a file or chart could not be
 * made; 2 where a run cannot be read. */
int compare_runs(const struct compare_options *options, FILE *out);

#endif
