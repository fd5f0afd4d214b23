/* Does a kernel's module do what its header says? The header's side; contract.c holds the two together. */
#include "harness/kernel/contract.h"
#include "harness/kernel/kernel_parts.h"
#include "harness/kernel/shader.h"

static struct contract contract_of(const struct kernel *k)
{
    static const char *const roles[] = {
        [ROLE_IN] = "in", [ROLE_OUT] = "out", [ROLE_INOUT] = "inout", [ROLE_TEMP] = "temp"};
    struct contract c = {
        .file = k->path, .buffer_count = k->buffer_count, .shapes = k->shapes, .tunes = k->tune_count};
    for (int i = 0; i < k->buffer_count; i++) {
        const struct kernel_buffer *b = &k->buffers[i];
        c.buffers[i] = (struct contract_buffer){.name = b->name,
                                                .role = roles[b->role],
                                                .reads = b->role != ROLE_OUT,
                                                .writes = b->role != ROLE_IN,
                                                .texel = b->texel ? texel_facts[b->texel].name : NULL,
                                                .texel_format = b->texel,
                                                .texel_float = texel_facts[b->texel].type != TYPE_U32};
    }
    for (int i = 0; i < k->shapes; i++)
        c.shape[i] = k->shape[i].name;
    for (int i = 0; i < k->tune_count; i++) {
        c.tune[i] = k->tune[i].name;
        c.tune_values[i] = k->tune[i].values[0];
    }
    return c;
}

static bool check_comp(const struct kernel *k, struct error *e)
{
    if (k->language == LANGUAGE_C)
        return true; /* it has no module */
    struct spirv s;
    struct contract c = contract_of(k);
    /* The debug module still has its names, and all that the source declares. */
    return shader_compile_as_written(k->path, text_get(&k->source), &s, e) &&
           contract_check(&c, s.words, s.count, e);
}

bool kernel_check_module(const struct kernel *k, struct error *e)
{
    if (!k->is_plan)
        return check_comp(k, e);
    /* That the parts and the plan's tensors fit together is seen when they are joined. */
    struct plan *p = kernel_plan(k, NULL, 0, NULL, e);
    bool ok = p != NULL;
    plan_free(p);
    for (int i = 0; ok && i < k->step_count; i++) {
        struct kernel *part = kernel_of_step(&k->steps[i], k->language, e);
        ok = part && check_comp(part, e);
        kernel_free(part);
    }
    return ok;
}
