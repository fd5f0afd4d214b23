#include "harness/spirv/footprint.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"

struct footprint {
    int nothing;
};
struct footprint *footprint_new(struct emit *e, struct instrumented *in, uint32_t lab, uint32_t scope,
                                const struct instrument_options *options)
{
    (void)e; (void)in; (void)lab; (void)scope; (void)options;
    return need(sizeof(struct footprint));
}
void footprint_before(struct footprint *f, struct words *body, const uint32_t *w, struct source_line line)
{
    (void)f; (void)body; (void)w; (void)line;
}
void footprint_functions(struct footprint *f, struct words *tail) { (void)f; (void)tail; }
void footprint_free(struct footprint *f) { free(f); }
void footprint_targets(struct instrumented *in) { (void)in; }
uint64_t instrument_bytes(const struct instrumented *in, const uint64_t *target_bytes)
{
    (void)target_bytes;
    return 4 * ((uint64_t)lab_counters(in) + (uint64_t)LAB_BANKS * lab_stride(in));
}
void instrument_prepare(const struct instrumented *in, const uint64_t *target_bytes, uint32_t *lab)
{
    memset(lab, 0, instrument_bytes(in, target_bytes));
}
