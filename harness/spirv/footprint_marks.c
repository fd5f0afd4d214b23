#include "harness/spirv/footprint_marks.h"

#include <spirv/unified1/spirv.h>

#include "harness/spirv/instrument.h"

void marks_begin(struct marks *k)
{
    uint32_t u32 = emit_u32(k->e), zero = emit_constant(k->e, 0);
    for (int i = 0; i < FAULT_VARIABLES; i++)
        k->variables[i] = emit_variable(k->e, SpvStorageClassPrivate, u32, zero);
    k->record = emit_id(k->e);
    k->fault = emit_id(k->e);
    k->check = emit_id(k->e);
    for (int mode = 0; mode < MARK_MODES; mode++) {
        k->one[mode] = emit_id(k->e);
        k->many[mode] = emit_id(k->e);
    }
}

uint32_t marks_word(const struct marks *k, struct words *t, uint32_t index)
{
    uint32_t zero = emit_constant(k->e, 0);
    return emit_op(k->e, t, SpvOpAccessChain, k->pointer, 3, (uint32_t[]){k->lab, zero, index});
}

static uint32_t atomic(const struct marks *k, struct words *t, uint16_t op, uint32_t index, uint32_t value)
{
    uint32_t scope = emit_constant(k->e, k->scope), relaxed = emit_constant(k->e, 0);
    uint32_t pointer = marks_word(k, t, index);
    return emit_op(k->e, t, op, emit_u32(k->e), op == SpvOpAtomicLoad ? 3 : 4,
                   (uint32_t[]){pointer, scope, relaxed, value});
}

/* Begins a void function of `count` u32 parameters, whose ids it fills in. */
static void begin(const struct marks *k, struct words *t, uint32_t function, uint32_t count,
                  uint32_t *parameters)
{
    uint32_t u32 = emit_u32(k->e), all[8];
    all[0] = emit_void(k->e);
    for (uint32_t i = 0; i < count; i++)
        all[1 + i] = u32;
    uint32_t type = emit_type(k->e, SpvOpTypeFunction, 1 + count, all);
    words_op(t, SpvOpFunction, 4, (uint32_t[]){all[0], function, 0, type});
    for (uint32_t i = 0; i < count; i++) {
        parameters[i] = emit_id(k->e);
        words_op(t, SpvOpFunctionParameter, 2, (uint32_t[]){u32, parameters[i]});
    }
    emit_label(t, emit_id(k->e));
}

/* Ends the block `label` leads to, and the function. */
static void finish(struct words *t, uint32_t label)
{
    words_op(t, SpvOpBranch, 1, &label);
    emit_label(t, label);
    words_op(t, SpvOpReturn, 0, NULL);
    words_op(t, SpvOpFunctionEnd, 0, NULL);
}

static uint32_t get(const struct marks *k, struct words *t, int variable)
{
    return emit_load(k->e, t, emit_u32(k->e), k->variables[variable]);
}

/* variable = condition ? value : variable */
static void set_if(const struct marks *k, struct words *t, uint32_t condition, int variable, uint32_t value)
{
    uint32_t old = get(k, t, variable);
    uint32_t chosen = emit_op(k->e, t, SpvOpSelect, emit_u32(k->e), 3, (uint32_t[]){condition, value, old});
    words_op(t, SpvOpStore, 2, (uint32_t[]){k->variables[variable], chosen});
}

/* Keeps a fault for the end of the invocation: registers and selections only. */
static void write_fault(const struct marks *k, struct words *t)
{
    struct emit *e = k->e;
    uint32_t u32 = emit_u32(e), boolean = emit_bool(e), p[3], end = emit_id(e), one = emit_constant(e, 1);
    begin(k, t, k->fault, 3, p);
    uint32_t count = get(k, t, FAULT_COUNT);
    uint32_t first = emit_two(e, t, SpvOpIEqual, boolean, count, emit_constant(e, 0));
    for (int i = 0; i < 3; i++)
        set_if(k, t, first, FAULT_FIRST + i, p[i]);
    uint32_t other = emit_two(e, t, SpvOpINotEqual, boolean, p[0], get(k, t, FAULT_FIRST));
    for (int i = 0; i < 3; i++)
        set_if(k, t, other, FAULT_OTHER + i, p[i]);
    set_if(k, t, other, FAULT_OTHER + 3, one);
    uint32_t more = emit_two(e, t, SpvOpIAdd, u32, count, one);
    words_op(t, SpvOpStore, 2, (uint32_t[]){k->variables[FAULT_COUNT], more});
    finish(t, end);
}

/* Writes one record, where there is room. */
static void write_record(const struct marks *k, struct words *t)
{
    struct emit *e = k->e;
    uint32_t u32 = emit_u32(e), p[3], keep = emit_id(e), end = emit_id(e);
    begin(k, t, k->record, 3, p);
    uint32_t nth = atomic(k, t, SpvOpAtomicIAdd, emit_constant(e, LAB_RECORDED), emit_constant(e, 1));
    uint32_t room = emit_two(e, t, SpvOpULessThan, emit_bool(e), nth, emit_constant(e, LAB_RECORD_COUNT));
    emit_if(t, room, keep, end);
    emit_label(t, keep);
    uint32_t at = emit_two(e, t, SpvOpIMul, u32, nth, emit_constant(e, LAB_RECORD_WORDS));
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t word = emit_two(e, t, SpvOpIAdd, u32, at, emit_constant(e, LAB_RECORDS + i));
        words_op(t, SpvOpStore, 2, (uint32_t[]){marks_word(k, t, word), p[i]});
    }
    finish(t, end);
}

static void record_from(const struct marks *k, struct words *t, int variable)
{
    uint32_t site = get(k, t, variable), target = get(k, t, variable + 1), index = get(k, t, variable + 2);
    emit_op(k->e, t, SpvOpFunctionCall, emit_void(k->e), 4, (uint32_t[]){k->record, site, target, index});
}

void marks_end(struct marks *k, struct words *t)
{
    struct emit *e = k->e;
    uint32_t zero = emit_constant(e, 0), boolean = emit_bool(e);
    uint32_t any = emit_id(e), two = emit_id(e), joined = emit_id(e), end = emit_id(e);
    uint32_t count = get(k, t, FAULT_COUNT);
    emit_if(t, emit_two(e, t, SpvOpINotEqual, boolean, count, zero), any, end);
    emit_label(t, any);
    atomic(k, t, SpvOpAtomicIAdd, emit_constant(e, LAB_FAULTS), count);
    record_from(k, t, FAULT_FIRST);
    emit_if(t, emit_two(e, t, SpvOpINotEqual, boolean, get(k, t, FAULT_OTHER + 3), zero), two, joined);
    emit_label(t, two);
    record_from(k, t, FAULT_OTHER);
    words_op(t, SpvOpBranch, 1, &joined);
    emit_label(t, joined);
    words_op(t, SpvOpBranch, 1, &end);
    emit_label(t, end);
}

static void call_fault(const struct marks *k, struct words *t, uint32_t site, uint32_t target, uint32_t index)
{
    emit_op(k->e, t, SpvOpFunctionCall, emit_void(k->e), 4, (uint32_t[]){k->fault, site, target, index});
}

static void write_check(const struct marks *k, struct words *t)
{
    struct emit *e = k->e;
    uint32_t p[3], out = emit_id(e), end = emit_id(e);
    begin(k, t, k->check, 3, p);
    emit_if(t, emit_two(e, t, SpvOpUGreaterThanEqual, emit_bool(e), p[0], p[1]), out, end);
    emit_label(t, out);
    call_fault(k, t, p[2], emit_constant(e, SITE_SHARED), p[0]);
    finish(t, end);
}

/* Sets the bits of `mask` (the read-first bits of some words; their written bits are one higher) in word m of
 * the map, as far as the kind asks and they are not set: most are, and then no atomic is issued. */
static void write_mark(const struct marks *k, struct words *t, struct mark_kind kind, uint32_t m, uint32_t mask)
{
    struct emit *e = k->e;
    uint32_t u32 = emit_u32(e), one = emit_constant(e, 1), set = emit_id(e), end = emit_id(e), want = 0;
    uint32_t old = atomic(k, t, SpvOpAtomicLoad, m, 0);
    if (kind.reads) { /* neither read first nor written */
        uint32_t written = emit_two(e, t, SpvOpShiftRightLogical, u32, old, one);
        uint32_t known = emit_two(e, t, SpvOpBitwiseOr, u32, old, written);
        want = emit_two(e, t, SpvOpBitwiseAnd, u32, mask, emit_op(e, t, SpvOpNot, u32, 1, &known));
        if (kind.reads != MARK_ALWAYS)
            want = emit_two(e, t, SpvOpBitwiseAnd, u32, want, kind.reads);
    }
    if (kind.writes) {
        uint32_t bits = emit_two(e, t, SpvOpShiftLeftLogical, u32, mask, one);
        uint32_t missing = emit_two(e, t, SpvOpBitwiseAnd, u32, bits, emit_op(e, t, SpvOpNot, u32, 1, &old));
        if (kind.writes != MARK_ALWAYS)
            missing = emit_two(e, t, SpvOpBitwiseAnd, u32, missing, kind.writes);
        want = want ? emit_two(e, t, SpvOpBitwiseOr, u32, want, missing) : missing;
    }
    emit_if(t, emit_two(e, t, SpvOpINotEqual, emit_bool(e), want, emit_constant(e, 0)), set, end);
    emit_label(t, set);
    atomic(k, t, SpvOpAtomicOr, m, want);
    words_op(t, SpvOpBranch, 1, &end);
    emit_label(t, end);
}

/* Is offset + bytes within size? Written so that nothing wraps. */
static uint32_t write_inside(const struct marks *k, struct words *t, const uint32_t *p)
{
    struct emit *e = k->e;
    uint32_t boolean = emit_bool(e);
    uint32_t fits = emit_two(e, t, SpvOpUGreaterThanEqual, boolean, p[MARK_SIZE], p[MARK_BYTES]);
    uint32_t last = emit_two(e, t, SpvOpISub, emit_u32(e), p[MARK_SIZE], p[MARK_BYTES]);
    uint32_t before = emit_two(e, t, SpvOpULessThanEqual, boolean, p[MARK_OFFSET], last);
    return emit_two(e, t, SpvOpLogicalAnd, boolean, fits, before);
}

/* The map's word of data word w, and twice w's place in it. */
static uint32_t map_word(const struct marks *k, struct words *t, uint32_t base, uint32_t w)
{
    uint32_t u32 = emit_u32(k->e);
    uint32_t index = emit_two(k->e, t, SpvOpShiftRightLogical, u32, w, emit_constant(k->e, 4));
    return emit_two(k->e, t, SpvOpIAdd, u32, base, index);
}

static uint32_t place_in_word(const struct marks *k, struct words *t, uint32_t w)
{
    uint32_t u32 = emit_u32(k->e);
    return emit_two(k->e, t, SpvOpBitwiseAnd, u32, w, emit_constant(k->e, 15));
}

static uint32_t twice(const struct marks *k, struct words *t, uint32_t value)
{
    return emit_two(k->e, t, SpvOpShiftLeftLogical, emit_u32(k->e), value, emit_constant(k->e, 1));
}

/* The read-first bits of n words, shifted by `shift`. */
static uint32_t mask_of(const struct marks *k, struct words *t, uint32_t n, uint32_t shift)
{
    struct emit *e = k->e;
    uint32_t u32 = emit_u32(e);
    uint32_t unused = emit_two(e, t, SpvOpISub, u32, emit_constant(e, 32), twice(k, t, n));
    uint32_t ones = emit_two(e, t, SpvOpShiftRightLogical, u32, emit_constant(e, 0x55555555), unused);
    return emit_two(e, t, SpvOpShiftLeftLogical, u32, ones, shift);
}

static void mark_one(const struct marks *k, struct words *t, struct mark_kind kind, const uint32_t *p)
{
    struct emit *e = k->e;
    uint32_t u32 = emit_u32(e), two = emit_constant(e, 2);
    uint32_t w = emit_two(e, t, SpvOpShiftRightLogical, u32, p[MARK_OFFSET], two);
    uint32_t up = emit_two(e, t, SpvOpIAdd, u32, p[MARK_BYTES], emit_constant(e, 3));
    uint32_t n = emit_two(e, t, SpvOpShiftRightLogical, u32, up, two);
    uint32_t mask = mask_of(k, t, n, twice(k, t, place_in_word(k, t, w)));
    write_mark(k, t, kind, map_word(k, t, p[MARK_BASE], w), mask);
}

/* The read-first bits of the n words from w on that lie in one word of the map; gives n. */
static uint32_t chunk(const struct marks *k, struct words *t, uint32_t w, uint32_t last, uint32_t *mask)
{
    struct emit *e = k->e;
    uint32_t u32 = emit_u32(e), place = place_in_word(k, t, w);
    uint32_t left = emit_two(e, t, SpvOpISub, u32, emit_constant(e, 16), place);
    uint32_t less = emit_two(e, t, SpvOpISub, u32, last, w);
    uint32_t rest = emit_two(e, t, SpvOpIAdd, u32, less, emit_constant(e, 1));
    uint32_t ends = emit_two(e, t, SpvOpULessThan, emit_bool(e), rest, left);
    uint32_t n = emit_op(e, t, SpvOpSelect, u32, 3, (uint32_t[]){ends, rest, left});
    *mask = mask_of(k, t, n, twice(k, t, place));
    return n;
}

/* A loop over the map's words; before is the label of the block that it is written in. */
static void mark_many(const struct marks *k, struct words *t, struct mark_kind kind, const uint32_t *p,
                      uint32_t before)
{
    struct emit *e = k->e;
    uint32_t u32 = emit_u32(e), two = emit_constant(e, 2), mask;
    uint32_t header = emit_id(e), body = emit_id(e), next = emit_id(e), done = emit_id(e);
    uint32_t w = emit_id(e), following = emit_id(e);
    uint32_t end = emit_two(e, t, SpvOpIAdd, u32, p[MARK_OFFSET], p[MARK_BYTES]);
    uint32_t last_byte = emit_two(e, t, SpvOpISub, u32, end, emit_constant(e, 1));
    uint32_t first = emit_two(e, t, SpvOpShiftRightLogical, u32, p[MARK_OFFSET], two);
    uint32_t last = emit_two(e, t, SpvOpShiftRightLogical, u32, last_byte, two);
    words_op(t, SpvOpBranch, 1, &header);
    emit_label(t, header);
    words_op(t, SpvOpPhi, 6, (uint32_t[]){u32, w, first, before, following, next});
    uint32_t more = emit_two(e, t, SpvOpULessThanEqual, emit_bool(e), w, last);
    words_op(t, SpvOpLoopMerge, 3, (uint32_t[]){done, next, 0});
    words_op(t, SpvOpBranchConditional, 3, (uint32_t[]){more, body, done});
    emit_label(t, body);
    uint32_t n = chunk(k, t, w, last, &mask);
    write_mark(k, t, kind, map_word(k, t, p[MARK_BASE], w), mask);
    words_op(t, SpvOpBranch, 1, &next);
    emit_label(t, next);
    words_op(t, SpvOpIAdd, 4, (uint32_t[]){u32, following, w, n});
    words_op(t, SpvOpBranch, 1, &header);
    emit_label(t, done);
}

void marks_body(const struct marks *k, struct words *t, struct mark_kind kind, bool many, const uint32_t *p)
{
    struct emit *e = k->e;
    uint32_t inside = emit_id(e), outside = emit_id(e), end = emit_id(e), within = write_inside(k, t, p);
    words_op(t, SpvOpSelectionMerge, 2, (uint32_t[]){end, SpvSelectionControlMaskNone});
    words_op(t, SpvOpBranchConditional, 3, (uint32_t[]){within, inside, outside});
    emit_label(t, inside);
    if (many)
        mark_many(k, t, kind, p, inside);
    else
        mark_one(k, t, kind, p);
    words_op(t, SpvOpBranch, 1, &end);
    emit_label(t, outside);
    call_fault(k, t, p[MARK_SITE], p[MARK_TARGET], p[MARK_INDEX]);
    words_op(t, SpvOpBranch, 1, &end);
    emit_label(t, end);
}

static void write_marker(const struct marks *k, struct words *t, enum mark_mode mode, bool many)
{
    uint32_t p[MARK_PARAMETERS], end = emit_id(k->e);
    struct mark_kind kind = {mode != MARK_WRITE ? MARK_ALWAYS : 0, mode != MARK_READ ? MARK_ALWAYS : 0};
    begin(k, t, many ? k->many[mode] : k->one[mode], MARK_PARAMETERS, p);
    marks_body(k, t, kind, many, p);
    finish(t, end);
}

void marks_functions(struct marks *k, struct words *t)
{
    write_fault(k, t);
    write_record(k, t);
    write_check(k, t);
    for (int mode = 0; mode < MARK_MODES; mode++) {
        write_marker(k, t, (enum mark_mode)mode, false);
        write_marker(k, t, (enum mark_mode)mode, true);
    }
}
