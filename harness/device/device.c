#include "harness/device/device.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "harness/base/text.h"
#include "harness/device/drivers.h"
#include "harness/device/perf.h"

static const struct driver *const drivers[] = {&vulkan_driver, &native_driver, &sim_driver, NULL};

const struct driver *const *device_drivers(void)
{
    return drivers;
}

double host_clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

struct search {
    const char *part;
    char spec[300];
    int found;
    struct text names;
};

static void match_name(void *context, const struct device_info *info)
{
    struct search *s = context;
    text_add(&s->names, "%s  %s (%s)", s->names.len ? "\n" : "", info->spec, info->name);
    if (strcasestr(info->name, s->part) || strcasestr(info->slug, s->part)) {
        if (s->found++ == 0)
            memcpy(s->spec, info->spec, sizeof s->spec);
    }
}

/* Opens the first device whose name has `part` in it. */
static struct device *open_by_name(const char *part, struct error *e)
{
    struct search s = {.part = part};
    for (int i = 0; drivers[i]; i++)
        drivers[i]->list(match_name, &s, NULL);
    struct device *d = NULL;
    if (s.found)
        d = device_open(s.spec, e);
    else
        error_set(e, s.names.len ? EXIT_USAGE : EXIT_ENVIRONMENT,
                  "no device is called '%s'. %s%s\nA device is vulkan:N, native, sim:B=320GB/s,P=10TFLOP/s, or a part of a "
                  "name that `rooflab devices` lists.",
                  part, s.names.len ? "Found here:\n" : "No device was found here.", text_get(&s.names));
    text_free(&s.names);
    return d;
}

struct device *device_open(const char *spec, struct error *e)
{
    if (!spec || !*spec)
        spec = getenv("ROOFLAB_DEVICE");
    if (!spec || !*spec)
        spec = "vulkan";
    perf_open(); /* before a driver makes threads */
    for (int i = 0; drivers[i]; i++) {
        size_t n = strlen(drivers[i]->scheme);
        if (strncmp(spec, drivers[i]->scheme, n) == 0 && (spec[n] == ':' || spec[n] == '\0'))
            return drivers[i]->open(spec[n] ? spec + n + 1 : "", e);
    }
    return open_by_name(spec, e);
}

void device_close(struct device *d)
{
    if (d)
        d->ops->close(d);
}

struct buffer *device_buffer(struct device *d, uint64_t bytes, struct error *e)
{
    return d->ops->buffer_create(d, bytes, e);
}

void device_buffer_free(struct device *d, struct buffer *b)
{
    if (b)
        d->ops->buffer_destroy(d, b);
}

bool device_upload(struct device *d, struct buffer *b, uint64_t offset, const void *from, uint64_t bytes,
                   struct error *e)
{
    return d->ops->upload(d, b, offset, from, bytes, e);
}

bool device_download(struct device *d, struct buffer *b, uint64_t offset, void *to, uint64_t bytes,
                     struct error *e)
{
    return d->ops->download(d, b, offset, to, bytes, e);
}

uint64_t device_address(struct device *d, struct buffer *b)
{
    return d->ops->address && d->info.buffer_address ? d->ops->address(d, b) : 0;
}

uint32_t texel_format_bytes(enum texel_format f)
{
    static const uint8_t bytes[TEXEL_FORMATS] = {0,  16, 8, 4, 4, 4, 8, 4, 4, 2, 8, 4, 4, 2, 2, 1, 8, 4, 2, 2, 1,
                                                 16, 8,  4, 4, 8, 4, 2, 2, 1, 16, 8, 4, 4, 4, 8, 4, 2, 2, 1, 8, 8};
    return (unsigned)f < TEXEL_FORMATS ? bytes[f] : 0;
}

struct program *device_program(struct device *d, const struct program_source *s, struct error *e)
{
    return d->ops->program_create(d, s, e);
}

void device_program_free(struct device *d, struct program *p)
{
    if (p)
        d->ops->program_destroy(d, p);
}

uint64_t device_program_scratch(struct device *d, const struct program *p)
{
    return d->ops->program_scratch ? d->ops->program_scratch(d, p) : 0;
}

struct sequence *device_sequence(struct device *d, const struct dispatch *list, int count, bool step_stamps,
                                 struct error *e)
{
    return d->ops->sequence_create(d, list, count, step_stamps, e);
}

bool device_run(struct device *d, struct sequence *s, struct timing *t, struct error *e)
{
    return d->ops->sequence_run(d, s, t, e);
}

void device_sequence_free(struct device *d, struct sequence *s)
{
    if (s)
        d->ops->sequence_destroy(d, s);
}
