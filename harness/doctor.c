/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What on this machine makes numbers noisy, and how to mend it. Looks and
 * measures; changes nothing. */
#include "doctor.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cpulist.h"
#include "die.h"
#include "emulation.h"
#include "env.h"
#include "grow.h"
#include "platform.h"
#include "tables.h"
#include "topo.h"
#include "units.h"
#include "watch.h"

/* From how much on a thing counts as noisy. */
static const double steal_share = 0.01, load_share = 0.1, pressure_percent = 1,
		    idle_exit_us = 10, longest_gap_ns = 1e6, lost_share = 0.01;

enum {
	QUOTA_PARTIES = 2, /* a pair that spins uses two CPUs whole */
	COLUMNS = 80,
};

/* ---- facts ---- */

struct fact {
	char *name, *value, *source;
};

struct doctor_facts {
	struct fact *all;
	size_t count, room;
};

static char *copy(const char *text)
{
	char *to = strdup(text);

	if (!to)
		die("out of memory");
	return to;
}

struct doctor_facts *doctor_facts_new(void)
{
	struct doctor_facts *facts = calloc(1, sizeof(*facts));

	if (!facts)
		die("out of memory");
	return facts;
}

void doctor_facts_free(struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->count; i++) {
		free(facts->all[i].name);
		free(facts->all[i].value);
		free(facts->all[i].source);
	}
	free(facts->all);
	free(facts);
}

void doctor_fact(void *facts, const char *name, const char *value,
		 const char *source)
{
	struct doctor_facts *f = facts;

	f->all = grow(f->all, f->count, &f->room, sizeof(*f->all), "facts");
	f->all[f->count++] =
		(struct fact){ copy(name), copy(value), copy(source) };
}

static const struct fact *fact_find(const struct doctor_facts *facts,
				    const char *name)
{
	for (size_t i = 0; name && i < facts->count; i++)
		if (!strcmp(facts->all[i].name, name))
			return &facts->all[i];
	return NULL;
}

/* Why there is no value, as env.h puts it: "absent", "denied" or an error.
 * NULL where there is one, which may be empty. */
static const char *fact_lack(const struct fact *fact)
{
	const char *why = NULL, *at;

	if (!fact)
		return "absent";
	for (at = fact->source; !*fact->value && (at = strstr(at, ": "));)
		why = at += 2;
	return why;
}

static const char *text_of(const struct doctor_facts *facts, const char *name)
{
	const struct fact *fact = fact_find(facts, name);

	return fact ? fact->value : "";
}

static double number_of(const struct doctor_facts *facts, const char *name)
{
	const char *text = text_of(facts, name);
	char *end;
	double value = strtod(text, &end);

	return end == text ? NAN : value;
}

/* What name.after has more than name.before. */
static double growth_of(const struct doctor_facts *facts, const char *name)
{
	char before[64], after[64];

	snprintf(before, sizeof(before), "%s.before", name);
	snprintf(after, sizeof(after), "%s.after", name);
	return number_of(facts, after) - number_of(facts, before);
}

/* ---- values ---- */

/* Takes the next value of "a" or "0-3: a; 4-7: b". */
static bool next_value(const char **at, char *value, size_t size)
{
	const char *start = *at + strspn(*at, "; ");
	size_t len = strcspn(start, ";"), cpus = strspn(start, "0123456789,-");

	*at = start + len;
	if (cpus && start[cpus] == ':') {
		start += cpus + 2;
		len -= cpus + 2;
	}
	snprintf(value, size, "%.*s", (int)len, start);
	return len > 0;
}

static double greatest(const char *text)
{
	char value[64];
	double most = NAN;

	while (next_value(&text, value, sizeof(value)))
		most = fmax(most, strtod(value, NULL));
	return most;
}

/* True where word is one of "a|b|c". */
static bool is_among(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (!strncmp(at, word, len) && strchr("|", at[len]))
			return true;
	}
	return false;
}

/* True where text has word between blanks. */
static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += len)
		if ((at == text || at[-1] == ' ') && strchr(" ", at[len]))
			return true;
	return false;
}

static double pus_of(const struct doctor_facts *facts)
{
	unsigned long n = cpulist_count(text_of(facts, "cpu.online"));

	return n ? (double)n : number_of(facts, "cpu.count_online");
}

static bool is_guest(const struct doctor_facts *facts)
{
	const struct fact *fact = fact_find(facts, "hypervisor");

	return fact && *fact->value && strcmp(fact->value, "none") &&
	       !strstr(fact->source, ": absent");
}

/* ---- checks ---- */

struct check;

/* What a judge sees, and where it says what it found. It may put a better
 * command in place of the table's. */
struct look {
	const struct doctor_facts *facts;
	const struct check *check;
	const char *value, *source;
	struct doctor_finding *out;
};
typedef enum doctor_grade judge(const struct look *at);

/*
 * A row a thing that can be wrong. Rows of the same name, one after the other,
 * are places to look for it: the first that has the fact counts.
 */
struct check {
	const char *what;
	const char *fact; /* a name of env.h or doctor.h */
	judge *judge;
	const char *good; /* judge_words: "a|b", values that are good … */
	enum doctor_grade otherwise; /* … and the grade of all others */
	const char *effect, *command;
	enum doctor_grade lacking; /* where the fact is absent, … */
	const char *lack;          /* … what that means */
};

static void say(const struct look *at, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct look *at, const char *format, ...)
{
	static const char cut[] = "…";
	char *found = at->out->found;
	size_t end = sizeof(at->out->found) - sizeof(cut);
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(found, sizeof(at->out->found), format, args);
	va_end(args);
	if (n < (int)sizeof(at->out->found))
		return;
	while (end && ((unsigned char)found[end] & 0xc0) == 0x80)
		end--;
	memcpy(found + end, cut, sizeof(cut));
}

static void advise(const struct look *at, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void advise(const struct look *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(at->out->command, sizeof(at->out->command), format, args);
	va_end(args);
}

/* Exact where GRUB boots and Debian's tools are there; the parameter is what
 * counts elsewhere. */
#define BOOT_WITH(parameters)                                \
	"sudo sed -i 's/^GRUB_CMDLINE_LINUX=\"/&" parameters \
	" /' /etc/default/grub && sudo update-grub # then reboot"

static enum doctor_grade judge_words(const struct look *at)
{
	const char *rest = at->value;
	char value[256];

	while (next_value(&rest, value, sizeof(value)))
		if (!is_among(at->check->good, value))
			return at->check->otherwise;
	return DOCTOR_GOOD;
}

/* The value alone says nothing to someone who does not know the file. */
static enum doctor_grade judge_turbo(const struct look *at)
{
	enum doctor_grade grade = judge_words(at);

	say(at, "%s (%s is %s)", grade == DOCTOR_GOOD ? "off" : "on",
	    at->check->fact, at->value);
	return grade;
}

static enum doctor_grade judge_smt(const struct look *at)
{
	double busy = number_of(at->facts, "doctor.busy_siblings");

	if (strcmp(at->value, "1")) {
		say(at, "off");
		return DOCTOR_GOOD;
	}
	if (busy >= WATCH_USER_SHARE) {
		say(at, "on, and siblings of our PUs were busy (%.2f PUs)",
		    busy);
		return DOCTOR_NOISY;
	}
	say(at, isnan(busy) ? "on" : "on; siblings were idle when sampled");
	return DOCTOR_NOTE;
}

static enum doctor_grade judge_idle_states(const struct look *at)
{
	char name[64], deepest[32] = "none";
	double worst = 0;

	for (unsigned i = 0;; i++) {
		double us;

		snprintf(name, sizeof(name), "cpuidle.state%u.latency", i);
		us = greatest(text_of(at->facts, name));
		if (isnan(us))
			break;
		/* It counts where any CPU may enter it. */
		snprintf(name, sizeof(name), "cpuidle.state%u.disable", i);
		if (!strcmp(text_of(at->facts, name), "1") || us < worst)
			continue;
		worst = us;
		snprintf(name, sizeof(name), "cpuidle.state%u.name", i);
		snprintf(deepest, sizeof(deepest), "%s",
			 text_of(at->facts, name));
	}
	say(at, "deepest in use: %s, %.0f µs to leave", deepest, worst);
	return worst > idle_exit_us ? DOCTOR_NOISY : DOCTOR_GOOD;
}

static enum doctor_grade judge_idle(const struct look *at)
{
	const char *parameters = text_of(at->facts, "kernel.cmdline");
	const char *governor = text_of(at->facts, "cpuidle.current_governor");

	if (has_word(parameters, "idle=poll") ||
	    has_word(parameters, "nohlt")) {
		say(at, "never halts (idle=poll or nohlt)");
		return DOCTOR_GOOD;
	}
	if (strcmp(text_of(at->facts, "kernel.arch"), "x86_64"))
		advise(at, BOOT_WITH("nohlt"));
	if (is_guest(at->facts) && is_among("none|haltpoll", at->value)) {
		say(at, "a guest that halts (driver %s, governor %s)",
		    at->value, governor);
		return DOCTOR_NOISY;
	}
	say(at, "driver %s, governor %s", at->value, governor);
	return strcmp(at->value, "none") ? DOCTOR_GOOD : DOCTOR_NOTE;
}

static enum doctor_grade judge_halt_polling(const struct look *at)
{
	char most[UNITS_SIZE];
	const char *governor = text_of(at->facts, "cpuidle.current_governor");

	units_time(most, sizeof(most), greatest(at->value));
	if (strcmp(governor, "haltpoll")) {
		say(at, "not in use (governor %s)", governor);
		return DOCTOR_GOOD;
	}
	say(at, "this guest polls up to %s before it halts", most);
	return greatest(at->value) > 0 ? DOCTOR_NOISY : DOCTOR_GOOD;
}

static enum doctor_grade judge_clocksource(const struct look *at)
{
	enum doctor_grade grade = judge_words(at);
	const char *can = text_of(at->facts, "clock.available_clocksource");

	if (grade != DOCTOR_GOOD && !has_word(can, "tsc"))
		advise(at, "sudo dmesg | grep -i -e tsc -e clocksource");
	return grade;
}

static enum doctor_grade judge_numa(const struct look *at)
{
	bool one = cpulist_count(text_of(at->facts, "numa.online")) == 1;

	if (!strcmp(at->value, "0")) {
		say(at, "off");
		return DOCTOR_GOOD;
	}
	say(at, "on (%s)%s", at->value, one ? ", but there is one node" : "");
	return one ? DOCTOR_GOOD : DOCTOR_NOISY;
}

static enum doctor_grade judge_steal(const struct look *at)
{
	static const char *const kinds[] = { "user",   "nice", "system", "idle",
					     "iowait", "irq",  "softirq" };
	double steal = strtod(at->value, NULL), total = steal;
	double new_steal = growth_of(at->facts, "stat.steal_ticks");
	double new_total = new_steal, boot, second;
	char name[64];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		snprintf(name, sizeof(name), "stat.%s_ticks", kinds[i]);
		new_total += growth_of(at->facts, name);
		snprintf(name, sizeof(name), "stat.%s_ticks.before", kinds[i]);
		total += fmax(number_of(at->facts, name), 0);
	}
	boot = total > 0 ? steal / total : 0;
	second = new_total > 0 ? new_steal / new_total : NAN;
	if (isnan(second))
		say(at, "%.2f %% since boot", boot * 100);
	else
		say(at, "%.1f %% while sampled, %.2f %% since boot",
		    second * 100, boot * 100);
	if ((isnan(second) ? boot : second) >= steal_share)
		return DOCTOR_NOISY;
	return steal > 0 || second > 0 ? DOCTOR_NOTE : DOCTOR_GOOD;
}

static enum doctor_grade judge_load(const struct look *at)
{
	double load = strtod(at->value, NULL), pus = pus_of(at->facts);

	say(at, "%.2f on %.0f PUs (mean of a minute)", load, pus);
	return load >= load_share * pus ? DOCTOR_NOISY : DOCTOR_GOOD;
}

static enum doctor_grade judge_runnable(const struct look *at)
{
	double n = strtod(at->value, NULL), pus = pus_of(at->facts);

	say(at, "%.0f beside handoff (median of %d looks)", n, WATCH_LOOKS);
	return n >= fmax(1, load_share * pus) ? DOCTOR_NOISY : DOCTOR_GOOD;
}

static enum doctor_grade judge_processes(const struct look *at)
{
	double first = number_of(at->facts, "doctor.top_share");
	double used = growth_of(at->facts, "stat.user_ticks") +
		      growth_of(at->facts, "stat.nice_ticks") +
		      growth_of(at->facts, "stat.system_ticks") +
		      growth_of(at->facts, "stat.irq_ticks") +
		      growth_of(at->facts, "stat.softirq_ticks");
	double pus = used / number_of(at->facts, "kernel.clk_tck"), unseen;
	char rest[80] = "";

	pus = (pus - number_of(at->facts, "doctor.own_cpu_s")) /
	      number_of(at->facts, "doctor.elapsed_s");
	if (isnan(pus)) {
		say(at, "unknown: /proc/stat does not tell%s%s",
		    *at->value ? "; seen: " : "", at->value);
		return first >= WATCH_USER_SHARE ? DOCTOR_NOISY :
						   DOCTOR_UNKNOWN;
	}
	pus = fmax(pus, 0);
	unseen = pus - number_of(at->facts, "doctor.seen_pus");
	if (unseen >= WATCH_USER_SHARE)
		snprintf(rest, sizeof(rest),
			 "; %.2f by what came and went or is hidden from here",
			 unseen);
	say(at, "%.2f PUs' worth used by others while sampled%s%s%s", pus,
	    *at->value ? ": " : "", at->value, rest);
	return first >= WATCH_USER_SHARE ||
			       pus >= load_share * pus_of(at->facts) ?
		       DOCTOR_NOISY :
		       DOCTOR_GOOD;
}

static enum doctor_grade judge_pressure(const struct look *at)
{
	static const char *const kinds[] = { "cpu", "memory", "io" };
	double worst = 0;
	char name[64], waited[3][16];

	for (size_t i = 0; i < 3; i++) {
		const char *text;
		double avg;

		snprintf(name, sizeof(name), "pressure.%s.before", kinds[i]);
		text = strstr(text_of(at->facts, name), "avg10=");
		avg = text ? strtod(text + strlen("avg10="), NULL) : NAN;
		worst = fmax(worst, avg);
		if (text)
			snprintf(waited[i], sizeof(waited[i]), "%.1f", avg);
		else
			snprintf(waited[i], sizeof(waited[i]), "unknown");
	}
	say(at,
	    "in the last 10 s some task waited for cpu %s %%, memory %s %%, "
	    "io %s %% of the time",
	    waited[0], waited[1], waited[2]);
	return worst >= pressure_percent ? DOCTOR_NOISY : DOCTOR_GOOD;
}

static enum doctor_grade judge_quota(const struct look *at)
{
	double before =
		number_of(at->facts, "cgroup.cpu.stat.nr_throttled.before");
	double throttled = growth_of(at->facts, "cgroup.cpu.stat.nr_throttled");
	unsigned long long quota, period;
	char stopped[64] = "";

	if (sscanf(at->value, "%llu %llu", &quota, &period) != 2 || !period) {
		say(at, "no limit");
		return DOCTOR_GOOD;
	}
	/* what went on meanwhile counts; what was before is but a hint */
	if (!isnan(throttled))
		snprintf(stopped, sizeof(stopped),
			 "; stopped in %.0f of its periods meanwhile",
			 throttled);
	else if (!isnan(before))
		snprintf(stopped, sizeof(stopped),
			 "; stopped %.0f times so far", before);
	say(at, "%.2f CPUs (%llu of every %llu µs)%s",
	    (double)quota / (double)period, quota, period, stopped);
	advise(at, "echo %s | sudo tee %s",
	       strstr(at->source, "quota_us") ? "-1" : "max", at->source);
	return quota <= QUOTA_PARTIES * period || throttled > 0 ? DOCTOR_NOISY :
								  DOCTOR_NOTE;
}

static enum doctor_grade judge_cpuset(const struct look *at)
{
	const char *online = text_of(at->facts, "cpu.online");
	const char *group = text_of(at->facts, "cgroup.cpuset.cpus.effective");
	unsigned long ours = cpulist_common(at->value, online);
	unsigned long all = cpulist_count(online);

	if (ours >= all) {
		say(at, "all PUs are allowed (%s)", at->value);
		return DOCTOR_GOOD;
	}
	say(at, "%lu of %lu PUs are allowed: %s", ours, all, at->value);
	if (cpulist_common(group, online) > ours)
		advise(at, "taskset -c %s handoff run", group);
	return DOCTOR_NOTE;
}

/* isolcpus and nohz_full: good only where we run. */
static enum doctor_grade judge_isolated(const struct look *at)
{
	const char *allowed = text_of(at->facts, "process.Cpus_allowed_list");
	unsigned long ours = cpulist_common(allowed, at->value);

	/* some kernels write "(null)" */
	if (!isdigit((unsigned char)*at->value)) {
		say(at, "none");
		return DOCTOR_NOTE;
	}
	if (ours && ours == cpulist_count(allowed)) {
		say(at, "%s, all that we may use among them", at->value);
		return DOCTOR_GOOD;
	}
	say(at, "%s, but we may use %s", at->value, allowed);
	advise(at, "taskset -c %s handoff run", at->value);
	return DOCTOR_NOTE;
}

static enum doctor_grade judge_realtime(const struct look *at)
{
	const char *policy = text_of(at->facts, "process.sched_policy");
	bool limited = strcmp(at->value, "-1");

	say(at, "%s of %s µs, rtprio limit %s; we run as '%s'", at->value,
	    text_of(at->facts, "kernel.sched_rt_period_us"),
	    text_of(at->facts, "rlimit.rtprio"), policy);
	return limited && is_among("fifo|rr", policy) ? DOCTOR_NOISY :
							DOCTOR_GOOD;
}

static enum doctor_grade judge_mitigations(const struct look *at)
{
	static const char prefix[] = "mitigation.";
	char names[128] = "";
	unsigned on = 0;

	for (size_t i = 0; i < at->facts->count; i++) {
		const struct fact *f = &at->facts->all[i];

		if (strncmp(f->name, prefix, strlen(prefix)) ||
		    strncmp(f->value, "Mitigation", strlen("Mitigation")))
			continue;
		snprintf(names + strlen(names), sizeof(names) - strlen(names),
			 "%s%s", on ? ", " : "", f->name + strlen(prefix));
		on++;
	}
	say(at, "%u active%s%s", on, on ? ": " : "", names);
	return on ? DOCTOR_NOTE : DOCTOR_GOOD;
}

static enum doctor_grade judge_hypervisor(const struct look *at)
{
	if (strstr(at->source, ": absent")) {
		say(at, "unknown (nothing tells)");
		return DOCTOR_UNKNOWN;
	}
	return judge_words(at);
}

static enum doctor_grade judge_seccomp(const struct look *at)
{
	const char *filters = text_of(at->facts, "process.Seccomp_filters");

	if (!strcmp(at->value, "0"))
		say(at, "no filter");
	else
		say(at, "mode %s, %s filters", at->value,
		    *filters ? filters : "?");
	return judge_words(at);
}

static enum doctor_grade judge_perf(const struct look *at)
{
	/* CAP_PERFMON, CAP_SYS_ADMIN: linux/capability.h */
	const unsigned long long able = 1ull << 38 | 1ull << 21;
	const struct fact *method = fact_find(at->facts, "counts.syscalls");
	unsigned long long capabilities =
		strtoull(text_of(at->facts, "process.CapEff"), NULL, 16);
	bool may = capabilities & able || strtod(at->value, NULL) <= 1;

	if (!method) {
		say(at, "perf_event_paranoid %s, which %s us", at->value,
		    may ? "does not stop" : "stops");
		return may ? DOCTOR_GOOD : DOCTOR_NOTE;
	}
	if (!strcmp(method->value, "perf")) {
		say(at, "perf_event_paranoid %s; perf works", at->value);
		return DOCTOR_GOOD;
	}
	say(at, "perf_event_paranoid %s; system calls: %s%s", at->value,
	    strcmp(method->value, "denied") ? "" : "cannot be counted, ",
	    method->source);
	if (capabilities & able)
		advise(at, "%s",
		       strstr(method->source, "tracefs") ?
			       "sudo mount -t tracefs nodev "
			       "/sys/kernel/tracing" :
			       "-");
	return DOCTOR_NOTE;
}

static enum doctor_grade judge_throttling(const struct look *at)
{
	double core = growth_of(at->facts, "throttle.core_throttle_count");
	double package =
		growth_of(at->facts, "throttle.package_throttle_count");
	double now = fmax(core, 0) + fmax(package, 0);

	if (isnan(core) && isnan(package))
		say(at, "%s since boot", at->value);
	else
		say(at, "%.0f times while sampled, %s since boot", now,
		    at->value);
	return now > 0                     ? DOCTOR_NOISY :
	       strtod(at->value, NULL) > 0 ? DOCTOR_NOTE :
					     DOCTOR_GOOD;
}

static enum doctor_grade judge_gaps(const struct look *at)
{
	double gap = strtod(at->value, NULL);
	double lost = number_of(at->facts, "doctor.lost_share");
	char longest[UNITS_SIZE];

	units_time(longest, sizeof(longest), gap);
	say(at, "longest %s; on the worst PU %.2f %% of the time lost", longest,
	    lost * 100);
	return gap >= longest_gap_ns || lost >= lost_share ? DOCTOR_NOISY :
							     DOCTOR_GOOD;
}

#define TEE "sudo tee /sys/devices/system/cpu/"

static const struct check checks[] = {
	/* Clock speed. */
	{ "governor", "cpufreq.scaling_governor", judge_words,
	  "performance|userspace", DOCTOR_NOISY,
	  "The clock speed follows the load, and a thread that sleeps and "
	  "wakes looks idle: roundtrip, message, futex and create are slower "
	  "and spread; getppid and fence depend on what ran before.",
	  "echo performance | " TEE "cpu*/cpufreq/scaling_governor",
	  DOCTOR_UNKNOWN, "no cpufreq here (in a guest, the host decides)" },
	{ "turbo", "intel_pstate.no_turbo", judge_turbo, "1", DOCTOR_NOISY,
	  "The clock speed depends on heat and on how many PUs are busy: "
	  "getppid, fence and roundtrip/spin move with it from run to run, "
	  "the others less.",
	  "echo 1 | " TEE "intel_pstate/no_turbo", DOCTOR_UNKNOWN, "" },
	{ "turbo", "cpufreq.boost", judge_turbo, "0", DOCTOR_NOISY,
	  "The clock speed depends on heat and on how many PUs are busy: "
	  "getppid, fence and roundtrip/spin move with it from run to run, "
	  "the others less.",
	  "echo 0 | " TEE "cpufreq/boost", DOCTOR_UNKNOWN,
	  "no switch here (in a guest, the host has it)" },
	{ "throttling", "throttle.core_throttle_count.before", judge_throttling,
	  NULL, 0,
	  "The processor slows down against heat: every bench becomes slower "
	  "while it lasts, and drifts.",
	  "- cool the machine, or leave turbo off while measuring",
	  DOCTOR_UNKNOWN, "no counters (only x86 on bare metal has them)" },

	/* Who else is on the core, and what sleeping costs. */
	{ "SMT sibling", "cpu.smt.active", judge_smt, NULL, 0,
	  "Work on the other PU of a core takes a part of it: every bench is "
	  "slower meanwhile, getppid, fence and roundtrip/spin most.",
	  "echo off | " TEE "smt/control", DOCTOR_UNKNOWN,
	  "this kernel does not tell" },
	{ "idle states", "cpuidle.state0.latency", judge_idle_states, NULL, 0,
	  "Leaving a deep state takes that long, and how deep a PU sleeps "
	  "depends on how long it was idle: roundtrip, message, futex and "
	  "create between PUs (places core to machine, and any).",
	  "sudo cpupower idle-set -D 10", DOCTOR_UNKNOWN,
	  "none are listed (in a guest, those of the host count)" },
	{ "idle", "cpuidle.current_driver", judge_idle, NULL, 0,
	  "In a guest a PU that halts goes back to the host, and a wake-up "
	  "takes an interrupt and the host's scheduler: tens of µs that vary, "
	  "in roundtrip, message, futex and create between PUs. Place pu is "
	  "free of it.",
	  BOOT_WITH("idle=poll"), DOCTOR_UNKNOWN, "no cpuidle" },
	{ "halt polling", "haltpoll.guest_halt_poll_ns", judge_halt_polling,
	  NULL, 0,
	  "Waits shorter than this are fast, longer ones halt, and the limit "
	  "adapts: roundtrip and message between PUs have two speeds "
	  "(bimodal).",
	  "echo 0 | sudo tee /sys/module/haltpoll/parameters/"
	  "guest_halt_poll_ns",
	  DOCTOR_GOOD, "no haltpoll in this kernel" },
	{ "clocksource", "clock.current_clocksource", judge_clocksource,
	  "tsc|kvm-clock|arch_sys_counter|riscv_clocksource|timebase|tod|"
	  "hyperv_clocksource_tsc_page",
	  DOCTOR_NOISY,
	  "Reading the time takes a device or a system call: it widens every "
	  "operation that is stamped one by one (roundtrip, message, futex, "
	  "create).",
	  "echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/"
	  "current_clocksource",
	  DOCTOR_UNKNOWN, "the kernel does not tell" },

	/* Memory. */
	{ "THP", "thp.enabled", judge_words, "madvise|never", DOCTOR_NOISY,
	  "Whether memory comes in huge pages depends on what is free, and "
	  "khugepaged works beside us: create/fork* over rss, message with "
	  "large sizes.",
	  "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled",
	  DOCTOR_GOOD, "not in this kernel" },
	{ "NUMA balancing", "kernel.numa_balancing", judge_numa, NULL, 0,
	  "Pages are unmapped to see who uses them, and moved: faults in the "
	  "middle of message, roundtrip/spin and fence on several nodes.",
	  "sudo sysctl kernel.numa_balancing=0", DOCTOR_GOOD,
	  "not in this kernel" },

	/* Who else runs. */
	{ "steal", "stat.steal_ticks.before", judge_steal, NULL, 0,
	  "The hypervisor ran something else instead: any bench, as rare long "
	  "operations (p99 and beyond) and as whole invocations that are off.",
	  "- ask the host for CPUs of your own (dedicated, pinned), or measure "
	  "where there is no host",
	  DOCTOR_UNKNOWN, "the kernel does not tell" },
	{ "load", "loadavg.before", judge_load, NULL, 0,
	  "Others compete for the PUs: every bench, most of all place any and "
	  "those that sleep (roundtrip, message, futex, create).",
	  "- stop what runs (see processes), then wait a minute or two",
	  DOCTOR_UNKNOWN, "the kernel does not tell" },
	{ "runnable", "doctor.runnable", judge_runnable, NULL, 0,
	  "Another task takes its turn on a PU of ours: every bench, by time "
	  "slices of milliseconds.",
	  "- stop what runs (see processes)", DOCTOR_UNKNOWN, "" },
	{ "processes", "doctor.top", judge_processes, NULL, 0,
	  "These take turns with every bench and push it off its PU, or "
	  "empty its caches; interrupts come with them.",
	  "- stop what is named, or hold it (kill -STOP PID, later "
	  "kill -CONT PID), or move it: sudo taskset -a -c -p LIST PID",
	  DOCTOR_UNKNOWN, "" },
	{ "pressure", "pressure.cpu.before", judge_pressure, NULL, 0,
	  "Tasks waited for CPU, memory or disk: what made them wait is there "
	  "for every bench too.",
	  "- stop what runs (see processes), then wait ten seconds",
	  DOCTOR_UNKNOWN, "no PSI (boot with psi=1)" },
	{ "gaps", "doctor.gap_ns", judge_gaps, NULL, 0,
	  "A gap falls into one operation of many: p99 and beyond of "
	  "roundtrip, message, futex and create, the batch means of getppid "
	  "and fence. Those of interrupts stay; steal and tasks do not have "
	  "to.",
	  "- mend steal, processes and isolcpus; leave out the PUs that are "
	  "worst below (taskset -c LIST handoff run)",
	  DOCTOR_UNKNOWN, "" },

	/* What is kept from us, or for us. */
	{ "cgroup quota", "cgroup.cpu.max", judge_quota, NULL, 0,
	  "When it is used up, all our threads stop until the period ends: "
	  "any bench, by up to a period (usually 100 ms); roundtrip/spin and "
	  "fence use most.",
	  "-", DOCTOR_NOTE, "no limit in sight" },
	{ "cpuset", "process.Cpus_allowed_list", judge_cpuset, NULL, 0,
	  "What runs on the PUs left out shares cores, caches and power with "
	  "ours: every bench. Places that need them are absent.",
	  "- ask whoever set the cgroup's cpuset (docker run --cpuset-cpus=…)",
	  DOCTOR_UNKNOWN, "the kernel does not tell" },
	{ "isolcpus", "cpu.isolated", judge_isolated, NULL, 0,
	  "Other tasks stay off isolated PUs: fewer gaps in every bench bound "
	  "to them. Place any does not work there: the scheduler does not "
	  "move tasks between them.",
	  "- boot with isolcpus=managed_irq,domain,LIST irqaffinity=REST, LIST "
	  "the PUs to measure on with their SMT siblings (kernel parameters; "
	  "after a change, reboot)",
	  DOCTOR_UNKNOWN, "the kernel does not tell" },
	{ "nohz_full", "cpu.nohz_full", judge_isolated, NULL, 0,
	  "Without the tick there are fewer gaps in what never sleeps (fence, "
	  "roundtrip/spin); every entry to the kernel costs more (getppid, "
	  "and all others).",
	  "- boot with nohz_full=LIST rcu_nocbs=LIST (kernel parameters)",
	  DOCTOR_NOTE, "not in this kernel" },
	{ "RT limits", "kernel.sched_rt_runtime_us", judge_realtime, NULL, 0,
	  "Only under chrt: what never sleeps (fence, roundtrip/spin) is "
	  "stopped for the rest of each period.",
	  "sudo sysctl kernel.sched_rt_runtime_us=-1", DOCTOR_UNKNOWN,
	  "the kernel does not tell" },

	/* What the numbers mean. */
	{ "mitigations", "mitigation.spectre_v2", judge_mitigations, NULL, 0,
	  "Entering the kernel and switching tasks cost more, the same each "
	  "time: no noise, but getppid, roundtrip, message, futex and create "
	  "differ from a machine without. Turn them off only where nothing "
	  "runs that you do not trust.",
	  BOOT_WITH("mitigations=off"), DOCTOR_UNKNOWN,
	  "the kernel does not tell" },
	{ "container", "container", judge_words, "none|none seen", DOCTOR_NOTE,
	  "Neighbours that cannot be seen from here, and often a seccomp "
	  "filter, a quota or a cpuset (see these): every bench.",
	  "- run handoff on the host, or in a container with PUs of its own "
	  "(docker run --cpuset-cpus=LIST, without --cpus)",
	  DOCTOR_UNKNOWN, "nothing tells" },
	{ "hypervisor", "hypervisor", judge_hypervisor, "none", DOCTOR_NOTE,
	  "Clock speed, idle states, halt polling and neighbours are the "
	  "host's and out of sight; exits to it are part of every wake-up "
	  "between PUs (roundtrip, message, futex, create).",
	  "- ask the host for pinned CPUs and a long halt_poll_ns, or measure "
	  "where there is no host",
	  DOCTOR_UNKNOWN, "nothing tells" },
	{ "emulation", "emulation", judge_words, EMULATION_NONE, DOCTOR_NOISY,
	  "A program executes the instructions: what is timed is that program, "
	  "in every bench, and claims of times cannot be told. Counts are the "
	  "kernel's and stand.",
	  "- run handoff on a machine of this architecture, or under KVM",
	  DOCTOR_UNKNOWN, "not asked" },
	{ "seccomp", "process.Seccomp", judge_seccomp, "0", DOCTOR_NOTE,
	  "The filter runs at every system call: getppid, and a little of all "
	  "others; it may also deny perf, io_uring and mbind.",
	  "- start the container with --security-opt seccomp=unconfined",
	  DOCTOR_GOOD, "not in this kernel" },
	{ "perf permission", "kernel.perf_event_paranoid", judge_perf, NULL, 0,
	  "System calls are counted by ptrace or not at all: the metric "
	  "syscalls of every bench; where they depend on who comes first "
	  "(futex, uv_async, streaming) they are those of a slowed run. Times "
	  "do not change.",
	  "sudo handoff run", DOCTOR_UNKNOWN, "no perf in this kernel" },
};
enum { CHECKS = sizeof(checks) / sizeof(*checks) };
_Static_assert((int)CHECKS <= (int)DOCTOR_MOST, "room for every check");

/* ---- the diagnosis ---- */

static const char *const grades[] = {
	[DOCTOR_NOISY] = "noisy",
	[DOCTOR_UNKNOWN] = "unknown",
	[DOCTOR_NOTE] = "note",
	[DOCTOR_GOOD] = "good",
};

const char *doctor_grade_name(enum doctor_grade grade)
{
	return grades[grade];
}

static void judge_one(const struct doctor_facts *facts,
		      const struct check *check, struct doctor_finding *out)
{
	const struct fact *fact = fact_find(facts, check->fact);
	const char *lack = fact_lack(fact);
	struct look look = { facts, check, "", "", out };

	*out = (struct doctor_finding){ .what = check->what,
					.effect = check->effect };
	advise(&look, "%s", check->command);
	if (lack && strcmp(lack, "absent")) {
		out->grade = DOCTOR_UNKNOWN;
		advise(&look, "sudo handoff doctor");
		say(&look, "unknown (%s)", lack);
	} else if (lack) {
		out->grade = check->lacking;
		advise(&look, "-");
		say(&look,
		    *check->lack ? "not applicable: %s" :
				   "unknown (not sampled)%s",
		    check->lack);
	} else {
		look.value = fact->value;
		look.source = fact->source;
		say(&look, "%s", fact->value);
		out->grade = check->judge(&look);
	}
}

size_t doctor_diagnose(const struct doctor_facts *facts,
		       struct doctor_finding *findings, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < CHECKS && count < room; i++) {
		size_t use = i;

		for (; i + 1 < CHECKS &&
		       !strcmp(checks[i].what, checks[i + 1].what);
		     i++)
			if (fact_lack(fact_find(facts, checks[use].fact)))
				use = i + 1;
		judge_one(facts, &checks[use], &findings[count++]);
	}
	return count;
}

size_t doctor_check(const char *root, struct doctor_finding *findings,
		    size_t room)
{
	struct doctor_facts *facts = doctor_facts_new();
	char emulation[64];
	const char *told = emulation_find(root, emulation, sizeof(emulation));
	size_t count;

	doctor_fact(facts, "emulation", emulation, told);
	env_facts(root, doctor_fact, facts);
	env_changing(root, "before", doctor_fact, facts);
	count = doctor_diagnose(facts, findings, room);
	doctor_facts_free(facts);
	return count;
}

/* ---- what is printed ---- */

/* Columns on a terminal: bytes that do not continue a UTF-8 character. */
static size_t width(const char *text, size_t bytes)
{
	size_t n = 0;

	for (size_t i = 0; i < bytes; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* Prints words from a column on; further lines begin at indent. */
static void wrap(FILE *out, size_t column, size_t indent, const char *text)
{
	bool first = true;

	while (*(text += strspn(text, " "))) {
		size_t bytes = strcspn(text, " "), wide = width(text, bytes);

		if (!first && column + 1 + wide > COLUMNS) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)bytes, text);
		column += wide;
		text += bytes;
		first = false;
	}
	fputc('\n', out);
}

static void print_finding(FILE *out, const struct doctor_finding *f)
{
	enum { INDENT = 9, FOUND = INDENT + 17 };

	fprintf(out, "%-7s  %-15s  ", doctor_grade_name(f->grade), f->what);
	wrap(out, FOUND, FOUND, f->found);
	if (f->grade == DOCTOR_GOOD)
		return;
	fprintf(out, "%*s", INDENT, "");
	wrap(out, INDENT, INDENT, f->effect);
	fprintf(out, "%*s", INDENT, "");
	/* A command stays on one line, so that it can be copied. */
	if (*f->command != '-') {
		fprintf(out, "run: %s\n", f->command);
		return;
	}
	fprintf(out, "do: ");
	wrap(out, INDENT + 4, INDENT + 4,
	     f->command[1] ? f->command + 1 :
			     "nothing; it cannot be changed from here");
}

static void print_verdict(FILE *out, const struct doctor_finding *all,
			  size_t count)
{
	char text[2048] = "This machine: ", names[1024] = "";
	size_t noisy = 0, unknown = 0;

	for (size_t i = 0; i < count; i++) {
		unknown += all[i].grade == DOCTOR_UNKNOWN;
		if (all[i].grade != DOCTOR_NOISY)
			continue;
		snprintf(names + strlen(names), sizeof(names) - strlen(names),
			 "%s%s", noisy++ ? ", " : ": ", all[i].what);
	}
	if (noisy)
		snprintf(text, sizeof(text),
			 "This machine: %zu thing%s numbers noisy%s.", noisy,
			 noisy > 1 ? "s make" : " makes", names);
	else
		snprintf(text, sizeof(text),
			 "This machine: nothing was found that makes numbers "
			 "noisy.");
	if (unknown)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 " %zu cannot be seen from here.", unknown);
	wrap(out, 0, 0, text);
}

static void print_floor(FILE *out, const struct clock *clock,
			const struct watch *w)
{
	char step[UNITS_SIZE], cost[UNITS_SIZE], longest[UNITS_SIZE];
	char text[512];
	struct table *t;

	units_time(step, sizeof(step), clock->step_ns);
	units_time(cost, sizeof(cost), clock->cost_ns);
	snprintf(text, sizeof(text),
		 "Noise floor. Clock: %s, step %s, cost of a reading %s (%s).",
		 clock->source == CLOCK_RAW_COUNTER ? "raw counter" :
						      "CLOCK_MONOTONIC_RAW",
		 step, cost, clock->why);
	fputc('\n', out);
	wrap(out, 0, 0, text);
	snprintf(text, sizeof(text),
		 "A thread on each of %zu PUs (of %zu) read the clock back to "
		 "back for 1 s, all at once. A gap is time in which it did "
		 "not run: an interrupt, steal, or another task. Lost is the "
		 "sum of gaps over 1 µs.",
		 w->count, topo_pu_count());
	wrap(out, 0, 0, text);
	fputc('\n', out);

	t = table_new(4, 0);
	table_cell(t, "PU");
	table_cell(t, "longest gap");
	table_cell(t, "gaps > 10 µs");
	table_cell(t, "time lost");
	for (size_t i = 0; i < w->count; i++) {
		const struct noise_gaps *g = &w->gaps[i];
		bool seen = !isnan(g->longest_ns);

		units_time(longest, sizeof(longest), g->longest_ns);
		table_cell(t, "%d", g->pu);
		table_cell(t, "%s", seen ? longest : "cannot be bound to");
		table_cell(t, "%llu", (unsigned long long)g->over_10us);
		if (seen)
			table_cell(t, "%.3f %%", g->lost_share * 100);
		else
			table_cell(t, "-");
	}
	table_print(t, TABLE_TERMINAL, out);
}

int doctor_run(FILE *out)
{
	struct doctor_facts *facts = doctor_facts_new();
	struct doctor_finding findings[DOCTOR_MOST];
	struct platform platform;
	struct watch w = { .count = 0 };
	char err[1024];
	size_t count;
	bool ours;

	if (topo_open(NULL, err, sizeof(err)))
		die_usage("%s", err);
	/* Nothing can be bound in a topology that is made up. */
	ours = topo_is_this_system();
	if (ours) {
		platform_open(&platform, true);
		platform_facts(&platform, doctor_fact, facts);
		watch_machine(&platform.clock, doctor_fact, facts, &w);
	} else {
		platform_machine(platform.machine, sizeof(platform.machine));
		env_changing("", "before", doctor_fact, facts);
	}
	env_facts("", doctor_fact, facts);
	count = doctor_diagnose(facts, findings, DOCTOR_MOST);

	print_verdict(out, findings, count);
	fprintf(out, "Machine: %s\n\n", platform.machine);
	for (enum doctor_grade g = DOCTOR_NOISY; g <= DOCTOR_GOOD; g++)
		for (size_t i = 0; i < count; i++)
			if (findings[i].grade == g)
				print_finding(out, &findings[i]);
	if (w.count)
		print_floor(out, &platform.clock, &w);
	else
		fprintf(out, "\nNoise floor: not measured; nothing can be "
			     "bound here.\n");
	doctor_facts_free(facts);
	topo_close();
	return EXIT_DONE;
}
