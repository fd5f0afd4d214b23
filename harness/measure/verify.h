/* Verification: nothing is timed that is not right.
 *
 * The outputs are poisoned (NaN), the plan runs once with bindings that cover the guard zones, and then: every
 * output element is finite (of 32-bit integers: is not the poison, 0xffffffff), unless the reference says the very same,
 * as of the logarithm of a masked probability, which is -inf; the rows asked for agree with the double-precision reference,
 * |got - want| <= tolerance * (1 + |want|) written so that NaN fails; every guard zone is untouched (that of an output holds
 * another NaN than that of an input, so that copying one to the other shows), and where all rows are compared every input is
 * too. */
#ifndef ROOFLAB_VERIFY_H
#define ROOFLAB_VERIFY_H

#include "harness/measure/workload.h"

enum { VERIFY_ALL_ROWS = -1, VERIFY_RANDOM_ROWS = 256 };

struct verification {
    bool passed;
    double error_max; /* largest |got - want| / (1 + |want|) seen */
    /* Where inputs are f16, q8_0 or q4_0: how far all compared elements together are from what the inputs give before they are
     * rounded to that, sqrt(sum (got - want)^2 / sum want^2). NAN elsewhere. What a format costs; nothing fails by it. */
    double error_quantised;
    uint64_t rows, elements; /* compared with the reference */
    char why[320]; /* of a failure: which tensor, row and column, got and wanted */
};

/* Runs and checks w. random_rows: this many random rows and the two first and last ones, or VERIFY_ALL_ROWS. false only where
 * it could not be carried out (e says why); a wrong result is v->passed = false. */
bool verify(struct workload *w, int random_rows, struct verification *v, struct error *e);

#endif
