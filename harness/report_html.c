/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.html: a run in one page that needs nothing beside it. */
#include "report_html.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "charts.h"
#include "die.h"
#include "doctor.h"
#include "grow.h"
#include "html.h"
#include "machine_view.h"
#include "markdown.h"
#include "method_text.h"
#include "noise_file.h"
#include "noise_text.h"
#include "records.h"
#include "report_pool.h"
#include "units.h"
#include "version.h"

enum { CLAIMS, CHARTS, MACHINE, NOISE, ENVIRONMENT, CASES, METHOD, SECTIONS };

static const struct html_link section[SECTIONS + 1] = {
	[CLAIMS] = { "claims", "Claims" },
	[CHARTS] = { "charts", "Charts" },
	[MACHINE] = { "machine", "The machine" },
	[NOISE] = { "noise", "Noise" },
	[ENVIRONMENT] = { "environment", "Environment" },
	[CASES] = { "cases", "Every case" },
	[METHOD] = { "method", "How it was measured" },
};

#define COLUMNS(column) (sizeof(column) / sizeof(*(column)))

/* ------------------------------------------------- what invocations tell */

static void add_pu(struct report_digest *d, double pu)
{
	size_t at = 0;

	if (!(pu >= 0 && pu <= INT_MAX) || d->pus == REPORT_PUS_MOST)
		return;
	while (at < d->pus && d->pu[at] < (int)pu)
		at++;
	if (at < d->pus && d->pu[at] == (int)pu)
		return;
	memmove(&d->pu[at + 1], &d->pu[at], (d->pus - at) * sizeof(*d->pu));
	d->pu[at] = (int)pu;
	d->pus++;
}

static int digest_record(void *ctx, const struct record *r)
{
	struct report_digest *d = ctx;
	char name[SUMMARY_ID];

	add_pu(d, r->pu_a);
	add_pu(d, r->pu_b);
	d->longest_gap_ns = fmax(d->longest_gap_ns,
				 fmax(r->gap_before_ns, r->gap_after_ns));
	if (strcmp(r->pass, "time"))
		return 0;
	/* an invocation has a row for each metric, one after the other */
	snprintf(name, sizeof(name), "%s/%s/%s/%s/%s %g", r->bench, r->variant,
		 r->peer, r->place, r->param, r->arm);
	if (r->block == d->last_block && !strcmp(name, d->last_case))
		return 0;
	d->last_block = r->block;
	snprintf(d->last_case, sizeof(d->last_case), "%s", name);
	d->timed++;
	d->disturbed += r->disturbed > 0;
	return 0;
}

int report_digest_read(struct report_digest *d, const char *dir,
		       const struct summary *summary, char *err, size_t size)
{
	memset(d, 0, sizeof(*d));
	d->longest_gap_ns = NAN;
	d->last_block = -1;
	return records_each(dir, summary, digest_record, d, err, size);
}

/* --------------------------------------------------- answer and claims */

static void write_answer(const struct report_html *r, FILE *out)
{
	char sentence[ANSWER_SENTENCES][ANSWER_SIZE];
	size_t count = answer_write(r->cases ? r->cases : r->summary, r->claim,
				    r->claims, sentence);

	html_put(out,
		 "<section class=\"answer\" aria-labelledby=\"question\">\n"
		 "<h2 id=\"question\">%s</h2>\n",
		 answer_question);
	for (size_t i = 0; i < count; i++)
		html_put(out, "<p>%s</p>\n", sentence[i]);
	fputs("</section>\n", out);
}

/* The lines of one table; NULL: of claims that are in none. */
static void write_claim_table(const struct report_html *r,
			      const struct claim_table *of, FILE *out)
{
	static const struct html_column column[] = {
		{ "what", HTML_TEXT },       { "claimed", HTML_NUMBER },
		{ "measured", HTML_NUMBER }, { "verdict", HTML_VERDICT },
		{ "claim", HTML_TEXT },      { "rests on", HTML_CODE },
	};
	const char *title = of ? of->title : "Others";
	bool begun = false;

	for (size_t i = 0; i < r->claims; i++) {
		const struct claim_line *line = &r->claim[i];

		if (claim_table_of(line->id) != of)
			continue;
		if (!begun) {
			html_put(out,
				 "<h3>%s</h3>\n<div class=\"known claims\">\n",
				 title);
			html_table(out, NULL, title, column, COLUMNS(column));
		}
		begun = true;
		html_row(out, column, COLUMNS(column),
			 (const char *[]){ line->claim, line->claimed,
					   line->measured, line->verdict,
					   line->id, line->basis });
	}
	if (!begun)
		return;
	html_table_end(out);
	fputs("</div>\n", out);
}

static void write_claims(const struct report_html *r, FILE *out)
{
	html_section(out, &section[CLAIMS]);
	html_put(out, "<p>What widely copied tables say, what this machine "
		      "measures, and a verdict by rule.</p>\n");
	html_details(out, "The rules");
	if (markdown_html(claims_rules, out))
		die("out of memory for report.html");
	html_details_end(out);
	for (int i = 0; i <= CLAIM_TABLES; i++)
		write_claim_table(r, i < CLAIM_TABLES ? &claim_tables[i] : NULL,
				  out);
	html_section_end(out);
}

/* ------------------------------------------------------ charts, machine */

static void write_charts(const struct report_html *r, FILE *out)
{
	html_section(out, &section[CHARTS]);
	if (!charts_inline(r->summary, r->dir, out))
		fputs("<p>No chart was drawn: the run measured nothing that "
		      "one shows, or gnuplot is not installed.</p>\n",
		      out);
	html_section_end(out);
}

static void write_machine(const struct report_html *r, FILE *out)
{
	static const char *const fact[][2] = {
		{ "cpu.model", "Processor" },
		{ "topology.shape", "Shape" },
		{ "hypervisor", "Hypervisor" },
		{ "kernel.release", "Linux" },
		{ "os.PRETTY_NAME", "Distribution" },
		{ "clock.source", "Clock" },
	};
	char xml[PATH_MAX];
	bool begun = false;

	html_section(out, &section[MACHINE]);
	for (size_t i = 0; i < sizeof(fact) / sizeof(*fact); i++) {
		const char *value = env_file_value(r->env, fact[i][0]);

		if (!value)
			continue;
		fputs(begun ? "<br>\n" : "<p>", out);
		html_put(out, "%s: %s", fact[i][1], value);
		begun = true;
	}
	fputs(begun ? "</p>\n" : "", out);
	snprintf(xml, sizeof(xml), "%.4000s/topology.xml", r->dir);
	machine_view(xml, r->digest->pu, r->digest->pus, out);
	html_section_end(out);
}

/* ---------------------------------------------------------------- noise */

static void write_flags(const struct summary *s, FILE *out)
{
	static const char *const flag[] = { "disturbed", "drift", "bimodal",
					    "resolution" };
	size_t measured = 0, unwatched = 0;

	for (size_t i = 0; i < s->count; i++) {
		measured += s->row[i].ok;
		unwatched += s->row[i].ok &&
			     summary_flagged(&s->row[i], "unwatched");
	}
	html_put(out, "<p>Of %zu measured rows are flagged: ", measured);
	for (size_t f = 0; f < sizeof(flag) / sizeof(*flag); f++) {
		size_t count = 0;

		for (size_t i = 0; i < s->count; i++)
			count += strstr(s->row[i].flags, flag[f]) != NULL;
		html_put(out, "%s%zu %s", f ? ", " : "", count, flag[f]);
	}
	if (unwatched)
		html_put(out, ", %zu unwatched", unwatched);
	fputs(".</p>\n", out);
}

static void write_digest(const struct report_digest *d,
			 const struct env_file *env, FILE *out)
{
	char gap[UNITS_SIZE];

	if (!d->timed) {
		fputs("<p>How many invocations were disturbed is not known: "
		      "invocations.csv is not there.</p>\n",
		      out);
		return;
	}
	html_put(out,
		 "<p>Of %zu timed invocations %zu (%d %%) were disturbed: "
		 "%s, by the kernel&#39;s books.",
		 d->timed, d->disturbed,
		 (int)lround(100.0 * (double)d->disturbed / (double)d->timed),
		 env_file_value(env, "noise.timed") ?
			 "others ran on the same PUs, or a quota, memory.high "
			 "or heat held them back" :
			 "others ran on the same PUs");
	if (!isnan(d->longest_gap_ns))
		html_put(out,
			 " The longest gap that a spinning thread saw between "
			 "blocks was %s.",
			 units_time(gap, sizeof(gap), d->longest_gap_ns));
	fputs("</p>\n", out);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct spreads {
	double *value;
	size_t count, room;
};

static void take_spread(void *ctx, const char *id, const char *metric,
			double spread)
{
	struct spreads *s = ctx;

	(void)id;
	(void)metric;
	if (isnan(spread))
		return;
	s->value = grow(s->value, s->count, &s->room, sizeof(*s->value),
			"the arms");
	s->value[s->count++] = spread;
}

/* The arms of an A/A run: what differs though nothing does. */
static void write_arms(const struct report_html *r, FILE *out)
{
	char err[PATH_MAX + 256];
	struct spreads spreads = { NULL, 0, 0 };

	if (noise_file_read(r->dir, r->summary, take_spread, &spreads, err,
			    sizeof(err)) < 0) {
		warn("%s", err);
		spreads.count = 0;
	}
	if (spreads.count) {
		char text[160];

		qsort(spreads.value, spreads.count, sizeof(*spreads.value),
		      by_value);
		snprintf(text, sizeof(text),
			 "%.1f %% in half of %zu cases, and up to %.1f %%",
			 100 * expm1(spreads.value[spreads.count / 2]),
			 spreads.count,
			 100 * expm1(spreads.value[spreads.count - 1]));
		html_put(out,
			 "<p>Two arms of the same cases, interleaved (--aa), "
			 "differ by at most %s: what is smaller than that "
			 "between two runs is this machine&#39;s own.</p>\n",
			 text);
	} else {
		fputs("<p>The machine&#39;s own noise was not measured: no "
		      "<code>run --aa</code>.</p>\n",
		      out);
	}
	free(spreads.value);
}

void report_html_doctor(const struct env_file *env, FILE *out)
{
	static const struct html_column column[] = {
		{ "what", HTML_TEXT },       { "is", HTML_VERDICT },
		{ "found", HTML_TEXT },      { "effect", HTML_TEXT },
		{ "to mend it", HTML_CODE },
	};
	struct doctor_finding finding[DOCTOR_MOST];
	struct doctor_facts *facts;
	size_t count, good = 0;

	if (!env->count) {
		fputs("<p>What made numbers noisy is not known: env.csv is not "
		      "there.</p>\n",
		      out);
		return;
	}
	facts = doctor_facts_new();
	for (size_t i = 0; i < env->count; i++)
		doctor_fact(facts, env->fact[i].name, env->fact[i].value,
			    env->fact[i].source);
	count = doctor_diagnose(facts, finding, DOCTOR_MOST);
	fputs("<div class=\"doctor\">\n", out);
	html_table(out, NULL, "What handoff doctor says of the environment",
		   column, COLUMNS(column));
	for (int grade = DOCTOR_NOISY; grade < DOCTOR_GOOD; grade++)
		for (size_t i = 0; i < count; i++) {
			const struct doctor_finding *f = &finding[i];

			if ((int)f->grade != grade)
				continue;
			html_row(out, column, COLUMNS(column),
				 (const char *[]){
					 f->what, doctor_grade_name(f->grade),
					 f->found, f->effect ? f->effect : "",
					 strcmp(f->command, "-") ? f->command :
								   "" });
		}
	html_table_end(out);
	fputs("</div>\n", out);
	for (size_t i = 0; i < count; i++)
		good += finding[i].grade == DOCTOR_GOOD;
	html_put(out,
		 "<p class=\"quiet\">%zu other checks found nothing.</p>\n",
		 good);
	doctor_facts_free(facts);
}

/* What may have changed while it was measured. */
static void write_changes(const struct env_file *env, FILE *out)
{
	static const struct html_column column[] = {
		{ "name", HTML_CODE },
		{ "before", HTML_TEXT },
		{ "after", HTML_TEXT },
	};
	static const char before[] = ".before";
	bool begun = false;

	for (size_t i = 0; i < env->count; i++) {
		const struct env_fact *f = &env->fact[i];
		size_t stem = strlen(f->name);
		char name[128], other[160];
		const char *after;

		if (stem < sizeof(before) ||
		    strcmp(f->name + stem - strlen(before), before))
			continue;
		snprintf(name, sizeof(name), "%.*s",
			 (int)(stem - strlen(before)), f->name);
		snprintf(other, sizeof(other), "%s.after", name);
		after = env_file_value(env, other);
		if (!after || !f->value[0] || !strcmp(after, f->value))
			continue;
		if (!begun) {
			html_details(out, "What changed during the run");
			fputs("<div class=\"env\">\n", out);
			html_table(out, NULL,
				   "Before and after the run, where it differs",
				   column, COLUMNS(column));
		}
		begun = true;
		html_row(out, column, COLUMNS(column),
			 (const char *[]){ name, f->value, after });
	}
	if (!begun)
		return;
	html_table_end(out);
	fputs("</div>\n", out);
	html_details_end(out);
}

static void write_noise(const struct report_html *r, FILE *out)
{
	char noise[NOISE_TEXT];

	html_section(out, &section[NOISE]);
	write_digest(r->digest, r->env, out);
	if (*noise_text(r->summary, r->env, noise, sizeof(noise)))
		html_put(out, "<p>%s</p>\n", noise);
	write_flags(r->summary, out);
	write_arms(r, out);
	report_html_doctor(r->env, out);
	write_changes(r->env, out);
	html_section_end(out);
}

/* ---------------------------------------------------------- environment */

void report_html_env(const struct env_file *env, const char *title, FILE *out)
{
	static const struct html_column column[] = {
		{ "name", HTML_CODE },
		{ "value", HTML_TEXT },
		{ "source", HTML_TEXT },
	};

	if (!env->count) {
		fputs("<p>The environment is not known: env.csv is not "
		      "there.</p>\n",
		      out);
		return;
	}
	html_details(out, title);
	fputs("<div class=\"env\">\n", out);
	html_table(out, NULL, title, column, COLUMNS(column));
	for (size_t i = 0; i < env->count; i++) {
		const struct env_fact *f = &env->fact[i];

		html_row(out, column, COLUMNS(column),
			 (const char *[]){ f->name, f->value, f->source });
	}
	html_table_end(out);
	fputs("</div>\n", out);
	html_details_end(out);
}

/* ----------------------------------------------------------- every case */

static void write_case(const struct summary_row *row,
		       const struct html_column *column, size_t columns,
		       FILE *out)
{
	char id[SUMMARY_ID], value[UNITS_SIZE] = "", p99[UNITS_SIZE] = "";
	char low[UNITS_SIZE], high[UNITS_SIZE], interval[2 * UNITS_SIZE + 8];
	char count[UNITS_SIZE] = "", status[512];

	interval[0] = '\0';
	if (row->ok) {
		units_value(value, sizeof(value), row->unit, row->value);
		snprintf(count, sizeof(count), "%.0f", row->invocations);
	}
	if (row->ok && !isnan(row->ci.low))
		snprintf(interval, sizeof(interval), "[%s, %s]",
			 units_value(low, sizeof(low), row->unit, row->ci.low),
			 units_value(high, sizeof(high), row->unit,
				     row->ci.high));
	if (row->ok && !isnan(row->p99))
		units_value(p99, sizeof(p99), row->unit, row->p99);
	snprintf(status, sizeof(status), "%s%s%s", row->status,
		 row->ok && !row->flags[0] ? "" : ": ",
		 row->ok ? row->flags : row->reason);
	html_row(out, column, columns,
		 (const char *[]){ summary_id(row, id, sizeof(id)), row->metric,
				   value, interval, p99, count, status });
}

static void write_cases(const struct summary *s, FILE *out)
{
	static const struct html_column column[] = {
		{ "case", HTML_CODE },
		{ "metric", HTML_TEXT },
		{ "value", HTML_NUMBER },
		{ "95 % interval", HTML_NUMBER },
		{ "p99", HTML_NUMBER },
		{ "invocations", HTML_NUMBER },
		{ "status and flags", HTML_TEXT },
	};
	static const char id[] = "case-table";

	html_section(out, &section[CASES]);
	html_put(out,
		 "<p class=\"paper\">%zu rows, not printed: they are in "
		 "summary.csv.</p>\n<div class=\"screen\">\n",
		 s->count);
	html_details(out, "All that was measured, and why the rest was not");
	html_filter(out, id, "rows", s->count);
	html_table(out, id, "Every case and metric", column, COLUMNS(column));
	for (size_t i = 0; i < s->count; i++)
		write_case(&s->row[i], column, COLUMNS(column), out);
	html_table_end(out);
	html_details_end(out);
	fputs("</div>\n", out);
	html_section_end(out);
}

/* ------------------------------------------------------------- the page */

static void write_method(const struct report_html *r, FILE *out)
{
	int bad;

	html_section(out, &section[METHOD]);
	bad = markdown_html(method_text, out);
	html_details(out, "The tables of tables.md");
	bad |= markdown_html(r->tables, out);
	html_details_end(out);
	html_section_end(out);
	if (bad)
		die("out of memory for report.html");
}

void report_html_write(const struct report_html *r, FILE *out)
{
	const struct summary_row *first = r->summary->row;
	const char *version = env_file_value(r->env, "handoff.version");
	const char *commit = env_file_value(r->env, "handoff.commit");
	char subtitle[512], footer[512], pooled[REPORT_POOLED];

	snprintf(subtitle, sizeof(subtitle),
		 "Run %.64s on %.128s. Values are medians over fresh "
		 "processes, with 95 %% intervals in brackets.",
		 first->run, first->machine);
	snprintf(footer, sizeof(footer),
		 "Measured by handoff %.32s (%.64s); this page was made by "
		 "handoff %s (%s).",
		 version ? version : "of unknown version",
		 commit ? commit : "unknown", HANDOFF_VERSION, HANDOFF_COMMIT);

	html_begin(out, "What it costs to hand work over", subtitle, section);
	write_answer(r, out);
	if (*report_pooled(r->env, pooled))
		html_put(out, "<p>%s</p>\n", pooled);
	write_claims(r, out);
	write_charts(r, out);
	write_machine(r, out);
	write_noise(r, out);
	html_section(out, &section[ENVIRONMENT]);
	report_html_env(r->env, "All that was recorded of the machine", out);
	html_section_end(out);
	write_cases(r->summary, out);
	write_method(r, out);
	html_end(out, footer);
}
