/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Places that are pairs of PUs (pu0-pu4, of `--places all-pairs`): the matrix
 * of a bench's rows, PUs that are near each other side by side. */
#include "pairs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "grow.h"
#include "lookup.h"

const char *const pairs_near_name[PAIRS_NEARS] = {
	[PAIRS_CORE] = "one core",        [PAIRS_NODE] = "one NUMA node",
	[PAIRS_PACKAGE] = "one package",  [PAIRS_MACHINE] = "two packages",
	[PAIRS_UNKNOWN] = "not recorded",
};

/* Digits alone after `before`, as a number; NULL: none there. */
static const char *read_pu(const char *text, const char *before, int *pu)
{
	size_t length = strlen(before);
	long number;
	char *end;

	if (strncmp(text, before, length) || text[length] < '0' ||
	    text[length] > '9')
		return NULL;
	number = strtol(text + length, &end, 10);
	if (number > INT_MAX)
		return NULL;
	if (pu)
		*pu = (int)number;
	return end;
}

bool pairs_is(const char *place, int *a, int *b)
{
	const char *rest = read_pu(place, "pu", a);

	rest = rest ? read_pu(rest, "-pu", b) : NULL;
	return rest && !*rest;
}

enum pairs_near pairs_near(const struct pairs_pu *a, const struct pairs_pu *b)
{
	if (a->package < 0 || b->package < 0)
		return PAIRS_UNKNOWN;
	if (a->core >= 0 && a->core == b->core)
		return PAIRS_CORE;
	if (a->node >= 0 && a->node == b->node)
		return PAIRS_NODE;
	return a->package == b->package ? PAIRS_PACKAGE : PAIRS_MACHINE;
}

/* The number behind a word of "package 0 core 3 node 0"; -1: it is not there,
 * or "-". */
static int part_of(const char *text, const char *word)
{
	size_t length = strlen(word);
	const char *at = text;

	while ((at = strstr(at, word))) {
		int number;

		if ((at == text || at[-1] == ' ') && at[length] == ' ' &&
		    read_pu(at + length, " ", &number))
			return number;
		at += length;
	}
	return -1;
}

static void locate(struct pairs_pu *pu, const struct env_file *env)
{
	const char *where;
	char name[64];

	snprintf(name, sizeof(name), "topology.pu.%d", pu->pu);
	where = env ? env_file_value(env, name) : NULL;
	pu->package = where ? part_of(where, "package") : -1;
	pu->node = where ? part_of(where, "node") : -1;
	pu->core = where ? part_of(where, "core") : -1;
}

static int by_place(const void *a, const void *b)
{
	const struct pairs_pu *x = a, *y = b;

	if (x->package != y->package)
		return x->package < y->package ? -1 : 1;
	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	if (x->core != y->core)
		return x->core < y->core ? -1 : 1;
	return (x->pu > y->pu) - (x->pu < y->pu);
}

static bool is_of(const struct summary_row *row, const char *bench,
		  const char *metric, int *a, int *b)
{
	return !strcmp(row->bench, bench) && !strcmp(row->metric, metric) &&
	       strcmp(row->status, "absent") && pairs_is(row->place, a, b);
}

/* A number's place among those seen so far, which it joins. */
static size_t index_of(struct lookup *seen, int number, size_t count)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", number);
	return lookup_add(seen, name, "", count);
}

static void add_pu(struct pairs *p, struct lookup *seen, size_t *room,
		   const struct env_file *env, int number)
{
	if (index_of(seen, number, p->pus) != p->pus)
		return;
	p->pu = grow(p->pu, p->pus, room, sizeof(*p->pu), "pairs of PUs");
	p->pu[p->pus].pu = number;
	locate(&p->pu[p->pus++], env);
}

static void add_row(struct pairs_series *s, size_t a, size_t b,
		    const struct summary_row *row)
{
	s->pair = grow(s->pair, s->pairs, &s->room, sizeof(*s->pair),
		       "pairs of PUs");
	s->pair[s->pairs++] = (struct pairs_row){ a, b, row };
}

static size_t series_index(struct pairs *p, struct lookup *seen, size_t *room,
			   const struct summary_row *row)
{
	char name[160];
	size_t at;

	snprintf(name, sizeof(name), "%s/%s/%s", row->variant, row->peer,
		 row->param);
	at = lookup_add(seen, name, "", p->count);
	if (at < p->count)
		return at;
	p->series =
		grow(p->series, at, room, sizeof(*p->series), "pairs of PUs");
	p->series[p->count++] =
		(struct pairs_series){ row->variant, row->peer, row->param };
	return at;
}

void pairs_read(struct pairs *p, const struct summary *s,
		const struct env_file *env, const char *bench,
		const char *metric)
{
	struct lookup seen = { 0 }, names = { 0 };
	size_t room = 0;
	int a = 0, b = 0;

	*p = (struct pairs){ 0 };
	for (size_t i = 0; i < s->count; i++) {
		if (!is_of(&s->row[i], bench, metric, &a, &b))
			continue;
		add_pu(p, &seen, &room, env, a);
		add_pu(p, &seen, &room, env, b);
	}
	lookup_free(&seen);
	if (!p->pus)
		return;
	qsort(p->pu, p->pus, sizeof(*p->pu), by_place);
	for (size_t i = 0; i < p->pus; i++)
		index_of(&seen, p->pu[i].pu, i);
	room = 0;
	for (size_t i = 0; i < s->count; i++) {
		const struct summary_row *row = &s->row[i];
		size_t k;

		if (!is_of(row, bench, metric, &a, &b))
			continue;
		k = series_index(p, &names, &room, row);
		add_row(&p->series[k], index_of(&seen, a, 0),
			index_of(&seen, b, 0), row);
	}
	lookup_free(&names);
	lookup_free(&seen);
}

void pairs_without(const struct summary *s, struct summary *rest)
{
	*rest = (struct summary){ .texts = s->texts };
	rest->row = malloc((s->count + 1) * sizeof(*rest->row));
	if (!rest->row)
		die("out of memory for a summary");
	for (size_t i = 0; i < s->count; i++)
		if (!pairs_is(s->row[i].place, NULL, NULL))
			rest->row[rest->count++] = s->row[i];
	if (!rest->count && s->count)
		rest->row[0] = s->row[0];
}

void pairs_free(struct pairs *p)
{
	for (size_t k = 0; k < p->count; k++)
		free(p->series[k].pair);
	free(p->series);
	free(p->pu);
	*p = (struct pairs){ 0 };
}
