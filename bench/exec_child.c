/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program that exec'd cases run: static, without a C library, so that its
 * first instruction is the kernel's last word on how long exec took. */
#include <linux/time.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "exec_child.h"

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n"
	"\tcall start\n");

static uint64_t counter(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static long call4(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tb start\n");

static uint64_t counter(void)
{
	uint64_t ticks;

	__asm__ volatile("isb; mrs %0, cntvct_el0; isb" : "=r"(ticks));
	return ticks;
}

static long call4(long number, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3)
			 : "memory");
	return x0;
}
#elif defined(__riscv) && __riscv_xlen == 64
__asm__(".globl _start\n_start:\n\tmv a0, sp\n\ttail start\n");

static uint64_t counter(void)
{
	uint64_t ticks;

	__asm__ volatile("rdtime %0" : "=r"(ticks));
	return ticks;
}

static long call4(long number, long a, long b, long c, long d)
{
	register long a7 __asm__("a7") = number;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3)
			 : "memory");
	return a0;
}
#else
#error "exec_child knows x86-64, aarch64 and riscv64: add _start and call4"
#endif

static uint64_t kernel_clock(void)
{
	struct {
		int64_t sec, nsec;
	} t = { 0, 0 };

	/* zero if refused: before its creator's beginning, so that it fails */
	call4(SYS_clock_gettime, CLOCK_MONOTONIC_RAW, (long)&t, 0, 0);
	return (uint64_t)t.sec * 1000000000u + (uint64_t)t.nsec;
}

static long number(const char *text)
{
	long n = 0;

	for (; *text; text++)
		n = n * 10 + (*text - '0');
	return n;
}

/* Whether the channel's message came and went back. */
static int converse(long fd)
{
	char message[EXEC_CHILD_MESSAGE];
	char hello = EXEC_CHILD_HELLO;

	if (call4(SYS_write, fd, (long)&hello, 1, 0) != 1)
		return 0;
	return call4(SYS_read, fd, (long)message, sizeof(message), 0) ==
		       (long)sizeof(message) &&
	       call4(SYS_write, fd, (long)message, sizeof(message), 0) ==
		       (long)sizeof(message);
}

/* stack: argc, argv[0], argv[1], … as the kernel leaves them. */
__attribute__((noreturn, used)) void start(const long *stack);

void start(const long *stack)
{
	uint64_t now = counter();
	char *const *argv = (char *const *)(stack + 1);
	struct exec_child_left left = { 0, -1 };
	uint32_t pu = 0;
	int status = 1;

	if (stack[0] >= 4) {
		left.first = argv[2][0] == 'c' ? now : kernel_clock();
		if (!call4(SYS_getcpu, (long)&pu, 0, 0, 0))
			left.pu = pu;
		if (call4(SYS_pwrite64, number(argv[1]), (long)&left,
			  sizeof(left), number(argv[3]) * EXEC_CHILD_STRIDE) ==
			    (long)sizeof(left) &&
		    (stack[0] == 4 || converse(number(argv[4]))))
			status = EXEC_CHILD_STATUS;
	}
	for (;;)
		call4(SYS_exit_group, status, 0, 0, 0);
}
