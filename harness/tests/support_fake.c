#include "harness/tests/support_fake.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/interrupt.h"
#include "harness/base/text.h"

struct program {
    struct program *inner;
    bool is_kernel;
};

struct sequence {
    struct sequence *inner;
    int number;
    bool is_kernel;
};

static struct fake *fake_of(struct device *d)
{
    return (struct fake *)d;
}

static void close_both(struct device *d)
{
    device_close(fake_of(d)->inner);
    free(d);
}

static struct buffer *buffer_create(struct device *d, uint64_t bytes, struct error *e)
{
    return device_buffer(fake_of(d)->inner, bytes, e);
}

static void buffer_destroy(struct device *d, struct buffer *b)
{
    device_buffer_free(fake_of(d)->inner, b);
}

static bool upload(struct device *d, struct buffer *b, uint64_t offset, const void *from, uint64_t bytes, struct error *e)
{
    return device_upload(fake_of(d)->inner, b, offset, from, bytes, e);
}

static bool download(struct device *d, struct buffer *b, uint64_t offset, void *to, uint64_t bytes, struct error *e)
{
    return device_download(fake_of(d)->inner, b, offset, to, bytes, e);
}

static struct program *program_create(struct device *d, const struct program_source *s, struct error *e)
{
    struct program *p = need(sizeof *p);
    p->inner = device_program(fake_of(d)->inner, s, e);
    p->is_kernel = fake_of(d)->kernel && starts_with(s->label, fake_of(d)->kernel);
    return p;
}

static void program_destroy(struct device *d, struct program *p)
{
    device_program_free(fake_of(d)->inner, p->inner);
    free(p);
}

static struct sequence *sequence_create(struct device *d, const struct dispatch *list, int count, bool step_stamps,
                                        struct error *e)
{
    struct fake *f = fake_of(d);
    struct sequence *s = need(sizeof *s);
    struct dispatch *own = need(sizeof *own * (size_t)count);
    memcpy(own, list, sizeof *own * (size_t)count);
    for (int i = 0; i < count; i++) {
        bool is_kernel = list[i].kind == DISPATCH_PROGRAM && list[i].program->is_kernel;
        s->is_kernel = s->is_kernel || is_kernel;
        if (list[i].kind == DISPATCH_PROGRAM)
            own[i].program = list[i].program->inner;
        if (is_kernel && f->lies) /* what is written is one tensor */
            own[i].cost.bytes_read -= own[i].cost.bytes_written;
    }
    s->inner = device_sequence(f->inner, own, count, step_stamps, e);
    s->number = f->sequences++;
    free(own);
    return s;
}

static void sequence_destroy(struct device *d, struct sequence *s)
{
    device_sequence_free(fake_of(d)->inner, s->inner);
    free(s);
}

static void misbehave(const struct fake *f, const struct sequence *s, struct timing *t)
{
    double factor = 1 + f->drift * f->calls;
    if (!s->is_kernel && f->probe_factor > 0)
        factor *= f->probe_factor;
    if (f->fixed_ns > 0)
        t->total_ns = f->fixed_ns;
    t->total_ns *= factor;
    if (s->is_kernel ? f->kernel_nan : f->probes_nan)
        t->total_ns = NAN;
    if (f->lose_stamps_at && f->calls >= f->lose_stamps_at)
        t->step_ns = NULL;
}

static bool sequence_run(struct device *d, struct sequence *s, struct timing *t, struct error *e)
{
    struct fake *f = fake_of(d);
    if (f->calls < FAKE_CALLS_MAX)
        f->order[f->calls] = s->number;
    f->calls++;
    if (f->calls == f->fail_at)
        return error_set(e, EXIT_ENVIRONMENT, "the device was lost");
    if (f->calls == f->interrupt_at)
        interrupted = 1;
    if (!device_run(f->inner, s->inner, t, e))
        return false;
    misbehave(f, s, t);
    return true;
}

static const struct device_ops fake_ops = {
    .close = close_both,
    .buffer_create = buffer_create,
    .buffer_destroy = buffer_destroy,
    .upload = upload,
    .download = download,
    .program_create = program_create,
    .program_destroy = program_destroy,
    .sequence_create = sequence_create,
    .sequence_run = sequence_run,
    .sequence_destroy = sequence_destroy,
};

static void listen(void *context, const char *what, double done, double total)
{
    struct fake *f = context;
    (void)done, (void)total;
    if (strstr(what, "again")) {
        f->again++;
        f->probe_factor = 1;
    }
}

struct fake *fake_open(const char *spec)
{
    struct error e = {0};
    struct fake *f = need(sizeof *f);
    f->inner = device_open(spec, &e);
    if (!f->inner)
        fail_msg("%s: %s", spec, e.text);
    f->base = (struct device){.ops = &fake_ops, .info = f->inner->info};
    f->sink = (struct progress_sink){listen, f};
    return f;
}
