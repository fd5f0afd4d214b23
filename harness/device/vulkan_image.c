/* Images: for shaders that ask for them. Their texels live in buffers and are copied in and out. */
#include "harness/device/vulkan.h"

VkFormat vulkan_format(enum texel_format f)
{
    static const VkFormat formats[TEXEL_FORMATS] = { /* in SPIR-V's order */
        VK_FORMAT_UNDEFINED,
        VK_FORMAT_R32G32B32A32_SFLOAT, VK_FORMAT_R16G16B16A16_SFLOAT, VK_FORMAT_R32_SFLOAT, VK_FORMAT_R8G8B8A8_UNORM,
        VK_FORMAT_R8G8B8A8_SNORM, VK_FORMAT_R32G32_SFLOAT, VK_FORMAT_R16G16_SFLOAT, VK_FORMAT_B10G11R11_UFLOAT_PACK32,
        VK_FORMAT_R16_SFLOAT, VK_FORMAT_R16G16B16A16_UNORM, VK_FORMAT_A2B10G10R10_UNORM_PACK32, VK_FORMAT_R16G16_UNORM,
        VK_FORMAT_R8G8_UNORM, VK_FORMAT_R16_UNORM, VK_FORMAT_R8_UNORM, VK_FORMAT_R16G16B16A16_SNORM,
        VK_FORMAT_R16G16_SNORM, VK_FORMAT_R8G8_SNORM, VK_FORMAT_R16_SNORM, VK_FORMAT_R8_SNORM,
        VK_FORMAT_R32G32B32A32_SINT, VK_FORMAT_R16G16B16A16_SINT, VK_FORMAT_R8G8B8A8_SINT, VK_FORMAT_R32_SINT,
        VK_FORMAT_R32G32_SINT, VK_FORMAT_R16G16_SINT, VK_FORMAT_R8G8_SINT, VK_FORMAT_R16_SINT, VK_FORMAT_R8_SINT,
        VK_FORMAT_R32G32B32A32_UINT, VK_FORMAT_R16G16B16A16_UINT, VK_FORMAT_R8G8B8A8_UINT, VK_FORMAT_R32_UINT,
        VK_FORMAT_A2B10G10R10_UINT_PACK32, VK_FORMAT_R32G32_UINT, VK_FORMAT_R16G16_UINT, VK_FORMAT_R8G8_UINT,
        VK_FORMAT_R16_UINT, VK_FORMAT_R8_UINT, VK_FORMAT_R64_UINT, VK_FORMAT_R64_SINT,
    };
    return (unsigned)f < TEXEL_FORMATS ? formats[f] : VK_FORMAT_UNDEFINED;
}

static VkFormatFeatureFlags format_features(struct vulkan *v, enum texel_format f)
{
    VkFormatProperties p = {0};
    if (vulkan_format(f))
        v->api.GetPhysicalDeviceFormatProperties(v->physical, vulkan_format(f), &p);
    return p.optimalTilingFeatures;
}

bool vulkan_filters(struct vulkan *v, enum texel_format f)
{
    return format_features(v, f) & VK_FORMAT_FEATURE_SAMPLED_IMAGE_FILTER_LINEAR_BIT;
}

static VkImageViewType view_type(const struct image_shape *s)
{
    if (s->cube)
        return s->arrayed ? VK_IMAGE_VIEW_TYPE_CUBE_ARRAY : VK_IMAGE_VIEW_TYPE_CUBE;
    if (s->dimensions == 3)
        return VK_IMAGE_VIEW_TYPE_3D;
    if (s->dimensions == 2)
        return s->arrayed ? VK_IMAGE_VIEW_TYPE_2D_ARRAY : VK_IMAGE_VIEW_TYPE_2D;
    return s->arrayed ? VK_IMAGE_VIEW_TYPE_1D_ARRAY : VK_IMAGE_VIEW_TYPE_1D;
}

static bool allocate(struct vulkan *v, struct vulkan_image *i, struct error *e)
{
    VkMemoryRequirements needs;
    v->api.GetImageMemoryRequirements(v->handle, i->handle, &needs);
    int type = vulkan_memory_type(v, needs.memoryTypeBits, 0, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                 .allocationSize = needs.size,
                                 .memoryTypeIndex = type < 0 ? 0 : (uint32_t)type};
    VkResult r = type < 0 ? VK_ERROR_OUT_OF_DEVICE_MEMORY : v->api.AllocateMemory(v->handle, &info, NULL, &i->memory);
    if (r)
        return vulkan_fail(e, "vkAllocateMemory for an image", r);
    r = v->api.BindImageMemory(v->handle, i->handle, i->memory, 0);
    return r ? vulkan_fail(e, "vkBindImageMemory", r) : true;
}

bool vulkan_image_create(struct vulkan *v, const struct program_binding *b, struct vulkan_image *i, struct error *e)
{
    const struct image_shape *s = &b->image;
    VkFormatFeatureFlags needs = b->kind == BIND_IMAGE ? VK_FORMAT_FEATURE_STORAGE_IMAGE_BIT : VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT;
    *i = (struct vulkan_image){.shape = *s, .saved = b->kind == BIND_IMAGE};
    if (!(format_features(v, b->format) & needs))
        return error_set(e, EXIT_ENVIRONMENT, "%s has no %s images of the format that set %u, binding %u asks for",
                         v->base.info.name, b->kind == BIND_IMAGE ? "storage" : "sampled", b->set, b->binding);
    VkImageCreateInfo info = {.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                              .flags = s->cube ? VK_IMAGE_CREATE_CUBE_COMPATIBLE_BIT : 0,
                              .imageType = s->dimensions == 3   ? VK_IMAGE_TYPE_3D
                                           : s->dimensions == 2 ? VK_IMAGE_TYPE_2D
                                                                : VK_IMAGE_TYPE_1D,
                              .format = vulkan_format(b->format),
                              .extent = {s->width, s->height, s->depth},
                              .mipLevels = 1,
                              .arrayLayers = s->layers,
                              .samples = VK_SAMPLE_COUNT_1_BIT,
                              .usage = (b->kind == BIND_IMAGE ? VK_IMAGE_USAGE_STORAGE_BIT : VK_IMAGE_USAGE_SAMPLED_BIT) |
                                       VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT};
    VkResult r = v->api.CreateImage(v->handle, &info, NULL, &i->handle);
    if (r)
        return vulkan_fail(e, "vkCreateImage", r);
    if (!allocate(v, i, e))
        return false;
    VkImageViewCreateInfo view = {.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
                                  .image = i->handle,
                                  .viewType = view_type(s),
                                  .format = info.format,
                                  .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, s->layers}};
    r = v->api.CreateImageView(v->handle, &view, NULL, &i->view);
    return r ? vulkan_fail(e, "vkCreateImageView", r) : true;
}

void vulkan_image_destroy(struct vulkan *v, struct vulkan_image *i)
{
    v->api.DestroyImageView(v->handle, i->view, NULL);
    v->api.DestroyImage(v->handle, i->handle, NULL);
    v->api.FreeMemory(v->handle, i->memory, NULL);
}

static void to_general(struct vulkan *v, VkCommandBuffer c, const struct vulkan_image *i)
{
    VkImageMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
                                    .dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                                    .oldLayout = VK_IMAGE_LAYOUT_UNDEFINED,
                                    .newLayout = VK_IMAGE_LAYOUT_GENERAL,
                                    .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
                                    .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
                                    .image = i->handle,
                                    .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, i->shape.layers}};
    v->api.CmdPipelineBarrier(c, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, NULL, 0,
                              NULL, 1, &barrier);
}

static VkBufferImageCopy region_of(const struct vulkan_image *i)
{
    return (VkBufferImageCopy){.bufferOffset = i->offset,
                               .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, i->shape.layers},
                               .imageExtent = {i->shape.width, i->shape.height, i->shape.depth}};
}

void vulkan_image_load(struct vulkan *v, VkCommandBuffer c, const struct vulkan_image *i)
{
    VkBufferImageCopy region = region_of(i);
    to_general(v, c, i);
    v->api.CmdCopyBufferToImage(c, i->buffer, i->handle, VK_IMAGE_LAYOUT_GENERAL, 1, &region);
}

void vulkan_image_save(struct vulkan *v, VkCommandBuffer c, const struct vulkan_image *i)
{
    VkBufferImageCopy region = region_of(i);
    v->api.CmdCopyImageToBuffer(c, i->handle, VK_IMAGE_LAYOUT_GENERAL, i->buffer, 1, &region);
}

VkSampler vulkan_sampler(struct vulkan *v, bool linear, struct error *e)
{
    VkFilter filter = linear ? VK_FILTER_LINEAR : VK_FILTER_NEAREST;
    VkSamplerCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO,
                                .magFilter = filter,
                                .minFilter = filter,
                                .mipmapMode = VK_SAMPLER_MIPMAP_MODE_NEAREST,
                                .addressModeU = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
                                .addressModeV = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
                                .addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE};
    VkSampler sampler = VK_NULL_HANDLE;
    VkResult r = v->api.CreateSampler(v->handle, &info, NULL, &sampler);
    if (r)
        vulkan_fail(e, "vkCreateSampler", r);
    return sampler;
}
