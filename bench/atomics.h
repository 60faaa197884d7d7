/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The atomic operations that are measured, as C11 has them and as this
 * architecture's own instructions: one inline function each, and lists. */
#ifndef HANDOFF_ATOMICS_H
#define HANDOFF_ATOMICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "bench.h"

#if defined(__aarch64__)
/* The processor has LSE's swp, ldadd and cas. NULL-terminated. */
extern const struct need *const for_lse[];
#endif

/*
 * NAME_once(word, expected, put): what the word held before. Loads heed nothing
 * else, stores, exchanges and adds only `put`, and compare-and-swap has put it
 * there if what it returns is `expected`. What a store or LOCK ADD returns has
 * no meaning.
 */
#define ATOMIC_OPERATION(name)                                             \
	static inline __attribute__((always_inline)) uint64_t name##_once( \
		uint64_t *word, __attribute__((unused)) uint64_t expected, \
		__attribute__((unused)) uint64_t put)

/* ------------------------------------------------------- by instruction */

/* A memory operand of a base register only where instructions need that. */
#if defined(__x86_64__)
#define ATOMIC_MEMORY "m"
#define ATOMIC_CLOBBERS "memory", "cc"
#define ATOMIC_EXPECTED "+a"
#elif defined(__riscv)
#define ATOMIC_MEMORY "A"
#define ATOMIC_CLOBBERS "memory"
#else
#define ATOMIC_MEMORY "Q"
#define ATOMIC_CLOBBERS "memory", "cc"
#define ATOMIC_EXPECTED "+r"
#endif

#define ATOMIC_LOAD(name, text)                         \
	ATOMIC_OPERATION(name)                          \
	{                                               \
		uint64_t seen;                          \
                                                        \
		__asm__ volatile(text                   \
				 : "=r"(seen)           \
				 : ATOMIC_MEMORY(*word) \
				 : ATOMIC_CLOBBERS);    \
		return seen;                            \
	}
#define ATOMIC_STORE(name, text)                            \
	ATOMIC_OPERATION(name)                              \
	{                                                   \
		__asm__ volatile(text                       \
				 : "=" ATOMIC_MEMORY(*word) \
				 : "r"(put)                 \
				 : ATOMIC_CLOBBERS);        \
		return put;                                 \
	}
/* %1 goes in and what the word held comes out in it. */
#define ATOMIC_SWAP(name, text)                                        \
	ATOMIC_OPERATION(name)                                         \
	{                                                              \
		__asm__ volatile(text                                  \
				 : "+" ATOMIC_MEMORY(*word), "+r"(put) \
				 :                                     \
				 : ATOMIC_CLOBBERS);                   \
		return put;                                            \
	}
#define ATOMIC_COMPARE(name, text)                           \
	ATOMIC_OPERATION(name)                               \
	{                                                    \
		__asm__ volatile(text                        \
				 : "+" ATOMIC_MEMORY(*word), \
				   ATOMIC_EXPECTED(expected) \
				 : "r"(put)                  \
				 : ATOMIC_CLOBBERS);         \
		return expected;                             \
	}
/* Several instructions: %1 what was there, %2 and %3 theirs alone, %4 `put`,
 * %5 `expected`. */
#define ATOMIC_LOOP(name, text)                                           \
	ATOMIC_OPERATION(name)                                            \
	{                                                                 \
		uint64_t seen, own, failed;                               \
                                                                          \
		__asm__ volatile(text                                     \
				 : "+" ATOMIC_MEMORY(*word), "=&r"(seen), \
				   "=&r"(own), "=&r"(failed)              \
				 : "r"(put), "r"(expected)                \
				 : ATOMIC_CLOBBERS);                      \
		return seen;                                              \
	}

/*
 * The lists: X(name, kind, needs, tier). PLAIN ones stand for themselves;
 * CONTENDED, REMOTE and CROWD name those of them, and of C11's, that are
 * measured so; CROWD with how many parties instead of the tier.
 */
#if defined(__x86_64__)
ATOMIC_LOAD(mov_load, "mov %1, %0")
ATOMIC_STORE(mov_store, "mov %1, %0")
ATOMIC_SWAP(xchg, "xchg %1, %0")
ATOMIC_SWAP(lock_xadd, "lock xadd %1, %0")
ATOMIC_SWAP(lock_add, "lock add %1, %0")
ATOMIC_COMPARE(lock_cmpxchg, "lock cmpxchg %2, %0")
ATOMIC_SWAP(plain_add, "add %1, %0")
#define ATOMICS_NAMED(X)                         \
	X(mov_load, LOAD, NULL, HEADLINE)        \
	X(mov_store, STORE, NULL, HEADLINE)      \
	X(xchg, EXCHANGE, NULL, HEADLINE)        \
	X(lock_xadd, ADD, NULL, HEADLINE)        \
	X(lock_cmpxchg, COMPARE, NULL, HEADLINE) \
	X(lock_add, ADD, NULL, FULL)
#define ATOMICS_NAMED_CONTENDED(X)               \
	X(mov_store, STORE, NULL, FULL)          \
	X(xchg, EXCHANGE, NULL, FULL)            \
	X(lock_xadd, ADD, NULL, HEADLINE)        \
	X(lock_cmpxchg, COMPARE, NULL, HEADLINE) \
	X(lock_add, ADD, NULL, FULL)
#define ATOMICS_NAMED_REMOTE(X)           \
	X(mov_load, LOAD, NULL, HEADLINE) \
	X(xchg, EXCHANGE, NULL, FULL)     \
	X(lock_xadd, ADD, NULL, HEADLINE) \
	X(lock_cmpxchg, COMPARE, NULL, FULL)
#define ATOMICS_CROWD(X)                      \
	X(xchg, EXCHANGE, NULL, all_parties)  \
	X(lock_xadd, ADD, NULL, some_parties) \
	X(lock_cmpxchg, COMPARE, NULL, all_parties)

#elif defined(__aarch64__)
#define ATOMIC_LSE ".arch_extension lse\n\t"
ATOMIC_LOAD(ldr, "ldr %0, %1")
ATOMIC_LOAD(ldar, "ldar %0, %1")
ATOMIC_LOAD(ldapr, ".arch_extension rcpc\n\tldapr %0, %1")
ATOMIC_STORE(str, "str %1, %0")
ATOMIC_STORE(stlr, "stlr %1, %0")
ATOMIC_SWAP(swp, ATOMIC_LSE "swp %1, %1, %0")
ATOMIC_SWAP(swpal, ATOMIC_LSE "swpal %1, %1, %0")
ATOMIC_SWAP(ldadd, ATOMIC_LSE "ldadd %1, %1, %0")
ATOMIC_SWAP(ldaddal, ATOMIC_LSE "ldaddal %1, %1, %0")
ATOMIC_COMPARE(cas, ATOMIC_LSE "cas %1, %2, %0")
ATOMIC_COMPARE(casal, ATOMIC_LSE "casal %1, %2, %0")
ATOMIC_LOOP(ldxr_stxr, "1:\tldxr %1, %0\n\tadd %2, %1, %4\n\t"
		       "stxr %w3, %2, %0\n\tcbnz %w3, 1b")
ATOMIC_LOOP(plain_add, "ldr %1, %0\n\tadd %2, %1, %4\n\tstr %2, %0")
#define ATOMICS_NAMED(X)                      \
	X(ldr, LOAD, NULL, HEADLINE)          \
	X(ldar, LOAD, NULL, HEADLINE)         \
	X(ldapr, LOAD, for_rcpc, FULL)        \
	X(str, STORE, NULL, HEADLINE)         \
	X(stlr, STORE, NULL, FULL)            \
	X(swp, EXCHANGE, for_lse, FULL)       \
	X(swpal, EXCHANGE, for_lse, HEADLINE) \
	X(ldadd, ADD, for_lse, FULL)          \
	X(ldaddal, ADD, for_lse, HEADLINE)    \
	X(cas, COMPARE, for_lse, FULL)        \
	X(casal, COMPARE, for_lse, HEADLINE)  \
	X(ldxr_stxr, ADD, NULL, FULL)
#define ATOMICS_NAMED_CONTENDED(X)           \
	X(str, STORE, NULL, FULL)            \
	X(swpal, EXCHANGE, for_lse, FULL)    \
	X(ldadd, ADD, for_lse, FULL)         \
	X(ldaddal, ADD, for_lse, HEADLINE)   \
	X(casal, COMPARE, for_lse, HEADLINE) \
	X(ldxr_stxr, ADD, NULL, FULL)
#define ATOMICS_NAMED_REMOTE(X)            \
	X(ldr, LOAD, NULL, HEADLINE)       \
	X(ldar, LOAD, NULL, FULL)          \
	X(swpal, EXCHANGE, for_lse, FULL)  \
	X(ldaddal, ADD, for_lse, HEADLINE) \
	X(casal, COMPARE, for_lse, FULL)   \
	X(ldxr_stxr, ADD, NULL, FULL)
#define ATOMICS_CROWD(X)                         \
	X(swpal, EXCHANGE, for_lse, all_parties) \
	X(ldaddal, ADD, for_lse, some_parties)   \
	X(casal, COMPARE, for_lse, all_parties)  \
	X(ldxr_stxr, ADD, NULL, some_parties)

#elif defined(__riscv) && __riscv_xlen == 64
ATOMIC_LOAD(ld, "ld %0, %1")
ATOMIC_STORE(sd, "sd %1, %0")
ATOMIC_SWAP(amoswap, "amoswap.d %1, %1, %0")
ATOMIC_SWAP(amoswap_aqrl, "amoswap.d.aqrl %1, %1, %0")
ATOMIC_SWAP(amoadd, "amoadd.d %1, %1, %0")
ATOMIC_SWAP(amoadd_aqrl, "amoadd.d.aqrl %1, %1, %0")
ATOMIC_LOOP(lr_sc_add, "1:\tlr.d %1, %0\n\tadd %2, %1, %4\n\t"
		       "sc.d %3, %2, %0\n\tbnez %3, 1b")
ATOMIC_LOOP(lr_sc_cas, "1:\tlr.d.aqrl %1, %0\n\tbne %1, %5, 2f\n\t"
		       "sc.d.rl %3, %4, %0\n\tbnez %3, 1b\n2:")
ATOMIC_LOOP(plain_add, "ld %1, %0\n\tadd %2, %1, %4\n\tsd %2, %0")
#define ATOMICS_NAMED(X)                          \
	X(ld, LOAD, NULL, HEADLINE)               \
	X(sd, STORE, NULL, HEADLINE)              \
	X(amoswap, EXCHANGE, NULL, FULL)          \
	X(amoswap_aqrl, EXCHANGE, NULL, HEADLINE) \
	X(amoadd, ADD, NULL, FULL)                \
	X(amoadd_aqrl, ADD, NULL, HEADLINE)       \
	X(lr_sc_add, ADD, NULL, FULL)             \
	X(lr_sc_cas, COMPARE, NULL, HEADLINE)
#define ATOMICS_NAMED_CONTENDED(X)            \
	X(sd, STORE, NULL, FULL)              \
	X(amoswap_aqrl, EXCHANGE, NULL, FULL) \
	X(amoadd, ADD, NULL, FULL)            \
	X(amoadd_aqrl, ADD, NULL, HEADLINE)   \
	X(lr_sc_add, ADD, NULL, FULL)         \
	X(lr_sc_cas, COMPARE, NULL, HEADLINE)
#define ATOMICS_NAMED_REMOTE(X)               \
	X(ld, LOAD, NULL, HEADLINE)           \
	X(amoswap_aqrl, EXCHANGE, NULL, FULL) \
	X(amoadd_aqrl, ADD, NULL, HEADLINE)   \
	X(lr_sc_cas, COMPARE, NULL, FULL)
#define ATOMICS_CROWD(X)                             \
	X(amoswap_aqrl, EXCHANGE, NULL, all_parties) \
	X(amoadd_aqrl, ADD, NULL, some_parties)      \
	X(lr_sc_cas, COMPARE, NULL, all_parties)
#else
#error "the atomic instructions of this architecture are not known"
#endif

/* --------------------------------------------------------------- by C11 */

#define ATOMIC_C11(name, call)                                     \
	ATOMIC_OPERATION(name)                                     \
	{                                                          \
		_Atomic uint64_t *atom = (_Atomic uint64_t *)word; \
                                                                   \
		return call;                                       \
	}
#define ATOMIC_C11_LOAD(order)       \
	ATOMIC_C11(c11_load_##order, \
		   atomic_load_explicit(atom, memory_order_##order))
#define ATOMIC_C11_STORE(order)    \
	ATOMIC_C11(                \
		c11_store_##order, \
		(atomic_store_explicit(atom, put, memory_order_##order), put))
/* `fails`: the order of a compare-and-swap that does not store. */
#define ATOMIC_C11_CHANGE(order, fails)                                        \
	ATOMIC_C11(c11_exchange_##order,                                       \
		   atomic_exchange_explicit(atom, put, memory_order_##order))  \
	ATOMIC_C11(c11_fetch_add_##order,                                      \
		   atomic_fetch_add_explicit(atom, put, memory_order_##order)) \
	ATOMIC_C11(c11_cas_##order,                                            \
		   (atomic_compare_exchange_strong_explicit(                   \
			    atom, &expected, put, memory_order_##order,        \
			    memory_order_##fails),                             \
		    expected))

ATOMIC_C11_LOAD(relaxed)
ATOMIC_C11_LOAD(acquire)
ATOMIC_C11_LOAD(seq_cst)
ATOMIC_C11_STORE(relaxed)
ATOMIC_C11_STORE(release)
ATOMIC_C11_STORE(seq_cst)
ATOMIC_C11_CHANGE(relaxed, relaxed)
ATOMIC_C11_CHANGE(acquire, acquire)
ATOMIC_C11_CHANGE(release, relaxed)
ATOMIC_C11_CHANGE(acq_rel, acquire)
ATOMIC_C11_CHANGE(seq_cst, seq_cst)

#define ATOMICS_C11_OF(X, order)                      \
	X(c11_exchange_##order, EXCHANGE, NULL, FULL) \
	X(c11_fetch_add_##order, ADD, NULL, FULL)     \
	X(c11_cas_##order, COMPARE, NULL, FULL)
#define ATOMICS_C11(X)                          \
	X(c11_load_relaxed, LOAD, NULL, FULL)   \
	X(c11_load_acquire, LOAD, NULL, FULL)   \
	X(c11_load_seq_cst, LOAD, NULL, FULL)   \
	X(c11_store_relaxed, STORE, NULL, FULL) \
	X(c11_store_release, STORE, NULL, FULL) \
	X(c11_store_seq_cst, STORE, NULL, FULL) \
	ATOMICS_C11_OF(X, relaxed)              \
	ATOMICS_C11_OF(X, acquire)              \
	ATOMICS_C11_OF(X, release)              \
	ATOMICS_C11_OF(X, acq_rel)              \
	ATOMICS_C11_OF(X, seq_cst)

#define ATOMICS_ALONE(X) ATOMICS_NAMED(X) ATOMICS_C11(X)
#define ATOMICS_CONTENDED(X)                    \
	ATOMICS_NAMED_CONTENDED(X)              \
	X(c11_store_seq_cst, STORE, NULL, FULL) \
	ATOMICS_C11_OF(X, relaxed)              \
	ATOMICS_C11_OF(X, seq_cst)
#define ATOMICS_REMOTE(X)                     \
	ATOMICS_NAMED_REMOTE(X)               \
	X(c11_load_seq_cst, LOAD, NULL, FULL) \
	ATOMICS_C11_OF(X, relaxed)            \
	ATOMICS_C11_OF(X, seq_cst)

#endif
