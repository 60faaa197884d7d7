/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a run measures, for the readers of its report. */
#ifndef HANDOFF_METHOD_TEXT_H
#define HANDOFF_METHOD_TEXT_H

/* Markdown. */
extern const char method_text[];

#endif
