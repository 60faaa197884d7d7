/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records what a machine is and how it is set, so that two can be compared. */
#include "env.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define HAVE_CPUID
#endif

#include "cgroup.h"
#include "files.h"
#include "version.h"

/* Twice the limit, so that the final cut sees that there is more. */
#define TEXT_MAX (2 * ENV_VALUE_MAX)
#define NAME_MAX_LEN 256
#define SOURCE_MAX (PATH_MAX + 128)

#define CPU_DIR "/sys/devices/system/cpu/"
#define MM_DIR "/sys/kernel/mm/"

/* Where rows go, and what is put around every path and name. */
struct sink {
	const char *root;
	const char *suffix; /* "" or "before", "after" */
	env_emit *emit;
	void *ctx;
};

enum how {
	TEXT,       /* the whole file */
	CHOICE,     /* the bracketed word: "always [madvise] never" */
	KEYS,       /* "key: value" lines of the file, all where list is NULL */
	PER_CPU,    /* a file per CPU, one row by value */
	CPU_SUM,    /* a file per CPU holding a number: their sum */
	CPU_MAX,    /* … the greatest */
	CPU_SPREAD, /* … least, median, greatest: three rows */
};

/*
 * One row or several. In path, '*' stands for what glob() finds, or for the
 * number in the PER_CPU and CPU_* kinds, and '#' for 0, 1, 2 … as far as there
 * are files; in name the same sign stands for what was found. list holds words:
 * for KEYS the keys (at most 64), else each is put after path and name in turn.
 */
struct fact {
	const char *name;
	const char *path;
	enum how how;
	const char *list;
};

/* ---- words, names and values ---- */

/* Writes to buf; false where it had to be cut. */
static bool print(char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool print(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(buf, size, format, args);
	va_end(args);
	return n >= 0 && (size_t)n < size;
}

/* Takes the next word of *list; false at the end. */
static bool next_word(const char **list, char *word, size_t size)
{
	const char *start = *list + strspn(*list, " ");
	size_t len = strcspn(start, " ");

	*list = start + len;
	print(word, size, "%.*s", (int)len, start);
	return len > 0;
}

/* The place of word in list, or -1. */
static int word_index(const char *list, const char *word)
{
	char next[NAME_MAX_LEN];

	for (int i = 0; next_word(&list, next, sizeof(next)); i++)
		if (!strcmp(next, word))
			return i;
	return -1;
}

/* Makes a key fit to be part of a name: "model name" becomes "model_name". */
static void slug(char *s)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-._", *s))
			*s = '_';
}

/* Replaces the first c in pattern by text. */
static void substitute(char *buf, size_t size, const char *pattern, char c,
		       const char *text)
{
	const char *at = strchr(pattern, c);

	if (at)
		print(buf, size, "%.*s%s%s", (int)(at - pattern), pattern, text,
		      at + 1);
	else
		print(buf, size, "%s", pattern);
}

/* The length of the UTF-8 character at s, or 0 where it is none. */
static size_t utf8_length(const char *s)
{
	unsigned char c = (unsigned char)*s;
	size_t n = 1;

	if (c >= 0xf5 || (c >= 0x80 && c < 0xc2))
		return 0;
	if (c >= 0xc2)
		n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/*
 * Makes one line of UTF-8 of any bytes. What follows may be someone's CSV
 * reader, and some of these strings come from firmware.
 */
static void one_line(char *out, size_t size, const char *in)
{
	static const char cut[] = "…";
	size_t limit = size - sizeof(cut), len = 0;
	const char *gap = "";

	while (*in) {
		size_t n = utf8_length(in);
		const char *c = in;
		bool plain = n > 1 || isgraph((unsigned char)*in);

		if (isspace((unsigned char)*in)) {
			if (*in == '\n')
				gap = "; ";
			else if (!*gap)
				gap = " ";
			in++;
			continue;
		}
		if (!plain) {
			c = "?";
			n = 1;
		}
		if (!len)
			gap = "";
		if (len + strlen(gap) + n > limit) {
			memcpy(out + len, cut, sizeof(cut));
			return;
		}
		memcpy(out + len, gap, strlen(gap));
		len += strlen(gap);
		memcpy(out + len, c, n);
		len += n;
		in += plain ? n : 1;
		gap = "";
	}
	out[len] = '\0';
}

/* ---- rows ---- */

static void put(const struct sink *to, const char *name, const char *value,
		const char *source)
{
	char full[NAME_MAX_LEN], line[ENV_VALUE_MAX + 1], from[SOURCE_MAX];

	print(full, sizeof(full), "%s%s%s", name, *to->suffix ? "." : "",
	      to->suffix);
	one_line(line, sizeof(line), value);
	one_line(from, sizeof(from), source);
	to->emit(to->ctx, full, line, from);
}

/* A row for what could not be read: asked for, and why there is no answer. */
static void put_missing(const struct sink *to, const char *name,
			const char *source, int err)
{
	char from[SOURCE_MAX];
	const char *why;

	switch (err) {
	case ENOENT:
	case ENOTDIR:
	case ENODEV:
	case ENXIO:
		why = "absent";
		break;
	case EACCES:
	case EPERM:
		why = "denied";
		break;
	default:
		why = strerror(err);
	}
	print(from, sizeof(from), "%s: %s", source, why);
	put(to, name, "", from);
}

static void put_number(const struct sink *to, const char *name,
		       unsigned long long number, const char *source)
{
	char value[32];

	print(value, sizeof(value), "%llu", number);
	put(to, name, value, source);
}

/* ---- one row from many CPUs ---- */

struct range {
	unsigned first, last;
};

/* The CPUs that share a value. */
struct same {
	char *value;
	struct range *ranges;
	size_t count, room;
};

struct cpu_values {
	struct same *values; /* in the order of their first CPU */
	size_t count, room;
	size_t latest; /* neighbours tend to agree: look here first */
	int err;       /* 0, or ENOMEM: the rest is incomplete */
};

/* Makes room for one more. Returns 0 or an errno. */
static int grow(void *array, size_t count, size_t *room, size_t size)
{
	void **where = array, *more;

	if (count < *room)
		return 0;
	more = realloc(*where, (*room ? 2 * *room : 4) * size);
	if (!more)
		return ENOMEM;
	*room = *room ? 2 * *room : 4;
	*where = more;
	return 0;
}

static struct same *value_find(struct cpu_values *v, const char *value)
{
	if (v->count && !strcmp(v->values[v->latest].value, value))
		return &v->values[v->latest];
	for (v->latest = 0; v->latest < v->count; v->latest++)
		if (!strcmp(v->values[v->latest].value, value))
			return &v->values[v->latest];

	v->latest = 0;
	v->err = grow(&v->values, v->count, &v->room, sizeof(*v->values));
	if (v->err)
		return NULL;
	v->values[v->count] = (struct same){ .value = strdup(value) };
	if (!v->values[v->count].value) {
		v->err = ENOMEM;
		return NULL;
	}
	v->latest = v->count++;
	return &v->values[v->latest];
}

/* CPUs come in rising order, or ranges are not merged. */
static void value_add(struct cpu_values *v, unsigned cpu, const char *value)
{
	struct same *same = v->err ? NULL : value_find(v, value);

	if (!same)
		return;
	if (same->count && same->ranges[same->count - 1].last + 1 == cpu) {
		same->ranges[same->count - 1].last = cpu;
		return;
	}
	v->err = grow(&same->ranges, same->count, &same->room,
		      sizeof(*same->ranges));
	if (!v->err)
		same->ranges[same->count++] = (struct range){ cpu, cpu };
}

/* Appends to buf; drops what does not fit. */
static void append(char *buf, size_t size, const char *text)
{
	size_t len = strlen(buf);

	print(buf + len, size - len, "%s", text);
}

/* Writes the common value, or "0-3,8: a; 4-7: b". */
static void values_write(const struct cpu_values *v, char *buf, size_t size)
{
	char cpus[32];

	*buf = '\0';
	if (v->count == 1)
		append(buf, size, v->values[0].value);
	for (size_t i = 0; v->count > 1 && i < v->count; i++) {
		const struct same *same = &v->values[i];

		append(buf, size, i ? "; " : "");
		for (size_t j = 0; j < same->count; j++) {
			const struct range *r = &same->ranges[j];
			const char *comma = j ? "," : "";

			if (r->first == r->last)
				print(cpus, sizeof(cpus), "%s%u", comma,
				      r->first);
			else
				print(cpus, sizeof(cpus), "%s%u-%u", comma,
				      r->first, r->last);
			append(buf, size, cpus);
		}
		append(buf, size, ": ");
		append(buf, size, same->value);
	}
}

static void values_free(struct cpu_values *v)
{
	for (size_t i = 0; i < v->count; i++) {
		free(v->values[i].value);
		free(v->values[i].ranges);
	}
	free(v->values);
	*v = (struct cpu_values){ 0 };
}

struct numbers {
	unsigned *all; /* rising */
	size_t count, room;
};

static int compare_unsigned(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

/* Lists the numbers that exist in place of '*'. Returns 0 or an errno. */
static int numbers_list(const char *root, const char *pattern,
			struct numbers *n)
{
	const char *star = strchr(pattern, '*'), *prefix = star;
	char dir[PATH_MAX], full[PATH_MAX], *end;
	struct dirent *entry;
	size_t len;
	DIR *d;
	int err;

	*n = (struct numbers){ 0 };
	while (prefix > pattern && prefix[-1] != '/')
		prefix--;
	len = (size_t)(star - prefix);
	print(dir, sizeof(dir), "%.*s", (int)(prefix - pattern), pattern);
	err = files_path(full, root, dir);
	if (err)
		return err;
	d = opendir(full);
	if (!d)
		return errno;
	while (!err && (entry = readdir(d))) {
		const char *digits = entry->d_name + len;
		unsigned long number;

		if (strncmp(entry->d_name, prefix, len) != 0 ||
		    !isdigit((unsigned char)*digits))
			continue;
		number = strtoul(digits, &end, 10);
		if (*end || number > UINT_MAX)
			continue;
		err = grow(&n->all, n->count, &n->room, sizeof(*n->all));
		if (!err)
			n->all[n->count++] = (unsigned)number;
	}
	closedir(d);
	if (n->count)
		qsort(n->all, n->count, sizeof(*n->all), compare_unsigned);
	return err ? err : n->count ? 0 : ENOENT;
}

static int compare_number(const void *a, const void *b)
{
	unsigned long long x = *(const unsigned long long *)a;
	unsigned long long y = *(const unsigned long long *)b;

	return (x > y) - (x < y);
}

/* Emits name.min, name.median, name.max; sorts all. */
static void put_spread(const struct sink *to, const char *name,
		       unsigned long long *all, size_t count,
		       const char *source)
{
	const struct {
		const char *name;
		size_t at;
	} rows[] = {
		{ "min", 0 },
		{ "median", (count - 1) / 2 },
		{ "max", count - 1 },
	};
	char full[NAME_MAX_LEN];

	qsort(all, count, sizeof(*all), compare_number);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print(full, sizeof(full), "%s.%s", name, rows[i].name);
		put_number(to, full, all[rows[i].at], source);
	}
}

/* Emits a PER_CPU or CPU_* fact. Returns 0, or why no CPU had the file. */
static int put_cpus(const struct sink *to, enum how how, const char *name,
		    const char *path, const struct numbers *cpus)
{
	struct cpu_values values = { 0 };
	unsigned long long *numbers, sum = 0, max = 0;
	char file[PATH_MAX], text[TEXT_MAX], number[16], source[SOURCE_MAX];
	size_t found = 0;
	int why = ENOENT;

	if (!cpus->count)
		return ENOENT;
	numbers = calloc(cpus->count, sizeof(*numbers));
	if (!numbers)
		return ENOMEM;
	for (size_t i = 0; i < cpus->count; i++) {
		int err;

		print(number, sizeof(number), "%u", cpus->all[i]);
		substitute(file, sizeof(file), path, '*', number);
		err = files_read(to->root, file, text, sizeof(text));
		if (err) {
			/* One refusal tells more than many absences. */
			if (why == ENOENT)
				why = err;
			continue;
		}
		numbers[found] = strtoull(text, NULL, 10);
		sum += numbers[found];
		if (numbers[found] > max)
			max = numbers[found];
		found++;
		if (how == PER_CPU)
			value_add(&values, cpus->all[i], files_trim(text));
	}

	if (found < cpus->count)
		print(source, sizeof(source), "%s (%zu of %zu)", path, found,
		      cpus->count);
	else
		print(source, sizeof(source), "%s", path);
	if (found && values.err) {
		why = values.err;
	} else if (found) {
		why = 0;
		if (how == CPU_SUM) {
			put_number(to, name, sum, source);
		} else if (how == CPU_MAX) {
			put_number(to, name, max, source);
		} else if (how == CPU_SPREAD) {
			put_spread(to, name, numbers, found, source);
		} else {
			values_write(&values, text, sizeof(text));
			put(to, name, text, source);
		}
	}
	values_free(&values);
	free(numbers);
	return why;
}

/* ---- the kinds of fact ---- */

static void put_per_cpu(const struct sink *to, enum how how, const char *name,
			const char *path)
{
	char nth_name[NAME_MAX_LEN], nth_path[PATH_MAX], number[16];
	bool counted = strchr(path, '#');
	struct numbers cpus;
	int err;

	err = numbers_list(to->root, path, &cpus);
	for (unsigned i = 0; !err; i++) {
		print(number, sizeof(number), "%u", i);
		substitute(nth_name, sizeof(nth_name), name, '#', number);
		substitute(nth_path, sizeof(nth_path), path, '#', number);
		err = put_cpus(to, how, nth_name, nth_path, &cpus);
		if (!counted)
			break;
		if (err && i) {
			err = 0;
			break;
		}
	}
	if (err) {
		substitute(nth_name, sizeof(nth_name), name, '#', "*");
		substitute(nth_path, sizeof(nth_path), path, '#', "*");
		put_missing(to, nth_name, nth_path, err);
	}
	free(cpus.all);
}

/* The word in brackets or parentheses, in place; the whole where none is. */
static char *choice(char *text)
{
	char *open = strpbrk(text, "[("), *close;

	if (!open)
		return text;
	close = strchr(open, *open == '[' ? ']' : ')');
	if (!close)
		return text;
	*close = '\0';
	return open + 1;
}

static void put_keys(const struct sink *to, const char *prefix,
		     const char *path, const char *list)
{
	FILE *file = files_open(to->root, path);
	int err = file ? ENOENT : errno;
	char *line = NULL, *key, *value;
	char name[NAME_MAX_LEN], source[SOURCE_MAX], word[NAME_MAX_LEN];
	unsigned long long seen = 0;
	size_t room = 0;

	while (file && getline(&line, &room, file) >= 0) {
		if (!files_split(line, &key, &value))
			continue;
		if (list) {
			int at = word_index(list, key);

			if (at < 0 || seen & 1ull << at)
				continue;
			seen |= 1ull << at;
		}
		print(source, sizeof(source), "%s %s", path, key);
		slug(key);
		print(name, sizeof(name), "%s%s", prefix, key);
		put(to, name, value, source);
	}
	free(line);
	if (file)
		fclose(file);

	if (!list) {
		print(name, sizeof(name), "%s*", prefix);
		if (!file)
			put_missing(to, name, path, err);
		return;
	}
	for (int i = 0; next_word(&list, word, sizeof(word)); i++) {
		if (seen & 1ull << i)
			continue;
		print(source, sizeof(source), "%s %s", path, word);
		slug(word);
		print(name, sizeof(name), "%s%s", prefix, word);
		put_missing(to, name, source, err);
	}
}

static void put_file(const struct sink *to, enum how how, const char *name,
		     const char *path)
{
	char text[TEXT_MAX];
	int err = files_read(to->root, path, text, sizeof(text));

	if (err)
		put_missing(to, name, path, err);
	else
		put(to, name, how == CHOICE ? choice(text) : text, path);
}

/* What stands in path for the '*' of pattern. */
static void star_text(char *buf, size_t size, const char *pattern,
		      const char *path)
{
	const char *after = strchr(pattern, '*');
	const char *start = path + (after - pattern);
	size_t len = strcspn(start, "/"), tail = strcspn(++after, "/");

	print(buf, size, "%.*s", (int)(len > tail ? len - tail : 0), start);
	slug(buf);
}

/* cpu2 before cpu10. */
static int compare_path(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* Why a pattern matched nothing: absent, or its directory may not be read. */
static int no_match_errno(const char *root, const char *pattern)
{
	char dir[PATH_MAX], full[PATH_MAX], *slash;
	int err;

	print(dir, sizeof(dir), "%.*s", (int)strcspn(pattern, "*"), pattern);
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	err = files_path(full, root, dir);
	if (err)
		return err;
	return faccessat(AT_FDCWD, full, R_OK | X_OK, AT_EACCESS) ? errno :
								    ENOENT;
}

static void put_glob(const struct sink *to, enum how how, const char *name,
		     const char *path)
{
	char pattern[PATH_MAX], star[NAME_MAX_LEN], full[NAME_MAX_LEN];
	size_t rootlen = strlen(to->root), len = 0;
	glob_t found;
	int rc = GLOB_NOSPACE;

	/* The root is no part of the pattern, whatever signs it holds. */
	for (size_t i = 0; i < rootlen && len < sizeof(pattern) - 2; i++) {
		if (strchr("*?[\\", to->root[i]))
			pattern[len++] = '\\';
		pattern[len++] = to->root[i];
	}
	if (print(pattern + len, sizeof(pattern) - len, "%s", path))
		rc = glob(pattern, GLOB_NOSORT, NULL, &found);
	if (rc) {
		int err = ENOMEM;

		if (rc == GLOB_NOMATCH)
			err = no_match_errno(to->root, path);
		put_missing(to, name, path, err);
		return;
	}
	qsort(found.gl_pathv, found.gl_pathc, sizeof(*found.gl_pathv),
	      compare_path);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *one = found.gl_pathv[i] + rootlen;

		star_text(star, sizeof(star), path, one);
		substitute(full, sizeof(full), name, '*', star);
		put_file(to, how, full, one);
	}
	globfree(&found);
}

static void put_one(const struct sink *to, enum how how, const char *name,
		    const char *path)
{
	if (how >= PER_CPU)
		put_per_cpu(to, how, name, path);
	else if (strchr(path, '*'))
		put_glob(to, how, name, path);
	else
		put_file(to, how, name, path);
}

static void put_fact(const struct sink *to, const struct fact *f)
{
	char name[NAME_MAX_LEN], path[PATH_MAX], word[NAME_MAX_LEN];
	const char *list = f->list;

	if (f->how == KEYS) {
		put_keys(to, f->name, f->path, list);
		return;
	}
	if (!list) {
		put_one(to, f->how, f->name, f->path);
		return;
	}
	while (next_word(&list, word, sizeof(word))) {
		print(path, sizeof(path), "%s%s", f->path, word);
		for (char *c = word; *c; c++)
			if (*c == '/')
				*c = '.';
		print(name, sizeof(name), "%s%s", f->name, word);
		put_one(to, f->how, name, path);
	}
}

/* ---- the facts that a file holds ---- */

static const struct fact facts[] = {
	/* CPUs, and which of them the scheduler may use. */
	{ "cpu.", CPU_DIR, TEXT,
	  "online offline possible present isolated nohz_full kernel_max "
	  "smt/active smt/control" },
	{ "cpu.capacity", CPU_DIR "cpu*/cpu_capacity", PER_CPU, NULL },
	{ "cpu.", CPU_DIR "cpu*/regs/identification/", PER_CPU,
	  "midr_el1 revidr_el1" },
	{ "", "/sys/devices/", TEXT, "cpu_core/cpus cpu_atom/cpus" },
	{ "mitigation.*", CPU_DIR "vulnerabilities/*", TEXT, NULL },

	/* Frequency and turbo. */
	{ "cpufreq.", CPU_DIR "cpu*/cpufreq/", PER_CPU,
	  "scaling_driver scaling_governor scaling_min_freq scaling_max_freq "
	  "cpuinfo_min_freq cpuinfo_max_freq base_frequency "
	  "energy_performance_preference" },
	{ "", CPU_DIR, TEXT,
	  "cpufreq/boost intel_pstate/status intel_pstate/no_turbo "
	  "intel_pstate/max_perf_pct intel_pstate/min_perf_pct "
	  "amd_pstate/status amd_pstate/prefcore" },
	{ "cpufreq.energy_perf_bias", CPU_DIR "cpu*/power/energy_perf_bias",
	  PER_CPU, NULL },
	{ "cpufreq.highest_perf", CPU_DIR "cpu*/acpi_cppc/highest_perf",
	  PER_CPU, NULL },
	{ "uncore.*.max_freq_khz",
	  CPU_DIR "intel_uncore_frequency/*/max_freq_khz", TEXT, NULL },
	{ "firmware.platform_profile", "/sys/firmware/acpi/platform_profile",
	  TEXT, NULL },

	/* Idle states, and how long a halting guest or host polls. */
	{ "cpuidle.", CPU_DIR "cpuidle/", TEXT,
	  "current_driver current_governor" },
	{ "cpuidle.state#.", CPU_DIR "cpu*/cpuidle/state#/", PER_CPU,
	  "name latency residency disable" },
	{ "cpu.resume_latency_us",
	  CPU_DIR "cpu*/power/pm_qos_resume_latency_us", PER_CPU, NULL },
	{ "haltpoll.*", "/sys/module/haltpoll/parameters/*", TEXT, NULL },
	{ "kvm.", "/sys/module/kvm/parameters/", TEXT, "halt_poll_ns" },
	{ "", "/sys/module/", TEXT,
	  "intel_idle/parameters/max_cstate processor/parameters/max_cstate" },

	/* Clocks. */
	{ "clock.", "/sys/devices/system/clocksource/clocksource0/", TEXT,
	  "current_clocksource available_clocksource" },
	{ "clock.event_device",
	  "/sys/devices/system/clockevents/clockevent*/current_device", PER_CPU,
	  NULL },

	/* Memory. */
	{ "thp.", MM_DIR "transparent_hugepage/", CHOICE,
	  "enabled defrag shmem_enabled" },
	{ "thp.hugepages-*.enabled",
	  MM_DIR "transparent_hugepage/hugepages-*/enabled", CHOICE, NULL },
	{ "ksm.run", MM_DIR "ksm/run", TEXT, NULL },
	{ "memory.", "/proc/meminfo", KEYS,
	  "MemTotal SwapTotal HugePages_Total Hugepagesize" },
	{ "vm.", "/proc/sys/vm/", TEXT,
	  "overcommit_memory overcommit_ratio max_map_count nr_hugepages "
	  "zone_reclaim_mode swappiness" },
	{ "numa.", "/sys/devices/system/node/", TEXT,
	  "online has_cpu has_memory" },
	{ "numa.node*.cpus", "/sys/devices/system/node/node*/cpulist", TEXT,
	  NULL },
	{ "numa.node*.distance", "/sys/devices/system/node/node*/distance",
	  TEXT, NULL },

	/* The kernel: what was built, and how it was started. */
	{ "kernel.release", "/proc/sys/kernel/osrelease", TEXT, NULL },
	{ "kernel.", "/proc/sys/kernel/", TEXT, "version tainted" },
	{ "kernel.cmdline", "/proc/cmdline", TEXT, NULL },
	{ "kernel.realtime", "/sys/kernel/realtime", TEXT, NULL },
	{ "security.lsm", "/sys/kernel/security/lsm", TEXT, NULL },
	{ "security.lockdown", "/sys/kernel/security/lockdown", CHOICE, NULL },
	{ "security.selinux_enforce", "/sys/fs/selinux/enforce", TEXT, NULL },

	/* The scheduler. */
	{ "kernel.", "/proc/sys/kernel/", TEXT,
	  "sched_rt_runtime_us sched_rt_period_us sched_autogroup_enabled "
	  "sched_energy_aware sched_schedstats timer_migration "
	  "numa_balancing" },
	{ "kernel.sched_*_ns", "/proc/sys/kernel/sched_*_ns", TEXT, NULL },
	{ "sched.preempt", "/sys/kernel/debug/sched/preempt", CHOICE, NULL },
	{ "sched.features", "/sys/kernel/debug/sched/features", TEXT, NULL },
	{ "sched.*_ns", "/sys/kernel/debug/sched/*_ns", TEXT, NULL },
	{ "sched_ext.", "/sys/kernel/sched_ext/", TEXT, "state root/ops" },
	{ "irq.default_smp_affinity", "/proc/irq/default_smp_affinity", TEXT,
	  NULL },

	/* What the kernel allows, and what slows its entry and exit. */
	{ "kernel.", "/proc/sys/kernel/", TEXT,
	  "randomize_va_space perf_event_paranoid yama/ptrace_scope "
	  "io_uring_disabled threads-max pid_max core_pattern nmi_watchdog "
	  "ftrace_enabled bpf_stats_enabled task_delayacct msgmax msgmnb" },
	{ "net.", "/proc/sys/net/", TEXT,
	  "core/bpf_jit_enable core/busy_poll core/wmem_default "
	  "core/rmem_default unix/max_dgram_qlen" },
	{ "fs.", "/proc/sys/fs/", TEXT,
	  "pipe-max-size pipe-user-pages-soft mqueue/msg_max "
	  "mqueue/msgsize_max" },
	{ "pmu.cpu*", "/sys/bus/event_source/devices/cpu*/type", TEXT, NULL },

	/* This process. */
	{ "process.", "/proc/self/status", KEYS,
	  "Seccomp Seccomp_filters NoNewPrivs CapEff Cpus_allowed_list "
	  "Mems_allowed_list THP_enabled Speculation_Store_Bypass "
	  "SpeculationIndirectBranch x86_Thread_features" },
	{ "process.", "/proc/self/", TEXT,
	  "personality timerslack_ns autogroup attr/current oom_score_adj" },
	{ "cgroup.path", "/proc/self/cgroup", TEXT, NULL },

	/* The machine as its firmware names it. */
	{ "dmi.", "/sys/class/dmi/id/", TEXT,
	  "sys_vendor product_name product_version board_vendor board_name "
	  "bios_vendor bios_version bios_date chassis_type" },
	{ "devicetree.", "/proc/device-tree/", TEXT, "model compatible" },
	{ "hypervisor.type", "/sys/hypervisor/type", TEXT, NULL },
	{ "thermal.zone*.type", "/sys/class/thermal/thermal_zone*/type", TEXT,
	  NULL },
	{ "hwmon.*.name", "/sys/class/hwmon/*/name", TEXT, NULL },
};

static const struct fact changes[] = {
	{ "loadavg", "/proc/loadavg", TEXT, NULL },
	{ "uptime", "/proc/uptime", TEXT, NULL },
	{ "pressure.", "/proc/pressure/", TEXT, "cpu memory io irq" },
	{ "cpuidle.state#.", CPU_DIR "cpu*/cpuidle/state#/", CPU_SUM,
	  "usage time" },
	{ "cpufreq.cur_khz", CPU_DIR "cpu*/cpufreq/scaling_cur_freq",
	  CPU_SPREAD, NULL },
	{ "throttle.", CPU_DIR "cpu*/thermal_throttle/", CPU_SUM,
	  "core_throttle_count core_throttle_total_time_ms" },
	{ "throttle.", CPU_DIR "cpu*/thermal_throttle/", CPU_MAX,
	  "package_throttle_count package_throttle_total_time_ms" },
	{ "thermal.zone*.temp", "/sys/class/thermal/thermal_zone*/temp", TEXT,
	  NULL },
	{ "hwmon.*.temp1", "/sys/class/hwmon/*/temp1_input", TEXT, NULL },
	{ "power.*.online", "/sys/class/power_supply/*/online", TEXT, NULL },
	{ "memory.", "/proc/meminfo", KEYS,
	  "MemAvailable SwapFree HugePages_Free AnonHugePages" },
	{ "vmstat.", "/proc/vmstat", KEYS,
	  "pswpin pswpout numa_pages_migrated thp_fault_alloc "
	  "thp_fault_fallback compact_stall" },
	{ "process.", "/proc/self/status", KEYS,
	  "voluntary_ctxt_switches nonvoluntary_ctxt_switches" },
};

/* ---- /proc/cpuinfo ---- */

/* Kinds of Arm core, by the implementer and part fields of MIDR_EL1. */
static const struct {
	unsigned implementer, part;
	const char *name;
} arm_cores[] = {
	{ 0x41, 0xc07, "Arm Cortex-A7" },
	{ 0x41, 0xc09, "Arm Cortex-A9" },
	{ 0x41, 0xc0f, "Arm Cortex-A15" },
	{ 0x41, 0xd03, "Arm Cortex-A53" },
	{ 0x41, 0xd04, "Arm Cortex-A35" },
	{ 0x41, 0xd05, "Arm Cortex-A55" },
	{ 0x41, 0xd06, "Arm Cortex-A65" },
	{ 0x41, 0xd07, "Arm Cortex-A57" },
	{ 0x41, 0xd08, "Arm Cortex-A72" },
	{ 0x41, 0xd09, "Arm Cortex-A73" },
	{ 0x41, 0xd0a, "Arm Cortex-A75" },
	{ 0x41, 0xd0b, "Arm Cortex-A76" },
	{ 0x41, 0xd0c, "Arm Neoverse-N1" },
	{ 0x41, 0xd0d, "Arm Cortex-A77" },
	{ 0x41, 0xd0e, "Arm Cortex-A76AE" },
	{ 0x41, 0xd40, "Arm Neoverse-V1" },
	{ 0x41, 0xd41, "Arm Cortex-A78" },
	{ 0x41, 0xd42, "Arm Cortex-A78AE" },
	{ 0x41, 0xd43, "Arm Cortex-A65AE" },
	{ 0x41, 0xd44, "Arm Cortex-X1" },
	{ 0x41, 0xd46, "Arm Cortex-A510" },
	{ 0x41, 0xd47, "Arm Cortex-A710" },
	{ 0x41, 0xd48, "Arm Cortex-X2" },
	{ 0x41, 0xd49, "Arm Neoverse-N2" },
	{ 0x41, 0xd4a, "Arm Neoverse-E1" },
	{ 0x41, 0xd4b, "Arm Cortex-A78C" },
	{ 0x41, 0xd4c, "Arm Cortex-X1C" },
	{ 0x41, 0xd4d, "Arm Cortex-A715" },
	{ 0x41, 0xd4e, "Arm Cortex-X3" },
	{ 0x41, 0xd4f, "Arm Neoverse-V2" },
	{ 0x41, 0xd80, "Arm Cortex-A520" },
	{ 0x41, 0xd81, "Arm Cortex-A720" },
	{ 0x41, 0xd82, "Arm Cortex-X4" },
	{ 0x41, 0xd84, "Arm Neoverse-V3" },
	{ 0x41, 0xd85, "Arm Cortex-X925" },
	{ 0x41, 0xd87, "Arm Cortex-A725" },
	{ 0x41, 0xd8e, "Arm Neoverse-N3" },
	{ 0x42, 0x516, "Broadcom Vulcan" },
	{ 0x43, 0x0a1, "Cavium ThunderX" },
	{ 0x43, 0x0af, "Cavium ThunderX2" },
	{ 0x43, 0x0b8, "Marvell ThunderX3" },
	{ 0x46, 0x001, "Fujitsu A64FX" },
	{ 0x48, 0xd01, "HiSilicon TaiShan-v110" },
	{ 0x4e, 0x003, "NVIDIA Denver 2" },
	{ 0x4e, 0x004, "NVIDIA Carmel" },
	{ 0x50, 0x000, "APM X-Gene" },
	{ 0x51, 0x001, "Qualcomm Oryon" },
	{ 0x51, 0x802, "Qualcomm Kryo-3XX-Gold" },
	{ 0x51, 0x803, "Qualcomm Kryo-3XX-Silver" },
	{ 0x51, 0x804, "Qualcomm Kryo-4XX-Gold" },
	{ 0x51, 0x805, "Qualcomm Kryo-4XX-Silver" },
	{ 0x51, 0xc00, "Qualcomm Falkor" },
	{ 0x61, 0x022, "Apple M1 Icestorm" },
	{ 0x61, 0x023, "Apple M1 Firestorm" },
	{ 0x61, 0x024, "Apple M1 Pro Icestorm" },
	{ 0x61, 0x025, "Apple M1 Pro Firestorm" },
	{ 0x61, 0x028, "Apple M1 Max Icestorm" },
	{ 0x61, 0x029, "Apple M1 Max Firestorm" },
	{ 0x61, 0x032, "Apple M2 Blizzard" },
	{ 0x61, 0x033, "Apple M2 Avalanche" },
	{ 0x61, 0x034, "Apple M2 Pro Blizzard" },
	{ 0x61, 0x035, "Apple M2 Pro Avalanche" },
	{ 0x61, 0x038, "Apple M2 Max Blizzard" },
	{ 0x61, 0x039, "Apple M2 Max Avalanche" },
	{ 0x6d, 0xd49, "Microsoft Cobalt 100" },
	{ 0x70, 0x662, "Phytium FTC662" },
	{ 0x70, 0x663, "Phytium FTC663" },
	{ 0xc0, 0xac3, "Ampere-1" },
	{ 0xc0, 0xac4, "Ampere-1A" },
};

static void arm_core_name(char *buf, size_t size, unsigned implementer,
			  unsigned part)
{
	for (size_t i = 0; i < sizeof(arm_cores) / sizeof(arm_cores[0]); i++) {
		if (arm_cores[i].implementer == implementer &&
		    arm_cores[i].part == part) {
			print(buf, size, "%s", arm_cores[i].name);
			return;
		}
	}
	print(buf, size, "implementer 0x%02x part 0x%03x", implementer, part);
}

/*
 * Calls each(ctx, cpu, key, value) for every line of /proc/cpuinfo. Lines that
 * belong to no CPU get the number of the one before. Returns 0 or an errno.
 */
static int cpuinfo_each(const char *root,
			void (*each)(void *ctx, unsigned cpu, const char *key,
				     const char *value),
			void *ctx)
{
	FILE *file = files_open(root, "/proc/cpuinfo");
	char *line = NULL, *key, *value;
	unsigned cpu = 0;
	size_t room = 0;

	if (!file)
		return errno;
	while (getline(&line, &room, file) >= 0) {
		if (!strchr(line, ':') || !files_split(line, &key, &value))
			continue;
		if (!strcmp(key, "processor"))
			cpu = (unsigned)strtoul(value, NULL, 10);
		each(ctx, cpu, key, value);
	}
	free(line);
	fclose(file);
	return 0;
}

/* Where a model's name may stand, the best first; [0] is made, not read. */
static const char *const model_keys[] = {
	"CPU part", "model name", "Model Name", "cpu model",
	"uarch",    "cpu",        "isa",        "machine",
};
#define MODEL_KEYS (sizeof(model_keys) / sizeof(model_keys[0]))

struct models {
	unsigned implementer;
	struct cpu_values by_key[MODEL_KEYS];
};

static void model_line(void *ctx, unsigned cpu, const char *key,
		       const char *value)
{
	struct models *m = ctx;
	char core[64];

	if (!strcmp(key, "CPU implementer"))
		m->implementer = (unsigned)strtoul(value, NULL, 0);
	for (size_t i = 0; i < MODEL_KEYS; i++) {
		if (strcmp(key, model_keys[i]) || !*value)
			continue;
		if (i == 0) {
			arm_core_name(core, sizeof(core), m->implementer,
				      (unsigned)strtoul(value, NULL, 0));
			value = core;
		}
		value_add(&m->by_key[i], cpu, value);
	}
}

int env_cpu_model(const char *root, char *buf, size_t size)
{
	char text[ENV_VALUE_MAX] = "", line[ENV_VALUE_MAX + 1];
	struct models m = { 0 };

	cpuinfo_each(root, model_line, &m);
	for (size_t i = 0; i < MODEL_KEYS; i++) {
		const struct cpu_values *v = &m.by_key[i];
		bool better = *text;

		for (size_t j = 0; !better && j < v->count; j++) {
			append(text, sizeof(text), j ? " + " : "");
			append(text, sizeof(text), v->values[j].value);
		}
		values_free(&m.by_key[i]);
	}
	one_line(line, sizeof(line), text);
	print(buf, size, "%s", line);
	return *line ? 0 : -1;
}

/* What differs by CPU or moment and tells nothing that hwloc does not. */
static bool cpuinfo_skipped(const char *key)
{
	static const char *const skipped[] = {
		"processor",   "apicid",           "initial apicid",
		"physical id", "core id",          "hart",
		"bogomips",    "power management", "clock",
	};

	for (size_t i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++)
		if (!strcasecmp(key, skipped[i]))
			return true;
	return !strncasecmp(key, "cpu MHz", strlen("cpu MHz"));
}

struct cpuinfo_key {
	char *key;
	struct cpu_values values;
};

struct cpuinfo {
	struct cpuinfo_key *keys;
	size_t count, room;
	int err;
};

static void cpuinfo_line(void *ctx, unsigned cpu, const char *key,
			 const char *value)
{
	struct cpuinfo *info = ctx;
	size_t i;

	if (info->err || cpuinfo_skipped(key))
		return;
	for (i = 0; i < info->count; i++)
		if (!strcmp(info->keys[i].key, key))
			break;
	if (i == info->count) {
		info->err = grow(&info->keys, info->count, &info->room,
				 sizeof(*info->keys));
		if (info->err)
			return;
		info->keys[i] = (struct cpuinfo_key){ .key = strdup(key) };
		if (!info->keys[i].key) {
			info->err = ENOMEM;
			return;
		}
		info->count++;
	}
	value_add(&info->keys[i].values, cpu, value);
}

/* Every key of /proc/cpuinfo, so that what is not there is known to be so. */
static void put_cpuinfo(const struct sink *to)
{
	struct cpuinfo info = { 0 };
	int err = cpuinfo_each(to->root, cpuinfo_line, &info);
	char name[NAME_MAX_LEN], source[SOURCE_MAX], text[TEXT_MAX];

	if (err || info.err)
		put_missing(to, "cpuinfo", "/proc/cpuinfo",
			    err ? err : info.err);
	for (size_t i = 0; i < info.count; i++) {
		struct cpuinfo_key *k = &info.keys[i];

		print(source, sizeof(source), "/proc/cpuinfo %s", k->key);
		slug(k->key);
		print(name, sizeof(name), "cpuinfo.%s", k->key);
		values_write(&k->values, text, sizeof(text));
		if (k->values.err)
			put_missing(to, name, source, k->values.err);
		else
			put(to, name, text, source);
		values_free(&k->values);
		free(k->key);
	}
	free(info.keys);
}

struct speeds {
	unsigned long long *mhz;
	size_t count, room;
};

static void speed_line(void *ctx, unsigned cpu, const char *key,
		       const char *value)
{
	struct speeds *s = ctx;

	(void)cpu;
	if (strcmp(key, "cpu MHz") ||
	    grow(&s->mhz, s->count, &s->room, sizeof(*s->mhz)))
		return;
	s->mhz[s->count++] = strtoull(value, NULL, 10);
}

/* Whole MHz: all there is where the kernel has no cpufreq. */
static void put_cpuinfo_mhz(const struct sink *to)
{
	static const char source[] = "/proc/cpuinfo cpu MHz";
	struct speeds s = { 0 };
	int err = cpuinfo_each(to->root, speed_line, &s);

	if (s.count)
		put_spread(to, "cpuinfo.cpu_mhz", s.mhz, s.count, source);
	else
		put_missing(to, "cpuinfo.cpu_mhz", source, err ? err : ENOENT);
	free(s.mhz);
}

/* ---- hypervisor and container ---- */

struct sign {
	const char *sign, *name;
};

#ifdef HAVE_CPUID
/* The twelve bytes of CPUID leaf 40000000h, EBX, ECX, EDX. */
static const struct sign cpuid_signs[] = {
	{ "KVMKVMKVM", "KVM" },          { "Linux KVM Hv", "KVM" },
	{ "TCGTCGTCGTCG", "QEMU TCG" },  { "XenVMMXenVMM", "Xen" },
	{ "VMwareVMware", "VMware" },    { "VBoxVBoxVBox", "VirtualBox" },
	{ "bhyve bhyve ", "bhyve" },     { "prl hyperv  ", "Parallels" },
	{ " lrpepyh  vr", "Parallels" }, { "ACRNACRNACRN", "ACRN" },
	{ "NVMMNVMMNVMM", "NVMM" },      { "OpenBSDVMM58", "OpenBSD vmm" },
	{ "Jailhouse", "Jailhouse" },    { "Microsoft Hv", "Hyper-V" },
};

/* Returns 1 with a name, 0 where CPUID says that there is no hypervisor. */
static int cpuid_hypervisor(char *buf, size_t size)
{
	unsigned eax, ebx, ecx, edx;
	char sign[13], first[32] = "";

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & 1u << 31))
		return 0;
	print(buf, size, "unknown");
	/*
	 * One that plays Hyper-V to please Windows keeps its own leaves 100h
	 * higher. Beyond the first, only a known sign counts: leaves that do
	 * not exist return those of another.
	 */
	for (unsigned leaf = 0x40000000; leaf < 0x40000400; leaf += 0x100) {
		__cpuid(leaf, eax, ebx, ecx, edx);
		memcpy(sign, &ebx, 4);
		memcpy(sign + 4, &ecx, 4);
		memcpy(sign + 8, &edx, 4);
		sign[12] = '\0';
		if (leaf == 0x40000000) {
			one_line(first, sizeof(first), sign);
			if (*first)
				print(buf, size, "%s", first);
		}
		for (size_t i = 0;
		     i < sizeof(cpuid_signs) / sizeof(cpuid_signs[0]); i++) {
			if (strcmp(sign, cpuid_signs[i].sign))
				continue;
			print(buf, size, "%s", cpuid_signs[i].name);
			if (strcmp(sign, "Microsoft Hv"))
				return 1;
		}
	}
	return 1;
}
#endif

/* Part of the firmware's vendor and product names, or of a devicetree's. */
static const struct sign firmware_signs[] = {
	{ ".metal", "none" },
	{ "linux,kvm", "KVM" },
	{ "xen,xen", "Xen" },
	{ "KVM", "KVM" },
	{ "Google Compute Engine", "KVM" },
	{ "Amazon EC2", "KVM" },
	{ "OpenStack", "KVM" },
	{ "QEMU", "QEMU" },
	{ "linux,dummy-virt", "QEMU" },
	{ "riscv-virtio", "QEMU" },
	{ "VMware", "VMware" },
	{ "vmware", "VMware" },
	{ "VirtualBox", "VirtualBox" },
	{ "Virtual Machine", "Hyper-V" },
	{ "Parallels", "Parallels" },
	{ "BHYVE", "bhyve" },
	{ "Apple Virtualization", "Apple Virtualization" },
	{ "Xen", "Xen" },
};

static const char *firmware_hypervisor(const char *root, const char **source)
{
	static const char *const files[] = {
		"/sys/class/dmi/id/product_name",
		"/sys/class/dmi/id/sys_vendor",
		"/proc/device-tree/hypervisor/compatible",
		"/proc/device-tree/compatible",
	};
	char text[ENV_VALUE_MAX];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (files_read(root, files[i], text, sizeof(text)))
			continue;
		*source = files[i];
		for (size_t j = 0;
		     j < sizeof(firmware_signs) / sizeof(firmware_signs[0]);
		     j++)
			if (strstr(text, firmware_signs[j].sign))
				return firmware_signs[j].name;
	}
	return NULL;
}

/* As env_hypervisor(); *source is set to what told. */
static int hypervisor(const char *root, char *buf, size_t size,
		      const char **source)
{
	char text[TEXT_MAX];
	const char *name;
	bool asked = false;

#ifdef HAVE_CPUID
	if (!*root) {
		asked = true;
		if (cpuid_hypervisor(buf, size)) {
			*source = "CPUID 40000000h";
			return 0;
		}
	}
#endif
	*source = "/sys/hypervisor/type";
	if (!files_read(root, *source, text, sizeof(text))) {
		name = files_trim(text);
		print(buf, size, "%s", strcmp(name, "xen") ? name : "Xen");
		return 0;
	}
	if (asked) {
		*source = "CPUID 1h ECX[31]";
		print(buf, size, "none");
		return 0;
	}
	name = firmware_hypervisor(root, source);
	if (name) {
		print(buf, size, "%s", name);
		return 0;
	}
	*source = "/proc/cpuinfo flags";
	if (!files_key(root, "/proc/cpuinfo", "flags", text, sizeof(text))) {
		bool guest = word_index(text, "hypervisor") >= 0;

		print(buf, size, "%s", guest ? "unknown" : "none");
		return 0;
	}
	*source = "/sys/hypervisor, DMI, devicetree: absent";
	print(buf, size, "unknown");
	return -1;
}

int env_hypervisor(const char *root, char *buf, size_t size)
{
	const char *source;

	return hypervisor(root, buf, size, &source);
}

/* Reads container=… from the first process's environment. */
static int init_container(const char *root, char *buf, size_t size)
{
	FILE *file = files_open(root, "/proc/1/environ");
	char *item = NULL;
	size_t room = 0;
	int err = ENOENT;

	if (!file)
		return errno;
	while (err && getdelim(&item, &room, '\0', file) >= 0) {
		if (!strncmp(item, "container=", strlen("container="))) {
			print(buf, size, "%s", item + strlen("container="));
			err = 0;
		}
	}
	free(item);
	fclose(file);
	return err;
}

static void put_container(const struct sink *to)
{
	static const struct sign in_cgroup[] = {
		{ "kubepods", "kubernetes" },   { "docker", "docker" },
		{ "libpod", "podman" },         { "lxc", "lxc" },
		{ "containerd", "containerd" },
	};
	static const char init[] = "/proc/1/environ";
	char text[TEXT_MAX];
	int err;

	if (!files_read(to->root, "/run/systemd/container", text,
			sizeof(text))) {
		put(to, "container", text, "/run/systemd/container");
		return;
	}
	if (files_exist(to->root, "/.dockerenv")) {
		put(to, "container", "docker", "/.dockerenv");
		return;
	}
	if (files_exist(to->root, "/run/.containerenv")) {
		put(to, "container", "podman", "/run/.containerenv");
		return;
	}
	err = init_container(to->root, text, sizeof(text));
	if (!err) {
		put(to, "container", text, init);
		return;
	}
	files_read(to->root, "/proc/self/cgroup", text, sizeof(text));
	for (size_t i = 0; i < sizeof(in_cgroup) / sizeof(in_cgroup[0]); i++) {
		if (strstr(text, in_cgroup[i].sign)) {
			put(to, "container", in_cgroup[i].name,
			    "/proc/self/cgroup");
			return;
		}
	}
	if (err == EACCES || err == EPERM)
		put(to, "container", "none seen",
		    "/run, /.dockerenv, /proc/self/cgroup; /proc/1/environ "
		    "could not be read");
	else
		put(to, "container", "none",
		    "/run, /.dockerenv, /proc/1/environ, /proc/self/cgroup");
}

/* ---- the kernel ---- */

/* How the kernel preempts itself, from the most certain witness there is. */
static void put_preemption(const struct sink *to)
{
	static const char *const debug = "/sys/kernel/debug/sched/preempt";
	static const char *const version = "/proc/sys/kernel/version";
	char text[TEXT_MAX], word[NAME_MAX_LEN];
	const char *list = text;

	if (!files_read(to->root, "/sys/kernel/realtime", text, sizeof(text)) &&
	    *text == '1') {
		put(to, "kernel.preemption", "rt", "/sys/kernel/realtime");
		return;
	}
	if (!files_read(to->root, debug, text, sizeof(text))) {
		put(to, "kernel.preemption", choice(text), debug);
		return;
	}
	files_read(to->root, "/proc/cmdline", text, sizeof(text));
	files_trim(text);
	while (next_word(&list, word, sizeof(word))) {
		if (!strncmp(word, "preempt=", strlen("preempt="))) {
			put(to, "kernel.preemption", word + strlen("preempt="),
			    "/proc/cmdline");
			return;
		}
	}
	if (files_read(to->root, version, text, sizeof(text)))
		put_missing(to, "kernel.preemption", version, ENOENT);
	else if (strstr(text, "PREEMPT_RT"))
		put(to, "kernel.preemption", "rt", version);
	else if (strstr(text, "PREEMPT_DYNAMIC"))
		put(to, "kernel.preemption", "dynamic, its default", version);
	else if (strstr(text, "PREEMPT"))
		put(to, "kernel.preemption", "full", version);
	else
		put(to, "kernel.preemption", "none or voluntary", version);
}

/* What moves a wake-up, a switch, a fork or an entry; at most 64 words. */
static const char config_options[] =
	"HZ NO_HZ_IDLE NO_HZ_FULL HIGH_RES_TIMERS PREEMPT_NONE "
	"PREEMPT_VOLUNTARY PREEMPT PREEMPT_LAZY PREEMPT_RT PREEMPT_DYNAMIC "
	"SCHED_CORE SCHED_AUTOGROUP SCHED_CLASS_EXT SCHED_MC SCHED_SMT "
	"SCHED_CLUSTER FAIR_GROUP_SCHED CFS_BANDWIDTH RT_GROUP_SCHED "
	"UCLAMP_TASK PSI SCHEDSTATS VIRT_CPU_ACCOUNTING_GEN "
	"IRQ_TIME_ACCOUNTING CONTEXT_TRACKING_USER_FORCE PARAVIRT_SPINLOCKS "
	"NUMA_BALANCING TRANSPARENT_HUGEPAGE FUTEX IO_URING "
	"RANDOMIZE_KSTACK_OFFSET_DEFAULT INIT_ON_ALLOC_DEFAULT_ON "
	"INIT_ON_FREE_DEFAULT_ON HARDENED_USERCOPY SLAB_FREELIST_HARDENED "
	"AUDITSYSCALL DEBUG_PREEMPT DEBUG_LIST PROVE_LOCKING DEBUG_SPINLOCK "
	"KASAN SLUB_DEBUG_ON LTO_CLANG";

static int put_config_file(const struct sink *to, const char *path)
{
	FILE *file = files_open(to->root, path);
	char *line = NULL, *key, *value;
	char word[NAME_MAX_LEN], name[NAME_MAX_LEN], source[SOURCE_MAX];
	const char *list = config_options;
	unsigned long long seen = 0;
	size_t room = 0;

	if (!file)
		return errno;
	while (getline(&line, &room, file) >= 0) {
		int at;

		if (strncmp(line, "CONFIG_", strlen("CONFIG_")) ||
		    !files_split(line, &key, &value))
			continue;
		key += strlen("CONFIG_");
		at = word_index(config_options, key);
		if (at < 0)
			continue;
		seen |= 1ull << at;
		print(name, sizeof(name), "kernel.config.%s", key);
		print(source, sizeof(source), "%s CONFIG_%s", path, key);
		put(to, name, value, source);
	}
	free(line);
	fclose(file);
	/* In a configuration, what is not named is off. */
	for (int i = 0; next_word(&list, word, sizeof(word)); i++) {
		if (seen & 1ull << i)
			continue;
		print(name, sizeof(name), "kernel.config.%s", word);
		print(source, sizeof(source), "%s CONFIG_%s", path, word);
		put(to, name, "n", source);
	}
	return 0;
}

static void put_config(const struct sink *to)
{
	static const char *const places[] = {
		"/boot/config-%",
		"/lib/modules/%/config",
		"/usr/lib/modules/%/config",
		"/lib/modules/%/build/.config",
	};
	char release[128], path[PATH_MAX];
	int err;

	/* Compressed, and not worth a library: its presence is all we tell. */
	put(to, "kernel.config_gz",
	    files_exist(to->root, "/proc/config.gz") ? "present" : "",
	    files_exist(to->root, "/proc/config.gz") ?
		    "/proc/config.gz" :
		    "/proc/config.gz: absent");
	err = files_read(to->root, "/proc/sys/kernel/osrelease", release,
			 sizeof(release));
	if (err) {
		put_missing(to, "kernel.config", "/proc/sys/kernel/osrelease",
			    err);
		return;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		substitute(path, sizeof(path), places[i], '%',
			   files_trim(release));
		err = put_config_file(to, path);
		if (!err)
			return;
	}
	substitute(path, sizeof(path), places[0], '%', release);
	put_missing(to, "kernel.config", path, err);
}

/* The machine's totals of CPU time, in ticks of 1 / kernel.clk_tck s. */
static void put_stat(const struct sink *to)
{
	static const char *const ticks =
		"user nice system idle iowait irq softirq steal guest";
	static const char *const totals =
		"intr softirq ctxt processes procs_running procs_blocked";
	FILE *file = files_open(to->root, "/proc/stat");
	char name[NAME_MAX_LEN], word[64], *line = NULL, *key, *value;
	size_t room = 0;

	if (!file) {
		put_missing(to, "stat.steal", "/proc/stat", errno);
		return;
	}
	while (getline(&line, &room, file) >= 0) {
		const char *list = ticks, *rest;

		if (!files_split(line, &key, &value))
			continue;
		rest = value;
		while (!strcmp(key, "cpu") &&
		       next_word(&list, word, sizeof(word))) {
			print(name, sizeof(name), "stat.%s_ticks", word);
			if (next_word(&rest, word, sizeof(word)))
				put(to, name, word, "/proc/stat cpu");
		}
		if (word_index(totals, key) >= 0 &&
		    next_word(&rest, word, sizeof(word))) {
			print(name, sizeof(name), "stat.%s", key);
			put(to, name, word, "/proc/stat");
		}
	}
	free(line);
	fclose(file);
}

/* Kinds of interrupt, by label (x86) or by part of the description. */
static const struct {
	const char *name, *label, *text;
} interrupt_kinds[] = {
	{ "interrupts.timer", "LOC", "arch_timer" },
	{ "interrupts.timer", NULL, "riscv-timer" },
	{ "interrupts.reschedule", "RES", "Rescheduling interrupts" },
	{ "interrupts.call", "CAL", "Function call interrupts" },
	{ "interrupts.tlb", "TLB", NULL },
	{ "interrupts.nmi", "NMI", NULL },
	{ "interrupts.thermal", "TRM", NULL },
	{ "interrupts.work", "IWI", "IRQ work interrupts" },
};
#define INTERRUPT_KINDS (sizeof(interrupt_kinds) / sizeof(interrupt_kinds[0]))

static void put_interrupts(const struct sink *to)
{
	static const char path[] = "/proc/interrupts";
	unsigned long long sums[INTERRUPT_KINDS] = { 0 };
	bool seen[INTERRUPT_KINDS] = { false };
	FILE *file = files_open(to->root, path);
	int err = file ? ENOENT : errno;
	char *line = NULL;
	size_t room = 0, cpus = 0;

	/* The first line names the columns. */
	if (file && getline(&line, &room, file) >= 0)
		for (char *s = line; (s = strstr(s, "CPU")); s++)
			cpus++;
	while (file && getline(&line, &room, file) >= 0) {
		char *label, *rest, *end;
		unsigned long long sum = 0;

		rest = strchr(line, ':');
		if (!rest)
			continue;
		*rest++ = '\0';
		label = files_trim(line);
		for (size_t i = 0; i < cpus; i++, rest = end) {
			sum += strtoull(rest, &end, 10);
			if (end == rest)
				break;
		}
		for (size_t i = 0; i < INTERRUPT_KINDS; i++) {
			const char *want = interrupt_kinds[i].label;
			const char *text = interrupt_kinds[i].text;

			if ((want && !strcmp(label, want)) ||
			    (text && strstr(rest, text))) {
				sums[i] += sum;
				seen[i] = true;
			}
		}
	}
	free(line);
	if (file)
		fclose(file);

	for (size_t i = 0; i < INTERRUPT_KINDS; i++) {
		const char *name = interrupt_kinds[i].name;
		bool again = i && !strcmp(name, interrupt_kinds[i - 1].name);
		bool more = i + 1 < INTERRUPT_KINDS &&
			    !strcmp(name, interrupt_kinds[i + 1].name);

		/* Several rows of the table may make one of ours. */
		if (again) {
			sums[i] += sums[i - 1];
			seen[i] |= seen[i - 1];
		}
		if (more)
			continue;
		if (seen[i])
			put_number(to, name, sums[i], path);
		else
			put_missing(to, name, path, err);
	}
}

/* ---- the control group ---- */

/*
 * Names in v2 and v1. A limit binds from any level, so that the least counts;
 * of the others the nearest level that has the file.
 */
static const struct cgroup_file {
	const char *controller, *v2, *v1;
	bool limit;
} cgroup_files[] = {
	{ "cpu", "cpu.weight", "cpu.shares", false },
	{ "cpu", "cpu.idle", "cpu.idle", false },
	{ "cpuset", "cpuset.cpus.effective", "cpuset.effective_cpus", false },
	{ "cpuset", "cpuset.mems.effective", "cpuset.effective_mems", false },
	{ "cpuset", "cpuset.cpus.partition", NULL, false },
	{ "memory", "memory.max", "memory.limit_in_bytes", true },
	{ "memory", "memory.high", NULL, true },
	{ "pids", "pids.max", "pids.max", true },
};

static void put_cgroup_file(const struct sink *to, const struct cgroup_file *f)
{
	char name[NAME_MAX_LEN], path[PATH_MAX], text[TEXT_MAX];
	const char *file;
	struct cgroup g;
	int err;

	print(name, sizeof(name), "cgroup.%s", f->v2);
	err = cgroup_find(to->root, f->controller, &g);
	if (err) {
		print(path, sizeof(path), "cgroup %s", f->controller);
		put_missing(to, name, path, err);
		return;
	}
	file = g.v2 ? f->v2 : f->v1;
	if (!file)
		return;
	/* Shares and weight have different scales, the others the same. */
	if (!strcmp(file, "cpu.shares"))
		print(name, sizeof(name), "cgroup.%s", file);
	if (f->limit)
		err = cgroup_least(to->root, &g, file, path, text,
				   sizeof(text));
	else
		err = cgroup_nearest(to->root, &g, file, path, text,
				     sizeof(text));
	if (err)
		put_missing(to, name, path, err);
	else if (f->limit && cgroup_limit(text) == ULLONG_MAX)
		put(to, name, "max", path);
	else
		put(to, name, text, path);
}

static void put_cgroup(const struct sink *to)
{
	char path[PATH_MAX], text[TEXT_MAX];
	struct cgroup g;
	int err;

	err = cgroup_find(to->root, "cpu", &g);
	print(path, sizeof(path), "cgroup cpu");
	if (!err)
		err = cgroup_quota(to->root, &g, path, text, sizeof(text));
	if (err)
		put_missing(to, "cgroup.cpu.max", path, err);
	else
		put(to, "cgroup.cpu.max", text, path);
	for (size_t i = 0; i < sizeof(cgroup_files) / sizeof(cgroup_files[0]);
	     i++)
		put_cgroup_file(to, &cgroup_files[i]);
}

/* Throttling counts where the quota binds. */
static void put_cgroup_stat(const struct sink *to)
{
	char path[PATH_MAX], text[TEXT_MAX];
	struct cgroup g;
	int err;

	err = cgroup_find(to->root, "cpu", &g);
	if (err) {
		put_missing(to, "cgroup.cpu.stat", "cgroup cpu", err);
		return;
	}
	cgroup_quota(to->root, &g, path, text, sizeof(text));
	if (print(path, sizeof(path), "%s/cpu.stat", g.dir))
		put_keys(to, "cgroup.cpu.stat.", path, NULL);
}

/* ---- what calls tell ---- */

static void put_rlimits(const struct sink *to)
{
	static const struct {
		const char *name;
		unsigned resource;
	} limits[] = {
		{ "nofile", RLIMIT_NOFILE },
		{ "nproc", RLIMIT_NPROC },
		{ "as", RLIMIT_AS },
		{ "stack", RLIMIT_STACK },
		{ "memlock", RLIMIT_MEMLOCK },
		{ "rtprio", RLIMIT_RTPRIO },
		{ "rttime", RLIMIT_RTTIME },
		{ "nice", RLIMIT_NICE },
		{ "msgqueue", RLIMIT_MSGQUEUE },
		{ "sigpending", RLIMIT_SIGPENDING },
		{ "core", RLIMIT_CORE },
	};
	char name[NAME_MAX_LEN], value[64], number[32];
	struct rlimit limit;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		print(name, sizeof(name), "rlimit.%s", limits[i].name);
		if (getrlimit(limits[i].resource, &limit)) {
			put_missing(to, name, "getrlimit()", errno);
			continue;
		}
		*value = '\0';
		for (int hard = 0; hard < 2; hard++) {
			rlim_t n = hard ? limit.rlim_max : limit.rlim_cur;

			print(number, sizeof(number), "%llu",
			      (unsigned long long)n);
			append(value, sizeof(value), hard ? "/" : "");
			append(value, sizeof(value),
			       n == RLIM_INFINITY ? "unlimited" : number);
		}
		put(to, name, value, "getrlimit(), soft/hard");
	}
}

static void put_sysconf(const struct sink *to)
{
	static const struct {
		const char *name, *source;
		int what;
	} values[] = {
		{ "cpu.count_online", "sysconf(_SC_NPROCESSORS_ONLN)",
		  _SC_NPROCESSORS_ONLN },
		{ "cpu.count_configured", "sysconf(_SC_NPROCESSORS_CONF)",
		  _SC_NPROCESSORS_CONF },
		{ "memory.page_size", "sysconf(_SC_PAGESIZE)", _SC_PAGESIZE },
		{ "kernel.clk_tck", "sysconf(_SC_CLK_TCK)", _SC_CLK_TCK },
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		long n = sysconf(values[i].what);

		if (n < 0)
			put_missing(to, values[i].name, values[i].source,
				    ENOENT);
		else
			put_number(to, values[i].name, (unsigned long long)n,
				   values[i].source);
	}
}

static void put_process(const struct sink *to)
{
	static const char *const variables[] = {
		"LD_PRELOAD",       "LD_BIND_NOW",  "GLIBC_TUNABLES",
		"MALLOC_ARENA_MAX", "NODE_OPTIONS", "UV_USE_IO_URING",
	};
	static const struct {
		int policy;
		const char *name;
	} policies[] = {
		{ SCHED_OTHER, "other" }, { SCHED_BATCH, "batch" },
		{ SCHED_IDLE, "idle" },   { SCHED_FIFO, "fifo" },
		{ SCHED_RR, "rr" },
	};
	char name[NAME_MAX_LEN], value[32];
	struct timespec tick;
	int policy = sched_getscheduler(0);

	if (policy >= 0)
		policy &= ~SCHED_RESET_ON_FORK;
	print(value, sizeof(value), "%d", policy);
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++)
		if (policies[i].policy == policy)
			print(value, sizeof(value), "%s", policies[i].name);
	put(to, "process.sched_policy", value, "sched_getscheduler()");
	print(value, sizeof(value), "%d", getpriority(PRIO_PROCESS, 0));
	put(to, "process.nice", value, "getpriority()");
	put_number(to, "process.euid", geteuid(), "geteuid()");
	put(to, "process.vdso", getauxval(AT_SYSINFO_EHDR) ? "yes" : "no",
	    "getauxval(AT_SYSINFO_EHDR)");
	/* The coarse clock advances once a tick. */
	if (!clock_getres(CLOCK_MONOTONIC_COARSE, &tick) && tick.tv_nsec) {
		long hz = (1000000000 + tick.tv_nsec / 2) / tick.tv_nsec;

		put_number(to, "kernel.hz", (unsigned long long)hz,
			   "clock_getres(CLOCK_MONOTONIC_COARSE)");
	}
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *set = getenv(variables[i]);

		print(name, sizeof(name), "process.env.%s", variables[i]);
		put(to, name, set ? set : "",
		    set ? "getenv()" : "getenv(): absent");
	}
}

static void put_software(const struct sink *to)
{
	static const char *const os = "/etc/os-release";
	struct utsname uts;
	char text[TEXT_MAX];

	if (!uname(&uts))
		put(to, "kernel.arch", uts.machine, "uname()");
	put_keys(to, "os.",
		 files_exist(to->root, os) ? os : "/usr/lib/os-release",
		 "PRETTY_NAME ID VERSION_ID");
#ifdef __GLIBC__
	print(text, sizeof(text), "glibc %s", gnu_get_libc_version());
	put(to, "software.libc", text, "gnu_get_libc_version()");
#else
	put(to, "software.libc", "not glibc", "compiled without __GLIBC__");
#endif
#ifdef __clang__
	print(text, sizeof(text), "clang %s", __clang_version__);
#else
	print(text, sizeof(text), "gcc %s", __VERSION__);
#endif
	put(to, "build.compiler", text, "__VERSION__");
	put(to, "build.cflags", HANDOFF_CFLAGS, "make");
#ifdef __OPTIMIZE__
	put(to, "build.optimized", "yes", "__OPTIMIZE__");
#else
	put(to, "build.optimized", "no", "__OPTIMIZE__");
#endif
}

/* ---- all of it ---- */

void env_facts(const char *root, env_emit *emit, void *ctx)
{
	const struct sink to = { root, "", emit, ctx };
	const char *source = "/proc/cpuinfo";
	char text[ENV_VALUE_MAX];

	if (env_cpu_model(root, text, sizeof(text)))
		put_missing(&to, "cpu.model", source, ENOENT);
	else
		put(&to, "cpu.model", text, source);
	hypervisor(root, text, sizeof(text), &source);
	put(&to, "hypervisor", text, source);
	put_container(&to);
	put_software(&to);
	put_cpuinfo(&to);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		put_fact(&to, &facts[i]);
	put_preemption(&to);
	put_config(&to);
	put_cgroup(&to);
	put_sysconf(&to);
	put_process(&to);
	put_rlimits(&to);
}

void env_changing(const char *root, const char *suffix, env_emit *emit,
		  void *ctx)
{
	const struct sink to = { root, suffix, emit, ctx };

	put_stat(&to);
	put_interrupts(&to);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		put_fact(&to, &changes[i]);
	put_cpuinfo_mhz(&to);
	put_cgroup_stat(&to);
}
