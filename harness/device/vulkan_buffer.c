/* Buffers. On a software or integrated device they are mapped; on a discrete GPU they live in device-local
 * memory and are reached by copies through one staging buffer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/device/vulkan.h"

int vulkan_memory_type(const struct vulkan *v, uint32_t allowed, VkMemoryPropertyFlags want, VkMemoryPropertyFlags like)
{
    int found = -1;
    for (uint32_t i = 0; i < v->memory.memoryTypeCount; i++) {
        VkMemoryPropertyFlags has = v->memory.memoryTypes[i].propertyFlags;
        if (!(allowed & (1u << i)) || (has & want) != want)
            continue;
        if ((has & like) == like)
            return (int)i;
        if (found < 0)
            found = (int)i;
    }
    return found;
}

static bool too_large(struct vulkan *v, uint64_t bytes, struct error *e)
{
    char asked[UNITS_TEXT], limit[UNITS_TEXT];
    return error_set(e, EXIT_ENVIRONMENT, "%s cannot hold a buffer of %s: its limit is %s (%llu bytes). Use a smaller --tensor.",
                     v->base.info.name, units_format(asked, UNIT_BYTES, (double)bytes),
                     units_format(limit, UNIT_BYTES, (double)v->base.info.max_buffer_bytes),
                     (unsigned long long)v->base.info.max_buffer_bytes);
}

static bool create(struct vulkan *v, uint64_t bytes, VkBufferUsageFlags usage, VkMemoryPropertyFlags want,
                   VkMemoryPropertyFlags like, VkBuffer *handle, VkDeviceMemory *memory, void **map,
                   struct error *e)
{
    struct vulkan_api *api = &v->api;
    VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = bytes, .usage = usage};
    VkResult r = api->CreateBuffer(v->handle, &info, NULL, handle);
    if (r)
        return vulkan_fail(e, "vkCreateBuffer", r);
    VkMemoryRequirements needs;
    api->GetBufferMemoryRequirements(v->handle, *handle, &needs);
    int type = vulkan_memory_type(v, needs.memoryTypeBits, want, like);
    if (type < 0)
        return error_set(e, EXIT_ENVIRONMENT, "%s has no memory type for storage buffers", v->base.info.name);
    VkMemoryAllocateFlagsInfo flags = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
                                       .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT};
    VkMemoryAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                     .pNext = usage & VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT ? &flags : NULL,
                                     .allocationSize = needs.size,
                                     .memoryTypeIndex = (uint32_t)type};
    r = api->AllocateMemory(v->handle, &allocate, NULL, memory);
    if (r) {
        char size[UNITS_TEXT], heap[UNITS_TEXT];
        return error_set(e, EXIT_ENVIRONMENT,
                         "%s: no memory for another %s (%s; its heap is %s). Use a smaller --tensor or close what "
                         "else uses the device.",
                         v->base.info.name, units_format(size, UNIT_BYTES, (double)bytes), vulkan_result(r),
                         units_format(heap, UNIT_BYTES, (double)v->base.info.memory_bytes));
    }
    r = api->BindBufferMemory(v->handle, *handle, *memory, 0);
    if (r)
        return vulkan_fail(e, "vkBindBufferMemory", r);
    VkMemoryPropertyFlags has = v->memory.memoryTypes[type].propertyFlags;
    if (map && (has & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT) && (r = api->MapMemory(v->handle, *memory, 0, VK_WHOLE_SIZE, 0, map)))
        return vulkan_fail(e, "vkMapMemory", r);
    return true;
}

struct buffer *vulkan_buffer_create(struct device *d, uint64_t bytes, struct error *e)
{
    struct vulkan *v = (struct vulkan *)d;
    if (bytes > d->info.max_buffer_bytes) {
        too_large(v, bytes, e);
        return NULL;
    }
    VkBufferUsageFlags usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                               VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT |
                               VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT | VK_BUFFER_USAGE_STORAGE_TEXEL_BUFFER_BIT;
    if (d->info.buffer_address)
        usage |= VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT;
    /* Host-visible device memory of a discrete GPU is a window over the bus: kernels are timed in memory
     * that is the device's own, so such a device always stages. */
    bool mapped = !d->info.device_local;
    VkMemoryPropertyFlags local = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
    VkMemoryPropertyFlags host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    struct buffer *b = need(sizeof *b);
    b->bytes = bytes ? bytes : 4;
    if (!create(v, (b->bytes + 15) & ~15ull, usage, mapped ? host : local,
                mapped ? local | VK_MEMORY_PROPERTY_HOST_CACHED_BIT : 0, &b->handle, &b->memory,
                mapped ? &b->map : NULL, e)) {
        vulkan_buffer_destroy(d, b);
        return NULL;
    }
    return b;
}

void vulkan_buffer_destroy(struct device *d, struct buffer *b)
{
    struct vulkan *v = (struct vulkan *)d;
    v->api.DestroyBuffer(v->handle, b->handle, NULL);
    v->api.FreeMemory(v->handle, b->memory, NULL);
    free(b);
}

uint64_t vulkan_address(struct device *d, struct buffer *b)
{
    struct vulkan *v = (struct vulkan *)d;
    VkBufferDeviceAddressInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, .buffer = b->handle};
    return v->api.GetBufferDeviceAddress ? v->api.GetBufferDeviceAddress(v->handle, &info) : 0;
}

static bool staging_make(struct vulkan *v, struct error *e)
{
    if (v->staging_map)
        return true;
    v->staging_bytes = v->base.info.staging_bytes;
    return create(v, v->staging_bytes, VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                  VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                  VK_MEMORY_PROPERTY_HOST_CACHED_BIT, &v->staging, &v->staging_memory, &v->staging_map, e);
}

void vulkan_staging_free(struct vulkan *v)
{
    v->api.DestroyBuffer(v->handle, v->staging, NULL);
    v->api.FreeMemory(v->handle, v->staging_memory, NULL);
}

static bool copy_once(struct vulkan *v, VkBuffer from, VkBuffer to, VkBufferCopy region, struct error *e)
{
    VkCommandBufferAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                            .commandPool = v->commands,
                                            .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                            .commandBufferCount = 1};
    VkCommandBuffer c;
    VkResult r = v->api.AllocateCommandBuffers(v->handle, &allocate, &c);
    if (r)
        return vulkan_fail(e, "vkAllocateCommandBuffers", r);
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                      .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    v->api.BeginCommandBuffer(c, &begin);
    vulkan_barrier(v, c);
    v->api.CmdCopyBuffer(c, from, to, 1, &region);
    vulkan_barrier(v, c);
    vulkan_barrier_host(v, c);
    r = v->api.EndCommandBuffer(c);
    bool ok = r ? vulkan_fail(e, "vkEndCommandBuffer", r) : vulkan_submit(v, c, e);
    v->api.FreeCommandBuffers(v->handle, v->commands, 1, &c);
    return ok;
}

bool vulkan_upload(struct device *d, struct buffer *b, uint64_t offset, const void *from, uint64_t bytes,
                   struct error *e)
{
    struct vulkan *v = (struct vulkan *)d;
    if (b->map) {
        memcpy((char *)b->map + offset, from, bytes);
        return true;
    }
    if (!staging_make(v, e))
        return false;
    for (uint64_t at = 0; at < bytes; at += v->staging_bytes) {
        uint64_t n = bytes - at < v->staging_bytes ? bytes - at : v->staging_bytes;
        memcpy(v->staging_map, (const char *)from + at, n);
        VkBufferCopy region = {.dstOffset = offset + at, .size = n};
        if (!copy_once(v, v->staging, b->handle, region, e))
            return false;
    }
    return true;
}

bool vulkan_download(struct device *d, struct buffer *b, uint64_t offset, void *to, uint64_t bytes,
                     struct error *e)
{
    struct vulkan *v = (struct vulkan *)d;
    if (b->map) {
        memcpy(to, (char *)b->map + offset, bytes);
        return true;
    }
    if (!staging_make(v, e))
        return false;
    for (uint64_t at = 0; at < bytes; at += v->staging_bytes) {
        uint64_t n = bytes - at < v->staging_bytes ? bytes - at : v->staging_bytes;
        VkBufferCopy region = {.srcOffset = offset + at, .size = n};
        if (!copy_once(v, b->handle, v->staging, region, e))
            return false;
        memcpy((char *)to + at, v->staging_map, n);
    }
    return true;
}
