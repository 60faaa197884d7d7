/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run that was cut: its files are made from its journal. */
#ifndef HANDOFF_RECOVER_H
#define HANDOFF_RECOVER_H

/*
 * Where dir holds the journal of a run that was killed: writes summary.csv,
 * invocations.csv, histogram.csv (and noise.csv of an A/A run) from it as the
 * run would have, says so on stderr and removes it. 0: done, or there is
 * nothing to do, as where path is no directory; -1: it cannot be done, or the
 * run is still going on and has no summary.csv yet (said on stderr).
 */
int recover_run(const char *dir);

#endif
