/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a program, rather than a CPU, executes our instructions: then what is
 * timed is that program. */
#include "emulation.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "files.h"

#if defined(__x86_64__)
static const char compiled_for[] = "x86_64";
#elif defined(__aarch64__)
static const char compiled_for[] = "aarch64";
#elif defined(__riscv) && __riscv_xlen == 64
static const char compiled_for[] = "riscv64";
#else
static const char compiled_for[] = "";
#endif

static bool read_link(const char *root, const char *path, char *buf,
		      size_t size)
{
	char full[PATH_MAX];
	ssize_t n;

	if (files_path(full, root, path))
		return false;
	n = readlink(full, buf, size - 1);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	return true;
}

/*
 * Who emulates a process answers for /proc/self/exe, so that a program finds
 * itself; nobody answers for the other name of the same link, which is left to
 * the kernel. QEMU: linux-user/syscall.c, is_proc_myself().
 */
static const char *another_program(const char *root, char *buf, size_t size)
{
	static const char kernel[] = "/proc/thread-self/exe";
	char self[PATH_MAX], real[PATH_MAX];
	const char *name;

	if (!read_link(root, kernel, real, sizeof(real)))
		return NULL;
	/* QEMU finds no program started by a relative path once it has changed
	 * its directory: no answer is another answer. */
	if (read_link(root, "/proc/self/exe", self, sizeof(self)) &&
	    !strcmp(self, real))
		return NULL;
	name = strrchr(real, '/');
	name = name ? name + 1 : real;
	snprintf(buf, size, "%s",
		 strncmp(name, "qemu-", 5) ? name : "qemu-user");
	return kernel;
}

/* Linux 6.1 and later name their own architecture, whatever uname() is made
 * to say. */
static const char *another_architecture(const char *root, char *buf,
					size_t size)
{
	static const char path[] = "/proc/sys/kernel/arch";
	char arch[64];

	if (!*compiled_for || files_read(root, path, arch, sizeof(arch)) ||
	    !strcmp(files_trim(arch), compiled_for))
		return NULL;
	snprintf(buf, size, "unknown");
	return path;
}

/*
 * A machine of QEMU's whose CPU no company made, or whose counter has the rate
 * that QEMU gives to its own. Under KVM both are the host's.
 */
static bool is_qemus_cpu(const char *root)
{
	char maker[32];
#if defined(__aarch64__)
	uint64_t hz;

	__asm__("mrs %0, cntfrq_el0" : "=r"(hz));
	if (!*root && hz == 62500000)
		return true;
#endif
	return (!files_key(root, "/proc/cpuinfo", "CPU implementer", maker,
			   sizeof(maker)) ||
		!files_key(root, "/proc/cpuinfo", "mvendorid", maker,
			   sizeof(maker))) &&
	       !strtoul(maker, NULL, 0);
}

static const char *whole_machine(const char *root, char *buf, size_t size)
{
	char name[64];
	const char *told = "hypervisor";

	if (env_hypervisor(root, name, sizeof(name)))
		return NULL;
	if (!strcmp(name, "QEMU") && is_qemus_cpu(root))
		told = "hypervisor QEMU, and a CPU that is QEMU's own";
	else if (strcmp(name, "QEMU TCG"))
		return NULL;
	snprintf(buf, size, "qemu-tcg");
	return told;
}

const char *emulation_find(const char *root, char *buf, size_t size)
{
	const char *told = another_program(root, buf, size);
	const char *wish = getenv("HANDOFF_EMULATED");

	if (!told)
		told = another_architecture(root, buf, size);
	if (!told)
		told = whole_machine(root, buf, size);
	if (told)
		return told;
	if (wish && *wish) {
		snprintf(buf, size, "%s", wish);
		return "HANDOFF_EMULATED";
	}
	snprintf(buf, size, EMULATION_NONE);
	return "/proc/thread-self/exe, /proc/sys/kernel/arch, hypervisor";
}
