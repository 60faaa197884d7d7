/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks doctor against made-up machines in a directory, against facts that
 * only a busy machine has, and against this one. */
#include "doctor.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#include "fake_root.h"
#include "support.h"

#define CPU "/sys/devices/system/cpu/"
#define CGROUP "/sys/fs/cgroup/"

/* ---- a made-up machine, and what is said of it ---- */

struct machine {
	char root[PATH_MAX];
	struct doctor_finding all[DOCTOR_MOST];
	size_t count;
};

static void put_file(const struct machine *m, const char *path,
		     const char *text)
{
	char line[1024];

	assert_true((size_t)snprintf(line, sizeof(line), "%s\n", text) <
		    sizeof(line));
	root_put(m->root, path, line);
}

/* Four PUs on bare metal, set as one would wish. */
static void put_quiet(const struct machine *m)
{
	static const char *const files[][2] = {
		{ CPU "online", "0-3" },
		{ CPU "isolated", "" },
		{ CPU "nohz_full", "(null)" },
		{ CPU "smt/active", "0" },
		{ CPU "intel_pstate/no_turbo", "1" },
		{ CPU "cpuidle/current_driver", "intel_idle" },
		{ CPU "cpuidle/current_governor", "menu" },
		{ CPU "vulnerabilities/spectre_v2", "Not affected" },
		{ "/sys/devices/system/clocksource/clocksource0/"
		  "current_clocksource",
		  "tsc" },
		{ "/sys/devices/system/clocksource/clocksource0/"
		  "available_clocksource",
		  "tsc hpet acpi_pm" },
		{ "/sys/devices/system/node/online", "0" },
		{ "/sys/kernel/mm/transparent_hugepage/enabled",
		  "always [madvise] never" },
		{ "/proc/sys/kernel/numa_balancing", "0" },
		{ "/proc/sys/kernel/sched_rt_runtime_us", "950000" },
		{ "/proc/sys/kernel/sched_rt_period_us", "1000000" },
		{ "/proc/sys/kernel/perf_event_paranoid", "1" },
		{ "/proc/cmdline", "root=/dev/sda quiet" },
		{ "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu tsc\n" },
		{ "/proc/stat", "cpu 100 0 100 9800 0 0 0 0 0 0\n"
				"procs_running 1" },
		{ "/proc/loadavg", "0.02 0.05 0.01 1/200 4711" },
		{ "/proc/pressure/cpu",
		  "some avg10=0.00 avg60=0.00 avg300=0.00 total=1" },
		{ "/proc/self/status", "CapEff:\t0000000000000000\n"
				       "Seccomp:\t0\nSeccomp_filters:\t0\n"
				       "Cpus_allowed_list:\t0-3" },
		{ "/proc/self/cgroup", "0::/app" },
		{ "/proc/self/mountinfo",
		  "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw" },
		{ CGROUP "app/cpu.max", "max 100000" },
		{ CGROUP "app/cpuset.cpus.effective", "0-3" },
		{ "/proc/1/environ", "HOME=/" },
	};
	static const char *const per_cpu[][2] = {
		{ "cpufreq/scaling_governor", "performance" },
		{ "cpuidle/state0/name", "POLL" },
		{ "cpuidle/state0/latency", "0" },
		{ "cpuidle/state0/disable", "0" },
		{ "cpuidle/state1/name", "C1" },
		{ "cpuidle/state1/latency", "2" },
		{ "cpuidle/state1/disable", "0" },
		{ "cpuidle/state2/name", "C6" },
		{ "cpuidle/state2/latency", "133" },
		{ "cpuidle/state2/disable", "1" },
		{ "thermal_throttle/core_throttle_count", "0" },
	};
	char path[256];

	for (size_t i = 0; i < COUNT(files); i++)
		put_file(m, files[i][0], files[i][1]);
	for (size_t i = 0; i < COUNT(per_cpu); i++) {
		for (int cpu = 0; cpu < 4; cpu++) {
			snprintf(path, sizeof(path), CPU "cpu%d/%s", cpu,
				 per_cpu[i][0]);
			put_file(m, path, per_cpu[i][1]);
		}
	}
}

static int empty_setup(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));

	if (!m)
		return -1;
	if (root_make(m->root)) {
		free(m);
		return -1;
	}
	*state = m;
	return 0;
}

static int quiet_setup(void **state)
{
	if (empty_setup(state))
		return -1;
	put_quiet(*state);
	return 0;
}

static int teardown(void **state)
{
	struct machine *m = *state;
	int rc = root_remove(m->root);

	free(m);
	return rc;
}

static void check(struct machine *m)
{
	m->count = doctor_check(m->root, m->all, DOCTOR_MOST);
}

static const struct doctor_finding *find(const struct machine *m,
					 const char *what)
{
	for (size_t i = 0; i < m->count; i++)
		if (!strcmp(m->all[i].what, what))
			return &m->all[i];
	fail_msg("no finding '%s'", what);
	return NULL;
}

/* found and command: parts of what must be there; NULL: anything. */
static void finding_is(const struct machine *m, int line, const char *what,
		       enum doctor_grade grade, const char *found,
		       const char *command)
{
	const struct doctor_finding *f = find(m, what);

	if (f->grade != grade || (found && !strstr(f->found, found)) ||
	    (command && !strstr(f->command, command)))
		fail_msg("line %d: %s is %s: \"%s\", \"%s\"", line, what,
			 doctor_grade_name(f->grade), f->found, f->command);
}

#define assert_finding(m, ...) finding_is(m, __LINE__, __VA_ARGS__)

/* Writes one file, looks, and compares. */
static void one_file(struct machine *m, int line, const char *path,
		     const char *text, const char *what,
		     enum doctor_grade grade, const char *found,
		     const char *command)
{
	put_file(m, path, text);
	check(m);
	finding_is(m, line, what, grade, found, command);
}

#define assert_file(m, ...) one_file(m, __LINE__, __VA_ARGS__)

static void remove_file(const struct machine *m, const char *path)
{
	char full[PATH_MAX + 256];

	snprintf(full, sizeof(full), "%s%s", m->root, path);
	assert_int_equal(unlink(full), 0);
}

static size_t count_grade(const struct machine *m, enum doctor_grade grade)
{
	size_t n = 0;

	for (size_t i = 0; i < m->count; i++)
		n += m->all[i].grade == grade;
	return n;
}

/* What the command must cover. */
static const char *const areas[] = {
	"governor",       "turbo",           "SMT sibling", "idle states",
	"idle",           "halt polling",    "clocksource", "THP",
	"NUMA balancing", "steal",           "load",        "runnable",
	"processes",      "pressure",        "gaps",        "cgroup quota",
	"cpuset",         "isolcpus",        "nohz_full",   "RT limits",
	"mitigations",    "container",       "hypervisor",  "seccomp",
	"throttling",     "perf permission", "emulation"
};

/* ---- whole machines ---- */

static void test_quiet(void **state)
{
	struct machine *m = *state;

	check(m);
	for (size_t i = 0; i < m->count; i++)
		if (m->all[i].grade == DOCTOR_NOISY)
			fail_msg("%s is noisy: %s", m->all[i].what,
				 m->all[i].found);
	assert_finding(m, "governor", DOCTOR_GOOD, "performance", NULL);
	assert_finding(m, "turbo", DOCTOR_GOOD, "off", NULL);
	assert_finding(m, "SMT sibling", DOCTOR_GOOD, "off", NULL);
	assert_finding(m, "idle states", DOCTOR_GOOD, "C1, 2 µs", NULL);
	assert_finding(m, "idle", DOCTOR_GOOD, "intel_idle", NULL);
	assert_finding(m, "clocksource", DOCTOR_GOOD, "tsc", NULL);
	assert_finding(m, "steal", DOCTOR_GOOD, "0.00 %", NULL);
	assert_finding(m, "load", DOCTOR_GOOD, "0.02 on 4 PUs", NULL);
	assert_finding(m, "cgroup quota", DOCTOR_GOOD, "no limit", NULL);
	assert_finding(m, "cpuset", DOCTOR_GOOD, "all PUs", NULL);
	assert_finding(m, "isolcpus", DOCTOR_NOTE, "none", "isolcpus=");
	assert_finding(m, "nohz_full", DOCTOR_NOTE, "none", "nohz_full=");
	assert_finding(m, "mitigations", DOCTOR_GOOD, "0 active", NULL);
	assert_finding(m, "container", DOCTOR_GOOD, "none", NULL);
	assert_finding(m, "hypervisor", DOCTOR_GOOD, "none", NULL);
	assert_finding(m, "emulation", DOCTOR_GOOD, "none", NULL);
	assert_finding(m, "throttling", DOCTOR_GOOD, "0 since boot", NULL);
	/* Only what takes time to see is open. */
	assert_finding(m, "gaps", DOCTOR_UNKNOWN, "unknown (not sampled)", "-");
	assert_int_equal(count_grade(m, DOCTOR_UNKNOWN), 3);
}

static void test_nothing_there(void **state)
{
	static const char *const absent[] = {
		"governor",    "turbo",      "SMT sibling",    "idle states",
		"idle",        "throttling", "clocksource",    "THP",
		"steal",       "load",       "pressure",       "cgroup quota",
		"cpuset",      "isolcpus",   "nohz_full",      "RT limits",
		"mitigations", "seccomp",    "NUMA balancing",
	};
	struct machine *m = *state;

	check(m);
	assert_int_equal(count_grade(m, DOCTOR_NOISY), 0);
	for (size_t i = 0; i < COUNT(absent); i++) {
		const struct doctor_finding *f = find(m, absent[i]);

		if (strncmp(f->found, "not applicable: ", 16) ||
		    strcmp(f->command, "-"))
			fail_msg("%s: \"%s\", \"%s\"", f->what, f->found,
				 f->command);
	}
	assert_finding(m, "governor", DOCTOR_UNKNOWN, NULL, NULL);
	assert_finding(m, "turbo", DOCTOR_UNKNOWN, NULL, NULL);
	assert_finding(m, "hypervisor", DOCTOR_UNKNOWN, "unknown", NULL);
	assert_finding(m, "THP", DOCTOR_GOOD, "not in this kernel", NULL);
}

/* Each says all that a finding has to say, on every machine. */
static void all_complete(const struct machine *m)
{
	static const char *const benches[] = { "bench",     "getppid", "create",
					       "roundtrip", "message", "futex",
					       "fence" };

	assert_int_equal(m->count, COUNT(areas));
	for (size_t i = 0; i < COUNT(areas); i++) {
		const struct doctor_finding *f = find(m, areas[i]);
		size_t named = 0;

		for (size_t j = 0; j < COUNT(benches); j++)
			named += strstr(f->effect, benches[j]) != NULL;
		if (!named || !*f->found || !*f->command)
			fail_msg("%s: \"%s\", \"%s\", \"%s\"", f->what,
				 f->effect, f->found, f->command);
	}
}

static void test_complete(void **state)
{
	struct machine *m = *state;

	check(m);
	all_complete(m);
	put_quiet(m);
	check(m);
	all_complete(m);
	/* No more than there is room for. */
	memset(m->all, 0, sizeof(m->all));
	assert_int_equal(doctor_check(m->root, m->all, 3), 3);
	assert_non_null(m->all[2].what);
	assert_null(m->all[3].what);
	assert_int_equal(doctor_check(m->root, m->all, 0), 0);
}

/* ---- clock speed, idle states, memory ---- */

static void test_governor(void **state)
{
	struct machine *m = *state;
	static const char command[] = "echo performance | sudo tee "
				      "/sys/devices/system/cpu/cpu*/cpufreq/"
				      "scaling_governor";

	assert_file(m, CPU "cpu2/cpufreq/scaling_governor", "powersave",
		    "governor", DOCTOR_NOISY,
		    "0-1,3: performance; 2: powersave", command);
	for (int cpu = 0; cpu < 4; cpu++) {
		char path[128];

		snprintf(path, sizeof(path),
			 CPU "cpu%d/cpufreq/scaling_governor", cpu);
		put_file(m, path, "powersave");
	}
	check(m);
	assert_finding(m, "governor", DOCTOR_NOISY, "powersave", command);
	assert_int_equal(count_grade(m, DOCTOR_NOISY), 1);
}

static void test_turbo(void **state)
{
	struct machine *m = *state;

	assert_file(m, CPU "intel_pstate/no_turbo", "0", "turbo", DOCTOR_NOISY,
		    "on", "echo 1 | sudo tee " CPU "intel_pstate/no_turbo");
	/* The one file counts where the other is absent. */
	remove_file(m, CPU "intel_pstate/no_turbo");
	assert_file(m, CPU "cpufreq/boost", "1", "turbo", DOCTOR_NOISY, "on",
		    "echo 0 | sudo tee " CPU "cpufreq/boost");
	assert_file(m, CPU "cpufreq/boost", "0", "turbo", DOCTOR_GOOD, "off",
		    NULL);
	assert_int_equal(m->count, COUNT(areas));
}

static void test_smt(void **state)
{
	struct machine *m = *state;

	assert_file(m, CPU "smt/active", "1", "SMT sibling", DOCTOR_NOTE, "on",
		    "echo off | sudo tee " CPU "smt/control");
}

static void test_idle_states(void **state)
{
	struct machine *m = *state;

	/* One CPU that may enter it is enough. */
	assert_file(m, CPU "cpu3/cpuidle/state2/disable", "0", "idle states",
		    DOCTOR_NOISY, "C6, 133 µs", "cpupower idle-set -D 10");
	assert_finding(m, "idle", DOCTOR_GOOD, "governor menu", NULL);
	assert_file(m, CPU "cpu3/cpuidle/state2/latency", "200", "idle states",
		    DOCTOR_NOISY, "C6, 200 µs", NULL);
}

static void test_idle_of_a_guest(void **state)
{
	struct machine *m = *state;

	put_file(m, "/sys/class/dmi/id/product_name", "KVM");
	put_file(m, "/sys/module/haltpoll/parameters/guest_halt_poll_ns",
		 "200000");
	/* A driver that can ask for a state by itself needs no host. */
	check(m);
	assert_finding(m, "idle", DOCTOR_GOOD, "intel_idle", NULL);
	assert_finding(m, "halt polling", DOCTOR_GOOD, "not in use", NULL);
	assert_file(m, CPU "cpuidle/current_driver", "none", "idle",
		    DOCTOR_NOISY, "driver none, governor menu", NULL);
	put_file(m, CPU "cpuidle/current_governor", "haltpoll");
	assert_file(m, CPU "cpuidle/current_driver", "haltpoll", "idle",
		    DOCTOR_NOISY, "driver haltpoll", NULL);
	assert_finding(m, "halt polling", DOCTOR_NOISY, "200 µs",
		       "/sys/module/haltpoll/parameters/guest_halt_poll_ns");
	assert_file(m, "/sys/module/haltpoll/parameters/guest_halt_poll_ns",
		    "0", "halt polling", DOCTOR_GOOD, "0.00 ns", NULL);
	assert_file(m, "/proc/cmdline", "quiet idle=poll", "idle", DOCTOR_GOOD,
		    "never halts", NULL);
	assert_file(m, "/proc/cmdline", "xidle=poll idle=polls", "idle",
		    DOCTOR_NOISY, NULL, NULL);
}

static void test_clocksource(void **state)
{
	static const char current[] =
		"/sys/devices/system/clocksource/clocksource0/"
		"current_clocksource";
	static const char available[] =
		"/sys/devices/system/clocksource/clocksource0/"
		"available_clocksource";
	struct machine *m = *state;

	assert_file(m, current, "hpet", "clocksource", DOCTOR_NOISY, "hpet",
		    "echo tsc | sudo tee /sys/devices");
	assert_file(m, available, "hpet acpi_pm", "clocksource", DOCTOR_NOISY,
		    "hpet", "dmesg");
	assert_file(m, current, "arch_sys_counter", "clocksource", DOCTOR_GOOD,
		    NULL, NULL);
	assert_file(m, current, "ts", "clocksource", DOCTOR_NOISY, NULL, NULL);
}

static void test_memory(void **state)
{
	struct machine *m = *state;

	assert_file(m, "/sys/kernel/mm/transparent_hugepage/enabled",
		    "[always] madvise never", "THP", DOCTOR_NOISY, "always",
		    "echo madvise | sudo tee "
		    "/sys/kernel/mm/transparent_hugepage/enabled");
	assert_file(m, "/proc/sys/kernel/numa_balancing", "1", "NUMA balancing",
		    DOCTOR_GOOD, "one node", NULL);
	assert_file(m, "/sys/devices/system/node/online", "0-1",
		    "NUMA balancing", DOCTOR_NOISY, "on (1)",
		    "sysctl kernel.numa_balancing=0");
}

/* ---- what is kept from us, or for us ---- */

static void test_quota_v2(void **state)
{
	struct machine *m = *state;

	assert_file(m, CGROUP "app/cpu.max", "50000 100000", "cgroup quota",
		    DOCTOR_NOISY, "0.50 CPUs",
		    "echo max | sudo tee " CGROUP "app/cpu.max");
	/* A pair that spins uses two whole. */
	assert_file(m, CGROUP "app/cpu.max", "200000 100000", "cgroup quota",
		    DOCTOR_NOISY, "2.00 CPUs", NULL);
	assert_file(m, CGROUP "app/cpu.max", "300000 100000", "cgroup quota",
		    DOCTOR_NOTE, "3.00 CPUs", NULL);
	/* A parent's binds too. */
	assert_file(m, CGROUP "cpu.max", "150000 100000", "cgroup quota",
		    DOCTOR_NOISY, "1.50 CPUs", "tee " CGROUP "cpu.max");
}

static void test_quota_v1(void **state)
{
	struct machine *m = *state;

	put_file(m, "/proc/self/cgroup", "1:cpu,cpuacct:/app");
	put_file(m, "/proc/self/mountinfo",
		 "30 23 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup "
		 "rw,cpu,cpuacct");
	put_file(m, CGROUP "cpu/app/cpu.cfs_period_us", "100000");
	assert_file(m, CGROUP "cpu/app/cpu.cfs_quota_us", "50000",
		    "cgroup quota", DOCTOR_NOISY, "0.50 CPUs",
		    "echo -1 | sudo tee " CGROUP "cpu/app/cpu.cfs_quota_us");
	assert_file(m, CGROUP "cpu/app/cpu.cfs_quota_us", "-1", "cgroup quota",
		    DOCTOR_GOOD, "no limit", NULL);
}

static void test_cpus(void **state)
{
	struct machine *m = *state;
	static const char status[] = "/proc/self/status";

	/* Isolated, but kept from us: by our affinity only. */
	put_file(m, status, "Cpus_allowed_list:\t0-1");
	put_file(m, CPU "nohz_full", "2-3");
	assert_file(m, CPU "isolated", "2-3", "isolcpus", DOCTOR_NOTE,
		    "2-3, but we may use 0-1", "taskset -c 2-3 handoff run");
	assert_finding(m, "nohz_full", DOCTOR_NOTE, "2-3", "taskset -c 2-3");
	assert_finding(m, "cpuset", DOCTOR_NOTE, "2 of 4 PUs are allowed: 0-1",
		       "taskset -c 0-3 handoff run");
	/* By the cgroup. */
	assert_file(m, CGROUP "app/cpuset.cpus.effective", "0-1", "cpuset",
		    DOCTOR_NOTE, NULL, "- ask");
	/* And where we run on them. */
	assert_file(m, status, "Cpus_allowed_list:\t2-3", "isolcpus",
		    DOCTOR_GOOD, "2-3, all", NULL);
	assert_finding(m, "nohz_full", DOCTOR_GOOD, "2-3, all", NULL);
	assert_file(m, status, "Cpus_allowed_list:\t1-3", "isolcpus",
		    DOCTOR_NOTE, "may use 1-3", NULL);
	/* Lists of many, with holes. */
	put_file(m, CPU "online", "0-511,1024-2047");
	assert_file(m, status, "Cpus_allowed_list:\t500-1025,2047", "cpuset",
		    DOCTOR_NOTE, "15 of 1536", NULL);
}

static void test_container_and_host(void **state)
{
	struct machine *m = *state;

	assert_file(m, "/.dockerenv", "", "container", DOCTOR_NOTE, "docker",
		    "- run handoff on the host");
	assert_file(m, "/sys/hypervisor/type", "xen", "hypervisor", DOCTOR_NOTE,
		    "Xen", "- ask the host");
	assert_file(m, "/proc/self/status", "Seccomp:\t2\nSeccomp_filters:\t1",
		    "seccomp", DOCTOR_NOTE, "mode 2, 1 filters",
		    "seccomp=unconfined");
	assert_file(m, CPU "vulnerabilities/spectre_v2",
		    "Mitigation: Retpolines", "mitigations", DOCTOR_NOTE,
		    "1 active: spectre_v2", "mitigations=off");
	assert_file(m, CPU "vulnerabilities/spectre_v2", "Vulnerable",
		    "mitigations", DOCTOR_GOOD, "0 active", NULL);
	assert_int_equal(count_grade(m, DOCTOR_NOISY), 0);
	assert_file(m, "/proc/sys/kernel/arch", "vax", "emulation",
		    DOCTOR_NOISY, "unknown", "- run handoff on a machine");
}

static void test_perf(void **state)
{
	static const char paranoid[] = "/proc/sys/kernel/perf_event_paranoid";
	struct machine *m = *state;

	assert_file(m, paranoid, "3", "perf permission", DOCTOR_NOTE,
		    "3, which stops us", "sudo handoff run");
	assert_file(m, "/proc/self/status", "CapEff:\t0000004000000000",
		    "perf permission", DOCTOR_GOOD, "does not stop", NULL);
	assert_file(m, "/proc/self/status", "CapEff:\t0000000000000000",
		    "perf permission", DOCTOR_NOTE, NULL, NULL);
	assert_file(m, paranoid, "-1", "perf permission", DOCTOR_GOOD, NULL,
		    NULL);
}

/* ---- who else runs ---- */

static void test_load(void **state)
{
	struct machine *m = *state;

	/* A tenth of four PUs. */
	assert_file(m, "/proc/loadavg", "0.39 9.99 9.99 1/200 1", "load",
		    DOCTOR_GOOD, "0.39", NULL);
	assert_file(m, "/proc/loadavg", "0.40 0.00 0.00 1/200 1", "load",
		    DOCTOR_NOISY, "0.40 on 4 PUs", "- stop");
	assert_file(m, "/proc/pressure/io",
		    "some avg10=2.50 avg60=0.00 avg300=0.00 total=1\n"
		    "full avg10=0.00 avg60=0.00 avg300=0.00 total=1",
		    "pressure", DOCTOR_NOISY, "io 2.5 %", NULL);
	assert_file(m, "/proc/stat", "cpu 100 0 100 9700 0 0 0 100 0 0",
		    "steal", DOCTOR_NOISY, "1.00 % since boot",
		    "- ask the host");
	assert_file(m, "/proc/stat", "cpu 100 0 100 9700 0 0 0 1 0 0", "steal",
		    DOCTOR_NOTE, "0.01 % since boot", NULL);
	assert_file(m, CPU "cpu1/thermal_throttle/core_throttle_count", "7",
		    "throttling", DOCTOR_NOTE, "7 since boot", NULL);
}

struct said {
	const char *name, *value;
};

/* Judges facts that only a running machine has. */
static void diagnose(struct machine *m, const struct said *said, size_t count)
{
	struct doctor_facts *facts = doctor_facts_new();

	for (size_t i = 0; i < count; i++)
		doctor_fact(facts, said[i].name, said[i].value, "test");
	m->count = doctor_diagnose(facts, m->all, DOCTOR_MOST);
	doctor_facts_free(facts);
}

static void test_sampled(void **state)
{
	struct machine *m = *state;
	static const struct said busy[] = {
		{ "cpu.online", "0-3" },
		{ "cpu.smt.active", "1" },
		{ "kernel.clk_tck", "100" },
		{ "doctor.runnable", "2" },
		{ "doctor.elapsed_s", "1" },
		{ "doctor.own_cpu_s", "2" },
		{ "doctor.top", "stress-ng-cpu (pid 7) 99 %" },
		{ "doctor.top_share", "0.99" },
		{ "doctor.seen_pus", "0.99" },
		{ "doctor.busy_siblings", "1.5" },
		{ "doctor.gap_ns", "4e6" },
		{ "doctor.lost_share", "0.5" },
		{ "stat.user_ticks.before", "1000" },
		{ "stat.user_ticks.after", "1390" },
		{ "stat.nice_ticks.before", "0" },
		{ "stat.nice_ticks.after", "0" },
		{ "stat.system_ticks.before", "0" },
		{ "stat.system_ticks.after", "2" },
		{ "stat.idle_ticks.before", "100000" },
		{ "stat.idle_ticks.after", "100000" },
		{ "stat.iowait_ticks.before", "0" },
		{ "stat.iowait_ticks.after", "0" },
		{ "stat.irq_ticks.before", "0" },
		{ "stat.irq_ticks.after", "0" },
		{ "stat.softirq_ticks.before", "0" },
		{ "stat.softirq_ticks.after", "0" },
		{ "stat.steal_ticks.before", "0" },
		{ "stat.steal_ticks.after", "8" },
		{ "throttle.core_throttle_count.before", "1" },
		{ "throttle.core_throttle_count.after", "3" },
		{ "cgroup.cpu.max", "800000 100000" },
		{ "cgroup.cpu.stat.nr_throttled.before", "5" },
		{ "cgroup.cpu.stat.nr_throttled.after", "6" },
	};
	static const struct said calm[] = {
		{ "cpu.online", "0-3" },
		{ "cpu.smt.active", "1" },
		{ "kernel.clk_tck", "100" },
		{ "doctor.runnable", "0" },
		{ "doctor.top", "" },
		{ "doctor.top_share", "0" },
		{ "doctor.busy_siblings", "0.01" },
		{ "doctor.gap_ns", "31000" },
		{ "doctor.lost_share", "0.0004" },
		/* and with /proc/stat */
		{ "doctor.elapsed_s", "1" },
		{ "doctor.own_cpu_s", "0" },
		{ "doctor.seen_pus", "0" },
		{ "stat.user_ticks.before", "1000" },
		{ "stat.user_ticks.after", "1000" },
		{ "stat.nice_ticks.before", "1000" },
		{ "stat.nice_ticks.after", "1000" },
		{ "stat.system_ticks.before", "1000" },
		{ "stat.system_ticks.after", "1000" },
		{ "stat.irq_ticks.before", "1000" },
		{ "stat.irq_ticks.after", "1000" },
		{ "stat.softirq_ticks.before", "1000" },
		{ "stat.softirq_ticks.after", "1000" },
	};
	const size_t hidden = 9; /* of them without it */

	diagnose(m, busy, COUNT(busy));
	assert_finding(m, "runnable", DOCTOR_NOISY, "2 beside", "- stop");
	assert_finding(m, "processes", DOCTOR_NOISY,
		       "1.92 PUs' worth used by others while sampled: "
		       "stress-ng-cpu (pid 7) 99 %; 0.93 by what came and went",
		       "kill -STOP");
	assert_finding(m, "SMT sibling", DOCTOR_NOISY, "busy (1.50 PUs)",
		       "smt/control");
	assert_finding(m, "gaps", DOCTOR_NOISY, "4.00 ms", NULL);
	assert_finding(m, "steal", DOCTOR_NOISY, "2.0 % while sampled", NULL);
	assert_finding(m, "throttling", DOCTOR_NOISY, "2 times while", NULL);
	assert_finding(m, "cgroup quota", DOCTOR_NOISY,
		       "stopped in 1 of its periods meanwhile", NULL);

	diagnose(m, calm, COUNT(calm));
	assert_int_equal(count_grade(m, DOCTOR_NOISY), 0);
	assert_finding(m, "runnable", DOCTOR_GOOD, "0 beside", NULL);
	assert_finding(m, "processes", DOCTOR_GOOD, NULL, NULL);
	diagnose(m, calm, hidden);
	assert_finding(m, "processes", DOCTOR_UNKNOWN, "does not tell", NULL);
	assert_finding(m, "SMT sibling", DOCTOR_NOTE, "were idle", NULL);
	assert_finding(m, "gaps", DOCTOR_GOOD, "31.0 µs", NULL);
}

static void test_denied(void **state)
{
	struct machine *m = *state;
	struct doctor_facts *facts = doctor_facts_new();

	doctor_fact(facts, "cpufreq.scaling_governor", "",
		    CPU "cpu*/cpufreq/scaling_governor: denied");
	doctor_fact(facts, "intel_pstate.no_turbo", "", "no_turbo: absent");
	doctor_fact(facts, "cpufreq.boost", "", "boost: denied");
	doctor_fact(facts, "pressure.cpu.before", "",
		    "/proc/pressure/cpu: Operation not supported");
	doctor_fact(facts, "cpu.isolated", "", CPU "isolated");
	m->count = doctor_diagnose(facts, m->all, DOCTOR_MOST);
	doctor_facts_free(facts);
	assert_finding(m, "governor", DOCTOR_UNKNOWN, "unknown (denied)",
		       "sudo handoff doctor");
	assert_finding(m, "turbo", DOCTOR_UNKNOWN, "unknown (denied)", NULL);
	assert_finding(m, "pressure", DOCTOR_UNKNOWN,
		       "unknown (Operation not supported)", NULL);
	/* An empty file is an answer. */
	assert_finding(m, "isolcpus", DOCTOR_NOTE, "none", NULL);
}

static void test_counting(void **state)
{
	static const struct said perf[] = {
		{ "kernel.perf_event_paranoid", "2" },
		{ "process.CapEff", "000001ffffffffff" },
		{ "counts.syscalls", "perf" },
	};
	struct machine *m = *state;
	struct doctor_facts *facts = doctor_facts_new();

	diagnose(m, perf, COUNT(perf));
	assert_finding(m, "perf permission", DOCTOR_GOOD, "perf works", NULL);
	/* Root needs more than permission. */
	doctor_fact(facts, "kernel.perf_event_paranoid", "2", "test");
	doctor_fact(facts, "process.CapEff", "000001ffffffffff", "test");
	doctor_fact(facts, "counts.syscalls", "ptrace",
		    "perf tracepoint: no tracefs that can be read");
	m->count = doctor_diagnose(facts, m->all, DOCTOR_MOST);
	doctor_facts_free(facts);
	assert_finding(m, "perf permission", DOCTOR_NOTE, "no tracefs",
		       "sudo mount -t tracefs");
}

/* Names and values may be long and are someone else's. */
static void test_long_values(void **state)
{
	char text[1024] = "";
	struct said said[] = {
		{ "thp.enabled", text },
		{ "clock.current_clocksource", text },
	};
	struct machine *m = *state;

	for (size_t odd = 0; odd < 2; odd++) {
		const char *found;

		strcpy(text, odd ? "x" : "");
		while (strlen(text) + 3 < sizeof(text))
			strcat(text, "é");
		diagnose(m, said, COUNT(said));
		found = find(m, "THP")->found;
		assert_in_range(strlen(found), 250, 255);
		assert_string_equal(found + strlen(found) - 5, "é…");
	}
}

/* ---- this machine ---- */

static char *run_doctor(int *rc)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	*rc = doctor_run(out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(text);
	return text;
}

static size_t columns(const char *line)
{
	size_t n = 0;

	for (; *line; line++)
		n += ((unsigned char)*line & 0xc0) != 0x80;
	return n;
}

static void test_real(void **state)
{
	struct timespec from, to;
	cpu_set_t before, after;
	char *text, *save = NULL;
	int rc;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	text = run_doctor(&rc);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_int_equal(rc, 0);
	assert_int_equal(strncmp(text, "This machine: ", 14), 0);
	assert_non_null(strstr(text, "\nMachine: "));
	for (size_t i = 0; i < COUNT(areas); i++) {
		char line[64];

		/* a grade, two blanks, what, two blanks */
		snprintf(line, sizeof(line), "  %-15s  ", areas[i]);
		if (!strstr(text, line))
			fail_msg("'%s' is not in:\n%s", areas[i], text);
	}
	assert_null(strstr(text, "not sampled"));
	assert_non_null(strstr(text, "\nNoise floor. Clock: "));
	assert_non_null(strstr(text, "longest gap"));
	assert_non_null(strstr(text, " %\n"));
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (columns(line) > 80 && !strstr(line, "run: "))
			fail_msg("too long: %s", line);
	free(text);

	/* Three seconds are promised; a machine may be loaded. */
	if (!SANITIZED)
		assert_in_range(to.tv_sec - from.tv_sec, 1, 10);
	/* It must leave this thread where it was. */
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
}

/* Joins lines and squeezes blanks, in place. */
static void unwrap(char *text)
{
	char *to = text;

	for (char *c = text; *c; c++) {
		bool blank = *c == ' ' || *c == '\n';

		if (!blank || to == text || to[-1] != ' ')
			*to++ = (char)(blank ? ' ' : *c);
	}
	*to = '\0';
}

/* Whether doctor names a process that does nothing but run, as named. */
static bool names_the_busy(void)
{
	char named[64], *text;
	pid_t pid = fork();
	bool does;
	int rc;

	assert_true(pid >= 0);
	if (!pid) {
		/* What could be taken for the name's end, and a byte that no
		 * terminal should get. */
		prctl(PR_SET_NAME, "a) R (b\x1b");
		alarm(CHILD_SECONDS);
		for (;;)
			__asm__ volatile("");
	}
	text = run_doctor(&rc);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(rc, 0);
	unwrap(text);
	snprintf(named, sizeof(named), "a) R (b? (pid %d) ", pid);
	does = strstr(text, named) && strstr(text, " noisy processes ");
	if (!does)
		print_message("'%s' is not in:\n%s\n", named, text);
	free(text);
	return does;
}

/* The busiest are named: for a while others may be. */
static void test_names_the_busy(void **state)
{
	(void)state;
	for (int look = 0; look < 5; look++)
		if (names_the_busy())
			return;
	fail_msg("not once");
}

/* Nothing can be bound in a made-up topology; what is known is still told. */
static void test_made_up_topology(void **state)
{
	char *text;
	int rc;

	(void)state;
	setenv("HWLOC_SYNTHETIC", "package:2 core:2 pu:2", 1);
	text = run_doctor(&rc);
	unsetenv("HWLOC_SYNTHETIC");
	assert_int_equal(rc, 0);
	assert_non_null(strstr(text, "Noise floor: not measured"));
	assert_non_null(strstr(text, "not sampled"));
	free(text);
}

#define quiet_test(test) \
	cmocka_unit_test_setup_teardown(test, quiet_setup, teardown)
#define empty_test(test) \
	cmocka_unit_test_setup_teardown(test, empty_setup, teardown)

int main(void)
{
	/* of this machine; each test has one of its own */
	unsetenv("HANDOFF_EMULATED");
	const struct CMUnitTest tests[] = {
		quiet_test(test_quiet),
		empty_test(test_nothing_there),
		empty_test(test_complete),
		quiet_test(test_governor),
		quiet_test(test_turbo),
		quiet_test(test_smt),
		quiet_test(test_idle_states),
		quiet_test(test_idle_of_a_guest),
		quiet_test(test_clocksource),
		quiet_test(test_memory),
		quiet_test(test_quota_v2),
		quiet_test(test_quota_v1),
		quiet_test(test_cpus),
		quiet_test(test_container_and_host),
		quiet_test(test_perf),
		quiet_test(test_load),
		empty_test(test_sampled),
		empty_test(test_denied),
		empty_test(test_counting),
		empty_test(test_long_values),
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_names_the_busy),
		cmocka_unit_test(test_made_up_topology),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
