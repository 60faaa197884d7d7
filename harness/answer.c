/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run answers to the question of the whole suite, in a few sentences
 * with its own numbers. */
#include "answer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "place.h"
#include "units.h"

const char answer_question[] =
	"What does it cost to hand work to another thread, and what to another "
	"process, on this machine?";

enum { THREAD, PROCESS, PEERS };
enum { ONE_PU, TWO_PUS, WHERES };

/* The round trips of one mechanism that the answer is about; NULL: not
 * measured. */
struct trips {
	const char *variant, *two_pus; /* the place's name */
	const struct summary_row *row[WHERES][PEERS];
};

static const char *const peer_name[PEERS] = { "thread", "process" };

/* Those that a child process usually has come first; then whatever there is. */
static const char *const preferred[] = { "pipe", "socketpair", "eventfd",
					 "futex" };
enum {
	PREFERRED = sizeof(preferred) / sizeof(*preferred),
};

static const struct summary_row *find_trip(const struct summary *s,
					   const char *variant,
					   const char *place, int peer)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct summary_row *row = &s->row[i];

		if (row->ok && row->value > 0 &&
		    !strcmp(row->bench, "roundtrip") &&
		    !strcmp(row->metric, "latency") &&
		    !strcmp(row->variant, variant) &&
		    !strcmp(row->peer, peer_name[peer]) &&
		    place_is(row->place, place) && !strcmp(row->param, "-"))
			return row;
	}
	return NULL;
}

/* A place by name, of two PUs; pairs of PUs have no order. */
static bool is_two_pus(const char *place)
{
	int a, b;

	return strcmp(place, "-") && strcmp(place, "any") &&
	       !place_is(place, "pu") && !place_parse_pair(place, &a, &b);
}

/* How many of the four are there. */
static int find_trips(const struct summary *s, const char *variant,
		      struct trips *t)
{
	int found = 0;

	*t = (struct trips){ .variant = variant };
	for (int p = 0; p < PEERS; p++)
		t->row[ONE_PU][p] = find_trip(s, variant, "pu", p);
	/* a run writes its places from near to far */
	for (size_t i = 0; i < s->count && !t->two_pus; i++) {
		const char *place = s->row[i].place;

		if (!is_two_pus(place))
			continue;
		for (int p = 0; p < PEERS; p++) {
			t->row[TWO_PUS][p] = find_trip(s, variant, place, p);
			if (t->row[TWO_PUS][p])
				t->two_pus = place;
		}
	}
	for (int i = 0; i < WHERES * PEERS; i++)
		found += t->row[i / PEERS][i % PEERS] != NULL;
	return found;
}

static int choose_trips(const struct summary *s, struct trips *best)
{
	int most = 0;

	for (size_t i = 0; i < PREFERRED + s->count; i++) {
		bool named = i < PREFERRED;
		struct trips t;
		int found;

		if (!named && strcmp(s->row[i - PREFERRED].bench, "roundtrip"))
			continue;
		found = find_trips(
			s, named ? preferred[i] : s->row[i - PREFERRED].variant,
			&t);
		if (found > most) {
			most = found;
			*best = t;
		}
		if (most == WHERES * PEERS)
			break;
	}
	return most;
}

/* ------------------------------------------------------------- sentences */

static void add(char *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(char *text, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, ANSWER_SIZE - used, format, args);
	va_end(args);
}

static void add_time(char *text, const struct summary_row *row)
{
	char value[UNITS_SIZE], low[UNITS_SIZE], high[UNITS_SIZE];

	add(text, "%s", units_time(value, sizeof(value), row->value));
	if (!isnan(row->ci.low))
		add(text, " [%s, %s]",
		    units_time(low, sizeof(low), row->ci.low),
		    units_time(high, sizeof(high), row->ci.high));
	if (summary_disturbed(row))
		add(text, " (disturbed)");
}

/* " 4.2 µs between threads and 4.3 µs between processes" */
static void add_peers(char *text, const struct summary_row *const *row)
{
	const char *joint = "";

	for (int p = 0; p < PEERS; p++) {
		if (!row[p])
			continue;
		add(text, "%s ", joint);
		add_time(text, row[p]);
		add(text, " between %s", p == THREAD ? "threads" : "processes");
		joint = " and";
	}
}

static void say_peers(char *text, const struct trips *t)
{
	const struct summary_row *const *one = t->row[ONE_PU],
					*const *two = t->row[TWO_PUS];
	bool has_one = one[THREAD] || one[PROCESS];

	add(text, "There and back again by %.60s takes", t->variant);
	if (has_one) {
		add_peers(text, one);
		add(text, " where both run on one PU");
	}
	if (t->two_pus) {
		add(text, "%s", has_one ? ", and" : "");
		add_peers(text, two);
		add(text, " on two PUs (place %s)", t->two_pus);
	}
	add(text, ".");
}

/* "1.04 [1.01, 1.07] times", with the interval that both allow. */
static void add_ratio(char *text, const struct summary_row *of,
		      const struct summary_row *to)
{
	char v[UNITS_SIZE], low[UNITS_SIZE], high[UNITS_SIZE];

	add(text, "%s", units_count(v, sizeof(v), of->value / to->value));
	if (of->ci.low > 0 && to->ci.low > 0)
		add(text, " [%s, %s]",
		    units_count(low, sizeof(low), of->ci.low / to->ci.high),
		    units_count(high, sizeof(high), of->ci.high / to->ci.low));
	if (summary_disturbed(of) || summary_disturbed(to))
		add(text, " (disturbed)");
	add(text, " times");
}

/* What placement is worth, and what the kind of party is; false: neither can
 * be told. */
static bool say_places(char *text, const struct trips *t)
{
	static const char *const where[WHERES] = { "on one PU", "on two" };
	const char *joint = "";
	bool begun = false;

	for (int p = 0; p < PEERS; p++) {
		if (!t->row[ONE_PU][p] || !t->row[TWO_PUS][p])
			continue;
		add(text, "%s", begun ? " and " : "On two PUs it takes ");
		add_ratio(text, t->row[TWO_PUS][p], t->row[ONE_PU][p]);
		add(text, "%s between %s", begun ? "" : " as long as on one",
		    p == THREAD ? "threads" : "processes");
		begun = true;
	}
	for (int w = 0; w < WHERES; w++) {
		if (!t->row[w][THREAD] || !t->row[w][PROCESS])
			continue;
		if (!*joint)
			add(text, "%s process takes ", begun ? "; a" : "A");
		add(text, "%s", joint);
		add_ratio(text, t->row[w][PROCESS], t->row[w][THREAD]);
		add(text, "%s %s", *joint ? "" : " as long as a thread",
		    where[w]);
		joint = " and ";
		begun = true;
	}
	if (begun)
		add(text, ".");
	return begun;
}

static size_t count_verdicts(const struct claim_line *claim, size_t claims,
			     const char *word)
{
	size_t count = 0;

	for (size_t i = 0; i < claims; i++)
		count += !strcmp(claim_verdict_word(&claim[i]), word);
	return count;
}

/* A time that differs says most; else whatever has a number. NULL: none. */
static const struct claim_line *find_example(const struct claim_line *claim,
					     size_t claims)
{
	static const char *const id[] = { "latency", "startup", NULL };

	for (int k = 0; k < 3; k++)
		for (size_t i = 0; i < claims; i++)
			if ((!id[k] || !strcmp(claim[i].id, id[k])) &&
			    !isnan(claim[i].value) &&
			    (strstr(claim[i].claim, "child") || !id[k]) &&
			    !strcmp(claim_verdict_word(&claim[i]), "differs"))
				return &claim[i];
	return NULL;
}

static void say_claims(char *text, const struct claim_line *claim,
		       size_t claims)
{
	size_t holds = count_verdicts(claim, claims, "holds");
	size_t differs = count_verdicts(claim, claims, "differs");
	size_t open = count_verdicts(claim, claims, "cannot tell");
	const struct claim_line *example = find_example(claim, claims);

	if (!(holds + differs + open)) {
		add(text, "This run measured nothing that the widely copied "
			  "tables claim.");
		return;
	}
	add(text,
	    "Of %zu statement%s of widely copied tables that this run could "
	    "look at, %zu hold%s and %zu differ%s",
	    holds + differs + open, holds + differs + open == 1 ? "" : "s",
	    holds, holds == 1 ? "s" : "", differs, differs == 1 ? "s" : "");
	if (open)
		add(text, " (%zu cannot be told)", open);
	if (example)
		add(text, ": they give %s for “%s”, and it is %s here",
		    example->claimed, example->claim, example->measured);
	add(text, ".");
}

size_t answer_write(const struct summary *summary,
		    const struct claim_line *claim, size_t claims,
		    char sentence[ANSWER_SENTENCES][ANSWER_SIZE])
{
	size_t count = 0;
	struct trips trips;

	for (int i = 0; i < ANSWER_SENTENCES; i++)
		sentence[i][0] = '\0';
	if (choose_trips(summary, &trips)) {
		say_peers(sentence[count++], &trips);
		count += say_places(sentence[count], &trips);
	} else {
		add(sentence[count++],
		    "This run measured no round trip between two parties at a "
		    "place of its own, so it does not say what a process costs "
		    "beside a thread.");
	}
	say_claims(sentence[count++], claim, claims);
	return count;
}
