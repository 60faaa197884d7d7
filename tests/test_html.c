/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is what is put into a page text there, whatever it holds, and do pictures
 * and Markdown stay within it? */
#include "html.h"

#include <stdio.h>

#include "markdown.h"
#include "support.h"
#include "svg.h"

static char *page;
static size_t page_size;
static FILE *out;

static int begin(void **state)
{
	(void)state;
	out = open_memstream(&page, &page_size);
	return out ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	free(page);
	page = NULL;
	return 0;
}

static const char *written(void)
{
	assert_int_equal(fclose(out), 0);
	return page;
}

static void expect_written(const char *text)
{
	assert_string_equal(written(), text);
}

static void expect_has(const char *text)
{
	if (!strstr(page, text))
		fail_msg("no '%s' in: %s", text, page);
}

static void expect_lacks(const char *text)
{
	if (strcasestr(page, text))
		fail_msg("'%s' in: %s", text, page);
}

/* ------------------------------------------------------------------ text */

#define REPLACED "\xef\xbf\xbd"

static const struct {
	const char *text, *html;
} escaped[] = {
	{ "", "" },
	{ "plain, 4.21 µs — …", "plain, 4.21 µs — …" },
	{ "<script>alert('1')</script>",
	  "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;" },
	{ "a & b \"c\"", "a &amp; b &quot;c&quot;" },
	{ "&lt;", "&amp;lt;" },
	{ "tab\tand\nline", "tab\tand\nline" },
	{ "\x01\x1b[31m\x7f", REPLACED REPLACED "[31m" REPLACED },
	{ "\r", REPLACED },
	/* not UTF-8: a lone byte, a cut character, an overlong form, a
	 * surrogate, past the last plane */
	{ "a\xff"
	  "b\x80",
	  "a" REPLACED "b" REPLACED },
	{ "\xe2\x82", REPLACED REPLACED },
	{ "\xe2\x82<", REPLACED REPLACED "&lt;" },
	{ "\xc0\xbc", REPLACED REPLACED },
	{ "\xe0\x80\xbc", REPLACED REPLACED REPLACED },
	{ "\xed\xa0\x80", REPLACED REPLACED REPLACED },
	{ "\xf4\x90\x80\x80", REPLACED REPLACED REPLACED REPLACED },
	/* what no document may hold though it is UTF-8 */
	{ "\xc2\x85", REPLACED REPLACED },
	{ "\xef\xbf\xbe", REPLACED REPLACED REPLACED },
	{ "\xf0\x9f\x8d\xb0", "\xf0\x9f\x8d\xb0" },
};

static void test_text(void **state)
{
	for (size_t i = 0; i < COUNT(escaped); i++) {
		begin(state);
		html_text(out, escaped[i].text);
		expect_written(escaped[i].html);
		end(state);
	}
}

static void test_put(void **state)
{
	(void)state;
	html_put(out, "<b title=\"%s\">%d of %zu, 5 %%</b>", "a\"<", -3,
		 (size_t)7);
	expect_written("<b title=\"a&quot;&lt;\">-3 of 7, 5 %</b>");
}

/* ---------------------------------------------------------------- tables */

static void test_table(void **state)
{
	static const struct html_column column[] = {
		{ "case", HTML_CODE },
		{ "value", HTML_NUMBER },
		{ "verdict", HTML_VERDICT },
	};

	(void)state;
	html_table(out, "t", "A <caption>", column, 3);
	html_row(out, column, 3,
		 (const char *[]){ "a/<b>", "4 µs", "differs" });
	html_row(out, column, 3,
		 (const char *[]){ "c", "", "not run: \"why\"" });
	html_table_end(out);
	written();
	expect_has("<table id=\"t\">\n<caption>A &lt;caption&gt;</caption>");
	expect_has("aria-label=\"A &lt;caption&gt;\"");
	expect_has("<th scope=\"col\">case</th>"
		   "<th scope=\"col\" class=\"n\">value</th>");
	expect_has("<th scope=\"row\"><code>a/&lt;b&gt;</code></th>"
		   "<td class=\"n\">4 µs</td>");
	/* a word beside the sign and the colour */
	expect_has("≠</span> differs</span></td>");
	expect_has("</span> not run</span>: &quot;why&quot;</td>");
}

static void test_page(void **state)
{
	static const struct html_link contents[] = {
		{ "one", "One & two" },
		{ NULL, NULL },
	};
	static const char *const asked[] = {
		"<!DOCTYPE html>",
		"<html lang=\"en\">",
		"<meta charset=\"utf-8\">",
		"name=\"viewport\"",
		"default-src 'none'",
		"<title>T &lt; U</title>",
		"<h1>T &lt; U</h1>",
		"href=\"#main\"",
		"<main id=\"main\"",
		"<nav aria-label=",
		"<a href=\"#one\">One &amp; two</a>",
		"<h2 id=\"one-title\">One &amp; two</h2>",
		"prefers-color-scheme:dark",
		"@media print",
		"</html>\n",
	};

	(void)state;
	html_begin(out, "T < U", "sub", contents);
	html_section(out, &contents[0]);
	html_section_end(out);
	html_end(out, "foot");
	written();
	for (size_t i = 0; i < COUNT(asked); i++)
		expect_has(asked[i]);
	expect_lacks("http:");
	expect_lacks("https:");
	/* a style's or a script's end within it would end it */
	assert_null(strstr(html_style, "</"));
	assert_null(strstr(html_script, "</"));
}

/* -------------------------------------------------------------- pictures */

static void draw(const char *svg)
{
	assert_int_equal(svg_inline(svg, "c1", "A & B", out), 0);
	written();
}

static void test_svg(void **state)
{
	(void)state;
	draw("<?xml version=\"1.0\"?>\n<!DOCTYPE svg [<!ENTITY x 'y'>]>"
	     "<!-- <svg> --><svg \n width=\"10\" viewBox='0 0 10px 5px' "
	     "xmlns=\"http://www.w3.org/2000/svg\">"
	     "<title>old</title><desc>made by</desc>"
	     "<defs><circle id='dot' r='1'/></defs>"
	     "<use xlink:href='#dot' fill = 'red'/>"
	     "<g clip-path=\"url(#clip)\"><text xml:space=\"preserve\">"
	     "a &lt; b &amp; &#x41; é</text></g></svg> after");
	expect_has("<svg role=\"img\" aria-labelledby=\"c1-title\"");
	expect_has("<title id=\"c1-title\">A &amp; B</title>");
	expect_has("viewBox=\"0 0 10 5\"");
	expect_has("<circle id=\"c1-dot\" r=\"1\"/>");
	expect_has("<use href=\"#c1-dot\" fill=\"red\"/>");
	expect_has("clip-path=\"url(#c1-clip)\"");
	expect_has("a &lt; b &amp; &amp;#x41; é</text></g>");
	expect_lacks("xmlns");
	expect_lacks("old");
	expect_lacks("made by");
	expect_lacks("ENTITY");
}

/* Whatever tries to run, to fetch or to break out is not in the page. */
static const char *const hostile[] = {
	"<script>bad</script>",
	"<SCRIPT>bad</SCRIPT>",
	"<style>@import 'bad'</style>",
	"<foreignObject><p>bad</p></foreignObject>",
	"<a href='javascript:bad'><text>bad</text></a>",
	"<image href='http://bad/x.png'/>",
	"<image href='data:image/svg+xml,bad'/>",
	"<use href='http://bad/#x'/>",
	"<use xlink:href=' #bad'/>",
	"<rect onload='bad'/>",
	"<rect OnClick='bad'/>",
	"<rect fill='url(http://bad)'/>",
	"<rect fill='url(#x) url(http://bad)'/>",
	"<rect style='fill:URL(//bad)'/>",
	"<rect style='background:u\\rl(bad)'/>",
	"<rect style='fill:u&#114;l(bad)'/>",
	"<set attributeName='href' to='bad'/>",
	"<animate attributeName='href' values='bad'/>",
	"<iframe src='bad'/>",
	"<div>bad</div>",
	"<title>bad<script>bad</script></title>",
	"<desc><g/>bad<b/>bad</desc>",
	"<rect bad<x='1'/>",
};

static void test_svg_hostile(void **state)
{
	for (size_t i = 0; i < COUNT(hostile); i++) {
		char svg[256];

		begin(state);
		snprintf(svg, sizeof(svg),
			 "<svg><g>%s</g><path d='M0 0'/></svg>", hostile[i]);
		draw(svg);
		expect_lacks("bad");
		/* and what follows it is still there */
		expect_has("</g><path d=\"M0 0\"/></svg>");
		end(state);
	}
}

/* One that is cut, or closes what it did not open, cannot leave the page's
 * elements open or close them. */
static void test_svg_broken(void **state)
{
	static const struct {
		const char *svg, *html;
	} broken[] = {
		{ "<svg><g><text>a", "<g><text>a</text></g></svg>\n" },
		{ "<svg></main></svg></div>x</svg>", "x</svg>\n" },
		{ "<svg><g></text></g></svg>", "<g></g></svg>\n" },
		{ "<svg><g", "<g/></svg>\n" },
		{ "<svg><rect x='", "<rect/></svg>\n" },
		{ "<svg><!-- ", "</svg>\n" },
		{ "<svg><title>", "</svg>\n" },
		{ "<svg", "</svg>\n" },
	};

	for (size_t i = 0; i < COUNT(broken); i++) {
		const char *tail;

		begin(state);
		assert_int_equal(svg_inline(broken[i].svg, "c1", "l", out), 0);
		tail = strstr(written(), "</title>");
		assert_non_null(tail);
		if (!strstr(tail, broken[i].html))
			fail_msg("%s: %s", broken[i].svg, tail);
		expect_lacks("</main>");
		expect_lacks("</div>");
		end(state);
	}
}

static void test_svg_none(void **state)
{
	(void)state;
	assert_int_equal(svg_inline("", "a", "l", out), -1);
	assert_int_equal(svg_inline("PNG <svgx>", "a", "l", out), -1);
	expect_written("");
}

static void test_figure_without_file(void **state)
{
	(void)state;
	assert_int_equal(
		svg_figure("/nowhere/x.svg", "f", "A <b>", "See & be", out),
		-1);
	written();
	expect_has("could not be read");
	expect_has("<figcaption>See &amp; be</figcaption>\n</figure>");
	expect_has("aria-label=\"A &lt;b&gt;\"");
}

/* -------------------------------------------------------------- Markdown */

static void render(const char *markdown)
{
	assert_int_equal(markdown_html(markdown, out), 0);
	written();
}

static void test_markdown(void **state)
{
	(void)state;
	render("### pipes\n\nText with **bold**, *em* and `a < b`.\n\n"
	       "- one\n- two\n\n"
	       "| pipes latency |      pu |\n"
	       "| ------------- | ------: |\n"
	       "| `a/b`         | 4 \\| 5 |\n");
	expect_has("<h3>pipes</h3>");
	expect_has("<strong>bold</strong>, <em>em</em> and "
		   "<code>a &lt; b</code>.");
	expect_has("<ul><li>one</li>\n<li>two</li>\n</ul>");
	expect_has("<caption>pipes: pipes latency</caption>");
	expect_has("aria-label=\"pipes: pipes latency\"");
	expect_has("<th scope=\"col\">pipes latency</th>"
		   "<th scope=\"col\" class=\"n\">pu</th>");
	expect_has("<th scope=\"row\"><code>a/b</code></th>"
		   "<td class=\"n\">4 | 5</td>");
	expect_has("</tbody>\n</table>\n</div>");
	expect_lacks(" align");
}

static void test_markdown_hostile(void **state)
{
	(void)state;
	render("### <img src=x onerror=y>\n\n"
	       "[a](javascript:go) ![b](http://far/x.png) <http://far> "
	       "<javascript:go>\n\n<script>z</script>\n\n"
	       "| <b>&lt;\xff | \"q\" |\n| --- | --- |\n| [c](http://far) | x "
	       "|\n");
	expect_lacks("<img");
	expect_lacks("<script");
	expect_lacks("<a ");
	expect_lacks("href");
	expect_lacks("<b>");
	expect_lacks("\xff");
	expect_has("&lt;script&gt;z&lt;/script&gt;");
	expect_has("&lt;b&gt;");
	expect_has("&quot;q&quot;");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		TEST(test_put),
		TEST(test_table),
		TEST(test_page),
		TEST(test_svg),
		cmocka_unit_test(test_svg_hostile),
		cmocka_unit_test(test_svg_broken),
		TEST(test_svg_none),
		TEST(test_figure_without_file),
		TEST(test_markdown),
		TEST(test_markdown_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
