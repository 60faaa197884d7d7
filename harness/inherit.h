/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a program inherits and must not measure or trip over: closed
 * descriptors, signals, the umask, timers, the size of stacks. */
#ifndef HANDOFF_INHERIT_H
#define HANDOFF_INHERIT_H

/*
 * First of all in main(). Closed standard descriptors become /dev/null, stdout
 * one that cannot be written, so that results that do not reach their reader
 * are an error. Signals do what they do by default and are not blocked, but
 * for SIGHUP, SIGINT and SIGQUIT, which whoever ignored them ignored for us
 * too; SIGPIPE and SIGXFSZ are ignored, for write() to say what happened.
 * Our own files can be read and written by us. Timers that count processor
 * time are off. A stack limit below 1 MiB or above 64 MiB becomes 8 MiB (or
 * what the hard limit allows) for the processes started from here on: it is
 * the size of threads' stacks too. Exits with 2 where /dev/null is needed and
 * cannot be opened.
 */
void inherit_mend(void);

/* For the program that starts others: descriptors above 2 that it has got from
 * elsewhere end with the next exec. */
void inherit_close_on_exec(void);

#endif
