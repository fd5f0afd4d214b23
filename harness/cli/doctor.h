/* Findings: what was looked at, how it is, and what to do about it. Collected first, so that text and JSON
 * tell the same. */
#ifndef ROOFLAB_DOCTOR_H
#define ROOFLAB_DOCTOR_H

#include "harness/device/device.h"

enum level { LEVEL_OK, LEVEL_NOTE, LEVEL_PROBLEM };

struct finding {
    enum level level;
    bool vital;         /* a problem here keeps the main job from running */
    const char *name;   /* "time stamps" */
    char *text;         /* what was found */
    const char *remedy; /* NULL: none is needed */
    const char *cannot; /* what cannot be shown here because of it, or NULL */
};

struct findings {
    char title[320]; /* "this machine", or a device */
    struct finding *list;
    int count;
};

struct finding *finding_add(struct findings *f, enum level level, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void findings_free(struct findings *f);

/* The machine as such: loader, compiler, kernels, gnuplot, results folder (out: --out, or NULL), layer, load.
 */
void doctor_machine(struct findings *f, const char *out);
/* One device that was found: driver, kind, version, limits, features; opens it and measures its clock. */
void doctor_device(struct findings *f, const struct device_info *info);

/* The quality of a device's clock, measured. */
struct clock_quality {
    double floor_ns;  /* of a sequence with next to nothing in it */
    double agreement; /* the device's time over the host's, for work long enough to tell; NAN: could not be
                         told */
};
bool doctor_clock(struct device *d, struct clock_quality *q, struct error *e);

#endif
