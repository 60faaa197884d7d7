/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libuv's async handles played to and fro between two event loops, in the
 * manner of its benchmark async1, with nothing of handoff in it: prints the
 * nanoseconds of a round trip.
 *
 * usage: async-pingpong SECONDS */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

struct side {
	uv_loop_t loop;
	uv_async_t wake;
	struct side *other;
	unsigned long long woken;
	int stop; /* set by the main side before its last wake-up */
};

static struct side main_side, worker_side;

static void must(int error, const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "async-pingpong: %s: %s\n", what, uv_strerror(error));
	exit(1);
}

static void on_worker(uv_async_t *handle)
{
	worker_side.woken++;
	if (__atomic_load_n(&worker_side.stop, __ATOMIC_ACQUIRE))
		uv_close((uv_handle_t *)handle, NULL);
	else
		must(uv_async_send(&main_side.wake), "uv_async_send");
}

static void on_main(uv_async_t *handle)
{
	(void)handle;
	main_side.woken++;
	must(uv_async_send(&worker_side.wake), "uv_async_send");
}

static void on_end(uv_timer_t *timer)
{
	__atomic_store_n(&worker_side.stop, 1, __ATOMIC_RELEASE);
	uv_async_send(&worker_side.wake);
	uv_close((uv_handle_t *)&main_side.wake, NULL);
	uv_close((uv_handle_t *)timer, NULL);
}

static void work(void *unused)
{
	(void)unused;
	uv_run(&worker_side.loop, UV_RUN_DEFAULT);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 1;
	unsigned long long from, to;
	uv_thread_t thread;
	uv_timer_t timer;

	must(uv_loop_init(&main_side.loop), "uv_loop_init");
	must(uv_loop_init(&worker_side.loop), "uv_loop_init");
	must(uv_async_init(&main_side.loop, &main_side.wake, on_main),
	     "uv_async_init");
	must(uv_async_init(&worker_side.loop, &worker_side.wake, on_worker),
	     "uv_async_init");
	must(uv_timer_init(&main_side.loop, &timer), "uv_timer_init");
	must(uv_timer_start(&timer, on_end, (uint64_t)(seconds * 1000), 0),
	     "uv_timer_start");
	must(uv_thread_create(&thread, work, NULL), "uv_thread_create");
	from = uv_hrtime();
	must(uv_async_send(&worker_side.wake), "uv_async_send");
	uv_run(&main_side.loop, UV_RUN_DEFAULT);
	to = uv_hrtime();
	must(uv_thread_join(&thread), "uv_thread_join");
	if (main_side.woken < 100) {
		fprintf(stderr, "async-pingpong: only %llu round trips\n",
			main_side.woken);
		return 1;
	}
	printf("%.1f\n", (double)(to - from) / (double)main_side.woken);
	return 0;
}
