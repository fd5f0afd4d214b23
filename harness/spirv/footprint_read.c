/* What a run left in the lab buffer: maps and faults; and how large that buffer has to be. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/spirv/footprint.h"
#include "harness/spirv/footprint_queue.h"

#define TARGETS_MAX 256
#define WORDS_PER_MAP_WORD 16

/* Buffers always, images where it is known how large they are. */
static bool is_target(const struct resource *r, const struct instrument_options *o)
{
    const struct bound_size *b;
    switch (r->kind) {
    case RESOURCE_STORAGE_BUFFER:
    case RESOURCE_UNIFORM_BUFFER:
    case RESOURCE_UNIFORM_TEXEL_BUFFER:
    case RESOURCE_STORAGE_TEXEL_BUFFER: return true;
    case RESOURCE_STORAGE_IMAGE:
    case RESOURCE_SAMPLED_IMAGE:
    case RESOURCE_COMBINED_IMAGE: b = bound_find(r, o->bound, o->bound_count); return b && b->width > 0;
    default: return false;
    }
}

void footprint_targets(struct instrumented *in, const struct instrument_options *options)
{
    const struct reflection *r = &in->reflection;
    in->targets = need(TARGETS_MAX * sizeof *in->targets);
    for (uint32_t i = 0; i < r->resource_count; i++) {
        const struct resource *x = &r->resources[i];
        const struct target *last = in->target_count ? &in->targets[in->target_count - 1] : NULL;
        bool alias = last && last->set == x->set && last->binding == x->binding;
        bool known = x->count > 0 && x->count <= ELEMENTS_MAX && in->target_count + x->count <= TARGETS_MAX;
        if (!x->bound || !is_target(x, options) || !(x->reads || x->writes) || alias || !known)
            continue;
        for (uint32_t k = 0; k < x->count; k++)
            in->targets[in->target_count++] = (struct target){i, x->set, x->binding, k};
    }
}

static uint64_t map_words(uint64_t bytes)
{
    return (bytes + 4 * WORDS_PER_MAP_WORD - 1) / (4 * WORDS_PER_MAP_WORD);
}

/* First word of target t's map; of the rows behind them for t = target_count. */
static uint64_t map_begin(const struct instrumented *in, const uint64_t *target_bytes, uint32_t t)
{
    uint64_t at = (uint64_t)lab_counters(in) + (uint64_t)LAB_BANKS * lab_stride(in);
    for (uint32_t i = 0; i < t; i++)
        at += map_words(target_bytes[i]);
    return at;
}

uint64_t instrument_bytes(const struct instrumented *in, const uint64_t *target_bytes)
{
    return 4 * (map_begin(in, target_bytes, in->target_count) + (uint64_t)LAB_ROW_WORDS * in->row_count);
}

void instrument_prepare(const struct instrumented *in, const uint64_t *target_bytes, uint32_t *lab)
{
    memset(lab, 0, instrument_bytes(in, target_bytes));
    for (uint32_t i = 0; i < in->target_count; i++) {
        uint64_t size = target_bytes[i];
        lab[LAB_TABLE + LAB_TABLE_WORDS * i] = (uint32_t)map_begin(in, target_bytes, i);
        lab[LAB_TABLE + LAB_TABLE_WORDS * i + 1] = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
    }
    lab[LAB_PASSES] = 2;
    lab[LAB_ROWS] = (uint32_t)map_begin(in, target_bytes, in->target_count);
    for (uint32_t i = 0; i < in->row_count; i++) {
        const uint32_t *t = lab + LAB_TABLE + LAB_TABLE_WORDS * in->rows[i].target;
        queue_row(in->rows[i], t[0], t[1], lab + lab[LAB_ROWS] + LAB_ROW_WORDS * i);
    }
}

/* Sums one map; a data word has bit 2k read first and 2k+1 written, 16 to a map word. */
static void read_map(const uint32_t *map, uint64_t bytes, struct footprint_bytes *out)
{
    for (uint64_t i = 0; i < map_words(bytes); i++) {
        if (map[i] == 0)
            continue;
        for (uint32_t half = 0; half < 2; half++) {
            uint64_t begin = 64 * i + 32 * half, left = begin < bytes ? bytes - begin : 0;
            if ((map[i] >> (16 * half) & 0xffff) != 0)
                out->sectors += left < 32 ? left : 32;
        }
        for (uint32_t k = 0; k < WORDS_PER_MAP_WORD; k++) {
            uint64_t begin = 64 * i + 4 * k, left = begin < bytes ? bytes - begin : 0,
                     size = left < 4 ? left : 4;
            uint32_t bits = map[i] >> (2 * k) & 3;
            out->read_first += bits & 1 ? size : 0;
            out->written += bits & 2 ? size : 0;
            out->touched += bits ? size : 0;
        }
    }
    out->compulsory = out->read_first + out->written;
}

void footprint_read(const struct instrumented *in, const uint64_t *target_bytes, const uint32_t *lab,
                    struct footprint_bytes *out)
{
    for (uint32_t i = 0; i < in->target_count; i++) {
        out[i] = (struct footprint_bytes){0};
        read_map(lab + map_begin(in, target_bytes, i), target_bytes[i], &out[i]);
    }
}

uint32_t footprint_faults(const struct instrumented *in, const uint32_t *lab, struct fault *out,
                          uint32_t *all)
{
    uint32_t count = 0;
    *all = lab[LAB_FAULTS];
    for (uint32_t i = 0; i < lab[LAB_RECORDED] && i < LAB_RECORD_COUNT; i++) {
        const uint32_t *r = lab + LAB_RECORDS + LAB_RECORD_WORDS * i;
        if (r[0] >= in->site_count)
            continue;
        const struct site *site = &in->sites[r[0]];
        bool target = r[1] < in->target_count || r[1] == SITE_SHARED;
        out[count++] = (struct fault){site, target ? r[1] : site->target, r[2]};
    }
    return count;
}
