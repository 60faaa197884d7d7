/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What handoff-child does, as an ordinary program: linked with the C library,
 * dynamically, so that its first instruction comes after the loader's work. */
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "exec_child.h"

int main(int argc, char **argv)
{
	uint64_t now = clock_counter();
	struct exec_child_left left;

	if (argc != 4)
		return 1;
	left.first = argv[2][0] == 'c' ? now : clock_kernel_raw();
	left.pu = sched_getcpu();
	return pwrite(atoi(argv[1]), &left, sizeof(left),
		      (off_t)atoi(argv[3]) * EXEC_CHILD_STRIDE) ==
			       (ssize_t)sizeof(left) ?
		       EXEC_CHILD_STATUS :
		       1;
}
