/* rooflab count: traffic and arithmetic of a shader, counted by itself. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "harness/cli/command.h"
#include "harness/cli/count_report.h"
#include "harness/cli/shape.h"
#include "harness/kernel/chain.h"
#include "harness/kernel/foreign.h"
#include "harness/kernel/kernel.h"
#include "harness/measure/traffic.h"

struct options {
    double tensor_bytes, cols, size;
    const char *fuse, *groups, *push, *image;
    struct option_list defines, specs;
    bool dry_run, lines, no_footprint;
};

static const struct option options[] = {
    {"dry-run", OPTION_FLAG, NULL, "instrument and validate only: no device is needed", .offset = offsetof(struct options, dry_run)},
    {"lines", OPTION_FLAG, NULL, "the source, with bytes and operations beside each line", .offset = offsetof(struct options, lines)},
    {"no-footprint", OPTION_FLAG, NULL, "count blocks only: faster, without compulsory bytes and out-of-bounds checks",
     .offset = offsetof(struct options, no_footprint)},
    {"tensor", OPTION_QUANTITY, "SIZE", "a chain's tensor", .offset = offsetof(struct options, tensor_bytes), .unit = UNIT_BYTES,
     .standard = "4MB"},
    {"cols", OPTION_QUANTITY, "N", "a chain's columns", .offset = offsetof(struct options, cols), .unit = UNIT_COUNT, .standard = "1024"},
    {"fuse", OPTION_STRING, "GROUPS", "a chain's grouping: unfused, fused, 2+2", .offset = offsetof(struct options, fuse),
     .standard = "fused"},
    {"size", OPTION_QUANTITY, "N", "a foreign shader: elements of each runtime array, of its own type",
     .offset = offsetof(struct options, size), .unit = UNIT_COUNT, .standard = "1024"},
    {"groups", OPTION_STRING, "X,Y,Z", "a foreign shader: workgroups", .offset = offsetof(struct options, groups), .standard = "1,1,1"},
    {"image", OPTION_STRING, "W,H,D", "a foreign shader: texels of each image; D its depth or layers",
     .offset = offsetof(struct options, image), .standard = "64,64,4"},
    {"push", OPTION_STRING, "WORDS", "a foreign shader: push constants, 512,-3i,0.5f; & is the address of a fresh buffer, &N of N bytes", .offset = offsetof(struct options, push)},
    {"define", OPTION_LIST, "NAME=VALUE", "a foreign shader: for its preprocessor", .offset = offsetof(struct options, defines),
     .letter = 'D'},
    {"spec", OPTION_LIST, "ID=VALUE", "a foreign shader: a specialisation constant", .offset = offsetof(struct options, specs)},
    {0},
};

/* ---- what is to be counted ---- */

struct subject_plan {
    struct plan *plan;
    struct foreign_verdict foreign;
    char note[200];
    const char *path; /* of the source, for --lines */
};

static bool foreign_subject(const struct arguments *a, struct subject_plan *s, struct error *e)
{
    const struct options *o = a->own;
    struct foreign_options f = {.size = (uint64_t)o->size, .push = o->push};
    f.defines = o->defines.items;
    f.define_count = o->defines.count;
    f.specs = o->specs.items;
    f.spec_count = o->specs.count;
    bool ok = sscanf(o->groups, "%u,%u,%u", &f.groups[0], &f.groups[1], &f.groups[2]) >= 1 ||
              error_set(e, EXIT_USAGE, "--groups is X,Y,Z, not '%s'", o->groups);
    ok = ok && (sscanf(o->image, "%u,%u,%u", &f.image[0], &f.image[1], &f.image[2]) >= 1 ||
                error_set(e, EXIT_USAGE, "--image is W,H,D, not '%s'", o->image));
    s->plan = ok ? foreign_plan(a->words[0], &f, &s->foreign, e) : NULL;
    s->path = a->words[0];
    if (s->plan && *s->foreign.note)
        fprintf(stderr, "%s: %s\n", a->words[0], s->foreign.note);
    return s->plan != NULL;
}

static bool chain_subject(const struct arguments *a, struct subject_plan *s, const struct device_info *info, struct error *e)
{
    const struct options *o = a->own;
    int sizes[CHAIN_MAX];
    struct chain *c = chain_parse(a->words[0], e);
    int groups = c ? chain_grouping(c, o->fuse, sizes, e) : 0;
    struct chain_options q = {.rows = chain_rows(o->tensor_bytes, (uint64_t)o->cols), .cols = (uint64_t)o->cols};
    s->plan = groups ? chain_plan(c, sizes, groups, info, &q, e) : NULL;
    chain_free(c);
    return s->plan != NULL;
}

static bool kernel_subject(const struct arguments *a, struct subject_plan *s, const struct device_info *info, struct error *e)
{
    struct shape_entry shape[RUN_SHAPE_MAX];
    int shapes;
    struct kernel *k = kernel_find(a->words[0], e);
    bool ok = k && shape_parse(NULL, a->words + 1, a->word_count - 1, shape, &shapes, e);
    s->plan = ok ? kernel_plan_for(k, info, shape, shapes, NULL, e) : NULL;
    if (s->plan) { /* the plan keeps it alive no longer: the path is looked up again for --lines */
        static char path[4096];
        snprintf(path, sizeof path, "%s", k->path);
        s->path = path;
        if (shapes)
            snprintf(s->note, sizeof s->note, "Counted at the shape given, not at the header's own.");
    }
    kernel_free(k);
    return s->plan != NULL;
}

static bool make_subject(const struct arguments *a, struct subject_plan *s, const struct device_info *info, struct error *e)
{
    s->foreign.runnable = true;
    if (foreign_is(a->words[0]))
        return foreign_subject(a, s, e);
    if (strchr(a->words[0], '|') || strchr(a->words[0], '(') || operator_find(a->words[0], NULL))
        return chain_subject(a, s, info, e);
    return kernel_subject(a, s, info, e);
}

/* ---- counting ---- */

static bool count_dry(const struct arguments *a, struct error *e)
{
    const struct options *o = a->own;
    struct subject_plan s = {0};
    struct traffic t = {0};
    struct device *paper = device_open("sim", e);
    bool ok = paper && make_subject(a, &s, &paper->info, e) && traffic_dry(s.plan, !o->no_footprint, &t, e);
    if (ok && a->json)
        count_json(&t);
    else if (ok)
        count_report_dry(&t);
    traffic_free(&t);
    plan_free(s.plan);
    device_close(paper);
    return ok;
}

static bool print_counts(const struct arguments *a, const struct subject_plan *s, const struct traffic *t, struct error *e)
{
    const struct options *o = a->own;
    if (o->lines)
        return s->path ? count_lines(t, s->path, e)
                       : error_set(e, EXIT_USAGE, "--lines needs a file; `rooflab show CHAIN --glsl` prints a chain's own");
    if (a->json)
        count_json(t);
    else
        count_report(t, s->note);
    return true;
}

static bool count_on_device(const struct arguments *a, struct error *e)
{
    const struct options *o = a->own;
    struct subject_plan s = {0};
    struct traffic t = {0};
    struct device *d = device_open(a->device, e);
    if (d && !d->info.computes) {
        device_close(d);
        return error_set(e, EXIT_ENVIRONMENT, "%s has no results to count; choose a device that computes, or --dry-run", d->info.name);
    }
    struct pool *pool = d ? pool_open(d) : NULL;
    bool ok = d && make_subject(a, &s, &d->info, e);
    if (ok && !s.foreign.runnable)
        ok = error_set(e, EXIT_ENVIRONMENT, "%s; --dry-run tells what could be counted of it", s.foreign.why);
    ok = ok && traffic_count(pool, s.plan, !o->no_footprint, &t, e) && print_counts(a, &s, &t, e);
    traffic_free(&t);
    plan_free(s.plan);
    pool_close(pool);
    device_close(d);
    return ok;
}

static int count(const struct arguments *a)
{
    const struct options *o = a->own;
    struct error e = {0};
    bool ok = o->dry_run ? count_dry(a, &e) : count_on_device(a, &e);
    fflush(stdout);
    return ok ? (device_validation_messages() ? EXIT_CHECK : EXIT_OK) : command_fail(a, &e);
}

/* A shader that nobody vouches for may write where it likes: a software device's shared memory is the process's own.
 * So it runs in a child, and what dies with it is only that. */
static int run(const struct arguments *a)
{
    const char *poorer = getenv("ROOFLAB_VULKAN");
    struct text robust = {0};
    text_add(&robust, "%s%srobust", poorer ? poorer : "", poorer && *poorer ? "," : "");
    setenv("ROOFLAB_VULKAN", robust.s, 1);
    text_free(&robust);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        exit(count(a));
    int status = 0;
    struct error e = {0};
    if (child < 0 || waitpid(child, &status, 0) != child)
        error_set(&e, EXIT_ENVIRONMENT, "no second process could be started");
    else if (WIFEXITED(status))
        return WEXITSTATUS(status);
    else
        error_set(&e, EXIT_CHECK, "the shader killed the process that it ran in (signal %d): it writes where it must not, or its "
                                  "driver failed",
                  WTERMSIG(status));
    return command_fail(a, &e);
}

static const struct example examples[] = {
    {"rooflab count layernorm/1-three-reads", "how often is x read? (3.000 times)"},
    {"rooflab count \"layernorm|bias|gelu\" --fuse unfused", "every step of a chain"},
    {"rooflab count their.comp --size 1048576 --groups 4096 --push 1048576", "any shader, without a header"},
    {"rooflab count softmax/4-one-read --lines", "bytes and operations beside each source line"},
    {NULL, NULL},
};
static const struct exit_note exits[] = {{EXIT_OK, "counted; what was not is listed"},
                                         {EXIT_CHECK, "the source does not compile, or the shader crashed"},
                                         {EXIT_ENVIRONMENT, "no device, or it cannot bind what the shader asks for"},
                                         {0, NULL}};

const struct command command_count = {
    .name = "count",
    .group = GROUP_MEASURE,
    .summary = "passes, bytes and flops of any shader, counted while it runs",
    .about = "Rewrites the shader's SPIR-V so that it counts its own blocks and marks what it reads and writes, runs it once, and "
             "tells exactly how many bytes its loads and stores named (issued), how many distinct bytes it had to move "
             "(compulsory), the operations by kind, and every access out of bounds. No profiler and no vendor's tool is needed.\n\n"
             "KERNEL is a kernel of the lab, a chain, a plan, or any GLSL or SPIR-V file. Reuse is issued over compulsory bytes, "
             "what caches must deliver; sector waste is the 32-byte sectors touched over the bytes used.",
    .usage = "KERNEL|FILE|CHAIN [NAME=VALUE...]",
    .word = "a kernel, a chain or a file",
    .min_words = 1,
    .max_words = 16,
    .common = COMMON_DEVICE | COMMON_JSON,
    .options = options,
    .own_bytes = sizeof(struct options),
    .examples = examples,
    .exits = exits,
    .run = run,
};
