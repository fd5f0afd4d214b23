#include "harness/spirv/footprint_queue.h"

#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"

/* The third word of a row, in bits: reads, writes, bytes, site. */
#define BYTES_AT  2
#define BYTES_MAX 0xfffu
#define SITE_AT   14
#define SITE_MAX  0x3ffffu

void queue_row(struct mark_row row, uint32_t base, uint32_t size, uint32_t out[LAB_ROW_WORDS])
{
    out[0] = base;
    out[1] = size;
    out[2] = (uint32_t)row.reads | (uint32_t)row.writes << 1 | row.bytes << BYTES_AT | row.site << SITE_AT;
}

void queue_begin(struct queue *q, struct instrumented *in, const struct marks *marks, uint32_t room)
{
    struct emit *e = marks->e;
    *q = (struct queue){.marks = marks, .in = in};
    if (room < QUEUE_FROM)
        return;
    q->room = room < QUEUE_MAX ? room : QUEUE_MAX;
    uint32_t u32 = emit_u32(e), array = emit_id(e);
    words_op(&e->globals, SpvOpTypeArray, 3, (uint32_t[]){array, u32, emit_constant(e, q->room)});
    for (int g = 0; g < QUEUE_GROUPS; g++)
        for (int i = 0; i < QUEUE_COLUMNS; i++)
            q->columns[g][i] = emit_variable(e, SpvStorageClassPrivate, array, 0);
    q->array = emit_pointer(e, SpvStorageClassPrivate, array);
    q->pointer = emit_pointer(e, SpvStorageClassPrivate, u32);
    q->drain = emit_id(e);
}

static void keep(const struct queue *q, struct words *t, int column, uint32_t nth, uint32_t value)
{
    struct emit *e = q->marks->e;
    uint32_t place = emit_two(e, t, SpvOpAccessChain, q->pointer, q->columns[q->group][column], nth);
    words_op(t, SpvOpStore, 2, (uint32_t[]){place, value});
}

bool queue_add(struct queue *q, struct words *t, struct mark_row row, uint32_t offset, uint32_t index)
{
    struct instrumented *in = q->in;
    if (row.bytes > BYTES_MAX || row.site > SITE_MAX)
        return false;
    if (q->waiting == q->room)
        queue_drain(q, t);
    if (in->row_count == q->row_room) {
        q->row_room = q->row_room ? 2 * q->row_room : 64;
        in->rows = need_more(in->rows, q->row_room * sizeof *in->rows);
    }
    if (!q->waiting)
        q->first = in->row_count;
    in->rows[in->row_count++] = row;
    uint32_t nth = emit_constant(q->marks->e, q->waiting++);
    keep(q, t, QUEUE_OFFSET, nth, offset);
    keep(q, t, QUEUE_INDEX, nth, index);
    return true;
}

void queue_drain(struct queue *q, struct words *t)
{
    struct emit *e = q->marks->e;
    if (!q->waiting)
        return;
    const uint32_t *columns = q->columns[q->group];
    emit_op(e, t, SpvOpFunctionCall, emit_void(e), 5,
            (uint32_t[]){q->drain, columns[QUEUE_OFFSET], columns[QUEUE_INDEX], emit_constant(e, q->first),
                         emit_constant(e, q->waiting)});
    q->waiting = 0;
    q->group = (q->group + 1) % QUEUE_GROUPS;
}

/* Parameters of drain. */
enum { OFFSETS, INDICES, FIRST, COUNT, PARAMETERS };

static uint32_t waited(const struct queue *q, struct words *t, uint32_t array, uint32_t index)
{
    struct emit *e = q->marks->e;
    return emit_load(e, t, emit_u32(e), emit_two(e, t, SpvOpAccessChain, q->pointer, array, index));
}

static uint32_t row_word(const struct queue *q, struct words *t, uint32_t row, uint32_t i)
{
    struct emit *e = q->marks->e;
    uint32_t at = emit_two(e, t, SpvOpIAdd, emit_u32(e), row, emit_constant(e, i));
    return emit_load(e, t, emit_u32(e), marks_word(q->marks, t, at));
}

static uint32_t bits(struct emit *e, struct words *t, uint32_t word, uint32_t at, uint32_t max)
{
    uint32_t u32 = emit_u32(e), low = emit_two(e, t, SpvOpShiftRightLogical, u32, word, emit_constant(e, at));
    return emit_two(e, t, SpvOpBitwiseAnd, u32, low, emit_constant(e, max));
}

/* 0 or all ones, by bit `at`. */
static uint32_t mask_of_bit(struct emit *e, struct words *t, uint32_t word, uint32_t at)
{
    return emit_two(e, t, SpvOpISub, emit_u32(e), emit_constant(e, 0), bits(e, t, word, at, 1));
}

/* Marks the one that waited at i; rows_at: of the first row, in the lab buffer. */
static void drain_one(const struct queue *q, struct words *t, const uint32_t *parameters, uint32_t rows_at, uint32_t i)
{
    struct emit *e = q->marks->e;
    uint32_t u32 = emit_u32(e), p[MARK_PARAMETERS];
    uint32_t nth = emit_two(e, t, SpvOpIAdd, u32, parameters[FIRST], i);
    uint32_t place = emit_two(e, t, SpvOpIMul, u32, nth, emit_constant(e, LAB_ROW_WORDS));
    uint32_t row = emit_two(e, t, SpvOpIAdd, u32, rows_at, place), what = row_word(q, t, row, 2);
    struct mark_kind kind = {mask_of_bit(e, t, what, 0), mask_of_bit(e, t, what, 1)};
    p[MARK_BASE] = row_word(q, t, row, 0);
    p[MARK_SIZE] = row_word(q, t, row, 1);
    p[MARK_OFFSET] = waited(q, t, parameters[OFFSETS], i);
    p[MARK_INDEX] = waited(q, t, parameters[INDICES], i);
    p[MARK_TARGET] = emit_constant(e, SITE_TARGET);
    p[MARK_BYTES] = bits(e, t, what, BYTES_AT, BYTES_MAX);
    p[MARK_SITE] = bits(e, t, what, SITE_AT, SITE_MAX);
    marks_body(q->marks, t, kind, true, p);
}

/* The function's head; gives the ids of its parameters. */
static void begin(const struct queue *q, struct words *t, uint32_t p[PARAMETERS])
{
    struct emit *e = q->marks->e;
    uint32_t u32 = emit_u32(e), nothing = emit_void(e), types[PARAMETERS] = {q->array, q->array, u32, u32};
    uint32_t type = emit_type(e, SpvOpTypeFunction, 5, (uint32_t[]){nothing, q->array, q->array, u32, u32});
    words_op(t, SpvOpFunction, 4, (uint32_t[]){nothing, q->drain, 0, type});
    for (int i = 0; i < PARAMETERS; i++) {
        p[i] = emit_id(e);
        words_op(t, SpvOpFunctionParameter, 2, (uint32_t[]){types[i], p[i]});
    }
}

/* A loop over all that wait, in their order. */
void queue_function(struct queue *q, struct words *t)
{
    if (!q->room)
        return;
    struct emit *e = q->marks->e;
    uint32_t u32 = emit_u32(e), p[PARAMETERS], before = emit_id(e), i = emit_id(e), following = emit_id(e);
    uint32_t header = emit_id(e), body = emit_id(e), next = emit_id(e), done = emit_id(e);
    begin(q, t, p);
    emit_label(t, before);
    uint32_t rows_at = emit_load(e, t, u32, marks_word(q->marks, t, emit_constant(e, LAB_ROWS)));
    words_op(t, SpvOpBranch, 1, &header);
    emit_label(t, header);
    words_op(t, SpvOpPhi, 6, (uint32_t[]){u32, i, emit_constant(e, 0), before, following, next});
    uint32_t more = emit_two(e, t, SpvOpULessThan, emit_bool(e), i, p[COUNT]);
    words_op(t, SpvOpLoopMerge, 3, (uint32_t[]){done, next, SpvLoopControlDontUnrollMask});
    words_op(t, SpvOpBranchConditional, 3, (uint32_t[]){more, body, done});
    emit_label(t, body);
    drain_one(q, t, p, rows_at, i);
    words_op(t, SpvOpBranch, 1, &next);
    emit_label(t, next);
    words_op(t, SpvOpIAdd, 4, (uint32_t[]){u32, following, i, emit_constant(e, 1)});
    words_op(t, SpvOpBranch, 1, &header);
    emit_label(t, done);
    words_op(t, SpvOpReturn, 0, NULL);
    words_op(t, SpvOpFunctionEnd, 0, NULL);
}
