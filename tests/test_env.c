/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks env against made-up machines in a directory, and against this one. */
#include "env.h"

#include <ctype.h>
#include <stdbool.h>

#include "fake_root.h"

#define CPU "/sys/devices/system/cpu/"

/* ---- a made-up machine, and what is said of it ---- */

struct row {
	char *name, *value, *source;
};

struct machine {
	char root[PATH_MAX];
	struct row *rows;
	size_t count, room;
};

static int machine_setup(void **state)
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

static void rows_free(struct machine *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->rows[i].name);
		free(m->rows[i].value);
		free(m->rows[i].source);
	}
	free(m->rows);
	m->rows = NULL;
	m->count = m->room = 0;
}

static int machine_teardown(void **state)
{
	struct machine *m = *state;
	int rc = root_remove(m->root);

	rows_free(m);
	free(m);
	return rc;
}

static void put_bytes(struct machine *m, const char *path, const void *bytes,
		      size_t size)
{
	root_put_bytes(m->root, path, bytes, size);
}

static void put_file(struct machine *m, const char *path, const char *text)
{
	root_put(m->root, path, text);
}

static void put_cpu(struct machine *m, unsigned cpu, const char *file,
		    const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), CPU "cpu%u/%s", cpu, file);
	put_file(m, path, text);
}

static void collect(void *ctx, const char *name, const char *value,
		    const char *source)
{
	struct machine *m = ctx;

	if (m->count == m->room) {
		m->room = m->room ? 2 * m->room : 256;
		m->rows = realloc(m->rows, m->room * sizeof(*m->rows));
		assert_non_null(m->rows);
	}
	m->rows[m->count++] =
		(struct row){ strdup(name), strdup(value), strdup(source) };
}

static void read_facts(struct machine *m)
{
	rows_free(m);
	env_facts(m->root, collect, m);
}

static void read_changing(struct machine *m, const char *suffix)
{
	rows_free(m);
	env_changing(m->root, suffix, collect, m);
}

static const struct row *find(const struct machine *m, const char *name)
{
	for (size_t i = 0; i < m->count; i++)
		if (!strcmp(m->rows[i].name, name))
			return &m->rows[i];
	return NULL;
}

static void row_is(const struct machine *m, int line, const char *name,
		   const char *value, const char *source)
{
	const struct row *row = find(m, name);

	if (!row)
		fail_msg("line %d: no row %s", line, name);
	else if (strcmp(row->value, value) || strcmp(row->source, source))
		fail_msg("line %d: %s is \"%s\" from \"%s\"", line, name,
			 row->value, row->source);
}

static void model_is(const struct machine *m, int line, const char *model)
{
	char got[256];

	if (env_cpu_model(m->root, got, sizeof(got)) || strcmp(got, model))
		fail_msg("line %d: model \"%s\"", line, got);
}

static void hypervisor_is(const struct machine *m, int line, int rc,
			  const char *name)
{
	char got[256];

	if (env_hypervisor(m->root, got, sizeof(got)) != rc ||
	    strcmp(got, name))
		fail_msg("line %d: hypervisor \"%s\"", line, got);
}

#define assert_row(m, ...) row_is(m, __LINE__, __VA_ARGS__)
#define assert_model(m, ...) model_is(m, __LINE__, __VA_ARGS__)
#define assert_hypervisor(m, ...) hypervisor_is(m, __LINE__, __VA_ARGS__)

/* ---- /proc/cpuinfo ---- */

static const char x86_cpuinfo[] =
	"processor\t: 4\n"
	"vendor_id\t: GenuineIntel\n"
	"cpu family\t: 6\n"
	"model\t\t: 85\n"
	"model name\t: Intel(R) Xeon(R) CPU       @ 2.20GHz\n"
	"stepping\t: 3\n"
	"microcode\t: 0x1\n"
	"cpu MHz\t\t: 2199.998\n"
	"core id\t\t: 0\n"
	"apicid\t\t: 0\n"
	"flags\t\t: fpu tsc hypervisor\n"
	"bogomips\t: 4399.99\n"
	"power management:\n"
	"\n"
	"processor\t: 5\n"
	"vendor_id\t: GenuineIntel\n"
	"cpu family\t: 6\n"
	"model\t\t: 85\n"
	"model name\t: Intel(R) Xeon(R) CPU       @ 2.20GHz\n"
	"stepping\t: 3\n"
	"microcode\t: 0x2\n"
	"cpu MHz\t\t: 3100.002\n"
	"core id\t\t: 1\n"
	"apicid\t\t: 2\n"
	"flags\t\t: fpu tsc hypervisor\n"
	"bogomips\t: 4399.99\n"
	"power management:\n"
	"\n";

static void test_cpuinfo_x86(void **state)
{
	struct machine *m = *state;
	char small[8];

	put_file(m, "/proc/cpuinfo", x86_cpuinfo);
	assert_model(m, "Intel(R) Xeon(R) CPU @ 2.20GHz");
	assert_int_equal(env_cpu_model(m->root, small, sizeof(small)), 0);
	assert_string_equal(small, "Intel(R");

	read_facts(m);
	assert_row(m, "cpu.model", "Intel(R) Xeon(R) CPU @ 2.20GHz",
		   "/proc/cpuinfo");
	assert_row(m, "cpuinfo.model", "85", "/proc/cpuinfo model");
	assert_row(m, "cpuinfo.cpu_family", "6", "/proc/cpuinfo cpu family");
	assert_row(m, "cpuinfo.stepping", "3", "/proc/cpuinfo stepping");
	assert_row(m, "cpuinfo.flags", "fpu tsc hypervisor",
		   "/proc/cpuinfo flags");
	assert_row(m, "cpuinfo.microcode", "4: 0x1; 5: 0x2",
		   "/proc/cpuinfo microcode");
	/* Those of the moment, and those that only number the CPUs. */
	assert_null(find(m, "cpuinfo.bogomips"));
	assert_null(find(m, "cpuinfo.cpu_MHz"));
	assert_null(find(m, "cpuinfo.apicid"));
	assert_null(find(m, "cpuinfo.processor"));

	read_changing(m, "after");
	assert_row(m, "cpuinfo.cpu_mhz.min.after", "2199",
		   "/proc/cpuinfo cpu MHz");
	assert_row(m, "cpuinfo.cpu_mhz.max.after", "3100",
		   "/proc/cpuinfo cpu MHz");
}

static const char arm_cpuinfo[] = "processor\t: 0\n"
				  "BogoMIPS\t: 48.00\n"
				  "Features\t: fp asimd\n"
				  "CPU implementer\t: 0x41\n"
				  "CPU architecture: 8\n"
				  "CPU variant\t: 0x3\n"
				  "CPU part\t: %s\n"
				  "CPU revision\t: 1\n"
				  "\n"
				  "processor\t: 1\n"
				  "BogoMIPS\t: 48.00\n"
				  "Features\t: fp asimd\n"
				  "CPU implementer\t: 0x41\n"
				  "CPU architecture: 8\n"
				  "CPU variant\t: 0x4\n"
				  "CPU part\t: %s\n"
				  "CPU revision\t: 0\n"
				  "\n";

static void test_cpuinfo_arm(void **state)
{
	static const struct {
		const char *part0, *part1, *model;
	} rows[] = {
		{ "0xd0c", "0xd0c", "Arm Neoverse-N1" },
		{ "0xd05", "0xd0b", "Arm Cortex-A55 + Arm Cortex-A76" },
		{ "0x012", "0x012", "implementer 0x41 part 0x012" },
	};
	struct machine *m = *state;
	char text[1024];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), arm_cpuinfo, rows[i].part0,
			 rows[i].part1);
		put_file(m, "/proc/cpuinfo", text);
		assert_model(m, rows[i].model);
	}
	put_cpu(m, 0, "regs/identification/midr_el1", "0x00000000413fd0c1\n");
	put_cpu(m, 1, "regs/identification/midr_el1", "0x00000000414fd0c0\n");
	read_facts(m);
	assert_row(m, "cpuinfo.CPU_implementer", "0x41",
		   "/proc/cpuinfo CPU implementer");
	assert_row(m, "cpuinfo.CPU_variant", "0: 0x3; 1: 0x4",
		   "/proc/cpuinfo CPU variant");
	assert_null(find(m, "cpuinfo.BogoMIPS"));
	assert_row(m, "cpu.midr_el1",
		   "0: 0x00000000413fd0c1; 1: 0x00000000414fd0c0",
		   CPU "cpu*/regs/identification/midr_el1");
}

static void test_cpuinfo_others(void **state)
{
	struct machine *m = *state;
	char text[64] = "x";

	assert_int_equal(env_cpu_model(m->root, text, sizeof(text)), -1);
	assert_string_equal(text, "");
	read_facts(m);
	assert_row(m, "cpu.model", "", "/proc/cpuinfo: absent");
	assert_row(m, "cpuinfo", "", "/proc/cpuinfo: absent");

	put_file(m, "/proc/cpuinfo",
		 "processor\t: 0\nhart\t\t: 2\nisa\t\t: rv64imafdc\n"
		 "mmu\t\t: sv39\nuarch\t\t: sifive,u74-mc\n\n");
	assert_model(m, "sifive,u74-mc");
	put_file(m, "/proc/cpuinfo",
		 "processor\t: 0\nhart\t\t: 2\nisa\t\t: rv64imafdc\n\n");
	assert_model(m, "rv64imafdc");
	put_file(m, "/proc/cpuinfo",
		 "processor\t: 0\ncpu\t\t: POWER9\nclock\t\t: 2300MHz\n\n"
		 "timebase\t: 512000000\nmachine\t\t: PowerNV\n");
	assert_model(m, "POWER9");
	read_facts(m);
	assert_row(m, "cpuinfo.machine", "PowerNV", "/proc/cpuinfo machine");
}

/* ---- many CPUs ---- */

static void test_cpus_condensed(void **state)
{
	static const unsigned cpus[] = { 1, 3, 4, 10 };
	static const char source[] = CPU "cpu*/cpufreq/scaling_governor";
	struct machine *m = *state;
	char more[sizeof(source) + 16];

	read_facts(m);
	snprintf(more, sizeof(more), "%s: absent", source);
	assert_row(m, "cpufreq.scaling_governor", "", more);

	for (size_t i = 0; i < 4; i++)
		put_cpu(m, cpus[i], "cpufreq/scaling_governor",
			"performance\n");
	/* Not CPUs. */
	put_file(m, CPU "cpufreq/boost", "1\n");
	put_file(m, CPU "cpuidle/current_driver", "haltpoll\n");
	put_file(m, CPU "cpu7x/cpufreq/scaling_governor", "powersave\n");
	read_facts(m);
	assert_row(m, "cpufreq.scaling_governor", "performance", source);
	assert_row(m, "cpufreq.boost", "1", CPU "cpufreq/boost");

	put_cpu(m, 10, "cpufreq/scaling_governor", "powersave\n");
	read_facts(m);
	assert_row(m, "cpufreq.scaling_governor",
		   "1,3-4: performance; 10: powersave", source);

	put_cpu(m, 3, "cpufreq/scaling_governor", "powersave\n");
	put_cpu(m, 12, "online", "0\n");
	read_facts(m);
	snprintf(more, sizeof(more), "%s (4 of 5)", source);
	assert_row(m, "cpufreq.scaling_governor",
		   "1,4: performance; 3,10: powersave", more);
}

static void test_cpus_thousands(void **state)
{
	struct machine *m = *state;
	const struct row *row;
	char text[32];

	for (unsigned cpu = 0; cpu < 2048; cpu++) {
		put_cpu(m, cpu, "cpufreq/scaling_governor",
			cpu < 1024 ? "performance\n" : "powersave\n");
		if (cpu >= 512)
			continue;
		snprintf(text, sizeof(text), "%u\n", 3000000 + cpu);
		put_cpu(m, cpu, "cpufreq/scaling_max_freq", text);
	}
	read_facts(m);
	assert_row(m, "cpufreq.scaling_governor",
		   "0-1023: performance; 1024-2047: powersave",
		   CPU "cpu*/cpufreq/scaling_governor");
	row = find(m, "cpufreq.scaling_max_freq");
	assert_non_null(row);
	assert_int_equal(strncmp(row->value, "0: 3000000; 1: 3000001;", 23), 0);
	assert_in_range(strlen(row->value), 4000, ENV_VALUE_MAX);
	assert_string_equal(row->value + strlen(row->value) - 3, "…");
}

static void test_idle_states(void **state)
{
	struct machine *m = *state;

	read_facts(m);
	assert_row(m, "cpuidle.state*.name", "",
		   CPU "cpu*/cpuidle/state*/name: absent");

	put_cpu(m, 1, "cpuidle/state0/name", "POLL\n");
	put_cpu(m, 1, "cpuidle/state1/name", "C1\n");
	put_cpu(m, 2, "cpuidle/state0/name", "POLL\n");
	put_cpu(m, 2, "cpuidle/state1/name", "C1E\n");
	put_cpu(m, 1, "cpuidle/state1/latency", "2\n");
	put_cpu(m, 2, "cpuidle/state1/latency", "2\n");
	put_cpu(m, 1, "cpuidle/state0/usage", "10\n");
	put_cpu(m, 2, "cpuidle/state0/usage", "5\n");
	put_cpu(m, 1, "cpuidle/state1/usage", "4000000000\n");
	put_cpu(m, 2, "cpuidle/state1/usage", "4000000000\n");
	read_facts(m);
	assert_row(m, "cpuidle.state0.name", "POLL",
		   CPU "cpu*/cpuidle/state0/name");
	assert_row(m, "cpuidle.state1.name", "1: C1; 2: C1E",
		   CPU "cpu*/cpuidle/state1/name");
	assert_null(find(m, "cpuidle.state2.name"));

	read_changing(m, "before");
	assert_row(m, "cpuidle.state0.usage.before", "15",
		   CPU "cpu*/cpuidle/state0/usage");
	assert_row(m, "cpuidle.state1.usage.before", "8000000000",
		   CPU "cpu*/cpuidle/state1/usage");
}

/* ---- values ---- */

static void test_choice(void **state)
{
	struct machine *m = *state;

	put_file(m, "/sys/kernel/mm/transparent_hugepage/enabled",
		 "always [madvise] never\n");
	put_file(m, "/sys/kernel/mm/transparent_hugepage/defrag", "never\n");
	put_file(m,
		 "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled",
		 "always inherit madvise [never]\n");
	put_file(m, "/sys/kernel/debug/sched/preempt",
		 "none voluntary (full) lazy\n");
	read_facts(m);
	assert_row(m, "thp.enabled", "madvise",
		   "/sys/kernel/mm/transparent_hugepage/enabled");
	assert_row(m, "thp.defrag", "never",
		   "/sys/kernel/mm/transparent_hugepage/defrag");
	assert_row(m, "thp.hugepages-64kB.enabled", "never",
		   "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/"
		   "enabled");
	assert_row(m, "sched.preempt", "full",
		   "/sys/kernel/debug/sched/preempt");
}

static void test_absent_empty_denied(void **state)
{
	static const char path[] = "/proc/sys/vm/max_map_count";
	struct machine *m = *state;
	char full[PATH_MAX + 64];
	bool root = !geteuid();

	put_file(m, CPU "isolated", "\n");
	put_file(m, path, "65530\n");
	put_file(m, "/sys/kernel/debug/sched/base_slice_ns", "3000000\n");
	put_cpu(m, 0, "cpufreq/scaling_governor", "performance\n");
	put_cpu(m, 1, "cpufreq/scaling_governor", "performance\n");

	snprintf(full, sizeof(full), "%s%s", m->root, path);
	assert_int_equal(chmod(full, 0), 0);
	snprintf(full, sizeof(full), "%s/sys/kernel/debug", m->root);
	assert_int_equal(chmod(full, 0), 0);
	snprintf(full, sizeof(full), "%s" CPU "cpu0/cpufreq/scaling_governor",
		 m->root);
	assert_int_equal(chmod(full, 0), 0);

	/* Root may read anything: step down for the while. */
	if (root)
		assert_int_equal(seteuid(65534), 0);
	read_facts(m);
	if (root)
		assert_int_equal(seteuid(0), 0);
	snprintf(full, sizeof(full), "%s/sys/kernel/debug", m->root);
	assert_int_equal(chmod(full, 0755), 0);

	assert_row(m, "cpu.isolated", "", CPU "isolated");
	assert_row(m, "cpu.nohz_full", "", CPU "nohz_full: absent");
	assert_row(m, "vm.max_map_count", "",
		   "/proc/sys/vm/max_map_count: denied");
	assert_row(m, "sched.preempt", "",
		   "/sys/kernel/debug/sched/preempt: denied");
	assert_row(m, "sched.*_ns", "", "/sys/kernel/debug/sched/*_ns: denied");
	assert_row(m, "kernel.sched_*_ns", "",
		   "/proc/sys/kernel/sched_*_ns: absent");
	assert_row(m, "cpufreq.scaling_governor", "performance",
		   CPU "cpu*/cpufreq/scaling_governor (1 of 2)");

	read_facts(m);
	if (root)
		assert_row(m, "sched.base_slice_ns", "3000000",
			   "/sys/kernel/debug/sched/base_slice_ns");
}

static void test_values_tidied(void **state)
{
	static const char compatible[] = "vendor,board\0vendor,chip";
	struct machine *m = *state;

	put_file(m, "/proc/cmdline", "  root=/dev/vda\tquiet  panic=1 \n\n");
	put_file(m, "/proc/self/cgroup", "2:cpu:/a\n0::/\n");
	put_bytes(m, "/proc/device-tree/compatible", compatible,
		  sizeof(compatible));
	put_file(m, "/sys/class/dmi/id/sys_vendor",
		 "Caf\xc3\xa9 \xe9\x01 Ltd\n");
	read_facts(m);
	assert_row(m, "kernel.cmdline", "root=/dev/vda quiet panic=1",
		   "/proc/cmdline");
	assert_row(m, "cgroup.path", "2:cpu:/a; 0::/", "/proc/self/cgroup");
	assert_row(m, "devicetree.compatible", "vendor,board; vendor,chip",
		   "/proc/device-tree/compatible");
	assert_row(m, "dmi.sys_vendor", "Caf\xc3\xa9 ?? Ltd",
		   "/sys/class/dmi/id/sys_vendor");
}

static void test_values_cut(void **state)
{
	struct machine *m = *state;
	const struct row *row;
	char text[2 * ENV_VALUE_MAX + 64];
	size_t len;

	/* Characters of two bytes, at both alignments: none is halved. */
	for (size_t odd = 0; odd < 2; odd++) {
		text[0] = 'x';
		for (len = odd; len + 2 < sizeof(text); len += 2)
			memcpy(text + len, "é", 2);
		put_bytes(m, "/proc/cmdline", text, len);
		read_facts(m);
		row = find(m, "kernel.cmdline");
		assert_non_null(row);
		len = strlen(row->value);
		assert_in_range(len, ENV_VALUE_MAX - 8, ENV_VALUE_MAX);
		assert_string_equal(row->value + len - 3, "…");
		assert_memory_equal(row->value + len - 5, "é", 2);
	}

	memset(text, 'y', 4000);
	put_bytes(m, "/proc/cmdline", text, 4000);
	read_facts(m);
	row = find(m, "kernel.cmdline");
	assert_non_null(row);
	assert_int_equal(strlen(row->value), 4000);
	assert_memory_equal(row->value, text, 4000);
}

static void test_keys(void **state)
{
	struct machine *m = *state;

	put_file(m, "/proc/self/status",
		 "Name:\tx\nCpus_allowed:\tf\nCpus_allowed_list:\t0-3\n"
		 "Seccomp:\t2\n");
	put_file(m, "/etc/os-release",
		 "ID=debian\nPRETTY_NAME=\"A: \"\nHOME_URL='x=y'\n");
	read_facts(m);
	assert_row(m, "process.Cpus_allowed_list", "0-3",
		   "/proc/self/status Cpus_allowed_list");
	assert_row(m, "process.Seccomp", "2", "/proc/self/status Seccomp");
	assert_row(m, "process.NoNewPrivs", "",
		   "/proc/self/status NoNewPrivs: absent");
	assert_null(find(m, "process.Name"));
	assert_row(m, "os.PRETTY_NAME", "A:", "/etc/os-release PRETTY_NAME");
	assert_row(m, "os.ID", "debian", "/etc/os-release ID");
}

static void test_sets(void **state)
{
	struct machine *m = *state;

	read_facts(m);
	assert_row(m, "mitigation.*", "", CPU "vulnerabilities/*: absent");
	assert_row(m, "numa.node*.distance", "",
		   "/sys/devices/system/node/node*/distance: absent");

	put_file(m, CPU "vulnerabilities/meltdown", "Not affected\n");
	put_file(m, CPU "vulnerabilities/l1tf", "Vulnerable\n");
	put_file(m, "/sys/devices/system/node/node2/distance", "10 21\n");
	put_file(m, "/sys/devices/system/node/node10/distance", "21 10\n");
	read_facts(m);
	assert_null(find(m, "mitigation.*"));
	assert_row(m, "mitigation.meltdown", "Not affected",
		   CPU "vulnerabilities/meltdown");
	assert_row(m, "numa.node10.distance", "21 10",
		   "/sys/devices/system/node/node10/distance");
	/* In the order of their numbers. */
	assert_true(find(m, "numa.node2.distance") <
		    find(m, "numa.node10.distance"));
}

/* ---- hypervisor, container, kernel ---- */

static void test_hypervisor(void **state)
{
	struct machine *m = *state;

	assert_hypervisor(m, -1, "unknown");
	put_file(m, "/proc/cpuinfo", x86_cpuinfo);
	assert_hypervisor(m, 0, "unknown");
	put_file(m, "/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu tsc\n");
	assert_hypervisor(m, 0, "none");
	put_file(m, "/proc/device-tree/hypervisor/compatible", "linux,kvm");
	assert_hypervisor(m, 0, "KVM");
	put_file(m, "/sys/class/dmi/id/sys_vendor", "QEMU\n");
	assert_hypervisor(m, 0, "QEMU");
	put_file(m, "/sys/class/dmi/id/product_name", "VMware7,1\n");
	assert_hypervisor(m, 0, "VMware");
	put_file(m, "/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
	put_file(m, "/sys/class/dmi/id/product_name", "c7g.16xlarge\n");
	assert_hypervisor(m, 0, "KVM");
	put_file(m, "/sys/class/dmi/id/product_name", "c7g.metal\n");
	assert_hypervisor(m, 0, "none");
	put_file(m, "/sys/hypervisor/type", "xen\n");
	assert_hypervisor(m, 0, "Xen");
	read_facts(m);
	assert_row(m, "hypervisor", "Xen", "/sys/hypervisor/type");
}

static void test_container(void **state)
{
	static const char environ[] = "TERM=x\0container=lxc\0HOME=/";
	struct machine *m = *state;

	read_facts(m);
	assert_row(m, "container", "none",
		   "/run, /.dockerenv, /proc/1/environ, /proc/self/cgroup");
	put_file(m, "/proc/self/cgroup", "0::/kubepods/besteffort/pod1\n");
	read_facts(m);
	assert_row(m, "container", "kubernetes", "/proc/self/cgroup");
	put_bytes(m, "/proc/1/environ", environ, sizeof(environ));
	read_facts(m);
	assert_row(m, "container", "lxc", "/proc/1/environ");
	put_file(m, "/run/.containerenv", "");
	read_facts(m);
	assert_row(m, "container", "podman", "/run/.containerenv");
	put_file(m, "/.dockerenv", "");
	read_facts(m);
	assert_row(m, "container", "docker", "/.dockerenv");
	put_file(m, "/run/systemd/container", "systemd-nspawn\n");
	read_facts(m);
	assert_row(m, "container", "systemd-nspawn", "/run/systemd/container");
}

static void test_kernel(void **state)
{
	static const char version[] = "/proc/sys/kernel/version";
	struct machine *m = *state;

	put_file(m, version, "#1 SMP Debian\n");
	put_file(m, "/proc/sys/kernel/osrelease", "6.1.0-9-amd64\n");
	read_facts(m);
	assert_row(m, "kernel.release", "6.1.0-9-amd64",
		   "/proc/sys/kernel/osrelease");
	assert_row(m, "kernel.preemption", "none or voluntary", version);
	assert_row(m, "kernel.config", "",
		   "/boot/config-6.1.0-9-amd64: absent");
	assert_row(m, "kernel.config_gz", "", "/proc/config.gz: absent");

	put_file(m, version, "#1 SMP PREEMPT_DYNAMIC Debian\n");
	put_file(m, "/proc/config.gz", "x");
	put_file(m, "/boot/config-6.1.0-9-amd64",
		 "# CONFIG_PREEMPT_NONE is not set\n"
		 "CONFIG_HZ_250=y\n"
		 "CONFIG_HZ=250\n"
		 "CONFIG_PREEMPT_DYNAMIC=y\n");
	read_facts(m);
	assert_row(m, "kernel.preemption", "dynamic, its default", version);
	assert_row(m, "kernel.config_gz", "present", "/proc/config.gz");
	assert_row(m, "kernel.config.HZ", "250",
		   "/boot/config-6.1.0-9-amd64 CONFIG_HZ");
	assert_row(m, "kernel.config.PREEMPT_NONE", "n",
		   "/boot/config-6.1.0-9-amd64 CONFIG_PREEMPT_NONE");
	assert_row(m, "kernel.config.PREEMPT_DYNAMIC", "y",
		   "/boot/config-6.1.0-9-amd64 CONFIG_PREEMPT_DYNAMIC");

	put_file(m, "/proc/cmdline", "quiet preempt=voluntary\n");
	read_facts(m);
	assert_row(m, "kernel.preemption", "voluntary", "/proc/cmdline");
	put_file(m, "/sys/kernel/debug/sched/preempt", "none (full)\n");
	read_facts(m);
	assert_row(m, "kernel.preemption", "full",
		   "/sys/kernel/debug/sched/preempt");
	put_file(m, "/sys/kernel/realtime", "1\n");
	read_facts(m);
	assert_row(m, "kernel.preemption", "rt", "/sys/kernel/realtime");
}

/* ---- control groups ---- */

static void test_cgroup_v2(void **state)
{
	struct machine *m = *state;

	read_facts(m);
	assert_row(m, "cgroup.cpu.max", "", "cgroup cpu: absent");

	put_file(m, "/proc/self/cgroup", "0::/a.slice/b c.scope\n");
	put_file(m, "/proc/self/mountinfo",
		 "22 27 0:21 / /proc rw - proc proc rw\n"
		 "30 23 0:26 / /sys/fs/cg\\040roup rw,nosuid shared:4 - "
		 "cgroup2 cgroup2 rw,nsdelegate\n");
	read_facts(m);
	assert_row(m, "cgroup.cpu.max", "",
		   "/sys/fs/cg roup/a.slice/b c.scope/cpu.max: absent");

	put_file(m, "/sys/fs/cg roup/a.slice/b c.scope/cpu.max",
		 "max 100000\n");
	put_file(m, "/sys/fs/cg roup/a.slice/b c.scope/pids.max", "max\n");
	put_file(m, "/sys/fs/cg roup/a.slice/b c.scope/cpu.stat",
		 "usage_usec 1\nnr_throttled 0\n");
	put_file(m, "/sys/fs/cg roup/a.slice/pids.max", "512\n");
	put_file(m, "/sys/fs/cg roup/a.slice/cpuset.cpus.effective", "1-3\n");
	put_file(m, "/sys/fs/cg roup/a.slice/cpu.stat",
		 "usage_usec 2\nnr_throttled 9\n");
	put_file(m, "/sys/fs/cg roup/cpuset.cpus.effective", "0-7\n");
	put_file(m, "/sys/fs/cg roup/pids.max", "4096\n");
	read_facts(m);
	assert_row(m, "cgroup.cpu.max", "max 100000",
		   "/sys/fs/cg roup/a.slice/b c.scope/cpu.max");
	assert_row(m, "cgroup.cpuset.cpus.effective", "1-3",
		   "/sys/fs/cg roup/a.slice/cpuset.cpus.effective");
	/* The least limit binds, wherever it is. */
	assert_row(m, "cgroup.pids.max", "512",
		   "/sys/fs/cg roup/a.slice/pids.max");
	read_changing(m, "after");
	assert_row(m, "cgroup.cpu.stat.nr_throttled.after", "0",
		   "/sys/fs/cg roup/a.slice/b c.scope/cpu.stat nr_throttled");

	/* More of a shorter period is less. */
	put_file(m, "/sys/fs/cg roup/a.slice/cpu.max", "150000 100000\n");
	put_file(m, "/sys/fs/cg roup/a.slice/b c.scope/cpu.max",
		 "20000 10000\n");
	read_facts(m);
	assert_row(m, "cgroup.cpu.max", "150000 100000",
		   "/sys/fs/cg roup/a.slice/cpu.max");
	read_changing(m, "after");
	assert_row(m, "cgroup.cpu.stat.nr_throttled.after", "9",
		   "/sys/fs/cg roup/a.slice/cpu.stat nr_throttled");
}

static void test_cgroup_v1(void **state)
{
	struct machine *m = *state;

	/* A container without a namespace of its own, on a hybrid host. */
	put_file(m, "/proc/self/cgroup",
		 "6:pids:/docker/abc\n"
		 "5:cpuset:/docker/ab/in\n"
		 "4:cpu,cpuacct:/docker/ab\n"
		 "0::/\n");
	put_file(m, "/proc/self/mountinfo",
		 "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
		 "32 31 0:29 /docker/ab /sys/fs/cgroup/cpu,cpuacct ro - cgroup "
		 "cgroup rw,cpu,cpuacct\n"
		 "33 31 0:30 /docker/ab /sys/fs/cgroup/cpuset ro - cgroup "
		 "cgroup rw,cpuset\n"
		 "34 31 0:31 /docker/ab /sys/fs/cgroup/pids ro - cgroup "
		 "cgroup rw,pids\n");
	put_file(m, "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n");
	put_file(m, "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
	put_file(m, "/sys/fs/cgroup/cpu,cpuacct/cpu.shares", "1024\n");
	put_file(m, "/sys/fs/cgroup/cpu,cpuacct/cpu.stat",
		 "nr_periods 7\nnr_throttled 3\nthrottled_time 5\n");
	put_file(m, "/sys/fs/cgroup/cpuset/in/cpuset.effective_cpus", "2,4\n");
	put_file(m, "/sys/fs/cgroup/cpuset/cpuset.effective_cpus", "2-5\n");
	put_file(m, "/sys/fs/cgroup/pids/pids.max", "100\n");
	put_file(m, "/sys/fs/cgroup/unified/memory.max", "max\n");
	read_facts(m);
	assert_row(m, "cgroup.cpu.max", "50000 100000",
		   "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us");
	assert_row(m, "cgroup.cpu.shares", "1024",
		   "/sys/fs/cgroup/cpu,cpuacct/cpu.shares");
	assert_row(m, "cgroup.cpuset.cpus.effective", "2,4",
		   "/sys/fs/cgroup/cpuset/in/cpuset.effective_cpus");
	/* Not within what is mounted here, though it begins so. */
	assert_row(m, "cgroup.pids.max", "100", "/sys/fs/cgroup/pids/pids.max");
	assert_row(m, "cgroup.memory.max", "max",
		   "/sys/fs/cgroup/unified/memory.max");
	read_changing(m, "before");
	assert_row(m, "cgroup.cpu.stat.nr_throttled.before", "3",
		   "/sys/fs/cgroup/cpu,cpuacct/cpu.stat nr_throttled");

	put_file(m, "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
	read_facts(m);
	assert_row(m, "cgroup.cpu.max", "max 100000",
		   "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us");
}

/* ---- what changes ---- */

static void test_changing(void **state)
{
	static const char *const suffixes[] = { "before", "after" };
	struct machine *m = *state;
	char name[64];

	put_file(m, "/proc/loadavg", "0.10 0.20 0.30 1/100 999\n");
	put_file(m, "/proc/stat",
		 "cpu  10 20 30 40 50 60 70 80 90 100\n"
		 "cpu3 1 2 3 4 5 6 7 8 9 10\n"
		 "intr 12345 1 2 3\nctxt 678\nbtime 1\nprocesses 9\n");
	put_file(m, "/proc/pressure/cpu", "some avg10=0.00\nfull avg10=0.00\n");
	put_cpu(m, 3, "cpufreq/scaling_cur_freq", "1000000\n");
	put_cpu(m, 4, "cpufreq/scaling_cur_freq", "3000000\n");
	put_cpu(m, 9, "cpufreq/scaling_cur_freq", "2000000\n");
	put_cpu(m, 3, "thermal_throttle/core_throttle_count", "2\n");
	put_cpu(m, 4, "thermal_throttle/core_throttle_count", "3\n");
	put_cpu(m, 3, "thermal_throttle/package_throttle_count", "7\n");
	put_cpu(m, 4, "thermal_throttle/package_throttle_count", "7\n");
	put_file(m, "/sys/class/thermal/thermal_zone0/temp", "45000\n");

	for (size_t i = 0; i < 2; i++) {
		const struct {
			const char *name, *value, *source;
		} rows[] = {
			{ "loadavg", "0.10 0.20 0.30 1/100 999",
			  "/proc/loadavg" },
			{ "stat.steal_ticks", "80", "/proc/stat cpu" },
			{ "stat.user_ticks", "10", "/proc/stat cpu" },
			{ "stat.intr", "12345", "/proc/stat" },
			{ "stat.ctxt", "678", "/proc/stat" },
			{ "pressure.cpu", "some avg10=0.00; full avg10=0.00",
			  "/proc/pressure/cpu" },
			{ "cpufreq.cur_khz.min", "1000000",
			  CPU "cpu*/cpufreq/scaling_cur_freq" },
			{ "cpufreq.cur_khz.median", "2000000",
			  CPU "cpu*/cpufreq/scaling_cur_freq" },
			{ "cpufreq.cur_khz.max", "3000000",
			  CPU "cpu*/cpufreq/scaling_cur_freq" },
			{ "throttle.core_throttle_count", "5",
			  CPU "cpu*/thermal_throttle/core_throttle_count "
			      "(2 of 3)" },
			{ "throttle.package_throttle_count", "7",
			  CPU "cpu*/thermal_throttle/package_throttle_count "
			      "(2 of 3)" },
			{ "thermal.zone0.temp", "45000",
			  "/sys/class/thermal/thermal_zone0/temp" },
		};

		read_changing(m, suffixes[i]);
		for (size_t j = 0; j < sizeof(rows) / sizeof(rows[0]); j++) {
			snprintf(name, sizeof(name), "%s.%s", rows[j].name,
				 suffixes[i]);
			assert_row(m, name, rows[j].value, rows[j].source);
		}
		for (size_t j = 0; j < m->count; j++) {
			const char *dot = strrchr(m->rows[j].name, '.');

			assert_non_null(dot);
			assert_string_equal(dot + 1, suffixes[i]);
		}
	}
}

static void test_interrupts(void **state)
{
	static const char path[] = "/proc/interrupts";
	struct machine *m = *state;

	read_changing(m, "after");
	assert_row(m, "interrupts.timer.after", "", "/proc/interrupts: absent");

	put_file(m, path,
		 "            CPU1       CPU9\n"
		 "  8:          3          0  IR-IO-APIC    8-edge  rtc0\n"
		 "LOC:       1000        234   Local timer interrupts\n"
		 "RES:          5          6   Rescheduling interrupts\n"
		 "CAL:          7          8   Function call interrupts\n"
		 "ERR:          4\n");
	read_changing(m, "after");
	assert_row(m, "interrupts.timer.after", "1234", path);
	assert_row(m, "interrupts.reschedule.after", "11", path);
	assert_row(m, "interrupts.call.after", "15", path);
	assert_row(m, "interrupts.thermal.after", "",
		   "/proc/interrupts: absent");

	put_file(
		m, path,
		"           CPU0       CPU1\n"
		" 11:       100        200     GICv3  30 Level     arch_timer\n"
		"IPI0:        5          6       Rescheduling interrupts\n"
		"IPI1:        7          8       Function call interrupts\n");
	read_changing(m, "after");
	assert_row(m, "interrupts.timer.after", "300", path);
	assert_row(m, "interrupts.reschedule.after", "11", path);
	assert_row(m, "interrupts.call.after", "15", path);
}

/* ---- this machine ---- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->name,
		      ((const struct row *)b)->name);
}

static void check_rows(struct machine *m)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct row *row = &m->rows[i];

		for (const char *s = row->name; *s; s++)
			if (!isalnum((unsigned char)*s) && !strchr(".-_*", *s))
				fail_msg("name: %s", row->name);
		if (strchr(row->value, '\n') || strchr(row->source, '\n'))
			fail_msg("a line break in %s", row->name);
		assert_in_range(strlen(row->value), 0, ENV_VALUE_MAX);
		assert_true(*row->source);
	}
	qsort(m->rows, m->count, sizeof(*m->rows), compare_names);
	for (size_t i = 1; i < m->count; i++)
		if (!strcmp(m->rows[i].name, m->rows[i - 1].name))
			fail_msg("twice: %s", m->rows[i].name);
}

static void test_this_machine(void **state)
{
	struct machine *m = *state;
	char name[256];

	env_facts("", collect, m);
	env_changing("", "before", collect, m);
	env_changing("", "after", collect, m);
	assert_true(m->count >= 200);
	check_rows(m);
	assert_string_not_equal(find(m, "kernel.release")->value, "");
	assert_string_not_equal(find(m, "memory.page_size")->value, "");
	assert_string_not_equal(find(m, "software.libc")->value, "");
	assert_string_not_equal(find(m, "rlimit.nofile")->value, "");
	assert_string_not_equal(find(m, "process.Cpus_allowed_list")->value,
				"");
	assert_string_not_equal(find(m, "stat.ctxt.before")->value, "");
	env_hypervisor("", name, sizeof(name));
	assert_string_not_equal(name, "");
}

/* A machine with nothing: every fact still has its row, and says so. */
static void test_no_machine(void **state)
{
	struct machine *m = *state;

	env_facts(m->root, collect, m);
	env_changing(m->root, "before", collect, m);
	assert_true(m->count >= 150);
	check_rows(m);
}

#define MACHINE(f) \
	cmocka_unit_test_setup_teardown(f, machine_setup, machine_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(test_cpuinfo_x86),    MACHINE(test_cpuinfo_arm),
		MACHINE(test_cpuinfo_others), MACHINE(test_cpus_condensed),
		MACHINE(test_cpus_thousands), MACHINE(test_idle_states),
		MACHINE(test_choice),         MACHINE(test_absent_empty_denied),
		MACHINE(test_values_tidied),  MACHINE(test_values_cut),
		MACHINE(test_keys),           MACHINE(test_sets),
		MACHINE(test_hypervisor),     MACHINE(test_container),
		MACHINE(test_kernel),         MACHINE(test_cgroup_v2),
		MACHINE(test_cgroup_v1),      MACHINE(test_changing),
		MACHINE(test_interrupts),     MACHINE(test_this_machine),
		MACHINE(test_no_machine),
	};

	return cmocka_run_group_tests_name("env", tests, NULL, NULL);
}
