/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What litmus tests have seen, and what follows from it: totals over all
 * invocations, with the bound that so many tries put on what was not seen. */
#include "litmus_table.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "tables.h"

/* What was not seen in N independent tries has with 95 % a rate below this
 * many in N: the "rule of three" (Hanley and Lippman-Hand 1983). */
static const double bound_95 = 3;

enum { SHARE_SIZE = 32 };

static const char *share_text(char *buf, double share)
{
	if (isnan(share))
		snprintf(buf, SHARE_SIZE, "-");
	else if (share == 0 || share >= 0.001)
		snprintf(buf, SHARE_SIZE, "%.2f %%", 100 * share);
	else
		snprintf(buf, SHARE_SIZE, "%.3g ppm", 1e6 * share);
	return buf;
}

static double metric_of(const struct summary *s, const struct summary_row *of,
			const char *metric)
{
	const struct summary_row *row =
		summary_beside(s, of, (struct summary_other){ NULL }, metric);

	return row && row->ok ? row->value : NAN;
}

/* As it was in all tries; between invocations it varies from … to. */
static void print_rate(struct table *t, const struct summary *s,
		       const struct summary_row *tries, double weak)
{
	const struct summary_row *rate = summary_beside(
		s, tries, (struct summary_other){ NULL }, "rate");
	char share[SHARE_SIZE], low[SHARE_SIZE], high[SHARE_SIZE];

	if (weak == 0)
		table_cell(t, "< %s",
			   share_text(share, bound_95 / tries->value));
	else if (!rate || isnan(rate->ci.low))
		table_cell(t, "%s", share_text(share, weak / tries->value));
	else
		table_cell(t, "%s [%s, %s]",
			   share_text(share, rate->value / 1e6),
			   share_text(low, rate->ci.low / 1e6),
			   share_text(high, rate->ci.high / 1e6));
}

/* By the control's own lower bound, that of a Poisson count at 95 % (Garwood,
 * 1936): a control seen twice may be a tenth as frequent as it looks. */
bool litmus_control_tells(double tries, double control, double control_tries)
{
	if (!(control > 0) || !(control_tries > 0))
		return false;
	return tries * gsl_cdf_chisq_Pinv(0.05, 2 * control) / 2 /
		       control_tries >=
	       bound_95;
}

static const char *verdict(const struct summary *s,
			   const struct summary_row *tries, double weak)
{
	bool forbidden = metric_of(s, tries, "forbidden") != 0;
	double control = metric_of(s, tries, "control");

	if (!strcmp(tries->place, "pu"))
		return weak == 0 ? "one PU: not seen" :
				   "one PU: seen, the compiler's doing";
	/* that would have failed the case */
	if (weak > 0)
		return forbidden ? "forbidden: seen" : "allowed: seen";
	if (!(control > 0))
		return "cannot tell: the control shows nothing";
	if (!litmus_control_tells(tries->value, control,
				  metric_of(s, tries, "control_tries")))
		return "cannot tell: the control shows too little";
	return forbidden ? "forbidden: not seen" : "allowed: not seen";
}

static void print_counted(struct table *t, const struct summary *s,
			  const struct summary_row *tries)
{
	double weak = metric_of(s, tries, "weak");
	char share[SHARE_SIZE];

	table_cell(t, "%.0f", tries->value);
	table_cell(t, "%.0f", weak);
	print_rate(t, s, tries, weak);
	table_cell(t, "%s",
		   share_text(share,
			      metric_of(s, tries, "control") /
				      metric_of(s, tries, "control_tries")));
	table_cell(t, "%s", verdict(s, tries, weak));
}

static void print_failed(struct table *t, const struct summary_row *tries)
{
	for (int i = 0; i < 4; i++)
		table_cell(t, "-");
	table_cell(t, "**%s**: %s", tries->status, tries->reason);
}

bool litmus_has(const struct summary_row *row)
{
	static const char *const metric[] = { "tries",      "outcome_00",
					      "outcome_01", "outcome_10",
					      "outcome_11", "weak",
					      "control",    "control_tries",
					      "forbidden" };

	if (strcmp(row->bench, "litmus"))
		return false;
	for (size_t i = 0; i < sizeof(metric) / sizeof(*metric); i++)
		if (!strcmp(row->metric, metric[i]))
			return true;
	return false;
}

void litmus_print(const struct summary *s, const char *bench, FILE *out)
{
	struct table *t = NULL;

	for (size_t i = 0; i < s->count; i++) {
		const struct summary_row *row = &s->row[i];
		char id[SUMMARY_ID];

		if (strcmp(row->bench, bench) || strcmp(row->metric, "tries") ||
		    !strcmp(row->status, "absent"))
			continue;
		if (!t) {
			t = table_new(6, 1);
			table_cell(t, "no interleaving explains it");
			table_cell(t, "tries");
			table_cell(t, "seen");
			table_cell(t, "rate");
			table_cell(t, "control: plain store buffering");
			table_cell(t, "verdict");
		}
		table_cell(t, "`%s`", summary_id(row, id, sizeof(id)));
		if (row->ok)
			print_counted(t, s, row);
		else
			print_failed(t, row);
	}
	if (!t)
		return;
	fputc('\n', out);
	table_print(t, TABLE_MARKDOWN, out);
	fputs("\nWhat was not seen is bounded: with 95 % it is rarer than 3 in "
	      "the tries made, if they are independent. **Forbidden** is what "
	      "the architecture rules out with that fence, **allowed** the "
	      "rest. The control ran in between, on the same PUs.\n",
	      out);
}
