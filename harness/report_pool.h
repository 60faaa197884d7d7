/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One report of several runs of a machine. */
#ifndef HANDOFF_REPORT_POOL_H
#define HANDOFF_REPORT_POOL_H

#include <stdio.h>

#include "env_file.h"

/*
 * Pools the runs in `path`, two or more. dir: made where it is missing, refused
 * where it holds a run; gets the files of a run and their report. NULL: the
 * tables are printed to out and nothing is written. An exit code: 0; 1 where a
 * file or chart cannot be made; 2 where the runs cannot be pooled or dir is
 * none to write into.
 */
int report_pool(char *const *path, size_t paths, const char *dir, FILE *out);

/* Of a run that was put together from several: how, in a few sentences, into
 * buf, which is returned; "" of any other run. */
enum { REPORT_POOLED = 1024 };
const char *report_pooled(const struct env_file *env, char buf[REPORT_POOLED]);

#endif
