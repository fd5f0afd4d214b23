/* The kernel's perf events of this process: what the processor did while a run went on.
 *
 * They count all threads that the process has made since perf_open, a software device's too; device_open calls it before a
 * device makes any. Where the kernel offers none (a virtual machine without a PMU, a container, perf_event_paranoid), the
 * numbers are NAN and perf_missing() says why. */
#ifndef ROOFLAB_PERF_H
#define ROOFLAB_PERF_H

#include <stdbool.h>

enum perf_event { PERF_INSTRUCTIONS, PERF_CYCLES, PERF_LLC_MISSES, PERF_SWITCHES, PERF_FAULTS, PERF_EVENTS };
const char *perf_name(enum perf_event e); /* "instructions", ... */

/* Opens what there is; once, later calls do nothing. */
void perf_open(void);
/* Totals since perf_open; NAN for those that do not exist. */
void perf_read(double totals[PERF_EVENTS]);
/* Why some are missing, "" where all are there. */
const char *perf_missing(void);

#endif
