/* Traffic: what a plan's steps really read, write and compute, counted by the instrument of harness/spirv/
 * while they run. Nothing here is believed: neither a header nor the table of operators. */
#ifndef ROOFLAB_TRAFFIC_H
#define ROOFLAB_TRAFFIC_H

#include "harness/measure/pool.h"
#include "harness/spirv/totals.h"

struct traffic_buffer {
    char name[64];
    uint32_t set, binding;
    int element;           /* of an array of bindings, where all accesses name theirs; -1: the whole binding */
    bool shared_name;      /* buffer_reference and push constants have no binding */
    uint64_t tensor_bytes; /* what one pass is; 0 where there is no tensor */
    uint64_t loads, stores, bytes_loaded, bytes_stored;
    uint64_t bytes_read_first, bytes_written, bytes_compulsory, bytes_sectors; /* 0 without footprint */
};

struct traffic_fault {
    char buffer[64];
    bool is_shared, writes;
    uint32_t set, binding, index, line;
    char file[96];
};

struct traffic_step {
    char *kernel;
    uint64_t invocations;
    uint64_t flops[3]; /* f16, f32, f64 */
    uint64_t special, int_ops, shared_accesses, shared_bytes, barriers, atomics, subgroup_ops, branches;
    uint64_t ops[OP_COUNT];
    struct traffic_buffer *buffers;
    int buffer_count;
    struct traffic_fault faults[16];
    uint32_t fault_count, faults_all;
    struct not_counted *not_counted;
    int not_counted_count;
    struct line_totals *lines; /* bytes and operations by source line */
    uint32_t line_count;
};

struct traffic {
    struct traffic_step *steps;
    int count;
    bool footprint; /* compulsory bytes and faults are there */
};

/* Counts every step of a plan at its own size, on the pool's device. footprint: mark what is read and written too (several
 * times the cost, and 2 bits of memory for each word). */
bool traffic_count(struct pool *pool, const struct plan *plan, bool footprint, struct traffic *t, struct error *e);
/* Counts step i alone: what it reads must lie in the pool's buffers already, from a run of the plan. Cleared by
 * traffic_step_clear. */
bool traffic_count_step(struct pool *pool, const struct plan *plan, int i, bool footprint, struct traffic_step *out,
                        struct error *e);
void traffic_step_clear(struct traffic_step *s);
/* Instruments and validates without running: only not_counted and the buffers' names are filled. */
bool traffic_dry(const struct plan *plan, bool footprint, struct traffic *t, struct error *e);
void traffic_free(struct traffic *t);

/* Holds what a plan declares against what was counted: issued passes of each buffer where a header states them, issued and
 * compulsory bytes of chains, and operations. false, EXIT_CHECK, with both numbers, where one of them lies. */
bool traffic_check(const struct plan *plan, const struct traffic *t, struct error *e);

/* Holds a kernel in C, which cannot be counted, against the plan of its sibling in GLSL, which is: flops, and issued passes over
 * every tensor that is not small beside the largest (each lane reads a row's maximum again where a thread reads it once). */
bool traffic_check_sibling(const struct plan *c, const struct plan *glsl, struct error *e);

/* Takes the counts over into a cost: issued bytes and operations, with footprint compulsory bytes and sectors too. */
void traffic_cost(const struct traffic_step *s, bool footprint, struct cost *cost);

double traffic_bytes_issued(const struct traffic_step *s);
double traffic_bytes_compulsory(const struct traffic_step *s);

#endif
