/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a terminal get text alone, however it is cut into writes? */
#include "clean.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

/* What comes through where it is written so many bytes at a time. */
static void check(const char *text, const char *want)
{
	for (size_t step = 1; step <= 7; step++) {
		char *got = NULL;
		size_t size = 0, length = strlen(text);
		FILE *to = open_memstream(&got, &size), *out;

		assert_non_null(to);
		out = clean_open(to);
		assert_non_null(out);
		setvbuf(out, NULL, _IONBF, 0);
		for (size_t i = 0; i < length; i += step)
			fwrite(text + i, 1,
			       length - i < step ? length - i : step, out);
		assert_int_equal(fclose(out), 0);
		assert_int_equal(fclose(to), 0);
		if (strcmp(got, want))
			fail_msg("'%s' became '%s', not '%s'", text, got, want);
		free(got);
	}
}

static void test_text_passes(void **state)
{
	(void)state;
	check("", "");
	check("a\tb\nc", "a\tb\nc");
	check("3.96 µs – 95 % ─ 𝛿", "3.96 µs – 95 % ─ 𝛿");
}

static void test_controls(void **state)
{
	(void)state;
	check("\033[2Ja", "?[2Ja");
	check("a\033]0;title\007b", "a?]0;title?b");
	check("over\rwritten\b", "over?written?");
	check("\177", "?");
	check("\xc2\x9b"
	      "31m",
	      "?31m"); /* CSI as UTF-8 has it */
	check("a\xc2\x85z", "a?z");
	check("\xc2\xa0", "\xc2\xa0"); /* and what comes after those */
}

static void test_no_utf8(void **state)
{
	(void)state;
	check("\x9b"
	      "31m",
	      "?31m"); /* CSI as eight bits have it */
	check("\xff\xfe", "??");
	check("\xe2\x82", "?");        /* it ends */
	check("\xe2\x82z", "??z");     /* or goes on with something else */
	check("\xe2\033[1m", "??[1m"); /* which is none either */
	check("\xed\xa0\x80", "???");  /* a surrogate */
	check("\xc0\x9b", "??");       /* too long a form of ESC */
	check("\xf0\x9d\x9b\xbf\xf0\x9d", "\xf0\x9d\x9b\xbf?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_passes),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_no_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
