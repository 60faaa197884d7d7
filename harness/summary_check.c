/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a row of summary.csv is such as a run writes. */
#include "summary_check.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "cases.h"
#include "field_rule.h"
#include "hist.h"

/* A median is read from buckets of a histogram that are under 1 % wide, the
 * one around 0 apart, and where the clock is coarse from its steps. */
static const double bucket_share = 0.01, clock_slack_ns = 100;

/* What the clock's cost and an empty bracket take off can leave less than
 * nothing, and so can the noise of a count; but not as much as this. */
static const struct {
	const char *unit;
	double least, most;
} limit[] = {
	{ "ns", -1e6, INFINITY }, { "count", -1000, INFINITY },
	{ "ppm", 0, 1e6 },        { "bool", 0, 1 },
	{ "ratio", 0, INFINITY }, { "1/s", 0, INFINITY },
	{ "B/s", 0, INFINITY },
};

/* ------------------------------------------------------------ texts */

static bool is_status(const char *text)
{
	for (enum status s = STATUS_OK; s <= STATUS_TIMEOUT; s++)
		if (!strcmp(text, status_name(s)))
			return true;
	return false;
}

static bool is_method(const char *text)
{
	static const char *const name[] = { "single", "batch", "exact",
					    "slope" };

	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++)
		if (!strcmp(text, name[i]))
			return true;
	return false;
}

/* Such as "drift;bimodal;wide:12.5%": words, some with an amount. */
static bool are_flags(const char *text)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz_-";
	static const char amount[] = "abcdefghijklmnopqrstuvwxyz_-"
				     "0123456789.%/";

	for (;;) {
		size_t n = strspn(text, word);

		if (!n)
			return false;
		text += n;
		if (*text == ':') {
			n = strspn(++text, amount);
			if (!n)
				return false;
			text += n;
		}
		if (!*text)
			return true;
		if (*text++ != ';')
			return false;
	}
}

static int check_texts(struct csv_in *in, const struct summary_row *row)
{
	if (!*row->machine || !*row->run)
		return csv_refuse(in, "%s is empty; " FIELD_ADVICE,
				  *row->machine ? "run" : "machine");
	if (!is_status(row->status))
		return csv_refuse(in,
				  "status '%.40s' is none of ok, absent, "
				  "denied, failed and timeout; " FIELD_ADVICE,
				  row->status);
	if (!field_is_word(row->unit))
		return csv_refuse(in, "unit '%.40s' is no word; " FIELD_ADVICE,
				  row->unit);
	if (row->ok && !is_method(row->method))
		return csv_refuse(in,
				  "method '%.40s' is none of single, batch, "
				  "exact and slope; " FIELD_ADVICE,
				  row->method);
	if (row->ok && *row->reason)
		return csv_refuse(in,
				  "status is ok, and there is a reason, "
				  "'%.60s'; " FIELD_ADVICE,
				  row->reason);
	if (row->ok && *row->flags && !are_flags(row->flags))
		return csv_refuse(in,
				  "flags '%.60s' are not words with ';' "
				  "between them; " FIELD_ADVICE,
				  row->flags);
	return 0;
}

/* ---------------------------------------------------------- numbers */

static int check_whole(struct csv_in *in, const char *name, double value,
		       double least)
{
	/* NAN, too: an empty field */
	if (value >= least && value == floor(value))
		return 0;
	if (isnan(value))
		return csv_refuse(
			in, "status is ok, and %s is empty; " FIELD_ADVICE,
			name);
	return csv_refuse(in,
			  "%s is %.10g, and should be a whole number from %.0f "
			  "on; " FIELD_ADVICE,
			  name, value, least);
}

static int check_pair(struct csv_in *in, const char *name_low,
		      const char *name_high, double low, double high)
{
	if (isnan(low) != isnan(high))
		return csv_refuse(in,
				  "%s is empty, and %s is not; " FIELD_ADVICE,
				  isnan(low) ? name_low : name_high,
				  isnan(low) ? name_high : name_low);
	if (low > high)
		return csv_refuse(in,
				  "%s is %.10g, above %s, %.10g; " FIELD_ADVICE,
				  name_low, low, name_high, high);
	return 0;
}

/* Files have ten digits of each. */
static bool is_within(double value, struct interval ci)
{
	double rounding = 1e-9 * fabs(value);

	return !(value < ci.low - rounding) && !(value > ci.high + rounding);
}

static bool is_below(double a, double b, double slack)
{
	/* all that is beyond is counted as if it were there */
	if (fabs(a) >= HIST_LIMIT || fabs(b) >= HIST_LIMIT)
		return false;
	return a < b - bucket_share * fmax(fabs(a), fabs(b)) - slack;
}

/* Quantiles ascend from min to max, and the value lies between them. */
static int check_distribution(struct csv_in *in, const struct summary_row *row,
			      double min, double max)
{
	const char *const name[] = {
		"min", "p50", "p90", "p99", "p999", "max"
	};
	const double x[] = {
		min, row->p50, row->p90, row->p99, row->p999, max
	};
	const double zero_bucket = 2 * hist_bucket_high(HIST_ZERO);
	double slack = zero_bucket;
	int last = -1;

	for (int i = 0; i < (int)(sizeof(x) / sizeof(*x)); i++) {
		if (isnan(x[i]))
			continue;
		if (last >= 0 && is_below(x[i], x[last], zero_bucket))
			return csv_refuse(
				in,
				"%s is %.10g, above %s, %.10g; " FIELD_ADVICE,
				name[last], x[last], name[i], x[i]);
		last = i;
	}
	if (!strcmp(row->unit, "ns"))
		slack += clock_slack_ns;
	if (is_below(row->value, min, slack) ||
	    is_below(max, row->value, slack))
		return csv_refuse(in,
				  "value %.10g is not between min, %.10g, and "
				  "max, %.10g; " FIELD_ADVICE,
				  row->value, min, max);
	return 0;
}

static int check_limits(struct csv_in *in, const struct summary_row *row,
			double min)
{
	bool timed =
		!strcmp(row->method, "single") || !strcmp(row->method, "batch");

	for (size_t i = 0; i < sizeof(limit) / sizeof(*limit); i++) {
		if (strcmp(row->unit, limit[i].unit))
			continue;
		if (row->value < limit[i].least || row->value > limit[i].most)
			return csv_refuse(in,
					  "value is %.10g %s: no run measures "
					  "such; " FIELD_ADVICE,
					  row->value, row->unit);
	}
	/* a difference that came out negative says so in its min, too */
	if (timed && row->value < 0 && !(min < 0))
		return csv_refuse(
			in,
			"value is %.10g, and min is not below 0; " FIELD_ADVICE,
			row->value);
	return 0;
}

static int check_ok(struct csv_in *in, const struct summary_row *row,
		    double min, double max)
{
	if (check_whole(in, "invocations", row->invocations, 1) ||
	    check_whole(in, "samples", row->samples, 0))
		return -1;
	if (isnan(row->value))
		return csv_refuse(
			in, "status is ok, and value is empty; " FIELD_ADVICE);
	if (check_pair(in, "ci_low", "ci_high", row->ci.low, row->ci.high) ||
	    check_pair(in, "min", "max", min, max))
		return -1;
	if (!is_within(row->value, row->ci))
		return csv_refuse(in,
				  "value %.10g is not within its interval, "
				  "%.10g to %.10g; " FIELD_ADVICE,
				  row->value, row->ci.low, row->ci.high);
	return check_limits(in, row, min) ||
			       check_distribution(in, row, min, max) ?
		       -1 :
		       0;
}

/* What was not measured has a reason, and nothing else. */
static int check_lacking(struct csv_in *in, const struct summary_row *row,
			 double min, double max)
{
	const struct {
		const char *column;
		double value;
	} number[] = {
		{ "invocations", row->invocations },
		{ "samples", row->samples },
		{ "value", row->value },
		{ "ci_low", row->ci.low },
		{ "ci_high", row->ci.high },
		{ "min", min },
		{ "p50", row->p50 },
		{ "p90", row->p90 },
		{ "p99", row->p99 },
		{ "p999", row->p999 },
		{ "max", max },
	};
	const char *filled = NULL;

	if (!*row->reason)
		return csv_refuse(
			in, "status is %s, and reason is empty; " FIELD_ADVICE,
			row->status);
	for (size_t i = 0; i < sizeof(number) / sizeof(*number); i++)
		if (!isnan(number[i].value))
			filled = number[i].column;
	if (*row->method)
		filled = "method";
	if (*row->flags)
		filled = "flags";
	if (!filled)
		return 0;
	return csv_refuse(in,
			  "status is %s, and %s is not empty; " FIELD_ADVICE,
			  row->status, filled);
}

int summary_check_row(struct csv_in *in, const struct summary_row *row,
		      double min, double max)
{
	if (check_texts(in, row))
		return -1;
	return row->ok ? check_ok(in, row, min, max) :
			 check_lacking(in, row, min, max);
}
