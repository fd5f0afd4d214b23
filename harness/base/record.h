/* The record: what was seen, as versioned JSON with every raw sample. Charts, tables and comparisons are
 * drawn from records alone, on machines without Vulkan. This header is the format's one description.
 *
 * Files are written whole (file_write). Units stand in key names. Numbers that do not exist are null,
 * never 0, inf or nan; a group of them is null as a whole. Unknown keys are kept out; a record of a newer
 * major schema is refused with a hint.
 *
 *   experiment  {"schema":"rooflab.experiment/1","experiment","title","each","device","provenance":{..},
 *                "ceilings":[..],"runs":[run..],"fits":[fit..],"crossovers":[crossover..],"claims":[claim..],"conclusion",
 *                "joint"}      "each" is what one run makes ("token"); "joint" is a sentence on all devices of the run;
 *                              fits, crossovers and these two only where there are any
 *   ceilings    {"schema":"rooflab.ceilings/1","device","provenance":{..},"ceilings":[ceiling..],"levels":[level..]}
 *   bench       {"schema":"rooflab.bench/1",   "device","provenance":{..},"ceilings":[..],"runs":[run..]}
 *   chain       {"schema":"rooflab.chain/1",   ... as bench}
 *
 *   run         {"kernel","chain","variant":"unfused|fused|grouped|single","grouping":[2,2],"group","device",
 *                "shape":{"rows":..},"tensor_bytes","status":"ok|unsupported|skipped|error","why","verified",
 *                "error_max","error_quantised","tolerance",
 *                "time_ns":{"median","low","high","n","stop","first"},"samples_ns":[..],"clock",
 *                "call_ns":{"median","low","high","n"},
 *                "counters":{"instructions","cycles","llc_misses","context_switches","page_faults","why"},
 *                "first_run":{"cold_ns":{"median","low","high","n"},"cached_ns":{..},"compile_ns"},
 *                "start":{"ready_ns","programs_ns","upload_ns","run_ns"},"each_per_s",
 *                "memory":{"steady_bytes","peak_bytes","inputs_bytes","inout_bytes"},
 *                "reading":{"bytes_per_s","footprint_bytes","share"},
 *                "bytes_compulsory","bytes_issued","bytes_sectors","bytes_shared","accesses","barriers",
 *                "passes","passes_issued","flops","counts_from","ops":{"fma",..},"temp_bytes",
 *                "bound_ns","bound_bytes_per_s","verdict":"HOLDS|BEATEN|UNRESOLVED","cause","roof_ns",
 *                "roof_bytes_per_s","dispatch_ns","dispatches","binds","ablation":{"window_ns","copy_ns"},
 *                "cache_resident","speedup":{"over","median","low","high","n","predicted"},
 *                "sweep":{"of","over"},"steps":[run..]}
 *                "steps" are the run's dispatches in order, each with those keys that have a value.
 *                "bytes_sectors" are bytes of distinct 32-byte sectors touched, per step and buffer; null unless
 *                all steps were counted; likewise "accesses" (load and store instructions over all invocations, shared memory's
 *                too), "bytes_shared" and "barriers". "temp_bytes" is memory beside inputs and results: tensors between
 *                the steps, and the scratch of native kernels. "sweep": the group is one of several, called "of" and the
 *                value of the shape's name "over" ("attn512": "attn" over "n").
 *                call_ns: by the host's clock, from handing the run over until it is known to be done. counters: of one run,
 *                by the kernel's perf events, over all threads of the process; a number that there is not is null and "why"
 *                tells. first_run: what a fresh process pays for the program and its first run, with the caches of compiled
 *                code empty (cold) and filled (cached); compile_ns is the part of cold before the run. Left out where not
 *                measured.
 *                start: of a model (an experiment that says what each run makes), with buffers of its own, by the host's clock.
 *                programs_ns: until the device has made its programs (pipelines; for C the compiler, unless its cache has them;
 *                GLSL to SPIR-V is done before and left out); upload_ns: until its buffers are allocated and filled, without
 *                making the random numbers that they are filled with; ready_ns: both. run_ns: the first run when all of that
 *                is done; a driver that compiles at the first dispatch does it there. each_per_s: of `each` of the record, by
 *                the median time in steady state.
 *                memory: steady_bytes is what the device holds for the run while it repeats: inputs (of a model its weights),
 *                what is read and written (its cache), results, tensors between the steps, scratch of native kernels, and 4 kB
 *                behind each buffer that verification guards; peak_bytes is the most until then: that and the staging buffer
 *                of devices whose memory the host cannot write. Where buffers are mapped nothing is held twice, and both are
 *                the same. inputs_bytes and inout_bytes are those tensors alone.
 *                reading: the best generated reading kernel at the measured footprint nearest to inputs_bytes, and share, the
 *                rate at which the run moves its compulsory bytes, over it.
 *                These three are left out where not measured.
 *   fit         {"group","of":"dispatch|call|upload|download","launch_ns":{"value","low","high","points"},
 *                "bytes_per_s":{..},"from_bytes","to_bytes","deviation"}
 *                t = launch + bytes/B over the runs of a group, 95 % limits; "of" says by which time; deviation: the largest
 *                |t/fit - 1|.
 *   crossover   {"group","of","below","above","bytes":{"value","low","high","points"}}
 *                Device "below" is the faster one for tensors smaller than bytes, "above" for larger ones. Without bytes,
 *                "below" is so at every size, and where that is null too, the intervals do not tell.
 *   ceiling     {"kind":"bandwidth","mix":"read|write|copy|triad","via":"shader|command|native",
 *                "access":"f32|vec2|vec4|texel|plain|stream"|null,"workgroup","places","footprint_bytes",
 *                "bytes_per_s":{"median","low","high","n"}}
 *               {"kind":"compute","type":"f32","op","width","chains","workgroup","ops_per_s":{..}}
 *                ops_per_s counts flops for "fma" (2 each) and "mul+add" (2 a pair), and plain operations for
 *                every other op.
 *               {"kind":"launch","time_ns":{..}}
 *   level       {"name","mix","via","access","workgroup","places","from_bytes","to_bytes",
 *                "bytes_per_s":{"median","low","high","n"}}
 *                A plateau of the bandwidth over footprints, nearest first, from the first measured footprint to the
 *                last one on it. Left out where no curve was swept.
 *   claim       {"text","name","holds":true|false|null,"low","high"}   null: the interval does not tell
 *   provenance  {"device","driver","device_kind","clock","compiler","flags","commit","load_average","date",
 *                "host","spirv_hash","shader_cache","notes":[..]}
 */
#ifndef ROOFLAB_RECORD_H
#define ROOFLAB_RECORD_H

#include <stdint.h>

#include "harness/base/error.h"
#include "harness/base/stats.h"

#define RECORD_SCHEMA_VERSION 1

/* What one dispatch, or a chain of them, must do at least. Counts are totals over all invocations. */
enum op {
    OP_FMA, /* a*b+c in one expression, counted as 2 flops */
    OP_ADD, /* an addition, subtraction, comparison, min or max: 1 flop */
    OP_MUL, /* a multiplication: 1 flop */
    OP_DIV, /* 1 flop */
    OP_EXP, OP_LOG, OP_TANH, OP_RSQRT, /* special: 1 flop each, sqrt counts as rsqrt, pow as log+exp */
    OP_INT_MUL, /* 32-bit integer multiply */
    OP_INT_XOR, /* any other 32-bit integer operation */
    OP_COUNT
};
const char *op_name(enum op op);        /* "fma", "add", "mul", "div", "exp", ..., "int_mul", "int_xor" */
enum op op_find(const char *name);      /* OP_COUNT where there is none */
double ops_flops(const double ops[OP_COUNT]); /* fma = 2, the integer ones 0, all others 1 */

enum mix { MIX_READ, MIX_WRITE, MIX_COPY, MIX_TRIAD, MIX_COUNT };
enum via { VIA_SHADER, VIA_COMMAND, VIA_NATIVE, VIA_COUNT };
enum access { ACCESS_NONE, ACCESS_F32, ACCESS_VEC2, ACCESS_VEC4, ACCESS_TEXEL, ACCESS_PLAIN, ACCESS_STREAM, ACCESS_COUNT };
const char *mix_name(enum mix m);
const char *via_name(enum via v);
const char *access_name(enum access a); /* NULL for ACCESS_NONE */

enum ceiling_kind { CEILING_BANDWIDTH, CEILING_COMPUTE, CEILING_LAUNCH };

/* One measured ceiling. `value` is bytes/s, ops/s, or ns per dispatch, by kind. */
struct ceiling {
    enum ceiling_kind kind;
    enum mix mix;           /* bandwidth */
    enum via via;           /* bandwidth */
    enum access access;     /* bandwidth; ACCESS_NONE for commands */
    int workgroup;          /* invocations in a workgroup, on the host threads; 0 where it does not apply */
    int places;             /* bandwidth: of its part that a workgroup works at in each turn; 0 where it does not apply */
    double footprint_bytes; /* bandwidth: distinct bytes touched, reads and writes together */
    char type[8];           /* compute: "f32", "i32" */
    char op[16];            /* compute: op_name(), or "mul+add"; fma and mul+add are in flops/s */
    int width, chains;      /* compute: vector width, independent dependency chains per invocation */
    struct interval value;
};

/* A level of memory, as one mix sees it by one access. */
struct memory_level {
    char name[24]; /* "L1", "memory"; "level 2" where it is not known what it is */
    enum mix mix;
    enum via via;
    enum access access;
    int workgroup, places;
    double from_bytes, to_bytes; /* as footprint_bytes: distinct bytes of all threads together */
    struct interval rate;        /* bytes/s */
};

enum run_status { RUN_OK, RUN_UNSUPPORTED, RUN_SKIPPED, RUN_ERROR };
enum verdict { VERDICT_NONE, VERDICT_HOLDS, VERDICT_BEATEN, VERDICT_UNRESOLVED };
const char *status_name(enum run_status s);
const char *verdict_name(enum verdict v); /* NULL for VERDICT_NONE */

#define RUN_SHAPE_MAX 8
struct shape_entry {
    char name[24];
    uint64_t value;
};

/* One measured run: a chain's variant or a kernel, or one step of either. Absent numbers are NAN (counts
 * are never NAN in an ok run); absent strings are NULL. All strings and arrays are owned by the run. */
struct run {
    char *kernel;  /* "layernorm/3-one-read"; for a chain's step its operators, "layernorm|bias" */
    char *chain;   /* the chain as typed, or NULL */
    char *variant; /* "unfused", "fused", "grouped", "single" */
    int *grouping; /* operators per step */
    int groupings;
    char *group; /* the experiment's name for the runs that are compared: "seed" */
    char *device;
    struct shape_entry shape[RUN_SHAPE_MAX];
    int shapes;
    char *tune;    /* "TM=8 TN=4", with "tuned: " before it where `rooflab tune` found them; NULL: it has none */
    double tensor_bytes;
    enum run_status status;
    char *why;
    bool verified;
    double error_max, error_quantised, tolerance;
    struct interval time_ns;
    char *stop; /* stop_text() */
    double first_ns;
    double *samples_ns;
    int samples;
    char *clock; /* "device timestamps", "host clock", "model" */
    struct interval call_ns;
    double instructions, cycles, llc_misses, context_switches, page_faults;
    char *no_counters; /* why some of them do not exist */
    struct interval cold_ns, cached_ns;
    double compile_ns;
    double ready_ns, programs_ns, upload_ns, start_ns, each_per_s;
    double steady_bytes, peak_bytes, inputs_bytes, inout_bytes;
    double read_bytes_per_s, read_footprint_bytes, read_share;
    double bytes_compulsory, bytes_issued, bytes_sectors, bytes_shared, accesses, barriers, passes, passes_issued, flops;
    char *counts_from; /* "operators", "header", "counted" */
    double ops[OP_COUNT];
    double temp_bytes;
    double bound_ns, bound_bytes_per_s;
    enum verdict verdict;
    char *cause; /* of BEATEN, where it can be told */
    double roof_ns, roof_bytes_per_s, dispatch_ns;
    int dispatches;
    char *binds; /* "bytes", "arithmetic", "dispatch", "bytes and arithmetic" */
    double window_ns, copy_ns;  /* the two ablations */
    int cache_resident;         /* 1, 0, -1 where it is not known */
    char *speedup_over;         /* variant that it is compared with, or NULL */
    struct interval speedup;
    double speedup_predicted;
    char *sweep_of, *sweep_over; /* NULL: its group is no part of a sweep */
    struct run *steps;
    int step_count;
};

/* t = launch + bytes/B; n of both is the number of points. */
struct fit {
    char *group, *of;
    struct interval launch_ns, bytes_per_s;
    double from_bytes, to_bytes, deviation;
};

struct crossover {
    char *group, *of, *below, *above;
    struct interval bytes;
};

/* Where the rung begins in a kernel's name: "3-tiled" in "gemm/3-tiled"; NULL where the name is not that of a numbered rung.
 * And its number, else 0. */
const char *rung_of(const char *kernel);
int rung_number(const char *kernel);

struct claim {
    char *name, *text;
    int holds; /* 1, 0, -1: the interval does not tell */
    double low, high;
};

struct provenance {
    char *device, *driver, *device_kind, *clock, *compiler, *flags, *commit, *date, *host, *spirv_hash;
    char *shader_cache;
    double load_average;
    char **notes;
    int note_count;
};

struct record {
    char *schema;     /* "rooflab.experiment/1" */
    char *experiment; /* its name, or NULL */
    char *title;
    char *each;   /* what one run makes, or NULL */
    char *device; /* the device's name */
    struct provenance provenance;
    struct ceiling *ceilings;
    int ceiling_count;
    struct memory_level *levels;
    int level_count;
    struct run *runs;
    int run_count;
    struct fit *fits;
    int fit_count;
    struct crossover *crossovers;
    int crossover_count;
    struct claim *claims;
    int claim_count;
    char *conclusion, *joint;
};

/* A blank run: numbers NAN, strings NULL, cache_resident -1; valid until the next add. */
struct run *record_add_run(struct record *r);
struct run *run_add_step(struct run *r); /* likewise */
void run_blank(struct run *r); /* frees nothing: for a run that is new */
struct ceiling *record_add_ceiling(struct record *r); /* zeroed */
struct memory_level *record_add_level(struct record *r);     /* numbers NAN */
struct fit *record_add_fit(struct record *r);         /* numbers NAN */
struct crossover *record_add_crossover(struct record *r);
struct claim *record_add_claim(struct record *r);     /* holds -1, numbers NAN */
void record_note(struct record *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void run_clear(struct run *r); /* frees what the run owns and blanks it */
void record_clear(struct record *r); /* frees what the record owns and zeroes it */

/* JSON text of the record (indented, keys in a fixed order, ends in a newline); freed by the caller. */
char *record_json(const struct record *r);
bool record_write(const struct record *r, const char *path, struct error *e);
/* Reads a record; *r is cleared first, so it must be zeroed or valid. A missing key is a number or name that
 * does not exist; anything malformed is EXIT_USAGE with file, and line or key, and leaves *r empty. */
bool record_read(struct record *r, const char *path, struct error *e);

#endif
