/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does handoff notice that a program executes it, on made-up machines and on
 * this one? */
#include "emulation.h"
#include "fake_root.h"

#include "support.h"

static void put_link(const char *root, const char *path, const char *to)
{
	char full[PATH_MAX + 256];

	/* never written to: what it leads to would be */
	snprintf(full, sizeof(full), "%s%s", root, path);
	if (unlink(full))
		assert_int_equal(errno, ENOENT);
	if (to)
		assert_int_equal(symlink(to, full), 0);
}

static void put_links(const char *root, const char *self, const char *thread)
{
	/* the directories */
	root_put(root, "/proc/self/comm", "");
	root_put(root, "/proc/thread-self/comm", "");
	put_link(root, "/proc/self/exe", self);
	put_link(root, "/proc/thread-self/exe", thread);
}

static void found(const char *root, int line, const char *name,
		  const char *source)
{
	char buf[64];
	const char *told = emulation_find(root, buf, sizeof(buf));

	if (strcmp(buf, name) || !strstr(told, source))
		fail_msg("line %d: \"%s\" by %s", line, buf, told);
}

#define assert_found(...) found(*state, __LINE__, __VA_ARGS__)

static void test_nothing_speaks_for_it(void **state)
{
	assert_found(EMULATION_NONE, "");
	put_links(*state, "/nonexistent/handoff", "/nonexistent/handoff");
	assert_found(EMULATION_NONE, "/proc/thread-self/exe");
	root_put(*state, "/sys/class/dmi/id/product_name", "Virtual Machine\n");
	assert_found(EMULATION_NONE, "hypervisor");
}

static void test_another_program(void **state)
{
	static const char self[] = "/nonexistent/handoff";

	put_links(*state, self, "/nonexistent/qemu-aarch64-static");
	assert_found("qemu-user", "/proc/thread-self/exe");
	put_links(*state, self, "/nonexistent/box64");
	assert_found("box64", "/proc/thread-self/exe");
	/* it does not find the program any more */
	put_link(*state, "/proc/self/exe", NULL);
	assert_found("box64", "/proc/thread-self/exe");
	/* beats what is said */
	setenv("HANDOFF_EMULATED", "fpga", 1);
	assert_found("box64", "/proc/thread-self/exe");
	unsetenv("HANDOFF_EMULATED");
}

static void test_another_architecture(void **state)
{
	root_put(*state, "/proc/sys/kernel/arch", "vax\n");
	assert_found("unknown", "/proc/sys/kernel/arch");
#if defined(__x86_64__)
	root_put(*state, "/proc/sys/kernel/arch", "x86_64\n");
	assert_found(EMULATION_NONE, "");
#endif
}

/* QEMU's machine, with the host's CPU and with one that nobody made. */
static void test_whole_machine(void **state)
{
	root_put(*state, "/proc/device-tree/compatible", "linux,dummy-virt");
	root_put(
		*state, "/proc/cpuinfo",
		"processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n");
	assert_found(EMULATION_NONE, "");
	root_put(
		*state, "/proc/cpuinfo",
		"processor\t: 0\nCPU implementer\t: 0x00\nCPU part\t: 0x051\n");
	assert_found("qemu-tcg", "QEMU");
	root_put(*state, "/proc/device-tree/compatible", "riscv-virtio");
	root_put(*state, "/proc/cpuinfo",
		 "processor\t: 0\nhart\t: 0\nmvendorid\t: 0x0\n");
	assert_found("qemu-tcg", "QEMU");
	root_put(*state, "/proc/cpuinfo",
		 "processor\t: 0\nhart\t: 0\nmvendorid\t: 0x489\n");
	assert_found(EMULATION_NONE, "");
}

static void test_said(void **state)
{
	setenv("HANDOFF_EMULATED", "fpga", 1);
	assert_found("fpga", "HANDOFF_EMULATED");
	setenv("HANDOFF_EMULATED", "", 1);
	assert_found(EMULATION_NONE, "");
	unsetenv("HANDOFF_EMULATED");
}

/* make emulated says by what this is run. */
static void test_this_machine(void **state)
{
	char said[64], name[64];

	(void)state;
	if (!getenv("HANDOFF_EMULATED"))
		skip_because("nobody says whether this is emulated");
	snprintf(said, sizeof(said), "%s", getenv("HANDOFF_EMULATED"));
	unsetenv("HANDOFF_EMULATED"); /* without being told */
	emulation_find("", name, sizeof(name));
	assert_string_equal(name, said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_this_machine),
		IN_ROOT(test_nothing_speaks_for_it),
		IN_ROOT(test_another_program),
		IN_ROOT(test_another_architecture),
		IN_ROOT(test_whole_machine),
		IN_ROOT(test_said),
	};

	end_if_it_hangs();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
