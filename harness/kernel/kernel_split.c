/* A tensor may be larger than what a device can bind at once. Where a kernel's header says that its rows do not depend on each
 * other (`split rows`), it is then run several times, each time with a part of them. What is not cut (the vector of a GEMV)
 * every part reads, and it is counted so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/kernel_parts.h"

/* Parts begin at multiples of so many rows where they are long enough: tiles of rows are not cut, and the parts of a tensor
 * of many short rows lie where a device wants bindings to begin. */
enum { PART_GRAIN = 64 };

bool kernel_cuts(const struct kernel *k, const struct kernel_buffer *b)
{
    return k->split[0] && strcmp(b->dims[0], k->split) == 0;
}

static uint64_t part_bytes(const struct plan *p, const struct part *part)
{
    return part->bytes ? part->bytes : tensor_bytes(&p->tensors[part->tensor]);
}

/* How many of `rows` rows the parts have, all but the last. Where not even one fits, or no memory holds the tensor: all of them, and
 * plan_fits will tell. */
static uint64_t rows_at_once(const struct plan *p, const struct kernel *k, const struct part *parts, uint64_t rows)
{
    uint64_t most = rows, grain = PART_GRAIN, aligned = 1;
    for (int i = 0; i < k->buffer_count; i++) {
        if (!kernel_cuts(k, &k->buffers[i]))
            continue;
        if (part_bytes(p, &parts[i]) > p->limits->max_buffer_bytes || part_bytes(p, &parts[i]) > p->limits->memory_bytes)
            return rows;
        uint64_t row = part_bytes(p, &parts[i]) / rows, limit = binding_limit(p->limits, k->buffers[i].texel) / row;
        most = limit < most ? limit : most;
        while (row * aligned % part_alignment(p->limits))
            aligned *= 2;
    }
    if (most >= rows || most < aligned)
        return rows;
    while (grain > aligned && grain > most)
        grain /= 2;
    grain = grain > aligned ? grain : aligned;
    uint64_t count = (rows + most / grain * grain - 1) / (most / grain * grain);
    return ((rows + count - 1) / count + grain - 1) / grain * grain;
}

/* The scope of a dispatch that has `some` of the rows: what follows the shape is found again. */
static struct scope scope_of(const struct kernel *k, const struct scope *s, int split, uint64_t some)
{
    struct shape_entry shape[RUN_SHAPE_MAX];
    uint32_t tune[KERNEL_TUNE_MAX];
    for (int i = 0; i < k->shapes; i++) {
        shape[i] = k->shape[i];
        shape[i].value = i == split ? some : (uint64_t)s->values[i];
    }
    for (int i = 0; i < k->tune_count; i++)
        tune[i] = (uint32_t)s->values[k->shapes + i];
    return kernel_scope(k, shape, tune);
}

static bool add_part(struct plan *p, const struct kernel *k, const struct scope *s, const struct part *parts, int split,
                     uint64_t from, uint64_t some, struct error *e)
{
    struct part own[KERNEL_BINDINGS_MAX];
    uint64_t rows = (uint64_t)s->values[split];
    struct scope scope = scope_of(k, s, split, some);
    char label[KERNEL_NAME_MAX + 80];
    for (int i = 0; i < k->buffer_count; i++) {
        uint64_t row = part_bytes(p, &parts[i]) / rows;
        own[i] = parts[i];
        if (kernel_cuts(k, &k->buffers[i]))
            own[i] = (struct part){parts[i].tensor, parts[i].offset + from * row, some * row};
    }
    if (!kernel_suits(k, &scope, e) || !kernel_add_step(p, k, &scope, own, e))
        return false;
    struct step *step = &p->steps[p->step_count - 1];
    snprintf(label, sizeof label, "%s (%s %llu..%llu)", k->name, k->split, (unsigned long long)from,
             (unsigned long long)(from + some - 1));
    free(step->label);
    step->label = need_string(label);
    return true;
}

bool kernel_add_steps(struct plan *p, const struct kernel *k, const struct scope *s, const struct part *parts, struct error *e)
{
    int split = k->split[0] ? kernel_find_shape(k, k->split) : -1;
    uint64_t rows = split >= 0 ? (uint64_t)s->values[split] : 1;
    uint64_t each = split >= 0 && p->limits ? rows_at_once(p, k, parts, rows) : rows;
    if (each == rows)
        return kernel_add_step(p, k, s, parts, e);
    for (uint64_t from = 0; from < rows; from += each)
        if (!add_part(p, k, s, parts, split, from, rows - from < each ? rows - from : each, e))
            return false;
    return true;
}
