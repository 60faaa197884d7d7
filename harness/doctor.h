/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What on this machine makes numbers noisy, and how to mend it. Looks and
 * measures; changes nothing. */
#ifndef HANDOFF_DOCTOR_H
#define HANDOFF_DOCTOR_H

#include <stddef.h>
#include <stdio.h>

enum doctor_grade {
	DOCTOR_NOISY,   /* makes numbers differ from one run to the next */
	DOCTOR_UNKNOWN, /* could not be read, or is out of sight from here */
	DOCTOR_NOTE,    /* no noise, but part of what the numbers mean */
	DOCTOR_GOOD,
};

/* Findings there can be at most. */
enum { DOCTOR_MOST = 64 };

struct doctor_finding {
	const char *what; /* "governor" */
	enum doctor_grade grade;
	const char *effect; /* what it does, and to which benches */
	char found[256];    /* "powersave"; "unknown (denied)" where it may not
			     * be read, "not applicable: …" where it is absent */
	char command[512];  /* to be typed as it stands; or "- " and what to do
			     * where no command here can change it */
};

/* "noisy", "unknown", "note", "good" */
const char *doctor_grade_name(enum doctor_grade grade);

/*
 * Judges the files below root ("" on the real machine), as env.h reads them.
 * What takes time to see (use of the CPUs, gaps) is not looked at and is
 * "unknown (not sampled)". The number of findings, at most room; they are in
 * the order of the table of checks, one for each thing checked.
 */
size_t doctor_check(const char *root, struct doctor_finding *findings,
		    size_t room);

/*
 * The same from facts, whatever they came from. doctor_fact() is an env_emit;
 * an earlier fact hides a later one of the same name. Beside those of env.h
 * and platform_facts(), judged are:
 *
 * doctor.runnable       processes that could run at one moment, without us
 * doctor.elapsed_s      length of the sample
 * doctor.own_cpu_s      processor time that we used in it
 * doctor.top            the greatest users of it: "name (pid 7) 99 %, …"
 * doctor.top_share      of one PU, by the first of them
 * doctor.seen_pus       PUs' worth used by all processes that were seen
 * doctor.busy_siblings  PUs' worth of work on SMT siblings of our PUs
 * doctor.gap_ns, doctor.lost_share  the worst over PUs (noise.h)
 */
struct doctor_facts;
struct doctor_facts *doctor_facts_new(void);
void doctor_facts_free(struct doctor_facts *facts);
void doctor_fact(void *facts, const char *name, const char *value,
		 const char *source);
size_t doctor_diagnose(const struct doctor_facts *facts,
		       struct doctor_finding *findings, size_t room);

/*
 * The command `handoff doctor`: verdict, findings and measured noise floor of
 * this machine, in about 1.5 s. Opens the topology and closes it. Exit code.
 */
int doctor_run(FILE *out);

#endif
