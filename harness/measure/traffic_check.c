/* Declared against counted. */
#include <math.h>
#include <string.h>

#include "harness/measure/traffic.h"

/* Bytes are exact. Operations of a header or of the operator table leave out what is done per row or per lane and not per element
 * (a reduction's last sums), which is less than this for rows of a thousand elements. */
#define BYTES_TOLERANCE 1e-6
#define FLOPS_TOLERANCE 0.03
/* A sibling may add up a row's partial sums in another way. */
#define SIBLING_TOLERANCE 0.1
/* Tensors of less than this part of the largest say nothing about a step's traffic. */
#define SMALL_PART 0.125

static bool agree(double declared, double counted, double tolerance)
{
    return fabs(declared - counted) <= tolerance * fmax(fabs(declared), fabs(counted));
}

static const struct traffic_buffer *counted_at(const struct traffic_step *s, const struct program_binding *slot)
{
    for (int i = 0; i < s->buffer_count; i++)
        if (!s->buffers[i].shared_name && s->buffers[i].set == slot->set && s->buffers[i].binding == slot->binding)
            return &s->buffers[i];
    return NULL;
}

static bool check_passes(const struct plan *p, const struct step *s, const struct traffic_step *t, struct error *e)
{
    for (int i = 0; i < s->binding_count; i++) {
        const struct step_binding *b = &s->bindings[i];
        const struct traffic_buffer *c = counted_at(t, &b->slot);
        double counted = c && c->tensor_bytes ? (double)(c->bytes_loaded + c->bytes_stored) / (double)c->tensor_bytes : 0;
        if (!isnan(b->passes_declared) && !agree(b->passes_declared, counted, BYTES_TOLERANCE))
            return error_set(e, EXIT_CHECK, "%s declares %.6g issued passes over %s, but it makes %.6g", s->label,
                             b->passes_declared, p->tensors[b->tensor].name, counted);
    }
    return true;
}

static bool check_bytes(const struct step *s, const struct traffic_step *t, bool footprint, struct error *e)
{
    double issued = traffic_bytes_issued(t), compulsory = traffic_bytes_compulsory(t);
    double declared = s->cost.bytes_read + s->cost.bytes_written;
    if (!agree(s->cost.bytes_issued, issued, BYTES_TOLERANCE))
        return error_set(e, EXIT_CHECK, "%s is said to issue %.0f bytes, but it issues %.0f", s->label, s->cost.bytes_issued, issued);
    if (footprint && !agree(declared, compulsory, BYTES_TOLERANCE))
        return error_set(e, EXIT_CHECK, "%s is said to move %.0f compulsory bytes, but it moves %.0f", s->label, declared, compulsory);
    return true;
}

static bool check_flops(const struct step *s, const struct traffic_step *t, struct error *e)
{
    double declared = ops_flops(s->cost.ops), counted = (double)(t->flops[0] + t->flops[1] + t->flops[2]);
    if (declared > 0 && !agree(declared, counted, FLOPS_TOLERANCE))
        return error_set(e, EXIT_CHECK, "%s declares %.0f flops, but it does %.0f", s->label, declared, counted);
    return true;
}

bool traffic_check(const struct plan *plan, const struct traffic *t, struct error *e)
{
    bool header = strcmp(plan->counts_from, "header") == 0;
    for (int i = 0; i < t->count; i++) {
        const struct step *s = &plan->steps[i];
        bool ok = header ? check_passes(plan, s, &t->steps[i], e) : check_bytes(s, &t->steps[i], t->footprint, e);
        bool fused = strchr(s->label, '|') != NULL; /* there the compiler merges neighbours: 0.5*1.5 is one factor */
        if (!ok || (!fused && !check_flops(s, &t->steps[i], e)))
            return false;
    }
    return true;
}

/* ---- kernels in C ---- */

/* A step of a plan file may name a kernel for each language (`a|b`): these are no siblings. */
static bool same_kernel(const struct plan *a, const struct plan *b, int step)
{
    return a->step_count == b->step_count && strcmp(a->steps[step].label, b->steps[step].label) == 0;
}

/* Issued passes over a tensor by all steps; NAN where no header says so, or where another kernel does it in the sibling. */
static double passes_over(const struct plan *p, const struct plan *sibling, int tensor)
{
    double passes = 0;
    for (int i = 0; i < p->step_count; i++)
        for (int k = 0; k < p->steps[i].binding_count; k++)
            if (p->steps[i].bindings[k].tensor == tensor)
                passes += same_kernel(p, sibling, i) ? p->steps[i].bindings[k].passes_declared : NAN;
    return passes;
}

static double flops_of(const struct plan *p)
{
    double flops = 0;
    for (int i = 0; i < p->step_count; i++)
        flops += ops_flops(p->steps[i].cost.ops);
    return flops;
}

bool traffic_check_sibling(const struct plan *c, const struct plan *glsl, struct error *e)
{
    double largest = 0, flops = flops_of(c), counted = flops_of(glsl);
    for (int t = 0; t < c->tensor_count; t++)
        largest = fmax(largest, (double)tensor_bytes(&c->tensors[t]));
    for (int t = 0; t < c->tensor_count; t++) {
        const struct tensor *x = &c->tensors[t];
        int other = plan_find_tensor(glsl, x->name);
        double passes = passes_over(c, glsl, t), theirs = other >= 0 ? passes_over(glsl, c, other) : NAN;
        bool said = !isnan(passes) && !isnan(theirs) && (double)tensor_bytes(x) >= SMALL_PART * largest;
        if (said && !agree(passes, theirs, SIBLING_TOLERANCE))
            return error_set(e, EXIT_CHECK, "%s in C declares %.6g issued passes over %s, its counted sibling in GLSL makes %.6g",
                             c->name, passes, x->name, theirs);
    }
    return flops <= 0 || counted <= 0 || agree(flops, counted, SIBLING_TOLERANCE) ||
           error_set(e, EXIT_CHECK, "%s in C declares %.0f flops, its counted sibling in GLSL does %.0f", c->name, flops, counted);
}
