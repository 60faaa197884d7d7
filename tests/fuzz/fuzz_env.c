/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzing of what reads env.csv: whatever is in it, it is read or refused with
 * a line that says where; and what is read names nothing twice. */
#include "env_file.h"
#include "fuzz.h"

static void use(const struct env_file *env)
{
	must(env->count <= ENV_FACTS_MAX, "there are not too many facts");
	for (size_t i = 0; i < env->count; i++) {
		const struct env_fact *fact = &env->fact[i];
		const char *value = env_file_value(env, fact->name);

		must(env_file_has(env, fact->name), "what is there is found");
		/* were it another of that name, the texts would be others */
		must(value ? value == fact->value : !fact->value[0],
		     "a name is one fact's");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char err[512] = "";
	struct env_file env;

	fuzz_enter("env.csv", data, size);
	if (env_file_read(&env, fuzz_run, err, sizeof(err))) {
		check_error(fuzz_path, err);
		must(!env.count, "what is refused leaves nothing");
		return 0;
	}
	check_whole(data, size);
	use(&env);
	env_file_free(&env);
	return 0;
}
