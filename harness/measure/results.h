/* Where results lie: --out DIR, else ROOFLAB_RESULTS/<device>, else results/<device> beside kernels/. */
#ifndef ROOFLAB_RESULTS_H
#define ROOFLAB_RESULTS_H

#include "harness/base/error.h"

/* The folder for a device's slug, freed by the caller; nothing is made yet. NULL with e where home is not
 * found. */
char *results_folder(const char *out, const char *slug, struct error *e);

#endif
