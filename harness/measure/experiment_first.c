/* Lines of an experiment that ask for first runs: what does a fresh process pay for a kernel, with the caches of compiled code
 * empty and filled?
 *
 * Drivers read where their caches lie when they start, so each state is a process of its own: this program again, with
 * `experiment --once`, its caches in a new folder. The first such process finds them empty (cold), the second one finds what
 * the first has left (cached). The folder is thrown away; the user's own caches are neither read nor written. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/base/units.h"
#include "harness/kernel/chain.h"
#include "harness/kernel/shader.h"
#include "harness/measure/experiment_parts.h"

extern char **environ;

#define REPEATS 3
/* Runs after the first one, in a process of its own: enough to see that the first was the dear one. */
#define STEADY 12

/* ---- in this process: every work once ---- */

/* From GLSL to SPIR-V is the builder's work, not the driver's: done before the clock starts. */
static bool prepare(const struct plan *p, struct error *e)
{
    struct spirv spirv;
    for (int i = 0; i < p->step_count; i++)
        if (p->steps[i].language == LANGUAGE_GLSL &&
            !shader_compile(p->steps[i].label, text_get(&p->steps[i].glsl), &spirv, e))
            return false;
    return true;
}

static bool run_steady(struct workload *w, struct run *r, struct error *e)
{
    double ns[STEADY];
    struct timing t;
    for (int i = 0; i < STEADY; i++) {
        if (!device_run(pool_device(w->pool), w->sequence, &t, e))
            return false;
        ns[i] = t.total_ns;
    }
    r->time_ns = stats_interval(ns, STEADY, 0.95);
    return true;
}

static bool run_once(struct pool *pool, struct plan *p, struct run *r, struct error *e)
{
    bool ok = prepare(p, e);
    struct workload *w = NULL;
    if (ok)
        w = workload_open(pool, p, e);
    else
        plan_free(p);
    ok = w && workload_warm(w, false, e) && run_steady(w, r, e);
    if (ok) {
        r->compile_ns = w->program_ns;
        r->first_ns = w->first_ns;
    }
    workload_close(w);
    return ok;
}

static struct plan *plan_of(const struct experiment *x, const struct experiment_work *w, const struct device_info *d, struct error *e)
{
    struct chain *c = chain_parse(w->what, e);
    struct chain_options o = {.rows = chain_rows(x->tensor_bytes, x->cols), .cols = x->cols};
    struct plan *p = c ? chain_plan(c, &c->count, 1, d, &o, e) : NULL;
    chain_free(c);
    return p;
}

bool experiment_once(const struct experiment *x, struct device *d, struct record *r, struct error *e)
{
    struct pool *pool = pool_open(d);
    bool ok = true;
    r->experiment = need_string(x->name);
    for (int i = 0; i < x->work_count && ok; i++) {
        struct plan *p = x->works[i].kind == WORK_FIRST ? plan_of(x, &x->works[i], &d->info, e) : NULL;
        if (x->works[i].kind != WORK_FIRST)
            continue;
        struct run *run = record_add_run(r);
        run->group = need_string(x->works[i].group);
        run->kernel = need_string(x->works[i].what);
        run->tensor_bytes = x->tensor_bytes;
        ok = p && run_once(pool, p, run, e);
    }
    pool_close(pool);
    return ok;
}

/* ---- in processes of their own ---- */

struct seen {
    double cold[REPEATS], cached[REPEATS], compile[REPEATS];
    int n;
};

/* The environment, with all caches that we know of in `folder`. */
static char **environment(const char *folder)
{
    static const char *const caches[] = {"XDG_CACHE_HOME", "MESA_SHADER_CACHE_DIR", "__GL_SHADER_DISK_CACHE_PATH"};
    static const char *const dropped[] = {"MESA_SHADER_CACHE_DISABLE=", "__GL_SHADER_DISK_CACHE=", "ROOFLAB_DEVICE="};
    int n = 0, count = 0;
    while (environ[count])
        count++;
    char **list = need(sizeof *list * (size_t)(count + 4));
    for (int i = 0; i < count; i++) {
        bool keep = true;
        for (int k = 0; k < 3; k++)
            keep = keep && !starts_with(environ[i], dropped[k]) &&
                   !(starts_with(environ[i], caches[k]) && environ[i][strlen(caches[k])] == '=');
        if (keep)
            list[n++] = need_string(environ[i]);
    }
    for (int k = 0; k < 3; k++) {
        struct text t = {0};
        text_add(&t, "%s=%s/caches", caches[k], folder);
        list[n++] = t.s;
    }
    return list;
}

static int wait_for(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* This program again; its record is read into *r. */
static bool start_once(const struct experiment *x, const struct device *d, const char *folder, struct record *r, struct error *e)
{
    char self[4096], path[4300], tensor[40];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len > 0 ? len : 0] = '\0';
    snprintf(path, sizeof path, "%s/%s.json", folder, x->name);
    snprintf(tensor, sizeof tensor, "%.0fB", x->tensor_bytes);
    char *arguments[] = {self,   (char *)"experiment", x->path,          (char *)"--once",  (char *)"--device", (char *)d->info.spec,
                         (char *)"--tensor", tensor, (char *)"--quiet", (char *)"--out", (char *)folder,     NULL};
    char **list = environment(folder);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t child;
    int failed = posix_spawn(&child, self, &actions, NULL, arguments, list);
    int status = failed ? -1 : wait_for(child);
    posix_spawn_file_actions_destroy(&actions);
    names_free(list);
    return (status == 0 && record_read(r, path, e)) ||
           error_set(e, EXIT_ENVIRONMENT, "a first run in a process of its own ended with %d: try it with `rooflab experiment %s --once "
                                          "--device %s`", status, x->name, d->info.spec);
}

static void take(const struct record *from, const struct record *r, struct seen *seen, bool cold)
{
    for (int i = 0; i < r->run_count; i++)
        for (int k = 0; k < from->run_count; k++) {
            if (!r->runs[i].group || !from->runs[k].group || strcmp(from->runs[k].group, r->runs[i].group) != 0)
                continue;
            *(cold ? &seen[i].cold[seen[i].n] : &seen[i].cached[seen[i].n]) = from->runs[k].first_ns;
            if (cold)
                seen[i].compile[seen[i].n] = from->runs[k].compile_ns;
            else
                seen[i].n++;
        }
}

/* A process without caches, and one with what it has left. */
static bool one_repeat(const struct experiment *x, const struct device *d, const struct record *r, struct seen *seen, struct error *e)
{
    char folder[] = "/tmp/rooflab-first-XXXXXX", command[80];
    if (!mkdtemp(folder))
        return error_set(e, EXIT_ENVIRONMENT, "no folder for empty caches can be made in /tmp: %s", strerror(errno));
    bool ok = true;
    for (int cold = 1; cold >= 0 && ok; cold--) {
        struct record own = {0};
        ok = start_once(x, d, folder, &own, e);
        if (ok)
            take(&own, r, seen, cold);
        record_clear(&own);
    }
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 && ok;
}

static bool wants_first(const struct experiment *x)
{
    for (int i = 0; i < x->work_count; i++)
        if (x->works[i].kind == WORK_FIRST)
            return true;
    return false;
}

bool experiment_measure_first(const struct experiment *x, struct device *d, struct record *r, struct progress_sink *progress,
                              struct error *e)
{
    bool ok = true;
    if (!wants_first(x))
        return true;
    if (!d->info.computes) {
        record_note(r, "a machine on paper compiles nothing: its first run is as long as any other");
        return true;
    }
    struct seen *seen = need(sizeof *seen * (size_t)(r->run_count + 1));
    for (int i = 0; i < REPEATS && ok && !interrupted; i++) {
        progress_step(progress, "first runs, in processes of their own", i, REPEATS);
        ok = one_repeat(x, d, r, seen, e);
    }
    for (int i = 0; i < r->run_count && ok; i++) {
        r->runs[i].cold_ns = stats_interval(seen[i].cold, (size_t)seen[i].n, 0.95);
        r->runs[i].cached_ns = stats_interval(seen[i].cached, (size_t)seen[i].n, 0.95);
        r->runs[i].compile_ns = stats_median(seen[i].compile, (size_t)seen[i].n);
    }
    free(seen);
    free(r->provenance.shader_cache);
    r->provenance.shader_cache = need_string("cold: in a new folder; cached: what the process before left there");
    return ok;
}

/* ---- claims and the conclusion ---- */

void experiment_first_subjects(const struct experiment *x, struct claim_names *n)
{
    for (int i = 0; i < x->work_count; i++)
        if (x->works[i].kind == WORK_FIRST) {
            claim_value(n, x->works[i].group, "cold_ns", NULL);
            claim_value(n, x->works[i].group, "cached_ns", NULL);
            claim_value(n, x->works[i].group, "steady_ns", NULL);
        }
}

void experiment_first_results(const struct record *r, struct claim_names *n)
{
    for (int i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        if (!run->group || run->cold_ns.n == 0)
            continue;
        claim_value(n, run->group, "cold_ns", &run->cold_ns);
        claim_value(n, run->group, "cached_ns", &run->cached_ns);
        claim_value(n, run->group, "steady_ns", &run->call_ns);
    }
}

void experiment_conclude_first(const struct experiment *x, struct record *r)
{
    double cold[2] = {INFINITY, 0}, cached[2] = {INFINITY, 0}, runs[2] = {INFINITY, 0};
    char a[UNITS_TEXT], b[UNITS_TEXT], c[UNITS_TEXT], d[UNITS_TEXT];
    (void)x;
    for (int i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        if (run->cold_ns.n == 0 || run->cached_ns.n == 0 || run->call_ns.n == 0)
            continue;
        double extra = (run->cold_ns.median - run->call_ns.median) / run->call_ns.median;
        cold[0] = fmin(cold[0], run->cold_ns.median), cold[1] = fmax(cold[1], run->cold_ns.median);
        cached[0] = fmin(cached[0], run->cached_ns.median), cached[1] = fmax(cached[1], run->cached_ns.median);
        runs[0] = fmin(runs[0], extra), runs[1] = fmax(runs[1], extra);
    }
    if (!(cold[1] > 0))
        return;
    experiment_say(r, "a kernel's first run takes %s to %s with all caches empty and %s to %s with what an earlier process has left: "
                      "compiling costs as much as %.0f to %.0f later runs of the same kernel.",
                   units_format(a, UNIT_SECONDS, cold[0] * 1e-9), units_format(b, UNIT_SECONDS, cold[1] * 1e-9),
                   units_format(c, UNIT_SECONDS, cached[0] * 1e-9), units_format(d, UNIT_SECONDS, cached[1] * 1e-9), runs[0], runs[1]);
}
