/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do tables line up, whatever their letters, and does Markdown read as one? */
#include "tables.h"

#include "support.h"

static char *text;

static void print(struct table *t, enum table_style style)
{
	size_t size;
	FILE *f;

	free(text);
	text = NULL;
	f = open_memstream(&text, &size);
	assert_non_null(f);
	table_print(t, style, f);
	assert_int_equal(fclose(f), 0);
}

/* Two columns left, two right, as most tables of the program. */
static struct table *make(void)
{
	struct table *t = table_new(4, 2);

	assert_non_null(t);
	table_cell(t, "what");
	table_cell(t, "place");
	table_cell(t, "value");
	table_cell(t, "n");
	table_cell(t, "pipe");
	table_cell(t, "l3");
	table_cell(t, "%.2f µs", 4.21);
	table_cell(t, "%d", 16);
	table_cell(t, "%s", "a longer name – dash");
	table_cell(t, "-");
	table_cell(t, "421 ns");
	table_cell(t, "1234567");
	return t;
}

static void test_terminal(void **state)
{
	(void)state;
	print(make(), TABLE_TERMINAL);
	char *rule = strchr(text, '\n') + 1, *rows = strchr(rule, '\n') + 1;
	rule[-1] = '\0';
	assert_string_equal(text, "what                  place    value"
				  "        n");
	assert_string_equal(rows,
			    "pipe                  l3     4.21 µs       16\n"
			    "a longer name – dash  -       421 ns  1234567\n");
}

/* Columns of a terminal line: UTF-8 continues in bytes 10xxxxxx. */
static size_t columns(const char *line)
{
	size_t n = 0;

	for (; *line && *line != '\n'; line++)
		n += ((unsigned char)*line & 0xc0) != 0x80;
	return n;
}

/* The rule under the header is as wide as what it rules. */
static void test_rule(void **state)
{
	const char *rule, *row;

	(void)state;
	print(make(), TABLE_TERMINAL);
	rule = strchr(text, '\n') + 1;
	row = strchr(rule, '\n') + 1;
	assert_int_equal(columns(rule), columns(row));
	assert_int_equal(columns(rule), columns(text));
}

/* Nothing trails, or a copied table is full of blanks. */
static void test_no_trailing_blanks(void **state)
{
	struct table *t = table_new(2, 2);

	(void)state;
	table_cell(t, "a");
	table_cell(t, "a long header");
	table_cell(t, "b");
	table_cell(t, "c");
	print(t, TABLE_TERMINAL);
	assert_null(strstr(text, " \n"));
}

static void test_markdown(void **state)
{
	(void)state;
	print(make(), TABLE_MARKDOWN);
	assert_non_null(strstr(
		text,
		"| pipe                 | l3    | 4.21 µs |      16 |\n"));
	assert_non_null(strstr(
		text,
		"| a longer name – dash | -     |  421 ns | 1234567 |\n"));
}

/* Every line begins and ends with a bar and has as many bars as the others. */
static void test_markdown_bars(void **state)
{
	(void)state;
	print(make(), TABLE_MARKDOWN);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		size_t bars = 0;

		for (const char *c = line; *c; c++)
			bars += *c == '|';
		assert_int_equal(bars, 5);
		assert_int_equal(line[0], '|');
		assert_int_equal(line[strlen(line) - 1], '|');
	}
}

/* GitHub's Markdown takes cells of ":?-+:?" for the rule and nothing else: a
 * rule without dashes makes a paragraph of the table. */
static void check_markdown_rule(const char *left_rule, const char *right_rule)
{
	struct table *t = table_new(2, 1);
	char *rule, *cell;

	assert_non_null(t);
	table_cell(t, "%s", left_rule);
	table_cell(t, "%s", right_rule);
	print(t, TABLE_MARKDOWN);
	rule = strchr(text, '\n') + 1;
	rule[strcspn(rule, "\n")] = '\0';
	cell = strtok(rule, "|");
	for (int i = 0; i < 2; i++, cell = strtok(NULL, "|")) {
		size_t blank, dashes, colon;

		assert_non_null(cell);
		blank = strspn(cell, " ");
		dashes = strspn(cell + blank, "-");
		colon = strspn(cell + blank + dashes, ":");
		if (!dashes)
			fail_msg("the rule of \"%s\" is \"%s\"",
				 i ? right_rule : left_rule, cell);
		/* right-aligned columns end in a colon */
		assert_int_equal(colon, i);
	}
}

static void test_markdown_rule(void **state)
{
	(void)state;
	check_markdown_rule("what", "value");
	check_markdown_rule("a", "n");
	check_markdown_rule("", "µ");
}

/* A bar within a cell would begin another. */
static void test_markdown_cell_with_a_bar(void **state)
{
	struct table *t = table_new(2, 2);
	size_t bars = 0;

	(void)state;
	table_cell(t, "why");
	table_cell(t, "n");
	table_cell(t, "EPERM | EACCES");
	table_cell(t, "1");
	print(t, TABLE_MARKDOWN);
	const char *row = strrchr(text, 'E');
	assert_non_null(row);
	while (row > text && row[-1] != '\n')
		row--;
	for (const char *c = row; *c; c++)
		bars += *c == '|' && (c == row || c[-1] != '\\');
	assert_int_equal(bars, 3);
}

static void test_many_cells(void **state)
{
	enum { ROWS = 500 };
	struct table *t = table_new(3, 1);
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < 3 * ROWS; i++)
		table_cell(t, "%d", i);
	print(t, TABLE_TERMINAL);
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, ROWS + 1);
	assert_non_null(strstr(text, "1497  1498  1499\n"));
}

static void test_one_column(void **state)
{
	struct table *t = table_new(1, 0);

	(void)state;
	table_cell(t, "n");
	table_cell(t, "100");
	print(t, TABLE_TERMINAL);
	assert_non_null(strstr(text, "  n\n"));
	assert_non_null(strstr(text, "100\n"));
}

/* No memory for a table is no reason to crash. */
static void test_no_table(void **state)
{
	(void)state;
	table_cell(NULL, "lost");
	print(NULL, TABLE_TERMINAL);
	assert_string_equal(text, "");
	print(table_new(2, 1), TABLE_MARKDOWN);
	assert_string_equal(text, "");
}

static int free_text(void **state)
{
	(void)state;
	free(text);
	return 0;
}

/* What looks like a tag, a link or an escape is text; what does not is left as
 * it reads. A line end would end the row. */
static void test_markdown_cell_of_markup(void **state)
{
	static const struct {
		const char *cell, *written;
	} cell[] = {
		{ "<b>x</b>", "| \\<b>x\\</b> |" },
		{ "<!-- x", "| \\<!-- x |" },
		{ "[a](b)", "| [a]\\(b) |" },
		{ "\\<b>", "| \\\\\\<b> |" },
		{ "< 5 ms (x)", "| < 5 ms (x) |" },
		{ "4 [3, 5]", "| 4 [3, 5] |" },
		{ "a\nb\tc", "| a b c |" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cell) / sizeof(*cell); i++) {
		struct table *t = table_new(1, 1);

		table_cell(t, "%s", cell[i].cell);
		print(t, TABLE_MARKDOWN);
		if (strncmp(text, cell[i].written, strlen(cell[i].written)))
			fail_msg("%s: %s", cell[i].cell, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_rule),
		cmocka_unit_test(test_no_trailing_blanks),
		cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_markdown_bars),
		cmocka_unit_test(test_markdown_rule),
		cmocka_unit_test(test_markdown_cell_with_a_bar),
		cmocka_unit_test(test_markdown_cell_of_markup),
		cmocka_unit_test(test_many_cells),
		cmocka_unit_test(test_one_column),
		cmocka_unit_test(test_no_table),
	};

	return cmocka_run_group_tests(tests, NULL, free_text);
}
