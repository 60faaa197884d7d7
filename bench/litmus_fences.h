/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may stand between two accesses of a litmus test, and what that forbids:
 * one row a fence, for each architecture. */
#ifndef HANDOFF_LITMUS_FENCES_H
#define HANDOFF_LITMUS_FENCES_H

#include "bench.h"

/* The tests; as a mask, those whose weak outcome a fence forbids. */
enum {
	SB = 1,    /* store buffering */
	MP = 2,    /* message passing */
	LB = 4,    /* load buffering */
	W22 = 8,   /* 2+2W: two writers of two words each */
	IRIW = 16, /* independent reads of independent writes */
	/* any of them, where all parties share one PU: it sees its own accesses
	 * in their order, if the compiler has kept that */
	ONE_PU = 32,
	ALL = SB | MP | LB | W22 | IRIW | ONE_PU,
};

/*
 * FENCE(name, store, load, after_store, after_load, forbids, headline, needs):
 * how a word is written and read; what stands after the first of two accesses,
 * by what that is; the tests whose weak outcome is forbidden, and those of tier
 * HEADLINE. An access is of `value` and *at. The PLAIN ones are C's own: the
 * compiler may reorder them where nothing stands between.
 */
#define PLAIN_STORE (*at = value)
#define PLAIN_LOAD (value = *at)
#define STORE(text) __asm__ volatile(text : MEMORY(*at), "+r"(value)::"memory")
#define LOAD(text) __asm__ volatile(text : "=r"(value), MEMORY(*at)::"memory")
#define BARRIER(text) __asm__ volatile(text ::: CLOBBERS)
#define COMPILER BARRIER("")
#define NOTHING (void)0

#if defined(__x86_64__)
#define MEMORY "+m"
#define CLOBBERS "memory", "cc"
#elif defined(__riscv)
/* a plain memory operand: the instructions take a base register only */
#define MEMORY "+A"
#define CLOBBERS "memory"
#else
#define MEMORY "+Q"
#define CLOBBERS "memory"
#endif

#if defined(__x86_64__)
#define ARCHITECTURE "x86-64"
/* Total store order: a load may overtake an earlier store to another word, and
 * nothing else is reordered (Owens, Sarkar and Sewell 2009). */
#define TSO (MP | LB | W22 | IRIW | ONE_PU)
#define FENCES(FENCE)                                                          \
	FENCE(plain, PLAIN_STORE, PLAIN_LOAD, NOTHING, NOTHING, 0, SB, no)     \
	FENCE(compiler, PLAIN_STORE, PLAIN_LOAD, COMPILER, COMPILER, TSO,      \
	      MP | LB | W22, no)                                               \
	FENCE(xchg, STORE("xchg %1, %0"), PLAIN_LOAD, COMPILER, COMPILER, ALL, \
	      SB, no)                                                          \
	FENCE(mfence, PLAIN_STORE, PLAIN_LOAD, BARRIER("mfence"),              \
	      BARRIER("mfence"), ALL, SB, no)                                  \
	FENCE(lock_add, PLAIN_STORE, PLAIN_LOAD,                               \
	      BARRIER("lock addq $0, -8(%%rsp)"),                              \
	      BARRIER("lock addq $0, -8(%%rsp)"), ALL, SB, no)                 \
	FENCE(sfence, PLAIN_STORE, PLAIN_LOAD, BARRIER("sfence"),              \
	      BARRIER("sfence"), TSO, SB, no)                                  \
	FENCE(lfence, PLAIN_STORE, PLAIN_LOAD, BARRIER("lfence"),              \
	      BARRIER("lfence"), TSO, SB, no)

#elif defined(__aarch64__)
#define ARCHITECTURE "aarch64"
/* Arm ARM B2.3 (DDI 0487): barrier-ordered-before. A swap that acquires and
 * releases is ordered before what follows it, so that it forbids SB. */
#define FENCES(FENCE)                                                         \
	FENCE(plain, PLAIN_STORE, PLAIN_LOAD, NOTHING, NOTHING, 0, SB, no)    \
	FENCE(compiler, PLAIN_STORE, PLAIN_LOAD, COMPILER, COMPILER, ONE_PU,  \
	      MP | LB | W22, no)                                              \
	FENCE(stlr_ldar, STORE("stlr %1, %0"), LOAD("ldar %0, %1"), COMPILER, \
	      COMPILER, ALL, SB, no)                                          \
	FENCE(dmb_ish, PLAIN_STORE, PLAIN_LOAD, BARRIER("dmb ish"),           \
	      BARRIER("dmb ish"), ALL, SB, no)                                \
	FENCE(dmb_ishst, PLAIN_STORE, PLAIN_LOAD, BARRIER("dmb ishst"),       \
	      BARRIER("dmb ishst"), W22 | ONE_PU, SB, no)                     \
	FENCE(dmb_ishld, PLAIN_STORE, PLAIN_LOAD, BARRIER("dmb ishld"),       \
	      BARRIER("dmb ishld"), LB | IRIW | ONE_PU, SB, no)               \
	FENCE(dmb_ishst_ishld, PLAIN_STORE, PLAIN_LOAD, BARRIER("dmb ishst"), \
	      BARRIER("dmb ishld"), ALL & ~SB, 0, no)                         \
	FENCE(swpal, STORE(".arch_extension lse\n\tswpal %1, %1, %0"),        \
	      PLAIN_LOAD, COMPILER, COMPILER, SB | LB | W22 | ONE_PU, SB, lse)

#elif defined(__riscv)
#define ARCHITECTURE "riscv64"
/* RVWMO, preserved program order. */
#define FENCES(FENCE)                                                         \
	FENCE(plain, PLAIN_STORE, PLAIN_LOAD, NOTHING, NOTHING, 0, SB, no)    \
	FENCE(compiler, PLAIN_STORE, PLAIN_LOAD, COMPILER, COMPILER, ONE_PU,  \
	      MP | LB | W22, no)                                              \
	FENCE(fence_rw_rw, PLAIN_STORE, PLAIN_LOAD, BARRIER("fence rw, rw"),  \
	      BARRIER("fence rw, rw"), ALL, SB, no)                           \
	FENCE(fence_w_w, PLAIN_STORE, PLAIN_LOAD, BARRIER("fence w, w"),      \
	      BARRIER("fence w, w"), W22 | ONE_PU, SB, no)                    \
	FENCE(fence_r_rw, PLAIN_STORE, PLAIN_LOAD, BARRIER("fence r, rw"),    \
	      BARRIER("fence r, rw"), LB | IRIW | ONE_PU, SB, no)             \
	FENCE(fence_w_w_r_rw, PLAIN_STORE, PLAIN_LOAD, BARRIER("fence w, w"), \
	      BARRIER("fence r, rw"), ALL & ~SB, 0, no)                       \
	FENCE(amoswap_aqrl, STORE("amoswap.d.aqrl %1, %1, %0"), PLAIN_LOAD,   \
	      COMPILER, COMPILER, SB | LB | W22 | ONE_PU, SB, no)
#else
#error "no fence of this architecture is known"
#endif

#endif
