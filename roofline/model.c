#include "roofline/model.h"

#include <math.h>
#include <stddef.h>

static double arithmetic_ns(struct ceilings c, const double ops[OP_COUNT])
{
    double sum = 0;
    for (int i = 0; i < OP_COUNT; i++) {
        if (!(ops[i] > 0))
            continue;
        double rate = ceilings_op_rate(c, (enum op)i);
        if (rate > 0)
            sum += ops[i] / rate * 1e9;
    }
    return sum;
}

struct roof roof_of_step(struct ceilings c, const struct cost *cost)
{
    double bytes = cost->bytes_read + cost->bytes_written;
    const struct ceiling *memory = ceilings_roof(c, mix_of(cost->bytes_read, cost->bytes_written), bytes);
    struct roof r = {
        .dispatch_ns = ceilings_dispatch_ns(c),
        .arithmetic_ns = arithmetic_ns(c, cost->ops),
        .roof_ns = NAN,
        .bytes_per_s = NAN,
    };
    if (memory == NULL)
        return r;
    r.bytes_per_s = memory->value.median;
    r.bytes_ns = bytes / r.bytes_per_s * 1e9;
    r.roof_ns = isnan(r.bytes_ns) ? NAN : r.dispatch_ns + (c.serial ? r.bytes_ns + r.arithmetic_ns : fmax(r.bytes_ns, r.arithmetic_ns));
    return r;
}

struct roof roof_sum(const struct roof *steps, int count)
{
    struct roof sum = {.bytes_per_s = NAN};
    double bytes = 0; /* times 1e-9 */
    for (int i = 0; i < count; i++) {
        sum.dispatch_ns += steps[i].dispatch_ns;
        sum.bytes_ns += steps[i].bytes_ns;
        sum.arithmetic_ns += steps[i].arithmetic_ns;
        sum.roof_ns += steps[i].roof_ns;
        bytes += steps[i].bytes_ns * steps[i].bytes_per_s;
    }
    if (sum.bytes_ns > 0)
        sum.bytes_per_s = bytes / sum.bytes_ns;
    else if (count > 0)
        sum.bytes_per_s = steps[0].bytes_per_s;
    return sum;
}

double equivalent_passes(double time_ns, double bytes_per_s, double tensor_bytes, double passes)
{
    if (!(tensor_bytes > 0))
        return NAN;
    return time_ns * 1e-9 * bytes_per_s / tensor_bytes - passes;
}

static const char *binds(double dispatch, double bytes, double arithmetic)
{
    double most = fmax(bytes, arithmetic), least = fmin(bytes, arithmetic);
    if (!(most > 0) && !(dispatch > 0))
        return NULL;
    if (dispatch > most)
        return "dispatch";
    if (least >= 0.9 * most)
        return "bytes and arithmetic";
    return bytes > arithmetic ? "bytes" : "arithmetic";
}

const char *binds_by_model(const struct roof *r)
{
    if (isnan(r->roof_ns))
        return NULL;
    return binds(r->dispatch_ns, r->bytes_ns, r->arithmetic_ns);
}

const char *binds_by_ablation(double window_ns, double copy_ns, double dispatch_ns)
{
    if (isnan(window_ns) || isnan(copy_ns))
        return NULL;
    /* Both ablations pay for the dispatches too; without them what is left is arithmetic and bytes. */
    double dispatch = dispatch_ns > 0 ? dispatch_ns : 0;
    return binds(dispatch, fmax(copy_ns - dispatch, 0), fmax(window_ns - dispatch, 0));
}
