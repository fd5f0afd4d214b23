/* The copy and fill commands, split over the team. Stores that go past the caches save the read of each line that is
 * written over as a whole. */
#include <string.h>

#include "harness/device/native.h"

/* Bytes moved at a time: a cache line, so that a write buffer leaves the core when it is full. */
#define LINE 64

typedef float four __attribute__((vector_size(16)));

#if defined __x86_64__
static void stream_line(char *to, const four v[4])
{
    for (int i = 0; i < 4; i++)
        __builtin_ia32_movntps((float *)(void *)(to + 16 * i), v[i]);
}
#else
static void stream_line(char *to, const four v[4])
{
    memcpy(to, v, LINE);
}
#endif

static void fill_words(char *to, uint32_t word, uint64_t bytes)
{
    uint32_t *u = (uint32_t *)(void *)to;
    for (uint64_t i = 0; i < bytes / 4; i++)
        u[i] = word;
}

static void plain(const struct memory_command *c, uint64_t begin, uint64_t end)
{
    if (c->from)
        memcpy(c->to + begin, c->from + begin, end - begin);
    else
        fill_words(c->to + begin, c->word, end - begin);
}

static void streaming(const struct memory_command *c, uint64_t begin, uint64_t end)
{
    four v[4];
    fill_words((char *)v, c->word, sizeof v);
    for (uint64_t i = begin; i < end; i += LINE) {
        if (c->from)
            memcpy(v, c->from + i, sizeof v);
        stream_line(c->to + i, v);
    }
}

void native_memory_command(void *command, int worker, int workers)
{
    const struct memory_command *c = command;
    uint64_t lines = c->bytes / LINE, w = (uint64_t)worker, n = (uint64_t)workers;
    uint64_t begin = lines * w / n * LINE, end = worker + 1 == workers ? c->bytes : lines * (w + 1) / n * LINE;
    bool aligned = ((uintptr_t)c->to & 15) == 0;
    uint64_t whole = c->stream && aligned ? begin + (end - begin) / LINE * LINE : begin;
    streaming(c, begin, whole);
    plain(c, whole, end);
}
