/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fences: a plain store, stores that fence, and stores with a fence behind
 * them, by the instructions themselves: one table for every bench of them. */
#ifndef HANDOFF_FENCES_H
#define HANDOFF_FENCES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

/* What is to be known of a row; a mask. */
enum fence_flags {
	/* the architecture promises that a load behind it does not go before
	 * the store: store buffering cannot be seen */
	FENCE_ORDERS = 1,
	FENCE_PLAIN = 2,     /* the store alone: what others are held against */
	FENCE_NEEDS_CPU = 4, /* not every CPU has it: fence_lacking() */
	FENCE_SWAPS = 8,     /* leaves in the register what was there */
	FENCE_RARE = 16,     /* of tier FULL */
};

/*
 * FENCES(ROW) is ROW(name, text, flags) for each, the plain store first. In
 * text %0 is the memory stored to (FENCE_MEMORY), %1 the register stored, which
 * may be overwritten ("+r", 64 bits).
 *
 * SERIALIZE by its bytes: assemblers of before 2020 do not know it. What
 * acquires and releases at once, SWPAL, is ordered before all that follows it
 * (Arm ARM, B2.3, barrier-ordered-before).
 */
#if defined(__x86_64__)
#define FENCES(ROW)                                                \
	ROW(mov, "mov %1, %0", FENCE_PLAIN)                        \
	ROW(xchg, "xchg %1, %0", FENCE_ORDERS | FENCE_SWAPS)       \
	ROW(mov_mfence, "mov %1, %0\n\tmfence", FENCE_ORDERS)      \
	ROW(mov_lock_add, "mov %1, %0\n\tlock addq $0, -8(%%rsp)", \
	    FENCE_ORDERS)                                          \
	ROW(mov_sfence, "mov %1, %0\n\tsfence", 0)                 \
	ROW(mov_lfence, "mov %1, %0\n\tlfence", 0)                 \
	ROW(mov_serialize, "mov %1, %0\n\t.byte 0x0f, 0x01, 0xe8", \
	    FENCE_ORDERS | FENCE_NEEDS_CPU | FENCE_RARE)
#elif defined(__aarch64__)
#define FENCES(ROW)                                             \
	ROW(str, "str %1, %0", FENCE_PLAIN)                     \
	ROW(stlr, "stlr %1, %0", 0)                             \
	ROW(str_dmb_ish, "str %1, %0\n\tdmb ish", FENCE_ORDERS) \
	ROW(str_dmb_ishst, "str %1, %0\n\tdmb ishst", 0)        \
	ROW(str_dmb_ishld, "str %1, %0\n\tdmb ishld", 0)        \
	ROW(swpal, ".arch_extension lse\n\tswpal %1, %1, %0",   \
	    FENCE_ORDERS | FENCE_NEEDS_CPU | FENCE_SWAPS)       \
	ROW(str_ldar, "str %1, %0\n\tldar %1, %0", FENCE_RARE)  \
	ROW(stlr_ldar, "stlr %1, %0\n\tldar %1, %0", FENCE_ORDERS | FENCE_RARE)
#elif defined(__riscv) && __riscv_xlen == 64
#define FENCES(ROW)                                                    \
	ROW(sd, "sd %1, %0", FENCE_PLAIN)                              \
	ROW(sd_fence_w_w, "sd %1, %0\n\tfence w, w", 0)                \
	ROW(sd_fence_w_r, "sd %1, %0\n\tfence w, r", FENCE_ORDERS)     \
	ROW(sd_fence_rw_rw, "sd %1, %0\n\tfence rw, rw", FENCE_ORDERS) \
	ROW(amoswap_aqrl, "amoswap.d.aqrl %1, %1, %0",                 \
	    FENCE_ORDERS | FENCE_SWAPS)
#endif

/* A plain memory operand where the instruction takes a base register only. */
#if defined(__x86_64__)
#define FENCE_MEMORY "+m"
#define FENCE_CLOBBERS "memory", "cc"
#elif defined(__riscv)
#define FENCE_MEMORY "+A"
#define FENCE_CLOBBERS "memory"
#else
#define FENCE_MEMORY "+Q"
#define FENCE_CLOBBERS "memory"
#endif

/* One row, inlined: stores value to *to; gives back what is left in the
 * register. */
#define FENCE_ISSUE(text, to, value)                        \
	__asm__ volatile(text                               \
			 : FENCE_MEMORY(*(to)), "+r"(value) \
			 :                                  \
			 : FENCE_CLOBBERS)

/* Whether this CPU lacks what a row of FENCE_NEEDS_CPU needs; if so with the
 * reason in why, one line. */
static inline bool fence_lacking(unsigned flags, char *why, size_t size)
{
	if (!(flags & FENCE_NEEDS_CPU))
		return false;
#if defined(__x86_64__)
	unsigned a, b, c, d;

	if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && d & 1u << 14)
		return false;
	snprintf(why, size, "this CPU has no SERIALIZE (CPUID 7.0 EDX[14])");
#elif defined(__aarch64__)
	if (getauxval(AT_HWCAP) & 1u << 8) /* HWCAP_ATOMICS */
		return false;
	snprintf(why, size, "this CPU has no LSE atomics (HWCAP_ATOMICS)");
#else
	snprintf(why, size, "nothing is known of what this CPU has");
#endif
	return true;
}

#endif
