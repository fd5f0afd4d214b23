/* The Vulkan device's own parts, shared by vulkan_*.c and nobody else.
 *
 * libvulkan is opened at run time, so that everything that needs no device works where there is none, and
 * every call goes through one table of pointers.
 *
 * ROOFLAB_VULKAN, a comma-separated list, makes a device look poorer than it is, so that the roads which
 * real hardware takes can be tested on lavapipe:
 *   staging         buffers are device-local, reached by copies through a staging buffer
 *   no-timestamps   the queue has no valid time stamp bits; the host clock is used
 *   no-subgroups    no subgroup arithmetic
 *   robust          buffer accesses are bounds-checked (slower; for kernels that nobody vouches for)
 *   hardware        it says it is a GPU: kernels are generated as for one (256 invocations a row, rows in registers) */
#ifndef ROOFLAB_VULKAN_H
#define ROOFLAB_VULKAN_H

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include "harness/device/drivers.h"

#define VULKAN_GLOBAL_FUNCTIONS(X) X(CreateInstance) X(EnumerateInstanceVersion) X(EnumerateInstanceLayerProperties)

#define VULKAN_INSTANCE_FUNCTIONS(X)                                                                                \
    X(DestroyInstance) X(EnumeratePhysicalDevices) X(GetPhysicalDeviceProperties) X(GetPhysicalDeviceProperties2)    \
    X(GetPhysicalDeviceFeatures2) X(GetPhysicalDeviceMemoryProperties) X(GetPhysicalDeviceQueueFamilyProperties)     \
    X(GetPhysicalDeviceFormatProperties) X(EnumerateDeviceExtensionProperties) X(CreateDevice) X(GetDeviceProcAddr) X(DestroyDevice)

#define VULKAN_DEVICE_FUNCTIONS(X)                                                                                  \
    X(GetDeviceQueue) X(DeviceWaitIdle) X(CreateBuffer) X(DestroyBuffer) X(GetBufferMemoryRequirements)              \
    X(AllocateMemory) X(FreeMemory) X(BindBufferMemory) X(MapMemory) X(UnmapMemory) X(FlushMappedMemoryRanges)       \
    X(InvalidateMappedMemoryRanges) X(CreateBufferView) X(DestroyBufferView) X(CreateShaderModule)                   \
    X(DestroyShaderModule) X(CreateDescriptorSetLayout) X(DestroyDescriptorSetLayout) X(CreatePipelineLayout)        \
    X(DestroyPipelineLayout) X(CreateComputePipelines) X(DestroyPipeline) X(CreateDescriptorPool)                    \
    X(DestroyDescriptorPool) X(AllocateDescriptorSets) X(UpdateDescriptorSets) X(CreateCommandPool)                  \
    X(DestroyCommandPool) X(AllocateCommandBuffers) X(FreeCommandBuffers) X(BeginCommandBuffer) X(EndCommandBuffer)  \
    X(CmdBindPipeline) X(CmdBindDescriptorSets) X(CmdPushConstants) X(CmdDispatch) X(CmdCopyBuffer) X(CmdFillBuffer) \
    X(CmdPipelineBarrier) X(CmdResetQueryPool) X(CmdWriteTimestamp) X(CreateQueryPool) X(DestroyQueryPool)           \
    X(GetQueryPoolResults) X(QueueSubmit) X(CreateFence) X(DestroyFence) X(ResetFences) X(WaitForFences)             \
    X(CreateImage) X(DestroyImage) X(GetImageMemoryRequirements) X(BindImageMemory) X(CreateImageView)               \
    X(DestroyImageView) X(CreateSampler) X(DestroySampler) X(CmdCopyBufferToImage) X(CmdCopyImageToBuffer)           \
    X(GetBufferDeviceAddress)

#define VULKAN_POINTER(name) PFN_vk##name name;
struct vulkan_api {
    void *library;
    PFN_vkGetInstanceProcAddr GetInstanceProcAddr;
    VULKAN_GLOBAL_FUNCTIONS(VULKAN_POINTER)
    VULKAN_INSTANCE_FUNCTIONS(VULKAN_POINTER)
    VULKAN_DEVICE_FUNCTIONS(VULKAN_POINTER)
};

/* The loader and one instance, shared by the devices of this process. */
struct vulkan_instance {
    struct vulkan_api api;
    VkInstance handle;
    VkDebugUtilsMessengerEXT messenger;
    uint32_t physical_count;
    VkPhysicalDevice physical[32];
};

struct vulkan {
    struct device base;
    struct vulkan_api api; /* device functions resolved for this device */
    VkPhysicalDevice physical;
    VkDevice handle;
    VkQueue queue;
    uint32_t family;
    VkPhysicalDeviceMemoryProperties memory;
    VkCommandPool commands;
    VkFence fence;
    VkPipelineCache cache;
    uint64_t timestamp_mask;
    /* Staging, made on first use where buffers cannot be mapped. */
    VkBuffer staging;
    VkDeviceMemory staging_memory;
    void *staging_map;
    uint64_t staging_bytes;
};

struct buffer {
    VkBuffer handle;
    VkDeviceMemory memory;
    uint64_t bytes;
    void *map; /* NULL where it needs staging */
};

/* Which extension for cooperative matrices a device is opened with: KHR before NV. Its features stand in a chain's struct. */
struct vulkan_cooperative {
    const char *extension; /* NULL: none */
    bool khr;
    union {
        VkBaseOutStructure base;
        VkPhysicalDeviceCooperativeMatrixFeaturesNV features; /* KHR's has the same fields */
    };
};
void vulkan_cooperative_find(struct vulkan_instance *vi, VkPhysicalDevice p, struct vulkan_cooperative *out);
/* Has it 16x16x16 of f16 with f32 sums by a subgroup? */
bool vulkan_cooperative_fits(struct vulkan_instance *vi, VkPhysicalDevice p, const struct vulkan_cooperative *c);

#define VULKAN_SETS_MAX 8
struct program {
    VkDescriptorSetLayout sets[VULKAN_SETS_MAX];
    int set_count;
    VkPipelineLayout layout;
    VkPipeline pipeline;
    struct program_binding bindings[DEVICE_BINDINGS_MAX];
    int binding_count;
    uint32_t push_bytes;
};

/* Opens the library and an instance once; NULL with the reason and the remedy. */
struct vulkan_instance *vulkan_instance_get(struct error *e);
bool vulkan_option(const char *name); /* is it named in ROOFLAB_VULKAN? */

/* Fills e for a failed call and returns false: "vkCreateBuffer: out of device memory. ..." */
bool vulkan_fail(struct error *e, const char *what, VkResult r);
const char *vulkan_result(VkResult r);

void vulkan_describe(struct vulkan_instance *vi, uint32_t index, struct device_info *info);
/* Picks the queue family that computes, preferably one with time stamps. false: none computes. */
bool vulkan_family(struct vulkan_instance *vi, VkPhysicalDevice p, uint32_t *family, uint32_t *bits);

struct buffer *vulkan_buffer_create(struct device *d, uint64_t bytes, struct error *e);
void vulkan_buffer_destroy(struct device *d, struct buffer *b);
bool vulkan_upload(struct device *d, struct buffer *b, uint64_t offset, const void *from, uint64_t bytes,
                   struct error *e);
bool vulkan_download(struct device *d, struct buffer *b, uint64_t offset, void *to, uint64_t bytes,
                     struct error *e);
void vulkan_staging_free(struct vulkan *v);

struct program *vulkan_program_create(struct device *d, const struct program_source *s, struct error *e);
void vulkan_program_destroy(struct device *d, struct program *p);

struct sequence *vulkan_sequence_create(struct device *d, const struct dispatch *list, int count,
                                        bool step_stamps, struct error *e);
bool vulkan_sequence_run(struct device *d, struct sequence *q, struct timing *t, struct error *e);
void vulkan_sequence_destroy(struct device *d, struct sequence *q);

uint64_t vulkan_address(struct device *d, struct buffer *b);

/* One image of a sequence, and where its texels live. */
struct vulkan_image {
    VkImage handle;
    VkDeviceMemory memory;
    VkImageView view;
    VkBuffer buffer;
    uint64_t offset;
    struct image_shape shape;
    bool saved; /* a shader may write it: its texels go back */
};
/* Fails with EXIT_ENVIRONMENT where the device has no such images. */
bool vulkan_image_create(struct vulkan *v, const struct program_binding *b, struct vulkan_image *out, struct error *e);
void vulkan_image_destroy(struct vulkan *v, struct vulkan_image *i);
/* Commands: from the buffer into the image, which stays in the general layout; and back. */
void vulkan_image_load(struct vulkan *v, VkCommandBuffer c, const struct vulkan_image *i);
void vulkan_image_save(struct vulkan *v, VkCommandBuffer c, const struct vulkan_image *i);
VkSampler vulkan_sampler(struct vulkan *v, bool linear, struct error *e); /* VK_NULL_HANDLE with e: none was made */
bool vulkan_filters(struct vulkan *v, enum texel_format f); /* can it be sampled linearly? */

extern const VkDescriptorType vulkan_descriptor_types[BIND_KINDS];
VkFormat vulkan_format(enum texel_format f);
/* The first memory type of `allowed` that has all of `want`, preferring one with `like` too. -1: none. */
int vulkan_memory_type(const struct vulkan *v, uint32_t allowed, VkMemoryPropertyFlags want, VkMemoryPropertyFlags like);
/* Submits one command buffer and waits for it. */
bool vulkan_submit(struct vulkan *v, VkCommandBuffer c, struct error *e);
void vulkan_barrier(struct vulkan *v, VkCommandBuffer c);
void vulkan_barrier_host(struct vulkan *v, VkCommandBuffer c);

#endif
