/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The claims of widely copied tables, and the rules that decide them from a
 * run's rows. */
#ifndef HANDOFF_CLAIMS_H
#define HANDOFF_CLAIMS_H

#include <stddef.h>

#include "env_file.h"
#include "summary.h"

/* One line of the claims table: texts to read, and the numbers in them. */
struct claim_line {
	char id[24];        /* "copy-count" */
	char claim[96];     /* "copies of a message, worker" */
	char claimed[32];   /* "1" */
	char measured[224]; /* "1.00 [1.00, 1.00]" or "-" */
	char verdict[200];  /* holds, differs, cannot tell, not run: why */
	char basis[128];    /* the case and metric, or the glob */

	/* What `measured` says, in `unit`: of summary.csv, "ratio", or "" where
	 * it is no number and the rest is NAN. */
	double value;
	struct interval ci;
	char unit[16];
	char cases[SUMMARY_ID]; /* a case id, or a glob where it rests on
				 * several; "" where on no case */
	char metric[32];
	/* others ran where it was measured, or nobody could tell; `measured`
	 * says so */
	bool disturbed, unwatched;
};

/* The tables, as their readers know them: which claims each has, in order, and
 * what stands for a claim of which no bench says anything. */
struct claim_entry {
	const char *id, *claim, *claimed;
};
enum { CLAIM_TABLES = 4, CLAIM_ENTRIES = 8 };
struct claim_table {
	const char *title;
	struct claim_entry entry[CLAIM_ENTRIES + 1]; /* ended by a NULL id */
};
extern const struct claim_table claim_tables[CLAIM_TABLES];

/* The table that a claim belongs to; NULL: none. */
const struct claim_table *claim_table_of(const char *id);

/* All lines, in the order of the tables; malloc'd, *count of them; NULL: no
 * memory. env: may be empty; what rests on it was not run then. */
struct claim_line *claims_decide(const struct summary *summary,
				 const struct env_file *env, size_t *count);

/* How many rows the table of claims and rules has. */
size_t claims_count(void);

/* "holds", "differs", "cannot tell" or "not run": the verdict without its why,
 * and what follows it ("" where there is no more to say). */
const char *claim_verdict_word(const struct claim_line *line);
const char *claim_verdict_why(const struct claim_line *line);

/* claims.csv, schema 1: a row for each line, this header exactly, new columns
 * only at the end. `measured` is the text; `value` and ci_* are its numbers, in
 * `unit`, and empty where there are none; `case` is an id, or a glob. */
#define CLAIMS_SCHEMA "1"
#define CLAIMS_HEADER                                                    \
	"schema,machine,run,table,id,claim,claimed,measured,value,unit," \
	"ci_low,ci_high,verdict,why,case,metric"

/* Writes DIR/claims.csv. 0, or -1 with one line in err. */
int claims_write(const struct claim_line *line, size_t count,
		 const struct summary *summary, const char *dir, char *err,
		 size_t size);

/* How verdicts come about, as Markdown. */
extern const char claims_rules[];

#endif
