/* Programs: a pipeline with the descriptor set layouts that its bindings need. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/device/vulkan.h"

const VkDescriptorType vulkan_descriptor_types[BIND_KINDS] = {
    [BIND_STORAGE] = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
    [BIND_UNIFORM] = VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER,
    [BIND_TEXEL_READ] = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
    [BIND_TEXEL_WRITE] = VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER,
    [BIND_IMAGE] = VK_DESCRIPTOR_TYPE_STORAGE_IMAGE,
    [BIND_TEXTURE] = VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE,
    [BIND_SAMPLER] = VK_DESCRIPTOR_TYPE_SAMPLER,
    [BIND_SAMPLED] = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
};

static bool make_layouts(struct vulkan *v, struct program *p, struct error *e)
{
    for (int i = 0; i < p->binding_count; i++)
        if ((int)p->bindings[i].set >= p->set_count)
            p->set_count = (int)p->bindings[i].set + 1;
    if (p->set_count > VULKAN_SETS_MAX)
        return error_set(e, EXIT_USAGE, "descriptor set %d: at most %d sets are handled", p->set_count - 1, VULKAN_SETS_MAX);
    for (int s = 0; s < p->set_count; s++) {
        VkDescriptorSetLayoutBinding list[DEVICE_BINDINGS_MAX];
        uint32_t n = 0;
        for (int i = 0; i < p->binding_count; i++)
            if ((int)p->bindings[i].set == s)
                list[n++] = (VkDescriptorSetLayoutBinding){.binding = p->bindings[i].binding,
                                                           .descriptorType = vulkan_descriptor_types[p->bindings[i].kind],
                                                           .descriptorCount = p->bindings[i].count ? p->bindings[i].count : 1,
                                                           .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
        VkDescriptorSetLayoutCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                                .bindingCount = n,
                                                .pBindings = list};
        VkResult r = v->api.CreateDescriptorSetLayout(v->handle, &info, NULL, &p->sets[s]);
        if (r)
            return vulkan_fail(e, "vkCreateDescriptorSetLayout", r);
    }
    VkPushConstantRange push = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = p->push_bytes};
    VkPipelineLayoutCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                       .setLayoutCount = (uint32_t)p->set_count,
                                       .pSetLayouts = p->sets,
                                       .pushConstantRangeCount = p->push_bytes > 0,
                                       .pPushConstantRanges = &push};
    VkResult r = v->api.CreatePipelineLayout(v->handle, &info, NULL, &p->layout);
    return r ? vulkan_fail(e, "vkCreatePipelineLayout", r) : true;
}

static bool make_pipeline(struct vulkan *v, struct program *p, const struct program_source *s, struct error *e)
{
    VkShaderModuleCreateInfo module_info = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                            .codeSize = s->words * 4,
                                            .pCode = s->spirv};
    VkShaderModule module;
    VkResult r = v->api.CreateShaderModule(v->handle, &module_info, NULL, &module);
    if (r)
        return vulkan_fail(e, "vkCreateShaderModule", r);
    VkSpecializationMapEntry entries[DEVICE_SPEC_MAX];
    for (int i = 0; i < s->spec_count; i++)
        entries[i] = (VkSpecializationMapEntry){s->spec_ids[i], (uint32_t)i * 4, 4};
    VkSpecializationInfo spec = {(uint32_t)s->spec_count, entries, (size_t)s->spec_count * 4, s->spec_values};
    VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = module,
                  .pName = s->entry ? s->entry : "main",
                  .pSpecializationInfo = s->spec_count ? &spec : NULL},
        .layout = p->layout};
    r = v->api.CreateComputePipelines(v->handle, VK_NULL_HANDLE, 1, &info, NULL, &p->pipeline);
    v->api.DestroyShaderModule(v->handle, module, NULL);
    return r ? vulkan_fail(e, "vkCreateComputePipelines", r) : true;
}

struct program *vulkan_program_create(struct device *d, const struct program_source *s, struct error *e)
{
    struct vulkan *v = (struct vulkan *)d;
    struct program *p = need(sizeof *p);
    p->binding_count = s->binding_count;
    p->push_bytes = s->push_bytes;
    memcpy(p->bindings, s->bindings, sizeof p->bindings);
    if (make_layouts(v, p, e) && make_pipeline(v, p, s, e))
        return p;
    error_prefix(e, "%s", s->label ? s->label : "program");
    vulkan_program_destroy(d, p);
    return NULL;
}

void vulkan_program_destroy(struct device *d, struct program *p)
{
    struct vulkan *v = (struct vulkan *)d;
    v->api.DestroyPipeline(v->handle, p->pipeline, NULL);
    v->api.DestroyPipelineLayout(v->handle, p->layout, NULL);
    for (int i = 0; i < p->set_count && i < VULKAN_SETS_MAX; i++)
        v->api.DestroyDescriptorSetLayout(v->handle, p->sets[i], NULL);
    free(p);
}
