/* Where long work tells how far it is, without knowing who listens: a bar on a terminal, a test, nobody. */
#ifndef ROOFLAB_PROGRESS_H
#define ROOFLAB_PROGRESS_H

#include <stddef.h>

struct progress_sink {
    /* `what` is being done, `done` of `total` are finished (in any unit). Called as often as one likes. */
    void (*step)(void *context, const char *what, double done, double total);
    void *context;
};

/* sink may be NULL, and so may be its step. */
static inline void progress_step(const struct progress_sink *sink, const char *what, double done,
                                 double total)
{
    if (sink && sink->step)
        sink->step(sink->context, what, done, total);
}

#endif
