/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In which order the values of a swept parameter stand: by size, however a
 * bench lists them. */
#include "param_order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"

/* What a name sorts by. */
struct key {
	char *name;
	size_t first; /* where its parameter comes first; 0: it has none */
	int kind;     /* 0 a number, 1 a multiple of all PUs, 2 another word */
	double value; /* bytes, ns, or a number */
	size_t at;    /* where it comes */
};

/* Digits with or without a fraction, in no locale; how many characters. */
static size_t read_number(const char *text, double *value)
{
	const char *at = text;
	double tenth = 1;

	for (*value = 0; *at >= '0' && *at <= '9'; at++)
		*value = *value * 10 + (*at - '0');
	if (at != text && *at == '.')
		for (at++; *at >= '0' && *at <= '9'; at++)
			*value += (*at - '0') * (tenth /= 10);
	return (size_t)(at - text);
}

static void read_value(struct key *key, const char *text)
{
	static const struct {
		const char *name;
		double value;
	} unit[] = {
		{ "", 1 },         { "B", 1 },        { "KiB", 0x1p10 },
		{ "MiB", 0x1p20 }, { "GiB", 0x1p30 }, { "TiB", 0x1p40 },
		{ "ns", 1 },       { "us", 1e3 },     { "ms", 1e6 },
		{ "s", 1e9 },
	};
	size_t digits = read_number(text, &key->value);

	key->kind = 2;
	if (!strcmp(text + digits, "pus")) {
		key->kind = 1;
		key->value = digits ? key->value : 1;
		return;
	}
	for (size_t i = 0; digits && i < sizeof(unit) / sizeof(*unit); i++) {
		if (strcmp(text + digits, unit[i].name))
			continue;
		key->kind = 0;
		key->value *= unit[i].value;
	}
}

static int by_key(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->kind < 2 && x->value < y->value)
		return -1;
	if (x->kind < 2 && x->value > y->value)
		return 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* Whether two names are of one parameter: alike up to their '='. */
static bool is_same(const char *a, const char *b, size_t length)
{
	return !strncmp(a, b, length) && b[length] == '=';
}

void param_sort(char **name, size_t count)
{
	struct key *key = calloc(count + 1, sizeof(*key));

	if (!key)
		die("out of memory for a table");
	for (size_t i = 0; i < count; i++) {
		const char *equals = strchr(name[i], '=');
		size_t first = 0;

		key[i].name = name[i];
		key[i].at = i;
		if (!equals)
			continue;
		while (!is_same(name[i], name[first],
				(size_t)(equals - name[i])))
			first++;
		key[i].first = first + 1;
		read_value(&key[i], equals + 1);
	}
	qsort(key, count, sizeof(*key), by_key);
	for (size_t i = 0; i < count; i++)
		name[i] = key[i].name;
	free(key);
}
