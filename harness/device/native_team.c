/* A team of threads that lies in wait between two steps. A step of a small tensor takes microseconds, and waking a
 * sleeping thread takes as long: so workers spin for a while before they sleep. */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "harness/device/native.h"

/* Looks at the step counter before a worker sleeps: some 50 us, longer than the gap between two steps or two runs, and
 * short enough that an idle team leaves the processor to others. */
#define SPINS 2000

struct worker {
    struct team *team;
    int number;
    pthread_t thread;
};

struct team {
    int threads, processors;
    bool crowded; /* more threads than processors: who waits must let others run */
    cpu_set_t *places;
    cpu_set_t home; /* of the caller's thread, while it is pinned */
    struct worker *workers;
    team_job job;
    void *context;
    _Alignas(64) _Atomic uint32_t step; /* counts up with every job */
    _Alignas(64) _Atomic uint32_t done; /* workers that have finished it */
    _Alignas(64) _Atomic uint32_t asleep;
    _Atomic bool quit;
};

static void pause_briefly(const struct team *t)
{
    if (t->crowded)
        sched_yield();
#if defined __x86_64__ || defined __i386__
    else
        __builtin_ia32_pause();
#endif
}

/* Streaming stores are not ordered with others: a fence puts them before the "done" that the next step waits for. */
static void fence(void)
{
#if defined __x86_64__
    __builtin_ia32_sfence();
#endif
}

static void pin(pthread_t thread, const struct team *t, int worker)
{
    pthread_setaffinity_np(thread, sizeof *t->places, &t->places[worker % t->processors]);
}

/* Waits for a step after `seen` and returns its number. */
static uint32_t await_step(struct team *t, uint32_t seen)
{
    for (int i = 0; i < SPINS; i++) {
        uint32_t now = atomic_load_explicit(&t->step, memory_order_acquire);
        if (now != seen)
            return now;
        pause_briefly(t);
    }
    atomic_fetch_add(&t->asleep, 1);
    uint32_t now;
    while ((now = atomic_load(&t->step)) == seen)
        syscall(SYS_futex, &t->step, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
    atomic_fetch_sub(&t->asleep, 1);
    return now;
}

static void *work(void *argument)
{
    struct worker *w = argument;
    struct team *t = w->team;
    uint32_t seen = 0;
    pin(pthread_self(), t, w->number);
    for (;;) {
        seen = await_step(t, seen);
        if (atomic_load(&t->quit))
            return NULL;
        t->job(t->context, w->number, t->threads);
        fence();
        atomic_fetch_add_explicit(&t->done, 1, memory_order_release);
    }
}

static void announce(struct team *t)
{
    atomic_fetch_add(&t->step, 1);
    if (atomic_load(&t->asleep) > 0)
        syscall(SYS_futex, &t->step, FUTEX_WAKE_PRIVATE, t->threads, NULL, NULL, 0);
}

void team_run(struct team *t, team_job job, void *context)
{
    t->job = job;
    t->context = context;
    atomic_store(&t->done, 0);
    announce(t);
    job(context, 0, t->threads);
    fence();
    while (atomic_load_explicit(&t->done, memory_order_acquire) != (uint32_t)t->threads - 1)
        pause_briefly(t);
}

static void nothing(void *context, int worker, int workers)
{
    (void)context, (void)worker, (void)workers;
}

void team_begin(struct team *t)
{
    pthread_getaffinity_np(pthread_self(), sizeof t->home, &t->home);
    pin(pthread_self(), t, 0);
    team_run(t, nothing, NULL);
}

void team_end(struct team *t)
{
    pthread_setaffinity_np(pthread_self(), sizeof t->home, &t->home);
}

int team_threads(const struct team *t)
{
    return t->threads;
}

/* One place per processor that this process may use. */
static void find_places(struct team *t)
{
    cpu_set_t all;
    if (sched_getaffinity(0, sizeof all, &all) != 0) {
        CPU_ZERO(&all);
        CPU_SET(0, &all);
    }
    t->places = need(sizeof *t->places * (size_t)CPU_COUNT(&all));
    for (int c = 0; c < CPU_SETSIZE; c++)
        if (CPU_ISSET(c, &all)) {
            CPU_ZERO(&t->places[t->processors]);
            CPU_SET(c, &t->places[t->processors++]);
        }
}

struct team *team_open(int threads, struct error *e)
{
    struct team *t = NULL;
    if (posix_memalign((void **)&t, 64, sizeof *t) != 0)
        abort();
    memset(t, 0, sizeof *t);
    find_places(t);
    int wanted = threads ? threads : t->processors;
    t->threads = wanted;
    t->crowded = wanted > t->processors;
    t->workers = need(sizeof *t->workers * (size_t)wanted);
    for (int i = 1; i < wanted; i++) {
        struct worker *w = &t->workers[i];
        *w = (struct worker){.team = t, .number = i};
        int failed = pthread_create(&w->thread, NULL, work, w);
        if (failed) {
            t->threads = i; /* those that are there */
            team_close(t);
            error_set(e, EXIT_ENVIRONMENT, "native: thread %d of %d could not be started: %s", i + 1, wanted,
                      strerror(failed));
            return NULL;
        }
    }
    return t;
}

void team_close(struct team *t)
{
    if (!t)
        return;
    atomic_store(&t->quit, true);
    announce(t);
    for (int i = 1; i < t->threads; i++)
        pthread_join(t->workers[i].thread, NULL);
    free(t->workers);
    free(t->places);
    free(t);
}
