/* Vulkan devices: finding them, telling what they can do, opening one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/device/vulkan.h"

bool vulkan_family(struct vulkan_instance *vi, VkPhysicalDevice p, uint32_t *family, uint32_t *bits)
{
    VkQueueFamilyProperties families[32];
    uint32_t n = 32;
    vi->api.GetPhysicalDeviceQueueFamilyProperties(p, &n, families);
    bool found = false;
    for (uint32_t i = 0; i < n; i++) {
        if (!(families[i].queueFlags & VK_QUEUE_COMPUTE_BIT))
            continue;
        if (!found || (*bits == 0 && families[i].timestampValidBits)) {
            *family = i;
            *bits = families[i].timestampValidBits;
            found = true;
        }
    }
    if (vulkan_option("no-timestamps"))
        *bits = 0;
    return found;
}

static const char *kind_name(VkPhysicalDeviceType type)
{
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
        return "discrete GPU";
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
        return "integrated GPU";
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
        return "virtual GPU";
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
        return "software";
    default:
        return "other";
    }
}

static void describe_limits(const VkPhysicalDeviceProperties *p, struct device_info *i)
{
    const VkPhysicalDeviceLimits *l = &p->limits;
    i->max_invocations = l->maxComputeWorkGroupInvocations;
    for (int k = 0; k < 3; k++) {
        i->max_workgroup_size[k] = l->maxComputeWorkGroupSize[k];
        i->max_groups[k] = l->maxComputeWorkGroupCount[k];
    }
    i->shared_bytes = l->maxComputeSharedMemorySize;
    i->push_bytes = l->maxPushConstantsSize;
    i->max_binding_bytes = l->maxStorageBufferRange;
    i->max_texel_elements = l->maxTexelBufferElements;
    i->copy_alignment = l->minStorageBufferOffsetAlignment; /* powers of two, both: the larger one does for each */
    if (l->minTexelBufferOffsetAlignment > i->copy_alignment)
        i->copy_alignment = l->minTexelBufferOffsetAlignment;
    i->timestamp_period_ns = l->timestampPeriod;
}

/* Large enough that the copy, not the submission, takes the time; small beside any heap. */
#define STAGING_BYTES (16ull << 20)

/* The heap that the buffers come from, and whether the host reaches it only by copies. */
static void describe_memory(const VkPhysicalDeviceMemoryProperties *m, VkPhysicalDeviceType type,
                            struct device_info *i)
{
    for (uint32_t k = 0; k < m->memoryTypeCount; k++) {
        const VkMemoryType *t = &m->memoryTypes[k];
        uint64_t size = m->memoryHeaps[t->heapIndex].size;
        if ((t->propertyFlags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT) && size > i->memory_bytes)
            i->memory_bytes = size;
    }
    i->device_local = type == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU || type == VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU ||
                      vulkan_option("staging");
    i->staging_bytes = i->device_local ? STAGING_BYTES : 0;
}

struct properties {
    VkPhysicalDeviceProperties2 two;
    VkPhysicalDeviceSubgroupProperties subgroup;
    VkPhysicalDeviceMaintenance3Properties maintenance;
    VkPhysicalDeviceDriverProperties driver;
};

struct features {
    VkPhysicalDeviceFeatures2 two;
    VkPhysicalDevice16BitStorageFeatures storage16; /* 1.1 */
    VkPhysicalDeviceVulkan11Features v11;           /* 1.2 and later: replaces storage16 */
    VkPhysicalDeviceVulkan12Features v12;
    VkPhysicalDeviceVulkan13Features v13;
    struct vulkan_cooperative cooperative;
};

/* Asks for all features of the device's version, chained in f, ready to be handed to vkCreateDevice. */
static void get_features(struct vulkan_instance *vi, VkPhysicalDevice p, uint32_t version, struct features *f)
{
    memset(f, 0, sizeof *f);
    f->two.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
    f->storage16.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES;
    f->v11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
    f->v12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
    f->v13.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES;
    f->two.pNext = version >= VK_API_VERSION_1_2 ? (void *)&f->v11 : &f->storage16;
    f->v11.pNext = &f->v12;
    f->v12.pNext = version >= VK_API_VERSION_1_3 ? &f->v13 : NULL;
    vulkan_cooperative_find(vi, p, &f->cooperative);
    if (f->cooperative.extension) {
        f->cooperative.base.pNext = f->two.pNext;
        f->two.pNext = &f->cooperative.features;
    }
    vi->api.GetPhysicalDeviceFeatures2(p, &f->two);
    /* Bounds checks would slow every kernel that is timed; capture and replay are for debuggers. */
    if (!vulkan_option("robust"))
        f->two.features.robustBufferAccess = VK_FALSE;
    f->v11.protectedMemory = VK_FALSE;
    f->v12.bufferDeviceAddressCaptureReplay = VK_FALSE;
    f->v12.bufferDeviceAddressMultiDevice = VK_FALSE;
    f->v13.robustImageAccess = VK_FALSE;
    f->cooperative.features.cooperativeMatrixRobustBufferAccess = VK_FALSE;
}

static void describe_features(const struct features *f, uint32_t version, struct device_info *i)
{
    bool v12 = version >= VK_API_VERSION_1_2;
    i->f16_storage = v12 ? f->v11.storageBuffer16BitAccess : f->storage16.storageBuffer16BitAccess;
    i->f16_arithmetic = v12 && f->v12.shaderFloat16;
    i->i8_storage = v12 && f->v12.storageBuffer8BitAccess;
    i->i64 = f->two.features.shaderInt64;
    i->f64 = f->two.features.shaderFloat64;
    i->buffer_address = v12 && f->v12.bufferDeviceAddress;
    i->descriptor_indexing = v12 && f->v12.runtimeDescriptorArray && f->v12.shaderStorageBufferArrayNonUniformIndexing &&
                             f->v12.shaderSampledImageArrayNonUniformIndexing;
}

static void get_properties(struct vulkan_instance *vi, VkPhysicalDevice p, uint32_t version, struct properties *q)
{
    memset(q, 0, sizeof *q);
    q->two.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
    q->subgroup.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES;
    q->maintenance.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES;
    q->driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES;
    q->two.pNext = &q->subgroup;
    q->subgroup.pNext = &q->maintenance;
    q->maintenance.pNext = version >= VK_API_VERSION_1_2 ? &q->driver : NULL;
    vi->api.GetPhysicalDeviceProperties2(p, &q->two);
}

void vulkan_describe(struct vulkan_instance *vi, uint32_t index, struct device_info *i)
{
    VkPhysicalDevice p = vi->physical[index];
    VkPhysicalDeviceProperties base;
    vi->api.GetPhysicalDeviceProperties(p, &base);
    memset(i, 0, sizeof *i);
    snprintf(i->spec, sizeof i->spec, "vulkan:%u", index);
    snprintf(i->name, sizeof i->name, "%s", base.deviceName);
    slug(i->slug, sizeof i->slug, base.deviceName);
    snprintf(i->kind, sizeof i->kind, "%s", kind_name(base.deviceType));
    i->hardware = base.deviceType != VK_PHYSICAL_DEVICE_TYPE_CPU || vulkan_option("hardware");
    i->computes = true;
    i->api_major = VK_API_VERSION_MAJOR(base.apiVersion);
    i->api_minor = VK_API_VERSION_MINOR(base.apiVersion);
    i->api_patch = VK_API_VERSION_PATCH(base.apiVersion);
    i->vendor_id = base.vendorID;
    i->device_id = base.deviceID;
    describe_limits(&base, i);
    if (base.apiVersion < VK_API_VERSION_1_1)
        return;
    struct properties q;
    struct features f;
    get_properties(vi, p, base.apiVersion, &q);
    get_features(vi, p, base.apiVersion, &f);
    VkPhysicalDeviceMemoryProperties memory;
    vi->api.GetPhysicalDeviceMemoryProperties(p, &memory);
    describe_memory(&memory, base.deviceType, i);
    describe_features(&f, base.apiVersion, i);
    i->cooperative_matrix = vulkan_cooperative_fits(vi, p, &f.cooperative);
    i->cooperative_khr = i->cooperative_matrix && f.cooperative.khr;
    snprintf(i->driver, sizeof i->driver, "%.120s %.120s", q.driver.driverName[0] ? q.driver.driverName : "driver",
             q.driver.driverInfo);
    /* Mesa's gallivm has a loop limiter (LP_MAX_TGSI_LOOP_ITERATIONS), one for all loops of an invocation; the pass in which a
     * loop is left counts too. Seen: 70000 passes asked for, 65535 made, no error. */
    i->loop_passes = q.driver.driverID == VK_DRIVER_ID_MESA_LLVMPIPE ? 65535 : 0;
    VkSubgroupFeatureFlags arithmetic = VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT;
    i->subgroup_size = q.subgroup.subgroupSize ? q.subgroup.subgroupSize : 1;
    i->subgroup_arithmetic = (q.subgroup.supportedOperations & arithmetic) == arithmetic &&
                             (q.subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) &&
                             !vulkan_option("no-subgroups");
    i->subgroup_shuffle = i->subgroup_arithmetic && i->subgroup_size >= 8 && (q.subgroup.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT);
    i->max_buffer_bytes = q.maintenance.maxMemoryAllocationSize < i->memory_bytes
                              ? q.maintenance.maxMemoryAllocationSize
                              : i->memory_bytes;
    uint32_t family, bits = 0;
    vulkan_family(vi, p, &family, &bits);
    i->timestamp_bits = i->timestamp_period_ns > 0 ? bits : 0;
    snprintf(i->clock, sizeof i->clock, i->timestamp_bits ? "device timestamps" : "host clock");
    if (!i->timestamp_bits)
        snprintf(i->clock_note, sizeof i->clock_note, "the compute queue has no valid time stamp bits");
}

static int vulkan_list(void (*each)(void *, const struct device_info *), void *context, struct error *e)
{
    struct vulkan_instance *vi = vulkan_instance_get(e);
    if (!vi)
        return 0;
    if (!vi->physical_count)
        error_set(e, EXIT_ENVIRONMENT,
                  "the Vulkan loader found no device. On Debian: apt install mesa-vulkan-drivers (software), or "
                  "your GPU vendor's driver; VK_DRIVER_FILES can name one.");
    for (uint32_t i = 0; i < vi->physical_count; i++) {
        struct device_info info;
        vulkan_describe(vi, i, &info);
        each(context, &info);
    }
    return (int)vi->physical_count;
}

/* Hardware before software, a discrete GPU before others, then loader order. */
static int rank(const struct device_info *i)
{
    static const char *const order[] = {"discrete GPU", "integrated GPU", "virtual GPU", "other", "software"};
    int k = 0;
    while (k < 4 && strcmp(i->kind, order[k]) != 0)
        k++;
    return k;
}

static bool choose(struct vulkan_instance *vi, const char *rest, uint32_t *index, struct error *e)
{
    if (*rest) {
        char *end;
        unsigned long n = strtoul(rest, &end, 10);
        if (*end || n >= vi->physical_count)
            return error_set(e, EXIT_USAGE, "there is no device vulkan:%s; `rooflab devices` lists the %u there are", rest,
                             vi->physical_count);
        *index = (uint32_t)n;
        return true;
    }
    int best = 100;
    for (uint32_t i = 0; i < vi->physical_count; i++) {
        struct device_info info;
        uint32_t family, bits = 0;
        vulkan_describe(vi, i, &info);
        bool usable = (info.api_major > 1 || info.api_minor >= 1) && vulkan_family(vi, vi->physical[i], &family, &bits);
        if (usable && rank(&info) < best) {
            best = rank(&info);
            *index = i;
        }
    }
    if (best == 100)
        return error_set(e, EXIT_ENVIRONMENT,
                         "no Vulkan 1.1 device with a compute queue. On Debian: apt install mesa-vulkan-drivers. "
                         "Without one, --device native and --device sim:B=320GB/s still work.");
    return true;
}

static void vulkan_close(struct device *d)
{
    struct vulkan *v = (struct vulkan *)d;
    if (v->handle) {
        v->api.DeviceWaitIdle(v->handle);
        vulkan_staging_free(v);
        v->api.DestroyFence(v->handle, v->fence, NULL);
        v->api.DestroyCommandPool(v->handle, v->commands, NULL);
        v->api.DestroyDevice(v->handle, NULL);
    }
    free(v);
}

static const struct device_ops vulkan_ops = {
    .close = vulkan_close,
    .buffer_create = vulkan_buffer_create,
    .buffer_destroy = vulkan_buffer_destroy,
    .upload = vulkan_upload,
    .download = vulkan_download,
    .address = vulkan_address,
    .program_create = vulkan_program_create,
    .program_destroy = vulkan_program_destroy,
    .sequence_create = vulkan_sequence_create,
    .sequence_run = vulkan_sequence_run,
    .sequence_destroy = vulkan_sequence_destroy,
};

static bool create_device(struct vulkan_instance *vi, struct vulkan *v, struct error *e)
{
    VkPhysicalDeviceProperties base;
    vi->api.GetPhysicalDeviceProperties(v->physical, &base);
    struct features f;
    get_features(vi, v->physical, base.apiVersion, &f);
    float priority = 1;
    VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                     .queueFamilyIndex = v->family,
                                     .queueCount = 1,
                                     .pQueuePriorities = &priority};
    VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .pNext = &f.two,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &queue,
                               .enabledExtensionCount = f.cooperative.extension != NULL,
                               .ppEnabledExtensionNames = &f.cooperative.extension};
    VkResult r = vi->api.CreateDevice(v->physical, &info, NULL, &v->handle);
    if (r)
        return vulkan_fail(e, "vkCreateDevice", r);
#define RESOLVE(name) v->api.name = (PFN_vk##name)vi->api.GetDeviceProcAddr(v->handle, "vk" #name);
    VULKAN_DEVICE_FUNCTIONS(RESOLVE)
#undef RESOLVE
    v->api.GetDeviceQueue(v->handle, v->family, 0, &v->queue);
    VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                    .queueFamilyIndex = v->family};
    if ((r = v->api.CreateCommandPool(v->handle, &pool, NULL, &v->commands)))
        return vulkan_fail(e, "vkCreateCommandPool", r);
    VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    if ((r = v->api.CreateFence(v->handle, &fence, NULL, &v->fence)))
        return vulkan_fail(e, "vkCreateFence", r);
    return true;
}

static struct device *vulkan_open(const char *rest, struct error *e)
{
    struct vulkan_instance *vi = vulkan_instance_get(e);
    uint32_t index, bits = 0;
    if (!vi || !choose(vi, rest, &index, e))
        return NULL;
    struct vulkan *v = need(sizeof *v);
    v->base.ops = &vulkan_ops;
    v->physical = vi->physical[index];
    v->api = vi->api;
    vulkan_describe(vi, index, &v->base.info);
    if (v->base.info.api_major == 1 && v->base.info.api_minor < 1)
        error_set(e, EXIT_ENVIRONMENT, "%s offers Vulkan 1.0 only; rooflab needs 1.1", v->base.info.name);
    else if (!vulkan_family(vi, v->physical, &v->family, &bits))
        error_set(e, EXIT_ENVIRONMENT, "%s has no compute queue", v->base.info.name);
    else {
        vi->api.GetPhysicalDeviceMemoryProperties(v->physical, &v->memory);
        v->timestamp_mask = bits >= 64 ? ~0ull : (1ull << bits) - 1;
        if (create_device(vi, v, e))
            return &v->base;
    }
    vulkan_close(&v->base);
    return NULL;
}

const struct driver vulkan_driver = {
    .scheme = "vulkan",
    .help = "vulkan:N   any Vulkan 1.1+ device, N in loader order (default: hardware before software)",
    .list = vulkan_list,
    .open = vulkan_open,
};
