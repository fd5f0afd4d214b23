/* A progress bar on stderr: what is being done, how much of it, how long it took and will take.
 *
 * Only a terminal sees it; in a pipe or with --quiet nothing is printed. It is redrawn at most ten times a
 * second, and gone when it is closed. */
#ifndef ROOFLAB_CLI_PROGRESS_H
#define ROOFLAB_CLI_PROGRESS_H

#include <stdbool.h>

#include "harness/base/progress.h"

struct progress {
    struct progress_sink sink; /* hand &progress.sink down */
    bool visible, drawn;
    char *phase; /* what is being done now, and since when */
    double started_ns, drawn_ns;
};

void progress_open(struct progress *p, bool quiet);
/* Takes the bar away so that something else can be printed; the next step draws it again. */
void progress_clear(struct progress *p);
void progress_close(struct progress *p);

#endif
