/* Where a record comes from: device, driver, clock, compiler, commit, load, date. */
#ifndef ROOFLAB_PROVENANCE_H
#define ROOFLAB_PROVENANCE_H

#include "harness/device/device.h"

/* Sets schema ("experiment" makes "rooflab.experiment/1"), device and provenance of a blank record. */
void provenance_fill(struct record *r, const char *kind, const struct device *d);

/* Once measuring is done: the clock may have been found broken. */
void provenance_finish(struct record *r, const struct device *d);

#endif
