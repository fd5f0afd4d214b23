/* One group of operators as one C kernel.
 *
 * All work is done on blocks of 64 floats: a walk takes a block through the operators in a loop that the
 * compiler vectorises, into a block that is then stored, past the caches where the step's traffic is large. Two
 * shapes, as in GLSL:
 *   flat   map operators: each worker has one contiguous piece of the tensor. Column tensors come along where rows do
 *          not end where blocks do: copied, with their beginning once more behind their end;
 *   rows   else: each worker has some rows. Statistics are walks over the row, which lies in the first cache from the
 *          second walk on: sums are kept in 64 partial sums, four vectors, so that additions do not wait for each
 *          other. Where operators come before a statistic their results are held in the worker's scratch.
 *
 * The walk with most arithmetic asks for the next row, of equal ones the last; a flat walk for what lies 4 KiB ahead.
 * Measured at 512 MB, two threads, Sapphire Rapids, against the same loop without: scale|bias|relu|clamp and layernorm both
 * gain; asking in layernorm's statistics, or two rows ahead, loses; softmax gains 15 % by asking while it takes exponentials. */
#include "harness/kernel/chain_c_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/chain_text.h"
#include "harness/kernel/kernel.h"

/* Floats to ask for ahead, and the longest row that is asked for while the one before it is stored: three of them fit
 * a first cache of 48 KiB. */
#define AHEAD     1024
#define AHEAD_MAX 4096
/* From so many rows on a column tensor is worth a copy, where its rows do not end where blocks do. */
#define WRAPPED_ROWS 64

static bool is_half(enum type type)
{
    return type == TYPE_F16;
}

static const char *stored(enum type type)
{
    return is_half(type) ? "uint16_t" : "float";
}

/* ---- storing ---- */

/* The last walk on one block, and its store: whole blocks may go past the caches. */
static void declare_block(struct c_kernel *s, bool from_floats)
{
    const char *type = stored(s->g->out);
    text_add(s->t,
             "\nstatic inline void block(const struct row *r, const %s *x, %s *y, int n, size_t c, size_t at, uint i, bool stream)\n{\n"
             "    float t[STEP] __attribute__((aligned(64)));\n", from_floats ? "float" : "uint16_t", type);
    if (!from_floats)
        text_add(s->t, "    float h[STEP] __attribute__((aligned(64)));\n    load_halves(h, x, n);\n");
    text_add(s->t, "    walk%d(r, %s, t, t, n, c, at, i);\n", s->walks, from_floats ? "x" : "h");
    if (is_half(s->g->out))
        text_add(s->t, "    store_halves(y, t, n);\n");
    else
        text_add(s->t, "    if (stream && n %% BLOCK == 0)\n        for (int k = 0; k < n; k += BLOCK)\n"
                       "            stream_block(y + k, t + k);\n    else\n"
                       "        __builtin_memcpy(y, t, (size_t)n * sizeof *y);\n");
    text_add(s->t, "}\n");
}

static void open_kernel(struct c_kernel *s)
{
    int buffer = 2;
    text_add(s->t,
             "\nKERNEL void kernel(const struct launch *l)\n{\n"
             "    const %s *x = l->buffer[0];\n    %s *y = l->buffer[1];\n    const size_t rows = l->push[0];\n"
             "    const bool stream = l->push[1] && (uintptr_t)y %% 64 == 0;\n"
             "    struct row row = {0}, *r = &row;\n", stored(s->g->in), stored(s->g->out));
    for (int i = 0; i < s->g->count; i++)
        for (int t = 0; t < s->g->items[i].op->tensor_count; t++)
            text_add(s->t, "    row.p%d_%d = l->buffer[%d];\n", i, t, buffer++);
}

/* Column tensors are copied, with as much of their beginning behind their end as a block may reach. */
static void wrap_tensors(struct c_kernel *s)
{
    text_add(s->t, "    float *wrapped = l->scratch;\n");
    for (int i = 0; i < s->g->count; i++)
        for (int t = 0; t < s->g->items[i].op->tensor_count; t++)
            if (!s->g->items[i].op->tensors[t].per_element)
                text_add(s->t, "    __builtin_memcpy(wrapped, row.p%d_%d, COLS * sizeof *wrapped);\n"
                               "    for (size_t c = 0; c < STEP; c++)\n"
                               "        wrapped[COLS + c] = wrapped[c];\n"
                               "    row.p%d_%d = wrapped;\n"
                               "    wrapped += COLS + STEP;\n", i, t, i, t);
}

/* Asks for the input `ahead` floats later, as much as a walk takes at a time. */
static void prefetch_input(struct c_kernel *s, const char *indent, const char *at, const char *floats, uint64_t ahead)
{
    if (ahead && s->g->ablation != ABLATE_WINDOW)
        text_add(s->t, "%sfor (int k = 0; k < %s; k += BLOCK)\n%s    prefetch_block(x + %s + k + %llu);\n", indent,
                 floats, indent, at, (unsigned long long)ahead);
}

/* The same for the tensors that are as large as it: those of operators before `from` are walked with the statistics. */
static void prefetch_tensors(struct c_kernel *s, const char *indent, const char *at, const char *floats, uint64_t ahead, int from)
{
    if (s->g->ablation == ABLATE_WINDOW)
        return;
    for (int i = 0; i < s->g->count; i++)
        for (int t = 0; t < s->g->items[i].op->tensor_count; t++)
            if (s->g->items[i].op->tensors[t].per_element && (i >= from || ahead))
                text_add(s->t, "%sfor (int k = 0; k < %s; k += BLOCK)\n%s    prefetch_block(row.p%d_%d + %s + k + %llu);\n", indent,
                         floats, indent, i, t, at, (unsigned long long)(i >= from ? AHEAD : ahead));
}

/* ---- flat ---- */

static void kernel_flat(struct c_kernel *s)
{
    if (s->wrapped)
        wrap_tensors(s);
    text_add(s->t, "    const size_t n = rows * COLS, begin = share(n, BLOCK, l->worker, l->workers);\n"
                   "    const size_t end = share(n, BLOCK, l->worker + 1, l->workers);\n"
                   "    size_t i = begin, c = %s;\n"
                   "    for (; i + STEP <= end; i += STEP) {\n", s->wrapped ? "begin % COLS" : "0");
    if (s->g->ablation == ABLATE_WINDOW) /* each worker has its own: two that write one line would wait for each other */
        text_add(s->t, "        const size_t at = begin + (i - begin) %% %d;  // stays in the first cache\n", WINDOW_BYTES / 4);
    else
        text_add(s->t, "        const size_t at = i;\n");
    prefetch_input(s, "        ", "at", "STEP", AHEAD);
    prefetch_tensors(s, "        ", "at", "STEP", AHEAD, 0);
    text_add(s->t, "        block(r, x + at, y + at, STEP, c, at, uint(i), stream);\n");
    if (s->wrapped)
        text_add(s->t, "        c = (c + STEP) %% COLS;\n");
    text_add(s->t, "    }\n"
                   "    if (i < end)\n"
                   "        block(r, x + i, y + i, (int)(end - i), c, i, uint(i), false);\n}\n");
}

/* ---- rows ---- */

/* How far ahead the input is asked for: what a statistic walks first is there a row later; a row that would not stay so
 * long is asked for shortly before. */
static uint64_t rows_ahead(const struct c_kernel *s)
{
    uint64_t cols = s->g->cols;
    return s->walks == 0 || cols > AHEAD_MAX ? AHEAD : (AHEAD + cols - 1) / cols * cols;
}

/* The loop of statistics walk `number`: from the input or from what is held. */
static void walk_row(struct c_kernel *s, int number, bool from_input)
{
    const char *from = !from_input ? "held" : is_half(s->g->in) ? "held" : "x + start";
    text_add(s->t, "        for (size_t c = 0; c < COLS; c += BLOCK) {\n");
    if (from_input && s->asks == number)
        prefetch_input(s, "            ", "start + c", "BLOCK", rows_ahead(s));
    text_add(s->t, "            if (c + BLOCK <= COLS)\n"
                   "                walk%d(r, %s + c, held + c, sum, BLOCK, c, start + c, uint(i + c));\n", number, from);
    text_add(s->t, "            else\n"
                   "                walk%d(r, %s + c, held + c, sum, COLS %% BLOCK, c, start + c, uint(i + c));\n        }\n",
             number, from);
}

static void statistic(struct c_kernel *s, int i, int stat, int number, bool from_input)
{
    const struct chain_item *item = &s->g->items[i];
    const struct operator_stat *st = &item->op->stats[stat];
    bool is_max = st->is_max && s->g->ablation != ABLATE_COPY;
    text_add(s->t, "        for (int k = 0; k < BLOCK; k++)\n            sum[k] = %s;\n", is_max ? "-3.402823466e38f" : "0.0f");
    walk_row(s, number, from_input);
    text_add(s->t, "        row.s%d_%d = %s_finish%d(block_%s(sum), (float)COLS", i, stat, item->op->name, stat,
             is_max ? "max" : "sum");
    chain_add_stats(i, stat, "row.", s->t);
    chain_add_params(item, s->t);
    text_add(s->t, ");\n");
}

static void statistics(struct c_kernel *s)
{
    int number = 0;
    bool held = is_half(s->g->in) && s->walks > 0, from_input = true;
    if (held)
        text_add(s->t, "        load_halves(held, x + start, COLS);\n");
    s->reads = held;
    for (int i = 0; i < s->g->count; i++)
        for (int stat = 0; stat < s->g->items[i].op->stat_count; stat++) {
            bool reads = from_input && !held;
            statistic(s, i, stat, number++, reads);
            s->reads += reads;
            if (i > 0 || (stat + 1 == s->g->items[i].op->stat_count && c_keeps_terms(s, i)))
                from_input = false; /* the operators before it have been applied, and their results held, or its own terms */
        }
    s->held = held || !from_input;
    s->reads += !s->held;
}

/* The inside of a loop of the last walk. */
static void last_walk(struct c_kernel *s, const char *floats)
{
    if (s->asks == s->walks)
        prefetch_input(s, "            ", "start + c", floats, rows_ahead(s));
    prefetch_tensors(s, "            ", "start + c", floats, s->g->cols > AHEAD_MAX ? 0 : rows_ahead(s), s->last_first);
    text_add(s->t, "            block(r, from + c, y + start + c, %s, c, start + c, uint(i + c), stream);\n        }\n", floats);
}

static void kernel_rows(struct c_kernel *s)
{
    uint64_t window = WINDOW_BYTES / (4 * s->g->cols);
    text_add(s->t, "    float *held = l->scratch, sum[BLOCK] __attribute__((aligned(64)));\n"
                   "    const size_t first = share(rows, 1, l->worker, l->workers), last = share(rows, 1, l->worker + 1, l->workers);\n"
                   "    for (size_t at = first; at < last; at++) {\n"
                   "        const size_t i = at * COLS;\n");
    if (s->g->ablation == ABLATE_WINDOW)
        text_add(s->t, "        const size_t start = (first + (at - first) %% %llu) * COLS;  // stays in the first cache\n",
                 (unsigned long long)(window ? window : 1));
    else
        text_add(s->t, "        const size_t start = i;\n");
    statistics(s);
    text_add(s->t, "        const %s *from = %s;\n", s->held ? "float" : stored(s->g->in), s->held ? "held" : "x + start");
    /* Where rows do not end where lines do, the first block of a row is short, so that all others are aligned. */
    if (s->g->cols % 16)
        text_add(s->t, "        size_t n = stream ? (16 - start %% 16) %% 16 : 0;\n"
                       "        n = n > COLS ? COLS : n;\n"
                       "        block(r, from, y + start, (int)n, 0, start, uint(i), false);\n"
                       "        size_t c = n;\n");
    else
        text_add(s->t, "        size_t c = 0;\n");
    if (s->step > BLOCK_FLOATS) {
        text_add(s->t, "        for (; c + STEP <= COLS; c += STEP) {\n");
        last_walk(s, "STEP");
    }
    text_add(s->t, "        for (; c + BLOCK <= COLS; c += BLOCK) {\n");
    last_walk(s, "BLOCK");
    text_add(s->t,
                   "        if (c < COLS)\n"
                   "            block(r, from + c, y + start + c, (int)(COLS - c), c, start + c, uint(i + c), false);\n"
                   "    }\n}\n");
}

/* ---- the step ---- */

static void fill_step(struct c_kernel *s, struct step *step, const struct device_info *device)
{
    const struct chain_group *g = s->g;
    double elements = (double)g->rows * (double)g->cols;
    double issued = type_bytes(g->in, 1) * (double)(s->rows ? s->reads : 1) + type_bytes(g->out, 1);
    double distinct = type_bytes(g->in, 1) + type_bytes(g->out, 1);
    memset(step->cost.ops, 0, sizeof step->cost.ops);
    for (int i = 0; i < g->count; i++) {
        const struct operator *o = g->items[i].op;
        issued += 4.0 * o->tensor_count;
        for (int t = 0; t < o->tensor_count; t++)
            distinct += o->tensors[t].per_element ? 4 : 0;
        for (int op = 0; op < OP_COUNT; op++)
            step->cost.ops[op] += (o->ops[op] - (c_keeps_terms(s, i) ? o->kept_saves[op] : 0)) * elements;
    }
    step->cost.bytes_issued = issued * elements;
    step->push[0] = (uint32_t)g->rows;
    step->push[1] = g->ablation != ABLATE_WINDOW && distinct * elements >= (double)device->stream_bytes;
    step->push_count = 2;
}

static void bind_all(const struct c_kernel *s, struct step *step, int in, int out, const int *parameters)
{
    step_bind(step, in, BIND_STORAGE, TEXEL_NONE, true, false);
    step_bind(step, out, BIND_STORAGE, TEXEL_NONE, false, true);
    int n = 0;
    for (int i = 0; i < s->g->count; i++)
        for (int t = 0; t < s->g->items[i].op->tensor_count; t++)
            step_bind(step, parameters[n++], BIND_STORAGE, TEXEL_NONE, true, false);
}

static uint64_t column_tensors(const struct chain_group *g)
{
    uint64_t n = 0;
    for (int i = 0; i < g->count; i++)
        for (int t = 0; t < g->items[i].op->tensor_count; t++)
            n += !g->items[i].op->tensors[t].per_element;
    return n;
}

bool chain_group_step_c(const struct chain_group *g, struct step *step, int in, int out, const int *parameters,
                        const struct device_info *device, struct error *e)
{
    struct c_kernel s = {.g = g, .t = &step->c};
    const char *prelude = native_prelude(e);
    if (!prelude)
        return false;
    for (int i = 0; i < g->count; i++)
        s.walks += g->items[i].op->stat_count;
    const uint64_t columns = column_tensors(g);
    s.wrapped = s.walks == 0 && columns > 0 && g->cols % BLOCK_FLOATS && g->cols <= KEPT_MAX && g->rows >= WRAPPED_ROWS;
    s.rows = s.walks > 0 || (columns > 0 && !s.wrapped);
    c_look_at_walks(&s);
    step->language = LANGUAGE_C;
    text_add(s.t, "%s\n#include <stdbool.h>\n\nenum { COLS = %llu, STEP = %d };\n", prelude, (unsigned long long)g->cols, s.step);
    text_add(s.t, "EXPORT const uint64_t scratch_bytes = %llu;\n", (unsigned long long)(s.walks ? g->cols * 4 + 4096 : s.wrapped ? columns * (g->cols + SLOW_FLOATS) * 4 : 0));
    chain_declare_operators(g, s.t);
    c_declare_walks(&s);
    declare_block(&s, !is_half(g->in) || s.walks > 0);
    open_kernel(&s);
    if (s.rows)
        kernel_rows(&s);
    else
        kernel_flat(&s);
    fill_step(&s, step, device);
    bind_all(&s, step, in, out, parameters);
    return true;
}

const char *native_prelude(struct error *e)
{
    static struct text text;
    const char *folder = text.len ? NULL : kernels_folder(e);
    if (folder) {
        struct text path = {0};
        text_add(&path, "%s/native.h", folder);
        file_read(path.s, &text, e);
        text_free(&path);
    }
    return text.len ? text.s : NULL;
}
