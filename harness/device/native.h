/* The host processor as a device: what the files native*.c share.
 *
 * Programs are C text that defines `void kernel(const struct launch *)`, compiled at run time (native_compile.c), run by a
 * team of threads (native_team.c), each of which gets its number and takes its own share of the work. */
#ifndef ROOFLAB_NATIVE_H
#define ROOFLAB_NATIVE_H

#include <stddef.h>

#include "harness/device/device.h"

/* ---- the team ---- */

struct team;
typedef void (*team_job)(void *context, int worker, int workers);

/* `threads` threads, the caller's among them; 0: one per processor that this process may use. */
struct team *team_open(int threads, struct error *e);
void team_close(struct team *t);
int team_threads(const struct team *t);
/* Between these two the caller's thread is pinned as the others always are, and they are awake. */
void team_begin(struct team *t);
void team_end(struct team *t);
/* Runs the job on all threads; returns when all are done and their stores are seen by everyone. */
void team_run(struct team *t, team_job job, void *context);

/* ---- memory commands ---- */

/* The part of a copy or a fill that is one worker's. Beyond stream_bytes of traffic the stores go past the caches. */
struct memory_command {
    char *to;
    const char *from; /* NULL: a fill with `word` */
    uint32_t word;
    uint64_t bytes; /* a multiple of 4 */
    bool stream;
};
void native_memory_command(void *command, int worker, int workers);

/* ---- programs ---- */

/* What a kernel gets. kernels/native.h tells the same to those who write one. */
struct launch {
    void *const *buffer;
    const uint32_t *push;
    uint32_t worker, workers;
    void *scratch; /* the worker's own, of the program's scratch_bytes */
};
typedef void (*native_kernel)(const struct launch *);

struct compiled {
    void *library;
    native_kernel kernel;
    uint64_t scratch_bytes;
};

/* Compiles and loads C text, or finds it in the cache folder. Compile errors are EXIT_CHECK with the compiler's text. */
bool native_compile(const char *label, const char *text, struct compiled *out, struct error *e);
void native_unload(struct compiled *c);
/* The processor that is compiled for: "native", or what ROOFLAB_MARCH names; and how many floats a vector has there, as the
 * compiler says. */
const char *native_march(void);
uint32_t native_march_floats(void);
/* "cc (Debian 12.2.0-14) 12.2.0"; "" where there is no compiler. */
const char *native_compiler(void);

#endif
