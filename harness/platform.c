/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run knows of its machine: its name, its clock, how it can count. */
#include "platform.h"

#include <ctype.h>
#include <gsl/gsl_version.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <uv.h>

#include "emulation.h"
#include "memory.h"
#include "topo.h"
#include "version.h"

enum { COMPARED = TOPO_MAX_PLACES };

/* Offset of the two clocks of each place, for env.csv. */
static struct {
	char place[16];
	int pu_a, pu_b;
	struct clock_offset offset;
	int failed;
} compared[COMPARED];
static size_t compared_count;
static bool uncompared; /* threads, or binding them, were refused */

/* FNV-1a, 32 bits: short, stable, and only meant to tell platforms apart. */
static uint32_t hash(uint32_t sum, const char *text)
{
	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * 16777619u;
	return sum;
}

/* Appends the words of text in lower case, joined by '-'. */
static void slugify(char *buf, size_t size, const char *text)
{
	size_t used = strlen(buf);

	if (used && used + 1 < size)
		buf[used++] = '-';
	for (; *text && used + 1 < size; text++) {
		if (isalnum((unsigned char)*text))
			buf[used++] = (char)tolower((unsigned char)*text);
		else if (used && buf[used - 1] != '-')
			buf[used++] = '-';
	}
	while (used && buf[used - 1] == '-')
		used--;
	buf[used] = '\0';
}

void platform_machine(char *buf, size_t size)
{
	char model[64] = "unknown", hypervisor[64] = "", shape[96], name[64];
	char emulation[64];
	struct utsname uts;
	uint32_t sum = 2166136261u;

	env_cpu_model("", model, sizeof(model));
	env_hypervisor("", hypervisor, sizeof(hypervisor));
	topo_signature(shape, sizeof(shape));
	uname(&uts);
	sum = hash(hash(hash(hash(hash(sum, model), hypervisor), shape),
			uts.release),
		   uts.machine);
	name[0] = '\0';
	slugify(name, 40, model);
	emulation_find("", emulation, sizeof(emulation));
	snprintf(buf, size, "%s-%zupu-%08x%s", name, topo_machine_pus(), sum,
		 strcmp(emulation, EMULATION_NONE) ? "-emulated" : "");
}

static int compare_places(struct platform *platform)
{
	size_t count;
	const struct place *place = topo_places(&count);
	int worst = 0;

	compared_count = 0;
	uncompared = false;
	for (size_t i = 0; i < count && compared_count < COMPARED; i++) {
		struct clock_offset offset;

		if (!place[i].present || place[i].pu_a == place[i].pu_b)
			continue;
		snprintf(compared[compared_count].place,
			 sizeof(compared[compared_count].place), "%s",
			 place[i].name);
		compared[compared_count].pu_a = place[i].pu_a;
		compared[compared_count].pu_b = place[i].pu_b;
		compared[compared_count].failed =
			clock_compare(&platform->clock, place[i].pu_a,
				      place[i].pu_b, topo_bind, &offset);
		compared[compared_count++].offset = offset;
		uncompared |= compared[compared_count - 1].failed;
		if (offset.warp || isnan(offset.bound_ns))
			worst = -1;
	}
	topo_bind(TOPO_ANY_PU);
	return worst;
}

/* How far two clocks may be apart. */
static double width(const struct clock_offset *o)
{
	double ns = fabs(o->offset_ns) + o->bound_ns;

	return isnan(ns) ? INFINITY : ns;
}

struct clock_offset platform_offset(const struct place *place)
{
	struct clock_offset widest = { 0 };

	if (!place || (place->pu_a == place->pu_b && place->pu_a >= 0))
		return widest;
	for (size_t i = 0; i < compared_count; i++) {
		struct clock_offset o = compared[i].offset;

		if (compared[i].pu_a == place->pu_a &&
		    compared[i].pu_b == place->pu_b)
			return o;
		if (compared[i].pu_a == place->pu_b &&
		    compared[i].pu_b == place->pu_a) {
			o.offset_ns = -o.offset_ns;
			return o;
		}
		if (width(&o) > width(&widest))
			widest = o;
	}
	return place->pu_a < 0 ? widest :
				 (struct clock_offset){ .offset_ns = NAN,
							.bound_ns = NAN };
}

void platform_open(struct platform *platform, bool counting)
{
	platform_machine(platform->machine, sizeof(platform->machine));
	platform->emulation_source = emulation_find(
		"", platform->emulation, sizeof(platform->emulation));
	platform->emulated = strcmp(platform->emulation, EMULATION_NONE);
	clock_open(&platform->clock);
	platform->clocks_agree = !compare_places(platform);
	if (!platform->clocks_agree &&
	    platform->clock.source == CLOCK_RAW_COUNTER) {
		clock_fall_back(&platform->clock,
				uncompared ? "the raw counters of two PUs of a "
					     "place cannot be compared" :
					     "the raw counters of two PUs of a "
					     "place do not agree");
		platform->clocks_agree = !compare_places(platform);
	}
	platform->clock_start = clock_bracket();
	platform->counts_why[0] = '\0';
	/* trying it out slows context switches for a second */
	if (counting) {
		platform->counts = counts_probe(platform->counts_why,
						sizeof(platform->counts_why));
		/* what counts by ptrace can name by it */
		platform->can_name =
			platform->counts == COUNTS_PTRACE ||
			counts_can_name(platform->names_why,
					sizeof(platform->names_why));
	} else {
		platform->counts = COUNTS_DENIED;
	}
}

static void emit_number(env_emit *emit, void *ctx, const char *name,
			double value, const char *source)
{
	char text[64];

	snprintf(text, sizeof(text), "%.6g", value);
	emit(ctx, name, text, source);
}

void platform_facts(const struct platform *platform, env_emit *emit, void *ctx)
{
	const struct clock *clock = &platform->clock;
	char text[256], name[64];

	emit(ctx, "handoff.version", HANDOFF_VERSION, "build");
	emit(ctx, "handoff.commit", HANDOFF_COMMIT, "build");
	emit(ctx, "emulation", platform->emulation, platform->emulation_source);
	emit(ctx, "clock.source",
	     clock->source == CLOCK_RAW_COUNTER ? "raw counter" :
						  "CLOCK_MONOTONIC_RAW",
	     clock->why);
	emit_number(emit, ctx, "clock.step_ns", clock->step_ns, "measured");
	emit_number(emit, ctx, "clock.cost_ns", clock->cost_ns, "measured");
	for (size_t i = 0; i < compared_count; i++) {
		const struct clock_offset *o = &compared[i].offset;

		snprintf(name, sizeof(name), "clock.offset_ns.%.15s",
			 compared[i].place);
		snprintf(text, sizeof(text), "%.1f ± %.1f%s", o->offset_ns,
			 o->bound_ns, o->warp ? "; warp seen" : "");
		emit(ctx, name, text, "measured over a cache line");
	}
	emit(ctx, "counts.syscalls",
	     platform->counts == COUNTS_PERF   ? "perf" :
	     platform->counts == COUNTS_PTRACE ? "ptrace" :
						 "denied",
	     platform->counts_why[0] ? platform->counts_why : "not asked for");
	emit(ctx, "counts.io", counts_have_io() ? "accounted" : "not accounted",
	     "/proc/thread-self/io");
	emit(ctx, "memory.policy", memory_policy(), "libnuma");
	topo_version(text, sizeof(text));
	emit(ctx, "library.hwloc", text, "hwloc_get_api_version");
	memory_version(text, sizeof(text));
	emit(ctx, "library.numa", text, "LIBNUMA_API_VERSION");
	emit(ctx, "library.uv", uv_version_string(), "uv_version_string");
	emit(ctx, "library.gsl", gsl_version, "gsl_version");
	topo_signature(text, sizeof(text));
	emit(ctx, "topology.shape", text, "hwloc");
	snprintf(text, sizeof(text), "%zu", topo_pu_count());
	emit(ctx, "topology.allowed_pus", text, "hwloc and affinity");
	for (size_t i = 0; i < topo_pu_count(); i++) {
		topo_describe(topo_pu(i), text, sizeof(text));
		snprintf(name, sizeof(name), "topology.pu.%d", topo_pu(i));
		emit(ctx, name, text, "hwloc, logical numbers");
	}
}

void platform_changing(const struct platform *platform, const char *suffix,
		       env_emit *emit, void *ctx)
{
	struct clock_pair now = clock_bracket();
	char name[64];
	double rate;

	if (platform->clock.source != CLOCK_RAW_COUNTER)
		return;
	snprintf(name, sizeof(name), "clock.hz.%s", suffix);
	rate = platform->clock.ns_per_tick;
	if (!strcmp(suffix, "after")) {
		rate = clock_rate(platform->clock_start, now);
		emit_number(emit, ctx, "clock.drift_ppm",
			    (rate / platform->clock.ns_per_tick - 1) * 1e6,
			    "against CLOCK_MONOTONIC_RAW, start to end");
	}
	{
		char text[64];

		snprintf(text, sizeof(text), "%.0f", 1e9 / rate);
		emit(ctx, name, text, "against CLOCK_MONOTONIC_RAW");
	}
}
