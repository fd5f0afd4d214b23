/* Quantities with units. MB is 10^6 bytes, MiB is 2^20; both are accepted, never mixed. */
#ifndef ROOFLAB_UNITS_H
#define ROOFLAB_UNITS_H

#include <stddef.h>

#include "harness/base/error.h"

enum unit {
    UNIT_BYTES,       /* 64MB, 16KiB, 512B */
    UNIT_BYTES_PER_S, /* 320GB/s, 25.6GiB/s */
    UNIT_OPS_PER_S,   /* 10TFLOP/s, 10TOP/s, 500Gop/s (FLOP/s, FLOPS, OP/s in any case) */
    UNIT_SECONDS,     /* 5us, 1.6ms, 2s, 300ns ("µs" too); the value is in seconds; 0 needs no unit */
    UNIT_RATIO,       /* 1%, 0.01 */
    UNIT_COUNT        /* 4096, 1e6: a whole number without a unit */
};

/* Parses one quantity, the whole of text. A missing, unknown or wrong unit, a negative, infinite or
 * absurd number is EXIT_USAGE with a text like
 *   "'64' needs a unit: bytes are written like 64MB (10^6) or 64MiB (2^20)". */
bool units_parse(enum unit unit, const char *text, double *value, struct error *e);

/* Writes value for a reader: three or four significant digits and the unit that suits ("64.0 MB",
 * "7.43 GB/s", "1.600 ms", "12.9 GFLOP/s"). A value that is not finite gives "-". Returns out. */
#define UNITS_TEXT 32
char *units_format(char out[UNITS_TEXT], enum unit unit, double value);

#endif
