/* The host processor: C programs, a team of threads, the machine's own memory.
 *
 *   native                one thread per processor that this process may use
 *   native:threads=N      N threads, pinned to the processors in turn
 *   native:stream=64MB    steps with this much traffic or more store past the caches
 *
 * The host's clock is this device's own: a step begins when the caller hands it out and ends when the last thread is done. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/device/drivers.h"
#include "harness/device/native.h"

#define THREADS_MAX 1024
/* Buffers from this size on get large pages, aligned to them. */
#define HUGE_PAGE (2u << 20)

struct native {
    struct device base;
    struct team *team;
};

struct buffer {
    char *bytes;
    uint64_t size; /* as asked for */
    void *mapping;
    uint64_t mapped;
};

struct program {
    struct compiled code;
    char **scratch; /* one per worker */
    int workers;
    int bindings;
};

struct recorded {
    struct program *program; /* NULL: a memory command */
    struct memory_command command;
    void *buffers[DEVICE_BINDINGS_MAX];
    uint32_t push[DEVICE_PUSH_MAX];
};

struct sequence {
    int count;
    struct recorded *steps;
    double *step_ns; /* NULL without stamps between steps */
};

static struct team *team_of(struct device *d)
{
    return ((struct native *)d)->team;
}

/* ---- buffers ---- */

struct touching {
    char *bytes;
    uint64_t size;
};

/* Each worker touches the part that it will work on: the page then lies in the memory that is near to it. */
static void touch(void *context, int worker, int workers)
{
    struct touching *t = context;
    uint64_t pages = (t->size + 4095) / 4096, w = (uint64_t)worker, n = (uint64_t)workers;
    for (uint64_t p = pages * w / n; p < pages * (w + 1) / n; p++)
        t->bytes[p * 4096] = 0;
}

static struct buffer *native_buffer_create(struct device *d, uint64_t bytes, struct error *e)
{
    struct buffer *b = need(sizeof *b);
    b->size = bytes = (bytes + 3) & ~3ull; /* views are in whole words */
    b->mapped = bytes + HUGE_PAGE;
    b->mapping = mmap(NULL, b->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b->mapping == MAP_FAILED) {
        char size[UNITS_TEXT];
        free(b);
        error_set(e, EXIT_ENVIRONMENT, "native: there is no memory for a buffer of %s",
                  units_format(size, UNIT_BYTES, (double)bytes));
        return NULL;
    }
    b->bytes = (char *)(((uintptr_t)b->mapping + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
    if (bytes >= HUGE_PAGE)
        madvise(b->bytes, bytes, MADV_HUGEPAGE); /* where it fails, pages are small: slower, not wrong */
    struct touching t = {b->bytes, bytes};
    team_begin(team_of(d));
    team_run(team_of(d), touch, &t);
    team_end(team_of(d));
    return b;
}

static void native_buffer_destroy(struct device *d, struct buffer *b)
{
    (void)d;
    munmap(b->mapping, b->mapped);
    free(b);
}

static bool in_range(const struct buffer *b, uint64_t offset, uint64_t bytes, struct error *e)
{
    return (offset <= b->size && bytes <= b->size - offset) ||
           error_set(e, EXIT_ENVIRONMENT, "native: bytes %llu to %llu lie beyond a buffer of %llu bytes",
                     (unsigned long long)offset, (unsigned long long)(offset + bytes), (unsigned long long)b->size);
}

static bool native_upload(struct device *d, struct buffer *b, uint64_t offset, const void *from, uint64_t bytes,
                          struct error *e)
{
    (void)d;
    if (!in_range(b, offset, bytes, e))
        return false;
    memcpy(b->bytes + offset, from, bytes);
    return true;
}

static bool native_download(struct device *d, struct buffer *b, uint64_t offset, void *to, uint64_t bytes, struct error *e)
{
    (void)d;
    if (!in_range(b, offset, bytes, e))
        return false;
    memcpy(to, b->bytes + offset, bytes);
    return true;
}

/* ---- programs ---- */

static void native_program_destroy(struct device *d, struct program *p)
{
    (void)d;
    for (int i = 0; p->scratch && i < p->workers; i++)
        free(p->scratch[i]);
    free(p->scratch);
    native_unload(&p->code);
    free(p);
}

/* Large scratch gets large pages, as buffers do: packed matrices are walked in strides. */
static char *scratch_create(uint64_t bytes)
{
    void *scratch = NULL;
    bool large = bytes >= HUGE_PAGE / 4;
    uint64_t grain = large ? HUGE_PAGE : 4096, whole = (bytes + grain - 1) / grain * grain;
    if (posix_memalign(&scratch, grain, whole) != 0)
        abort();
    if (large)
        madvise(scratch, whole, MADV_HUGEPAGE);
    return scratch;
}

static struct program *native_program_create(struct device *d, const struct program_source *s, struct error *e)
{
    if (s->language != LANGUAGE_C) {
        error_set(e, EXIT_ENVIRONMENT, "%s is written in GLSL: the native device runs chains and kernels in C", s->label);
        return NULL;
    }
    struct program *p = need(sizeof *p);
    p->workers = team_threads(team_of(d));
    p->bindings = s->binding_count;
    if (!native_compile(s->label, s->c, &p->code, e)) {
        native_program_destroy(d, p);
        return NULL;
    }
    p->scratch = need(sizeof *p->scratch * (size_t)p->workers);
    for (int i = 0; i < p->workers && p->code.scratch_bytes; i++)
        p->scratch[i] = scratch_create(p->code.scratch_bytes);
    return p;
}

static uint64_t native_program_scratch(struct device *d, const struct program *p)
{
    (void)d;
    return p->code.scratch_bytes * (uint64_t)p->workers;
}

static void run_program(void *context, int worker, int workers)
{
    const struct recorded *r = context;
    struct launch l = {.buffer = r->buffers,
                       .push = r->push,
                       .worker = (uint32_t)worker,
                       .workers = (uint32_t)workers,
                       .scratch = r->program->scratch[worker]};
    r->program->code.kernel(&l);
}

/* ---- sequences ---- */

static bool record_step(struct device *d, const struct dispatch *from, struct recorded *to, struct error *e)
{
    for (int i = 0; i < from->view_count; i++) {
        const struct buffer_view *v = &from->views[i];
        if (!in_range(v->buffer, v->offset, v->bytes, e))
            return false;
        to->buffers[i] = v->buffer->bytes + v->offset;
    }
    memcpy(to->push, from->push, sizeof to->push);
    if (from->kind == DISPATCH_PROGRAM) {
        to->program = from->program;
        return from->view_count == from->program->bindings ||
               error_set(e, EXIT_USAGE, "native: a kernel of %d buffers got %d", from->program->bindings, from->view_count);
    }
    bool copy = from->kind == DISPATCH_COPY;
    const struct buffer_view *first = &from->views[0];
    uint64_t bytes = first->bytes ? first->bytes : first->buffer->size - first->offset;
    to->command = (struct memory_command){.to = to->buffers[copy ? 1 : 0],
                                          .from = copy ? to->buffers[0] : NULL,
                                          .word = from->fill,
                                          .bytes = bytes,
                                          .stream = (double)bytes * (copy ? 2 : 1) >= (double)d->info.stream_bytes};
    return !copy || in_range(from->views[1].buffer, from->views[1].offset, bytes, e);
}

static void native_sequence_destroy(struct device *d, struct sequence *q)
{
    (void)d;
    free(q->steps);
    free(q->step_ns);
    free(q);
}

static struct sequence *native_sequence_create(struct device *d, const struct dispatch *list, int count, bool step_stamps,
                                               struct error *e)
{
    struct sequence *q = need(sizeof *q);
    q->count = count;
    q->steps = need(sizeof *q->steps * (size_t)count);
    q->step_ns = step_stamps ? need(sizeof *q->step_ns * (size_t)count) : NULL;
    for (int i = 0; i < count; i++)
        if (!record_step(d, &list[i], &q->steps[i], e)) {
            native_sequence_destroy(d, q);
            return NULL;
        }
    return q;
}

static bool native_sequence_run(struct device *d, struct sequence *q, struct timing *t, struct error *e)
{
    struct team *team = team_of(d);
    (void)e;
    team_begin(team);
    double begin = host_clock_ns(), last = begin;
    for (int i = 0; i < q->count; i++) {
        struct recorded *r = &q->steps[i];
        if (r->program)
            team_run(team, run_program, r);
        else
            team_run(team, native_memory_command, &r->command);
        if (q->step_ns) {
            double now = host_clock_ns();
            q->step_ns[i] = now - last;
            last = now;
        }
    }
    *t = (struct timing){.total_ns = host_clock_ns() - begin, .step_ns = q->step_ns};
    team_end(team);
    return true;
}

static void native_close(struct device *d)
{
    team_close(team_of(d));
    free(d);
}

static const struct device_ops native_ops = {
    .close = native_close,
    .buffer_create = native_buffer_create,
    .buffer_destroy = native_buffer_destroy,
    .upload = native_upload,
    .download = native_download,
    .program_create = native_program_create,
    .program_destroy = native_program_destroy,
    .program_scratch = native_program_scratch,
    .sequence_create = native_sequence_create,
    .sequence_run = native_sequence_run,
    .sequence_destroy = native_sequence_destroy,
};

/* ---- what it is ---- */

static void processor_name(char *out, size_t size)
{
    struct text info = {0};
    snprintf(out, size, "host processor");
    if (file_read("/proc/cpuinfo", &info, NULL)) {
        char *line = strstr(info.s, "model name"), *colon = line ? strchr(line, ':') : NULL;
        if (colon) {
            colon[strcspn(colon, "\n")] = '\0';
            snprintf(out, size, "%s", trim(colon + 1));
        }
    }
    text_free(&info);
}

static uint32_t vector_floats(void)
{
#if defined __x86_64__
    return __builtin_cpu_supports("avx512f") ? 16 : __builtin_cpu_supports("avx2") ? 8 : 4;
#else
    return 4;
#endif
}

/* Stores go past the caches from this traffic on: what the team's second caches hold. */
static uint64_t stream_bytes(int threads)
{
    long second = sysconf(_SC_LEVEL2_CACHE_SIZE);
    return (uint64_t)(second > 0 ? second : 1 << 20) * (uint64_t)threads;
}

static void describe(struct device_info *i, int threads, const char *rest)
{
    char processor[160], stem[200];
    memset(i, 0, sizeof *i);
    processor_name(processor, sizeof processor);
    snprintf(i->spec, sizeof i->spec, "native%s%.250s", *rest ? ":" : "", rest);
    snprintf(i->name, sizeof i->name, "%s, %d thread%s", processor, threads, threads == 1 ? "" : "s");
    snprintf(stem, sizeof stem, "native-%s", processor);
    slug(i->slug, sizeof i->slug, stem);
    snprintf(i->driver, sizeof i->driver, "%.180s, -march=%.60s", native_compiler(), native_march());
    snprintf(i->kind, sizeof i->kind, "CPU");
    snprintf(i->clock, sizeof i->clock, "host clock");
    i->language = LANGUAGE_C;
    i->hardware = i->computes = true;
    i->threads = (uint32_t)threads;
    i->stream_bytes = stream_bytes(threads);
    i->vector_floats = strcmp(native_march(), "native") == 0 ? vector_floats() : native_march_floats();
    i->subgroup_size = i->max_invocations = 1;
    i->push_bytes = 128;
    for (int k = 0; k < 3; k++)
        i->max_workgroup_size[k] = i->max_groups[k] = 1;
    i->memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    i->max_binding_bytes = i->max_buffer_bytes = i->memory_bytes / 2;
    i->copy_alignment = 64;
    i->f16_storage = i->i8_storage = i->i64 = i->f64 = true;
}

struct settings {
    int threads;         /* 0: not given */
    double stream_bytes; /* NAN: not given */
};

static bool read_setting(const char *word, struct settings *s, struct error *e)
{
    char *end = NULL;
    if (starts_with(word, "stream="))
        return units_parse(UNIT_BYTES, word + 7, &s->stream_bytes, e) || error_prefix(e, "native device, stream");
    long n = starts_with(word, "threads=") ? strtol(word + 8, &end, 10) : 0;
    s->threads = (int)n;
    return (end && !*end && n >= 1 && n <= THREADS_MAX) ||
           error_set(e, EXIT_USAGE,
                     "native device: '%s' is not a setting. Write native, native:threads=N with N from 1 to %d, or "
                     "native:threads=N,stream=SIZE.", word, THREADS_MAX);
}

static bool read_settings(const char *rest, struct settings *s, struct error *e)
{
    char *copy = need_string(rest), *save = NULL;
    bool ok = true;
    *s = (struct settings){.stream_bytes = NAN};
    for (char *word = strtok_r(copy, ",", &save); word && ok; word = strtok_r(NULL, ",", &save))
        ok = read_setting(trim(word), s, e);
    free(copy);
    return ok;
}

static struct device *native_open(const char *rest, struct error *e)
{
    struct settings s;
    if (!read_settings(rest, &s, e))
        return NULL;
    struct native *n = need(sizeof *n);
    n->base.ops = &native_ops;
    n->team = team_open(s.threads, e);
    if (!n->team) {
        free(n);
        return NULL;
    }
    describe(&n->base.info, team_threads(n->team), rest);
    if (!isnan(s.stream_bytes))
        n->base.info.stream_bytes = (uint64_t)s.stream_bytes;
    return &n->base;
}

static int native_list(void (*each)(void *, const struct device_info *), void *context, struct error *e)
{
    struct device *d = native_open("", e);
    if (!d)
        return 0;
    each(context, &d->info);
    device_close(d);
    return 1;
}

const struct driver native_driver = {
    .scheme = "native",
    .help = "native:threads=2,stream=64MB   the host processor, with kernels in C",
    .list = native_list,
    .open = native_open,
};
