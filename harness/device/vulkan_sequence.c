/* Sequences: dispatches recorded once between two fenced time stamps, run many times. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/device/vulkan.h"

/* A kernel that has not come back after this long will not: better an error than a terminal that hangs. */
#define TIMEOUT_NS 120000000000ull

struct sequence {
    VkCommandBuffer commands;
    VkDescriptorPool pool;
    VkQueryPool queries; /* first, (after each step,) last */
    VkBufferView *texel_views;
    int texel_view_count;
    struct vulkan_image *images; /* of all dispatches, in order */
    int image_count;
    VkSampler samplers[2]; /* nearest and linear, made where they are needed */
    int count;
    uint32_t stamps;
    double *step_ns;
};

void vulkan_barrier(struct vulkan *v, VkCommandBuffer c)
{
    VkMemoryBarrier all = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                           .srcAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
                           .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT};
    v->api.CmdPipelineBarrier(c, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 1, &all, 0,
                              NULL, 0, NULL);
}

/* Fences alone do not make writes visible to a mapped pointer: the host is a stage of its own. */
void vulkan_barrier_host(struct vulkan *v, VkCommandBuffer c)
{
    VkMemoryBarrier all = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                           .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
                           .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
    v->api.CmdPipelineBarrier(c, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &all, 0, NULL, 0,
                              NULL);
}

bool vulkan_submit(struct vulkan *v, VkCommandBuffer c, struct error *e)
{
    VkSubmitInfo submit = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &c};
    VkResult r = v->api.QueueSubmit(v->queue, 1, &submit, v->fence);
    if (r)
        return vulkan_fail(e, "vkQueueSubmit", r);
    r = v->api.WaitForFences(v->handle, 1, &v->fence, VK_TRUE, TIMEOUT_NS);
    if (r)
        return vulkan_fail(e, "waiting for the device", r);
    r = v->api.ResetFences(v->handle, 1, &v->fence);
    return r ? vulkan_fail(e, "vkResetFences", r) : true;
}

static uint32_t elements(const struct program_binding *b)
{
    return b->count ? b->count : 1;
}

static bool is_texel(enum bind_kind k)
{
    return k == BIND_TEXEL_READ || k == BIND_TEXEL_WRITE;
}

static bool is_image(enum bind_kind k)
{
    return k == BIND_IMAGE || k == BIND_TEXTURE || k == BIND_SAMPLED;
}

static bool make_pool(struct vulkan *v, struct sequence *q, const struct dispatch *list, struct error *e)
{
    VkDescriptorPoolSize sizes[BIND_KINDS];
    uint32_t sets = 1, texels = 0, images = 0;
    for (int i = 0; i < BIND_KINDS; i++)
        sizes[i] = (VkDescriptorPoolSize){vulkan_descriptor_types[i], 1};
    for (int i = 0; i < q->count; i++) {
        if (list[i].kind != DISPATCH_PROGRAM)
            continue;
        sets += (uint32_t)list[i].program->set_count;
        for (int b = 0; b < list[i].program->binding_count; b++) {
            const struct program_binding *p = &list[i].program->bindings[b];
            sizes[p->kind].descriptorCount += elements(p);
            texels += is_texel(p->kind) ? elements(p) : 0;
            images += is_image(p->kind) ? elements(p) : 0;
        }
    }
    q->texel_views = need(sizeof *q->texel_views * (texels + 1));
    q->images = need(sizeof *q->images * (images + 1));
    VkDescriptorPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                       .maxSets = sets,
                                       .poolSizeCount = BIND_KINDS,
                                       .pPoolSizes = sizes};
    VkResult r = v->api.CreateDescriptorPool(v->handle, &info, NULL, &q->pool);
    return r ? vulkan_fail(e, "vkCreateDescriptorPool", r) : true;
}

static bool write_texels(struct vulkan *v, struct sequence *q, const struct program_binding *b,
                         const VkDescriptorBufferInfo *range, VkWriteDescriptorSet *write, struct error *e)
{
    VkBufferViewCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                                   .buffer = range->buffer,
                                   .format = vulkan_format(b->format),
                                   .offset = range->offset,
                                   .range = range->range};
    VkBufferView *texels = &q->texel_views[q->texel_view_count];
    VkResult r = v->api.CreateBufferView(v->handle, &info, NULL, texels);
    if (r)
        return vulkan_fail(e, "vkCreateBufferView", r);
    q->texel_view_count++;
    write->pTexelBufferView = texels;
    return true;
}

/* Makes what an image's or a sampler's descriptor names. */
static bool write_image(struct vulkan *v, struct sequence *q, const struct program_binding *b,
                        const VkDescriptorBufferInfo *range, VkDescriptorImageInfo *out, struct error *e)
{
    out->imageLayout = VK_IMAGE_LAYOUT_GENERAL;
    if (b->kind == BIND_SAMPLER || b->kind == BIND_SAMPLED) {
        /* A sampler of its own may meet any image, and not all can be filtered. */
        bool linear = b->kind == BIND_SAMPLED && vulkan_filters(v, b->format);
        if (!q->samplers[linear] && !(q->samplers[linear] = vulkan_sampler(v, linear, e)))
            return false;
        out->sampler = q->samplers[linear];
    }
    if (!is_image(b->kind))
        return true;
    struct vulkan_image *i = &q->images[q->image_count++];
    if (!vulkan_image_create(v, b, i, e))
        return false;
    i->buffer = range->buffer;
    i->offset = range->offset;
    out->imageView = i->view;
    return true;
}

/* Writes one binding of one dispatch into its descriptor set, all elements of an array. */
static bool write_binding(struct vulkan *v, struct sequence *q, const struct dispatch *d, int i, VkDescriptorSet set,
                          struct error *e)
{
    const struct program_binding *b = &d->program->bindings[i];
    const struct buffer_view *view = &d->views[i];
    uint64_t bytes = b->count                  ? b->bytes
                     : view->bytes             ? view->bytes
                     : b->kind == BIND_SAMPLER ? 0
                                               : view->buffer->bytes - view->offset;
    for (uint32_t k = 0; k < elements(b); k++) {
        VkDescriptorBufferInfo buffer = {view->buffer ? view->buffer->handle : VK_NULL_HANDLE, view->offset + k * b->stride, bytes};
        VkDescriptorImageInfo image = {0};
        VkWriteDescriptorSet write = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                      .dstSet = set,
                                      .dstBinding = b->binding,
                                      .dstArrayElement = k,
                                      .descriptorCount = 1,
                                      .descriptorType = vulkan_descriptor_types[b->kind],
                                      .pBufferInfo = &buffer,
                                      .pImageInfo = &image};
        if (is_texel(b->kind) && !write_texels(v, q, b, &buffer, &write, e))
            return false;
        if ((is_image(b->kind) || b->kind == BIND_SAMPLER) && !write_image(v, q, b, &buffer, &image, e))
            return false;
        v->api.UpdateDescriptorSets(v->handle, 1, &write, 0, NULL);
    }
    return true;
}

static bool record_program(struct vulkan *v, struct sequence *q, const struct dispatch *d, struct error *e)
{
    struct program *p = d->program;
    int images = q->image_count;
    VkDescriptorSet sets[VULKAN_SETS_MAX];
    VkDescriptorSetAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                            .descriptorPool = q->pool,
                                            .descriptorSetCount = (uint32_t)p->set_count,
                                            .pSetLayouts = p->sets};
    if (p->set_count) {
        VkResult r = v->api.AllocateDescriptorSets(v->handle, &allocate, sets);
        if (r)
            return vulkan_fail(e, "vkAllocateDescriptorSets", r);
    }
    for (int i = 0; i < p->binding_count; i++)
        if (!write_binding(v, q, d, i, sets[p->bindings[i].set], e))
            return false;
    for (int i = images; i < q->image_count; i++)
        vulkan_image_load(v, q->commands, &q->images[i]);
    if (images < q->image_count)
        vulkan_barrier(v, q->commands);
    v->api.CmdBindPipeline(q->commands, VK_PIPELINE_BIND_POINT_COMPUTE, p->pipeline);
    if (p->set_count)
        v->api.CmdBindDescriptorSets(q->commands, VK_PIPELINE_BIND_POINT_COMPUTE, p->layout, 0,
                                     (uint32_t)p->set_count, sets, 0, NULL);
    if (p->push_bytes)
        v->api.CmdPushConstants(q->commands, p->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, p->push_bytes, d->push);
    v->api.CmdDispatch(q->commands, d->groups[0], d->groups[1], d->groups[2]);
    if (images < q->image_count)
        vulkan_barrier(v, q->commands);
    for (int i = images; i < q->image_count; i++)
        if (q->images[i].saved)
            vulkan_image_save(v, q->commands, &q->images[i]);
    return true;
}

static bool record_dispatch(struct vulkan *v, struct sequence *q, const struct dispatch *d, struct error *e)
{
    if (d->kind == DISPATCH_PROGRAM)
        return record_program(v, q, d, e);
    const struct buffer_view *from = &d->views[0];
    uint64_t bytes = from->bytes ? from->bytes : from->buffer->bytes - from->offset;
    if (d->kind == DISPATCH_COPY) {
        VkBufferCopy region = {.srcOffset = from->offset, .dstOffset = d->views[1].offset, .size = bytes};
        v->api.CmdCopyBuffer(q->commands, from->buffer->handle, d->views[1].buffer->handle, 1, &region);
    } else {
        v->api.CmdFillBuffer(q->commands, from->buffer->handle, from->offset, bytes & ~3ull, d->fill);
    }
    return true;
}

/* A barrier drains, a time stamp alone does not: so each stamp stands behind a barrier. */
static void stamp(struct vulkan *v, struct sequence *q)
{
    if (!q->queries)
        return;
    v->api.CmdWriteTimestamp(q->commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, q->queries, q->stamps++);
}

static bool record_all(struct vulkan *v, struct sequence *q, const struct dispatch *list, bool step_stamps,
                       struct error *e)
{
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    VkResult r = v->api.BeginCommandBuffer(q->commands, &begin);
    if (r)
        return vulkan_fail(e, "vkBeginCommandBuffer", r);
    if (q->queries)
        v->api.CmdResetQueryPool(q->commands, q->queries, 0, (uint32_t)q->count + 1);
    vulkan_barrier(v, q->commands);
    stamp(v, q);
    for (int i = 0; i < q->count; i++) {
        if (!record_dispatch(v, q, &list[i], e))
            return false;
        vulkan_barrier(v, q->commands);
        if (step_stamps || i == q->count - 1)
            stamp(v, q);
    }
    vulkan_barrier_host(v, q->commands);
    r = v->api.EndCommandBuffer(q->commands);
    return r ? vulkan_fail(e, "vkEndCommandBuffer", r) : true;
}

static bool build(struct vulkan *v, struct sequence *q, const struct dispatch *list, bool step_stamps,
                  struct error *e)
{
    VkCommandBufferAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                            .commandPool = v->commands,
                                            .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                            .commandBufferCount = 1};
    VkResult r = v->api.AllocateCommandBuffers(v->handle, &allocate, &q->commands);
    if (r)
        return vulkan_fail(e, "vkAllocateCommandBuffers", r);
    VkQueryPoolCreateInfo queries = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                     .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                     .queryCount = (uint32_t)q->count + 1};
    if (v->base.info.timestamp_bits && (r = v->api.CreateQueryPool(v->handle, &queries, NULL, &q->queries)))
        return vulkan_fail(e, "vkCreateQueryPool", r);
    return make_pool(v, q, list, e) && record_all(v, q, list, step_stamps, e);
}

struct sequence *vulkan_sequence_create(struct device *d, const struct dispatch *list, int count,
                                        bool step_stamps, struct error *e)
{
    struct sequence *q = need(sizeof *q);
    q->count = count;
    if (step_stamps && d->info.timestamp_bits)
        q->step_ns = need(sizeof *q->step_ns * (size_t)count);
    if (build((struct vulkan *)d, q, list, step_stamps, e))
        return q;
    vulkan_sequence_destroy(d, q);
    return NULL;
}

void vulkan_sequence_destroy(struct device *d, struct sequence *q)
{
    struct vulkan *v = (struct vulkan *)d;
    for (int i = 0; i < q->texel_view_count; i++)
        v->api.DestroyBufferView(v->handle, q->texel_views[i], NULL);
    free(q->texel_views);
    for (int i = 0; i < q->image_count; i++)
        vulkan_image_destroy(v, &q->images[i]);
    free(q->images);
    for (int i = 0; i < 2; i++)
        v->api.DestroySampler(v->handle, q->samplers[i], NULL);
    v->api.DestroyDescriptorPool(v->handle, q->pool, NULL);
    v->api.DestroyQueryPool(v->handle, q->queries, NULL);
    if (q->commands)
        v->api.FreeCommandBuffers(v->handle, v->commands, 1, &q->commands);
    free(q->step_ns);
    free(q);
}

/* From here on the host's clock is used, and the record says why. */
static void distrust_stamps(struct vulkan *v, const char *why)
{
    snprintf(v->base.info.clock, sizeof v->base.info.clock, "host clock");
    snprintf(v->base.info.clock_note, sizeof v->base.info.clock_note, "%s", why);
    v->timestamp_mask = 0;
}

/* Ticks between two stamps, over a wrap of their valid bits too. */
static double ticks(const struct vulkan *v, uint64_t from, uint64_t to)
{
    return (double)((to - from) & v->timestamp_mask);
}

static bool read_stamps(struct vulkan *v, struct sequence *q, double host_ns, struct timing *t, struct error *e)
{
    uint64_t *at = need(sizeof *at * q->stamps);
    VkResult r = v->api.GetQueryPoolResults(v->handle, q->queries, 0, q->stamps, sizeof *at * q->stamps, at, sizeof *at,
                                            VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT);
    if (r) {
        free(at);
        return vulkan_fail(e, "vkGetQueryPoolResults", r);
    }
    double period = v->base.info.timestamp_period_ns;
    double total = ticks(v, at[0], at[q->stamps - 1]) * period;
    if (at[0] == 0 && at[q->stamps - 1] == 0)
        distrust_stamps(v, "the device's time stamps are all zero");
    else if (total > host_ns * 1.05 + 1000)
        distrust_stamps(v, "the device's time stamps claim more time than passed on the host");
    else
        t->total_ns = total;
    if (q->step_ns && v->timestamp_mask) {
        for (int i = 0; i < q->count; i++)
            q->step_ns[i] = ticks(v, at[i], at[i + 1]) * period;
        t->step_ns = q->step_ns;
    }
    free(at);
    return true;
}

bool vulkan_sequence_run(struct device *d, struct sequence *q, struct timing *t, struct error *e)
{
    struct vulkan *v = (struct vulkan *)d;
    double begin = host_clock_ns();
    if (!vulkan_submit(v, q->commands, e))
        return false;
    *t = (struct timing){.total_ns = host_clock_ns() - begin};
    if (!q->queries || !v->timestamp_mask)
        return true;
    return read_stamps(v, q, t->total_ns, t, e);
}
