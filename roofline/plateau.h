/* Levels of memory from a measured curve: a virtual machine's word on its caches may be untrue. */
#ifndef ROOFLAB_PLATEAU_H
#define ROOFLAB_PLATEAU_H

#include "harness/base/record.h"

struct plateau_point {
    double footprint_bytes;
    struct interval rate;
};

/* A run of neighbouring points with about one rate. `rate` has the medians of its points' medians and limits. */
struct plateau {
    double from_bytes, to_bytes; /* footprints of its first and last point */
    struct interval rate;
};

enum { PLATEAUS = 8, PLATEAU_POINTS = 64 };

/* The plateaus of a curve whose footprints ascend, at most PLATEAUS into out; returns how many.
 *
 * The curve is cut where the sum of |log(rate / plateau's median)| plus a price per plateau is least. Each has at
 * least two points, so that neither a neighbour's noise nor the way down between two caches is one; a cache that only
 * one point saw is not found. Neighbours become one unless the first is more than 15 % faster and their intervals do
 * not touch. Where a curve rises, it is the cost of a start that fades, not a level: the rate is the faster one's. */
int plateaus_find(const struct plateau_point *points, int count, struct plateau out[PLATEAUS]);

/* Fills r->levels, which must be empty, for the read and the copy: of each the curve of kernels with one access and
 * workgroup that has most points, of these the fastest. Stores that pass by the caches do not show them. Levels have
 * the names of caches only on the host, whose kinds are known, and only where their number fits. */
void levels_find(struct record *r, bool host);

#endif
