/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clone3() as the kernel offers it: a thread without the C library, for which
 * the new one's first instructions must not touch its creator's stack. */
#ifndef HANDOFF_RAW_CLONE_H
#define HANDOFF_RAW_CLONE_H

#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/types.h>

/*
 * The new one, on the stack that args names, calls entry(arg) and exits; it
 * has its creator's thread-local storage, so entry may make system calls and
 * write to what arg points to, and nothing else. Returns the id of the new one
 * or a negative errno.
 */
static inline long raw_clone_thread(struct clone_args *args,
				    void (*entry)(void *), void *arg)
{
#if defined(__x86_64__)
	register void (*r8)(void *) __asm__("r8") = entry;
	register void *r9 __asm__("r9") = arg;
	long result = SYS_clone3;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r9, %%rdi\n\t"
			 "call *%%r8\n\t"
			 "mov %[exit], %%eax\n\t"
			 "xor %%edi, %%edi\n\t"
			 "syscall\n"
			 "1:"
			 : "+a"(result)
			 : "D"(args), "S"(sizeof(*args)), "r"(r8),
			   "r"(r9), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_clone3;
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = sizeof(*args);
	register void (*x9)(void *) __asm__("x9") = entry;
	register void *x10 __asm__("x10") = arg;

	__asm__ volatile("svc 0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, 0\n\t"
			 "mov x0, x10\n\t"
			 "blr x9\n\t"
			 "mov x0, 0\n\t"
			 "mov x8, %[exit]\n\t"
			 "svc 0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x9),
			   "r"(x10), [exit] "i"(SYS_exit)
			 : "memory");
	return x0;
#elif defined(__riscv) && __riscv_xlen == 64
	register long a7 __asm__("a7") = SYS_clone3;
	register long a0 __asm__("a0") = (long)args;
	register long a1 __asm__("a1") = sizeof(*args);
	register void (*a2)(void *) __asm__("a2") = entry;
	register void *a3 __asm__("a3") = arg;

	__asm__ volatile("ecall\n\t"
			 "bnez a0, 1f\n\t"
			 "mv a0, a3\n\t"
			 "jalr a2\n\t"
			 "li a0, 0\n\t"
			 "li a7, %[exit]\n\t"
			 "ecall\n"
			 "1:"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2),
			   "r"(a3), [exit] "i"(SYS_exit)
			 : "memory");
	return a0;
#else
	(void)args;
	(void)entry;
	(void)arg;
	return -ENOSYS;
#endif
}

#endif
