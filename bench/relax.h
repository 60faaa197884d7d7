/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A breath between two looks at a word: what the architecture has for loops
 * that spin. */
#ifndef HANDOFF_RELAX_H
#define HANDOFF_RELAX_H

static inline void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#endif
}

#endif
