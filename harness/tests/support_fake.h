/* A device between a test and the simulated one: it writes down what was called, and misbehaves on demand. */
#ifndef ROOFLAB_TESTS_SUPPORT_FAKE_H
#define ROOFLAB_TESTS_SUPPORT_FAKE_H

#include "harness/base/progress.h"
#include "harness/device/device.h"

#define FAKE_CALLS_MAX 4096

struct fake {
    struct device base; /* info is a copy: limits can be changed */
    struct device *inner;
    /* Whose label begins with this is the kernel; all other programs are probes, and so are commands. */
    const char *kernel;
    bool lies;           /* the kernel moves one tensor less than it declares */
    bool kernel_nan;     /* its times are not numbers */
    bool probes_nan;     /* nor theirs */
    double probe_factor; /* the probes take so many times as long; 0: once */
    double drift;        /* every call takes this share of the first one's time longer than the one before */
    double fixed_ns;     /* all calls take this; 0: what the simulated device says */
    int interrupt_at;    /* Ctrl-C comes in this call, counted from 1; 0: never */
    int fail_at;         /* this call fails */
    int lose_stamps_at;  /* from this call on there are no stamps between steps */
    /* filled: */
    int calls, sequences;
    int order[FAKE_CALLS_MAX]; /* the number of the sequence that ran, from 0 in the order they were made */
    int again;                 /* a progress line told that a bound looked beaten */
    struct progress_sink sink; /* listens for it; the probes are honest from then on */
};

/* spec is the simulated device's; the test fails where it cannot be opened. Closed by device_close. */
struct fake *fake_open(const char *spec);

#endif
