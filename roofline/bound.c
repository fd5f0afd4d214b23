#include "roofline/bound.h"

#include <math.h>

double bound_ns(double bytes_compulsory, double bytes_per_s)
{
    if (!(bytes_per_s > 0) || !(bytes_compulsory >= 0))
        return NAN;
    return bytes_compulsory / bytes_per_s * 1e9;
}

enum verdict bound_verdict(double lower_ns, double upper_ns, double bound)
{
    if (isnan(lower_ns) || isnan(upper_ns) || isnan(bound))
        return VERDICT_NONE;
    if (lower_ns >= bound)
        return VERDICT_HOLDS;
    return upper_ns < bound ? VERDICT_BEATEN : VERDICT_UNRESOLVED;
}

static struct bound_plan plan(const char *name, int kernels, double passes, double tensor_bytes,
                              double bytes_per_s)
{
    double bytes = passes * tensor_bytes;
    return (struct bound_plan){name, kernels, passes, bytes, bound_ns(bytes, bytes_per_s)};
}

void bound_plans(const double *passes, int operators, double tensor_bytes, double bytes_per_s,
                 struct bound_plan *unfused, struct bound_plan *fused)
{
    double alone = 0, together = operators > 0 ? 2 : 0;
    for (int i = 0; i < operators; i++) {
        alone += passes[i];
        together += passes[i] - 2;
    }
    *unfused = plan("unfused", operators, alone, tensor_bytes, bytes_per_s);
    *fused = plan("fused", operators > 0 ? 1 : 0, together, tensor_bytes, bytes_per_s);
}
