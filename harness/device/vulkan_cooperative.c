/* Cooperative matrices: two extensions that differ in names and numbers only, of which the older headers here know one. */
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/device/vulkan.h"

#define KHR_EXTENSION "VK_KHR_cooperative_matrix"
#define NV_EXTENSION  "VK_NV_cooperative_matrix"
#define KHR_FEATURES   ((VkStructureType)1000506000)
#define KHR_PROPERTIES ((VkStructureType)1000506001)

/* Both extensions number them so. */
enum { COMPONENT_F16 = 0, COMPONENT_F32 = 1, SCOPE_SUBGROUP = 3 };

/* VkCooperativeMatrixPropertiesKHR. */
struct khr_properties {
    VkStructureType type;
    void *next;
    uint32_t m, n, k, a, b, c, result;
    VkBool32 saturates;
    uint32_t scope;
};
typedef VkResult(VKAPI_PTR *khr_query)(VkPhysicalDevice, uint32_t *, struct khr_properties *);

static bool has_extension(struct vulkan_instance *vi, VkPhysicalDevice p, const char *name)
{
    uint32_t count = 0;
    bool found = false;
    if (vi->api.EnumerateDeviceExtensionProperties(p, NULL, &count, NULL) || !count)
        return false;
    VkExtensionProperties *list = need(count * sizeof *list);
    if (vi->api.EnumerateDeviceExtensionProperties(p, NULL, &count, list) >= 0)
        for (uint32_t i = 0; i < count && !found; i++)
            found = strcmp(list[i].extensionName, name) == 0;
    free(list);
    return found;
}

void vulkan_cooperative_find(struct vulkan_instance *vi, VkPhysicalDevice p, struct vulkan_cooperative *out)
{
    memset(out, 0, sizeof *out);
    out->khr = has_extension(vi, p, KHR_EXTENSION);
    out->extension = out->khr ? KHR_EXTENSION : has_extension(vi, p, NV_EXTENSION) ? NV_EXTENSION : NULL;
    out->features.sType = out->khr ? KHR_FEATURES : VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_NV;
}

static bool fits_khr(struct vulkan_instance *vi, VkPhysicalDevice p)
{
    static const char name[] = "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR";
    khr_query query = (khr_query)(void *)vi->api.GetInstanceProcAddr(vi->handle, name);
    uint32_t count = 0;
    bool found = false;
    if (!query || query(p, &count, NULL) || !count)
        return false;
    struct khr_properties *list = need(count * sizeof *list);
    for (uint32_t i = 0; i < count; i++)
        list[i].type = KHR_PROPERTIES;
    if (query(p, &count, list) >= 0)
        for (uint32_t i = 0; i < count; i++)
            found |= list[i].m == 16 && list[i].n == 16 && list[i].k == 16 && list[i].a == COMPONENT_F16 &&
                     list[i].b == COMPONENT_F16 && list[i].c == COMPONENT_F32 && list[i].result == COMPONENT_F32 &&
                     list[i].scope == SCOPE_SUBGROUP;
    free(list);
    return found;
}

static bool fits_nv(struct vulkan_instance *vi, VkPhysicalDevice p)
{
    PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesNV query =
        (PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesNV)vi->api.GetInstanceProcAddr(
            vi->handle, "vkGetPhysicalDeviceCooperativeMatrixPropertiesNV");
    uint32_t count = 0;
    bool found = false;
    if (!query || query(p, &count, NULL) || !count)
        return false;
    VkCooperativeMatrixPropertiesNV *list = need(count * sizeof *list);
    for (uint32_t i = 0; i < count; i++)
        list[i].sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_NV;
    if (query(p, &count, list) >= 0)
        for (uint32_t i = 0; i < count; i++)
            found |= list[i].MSize == 16 && list[i].NSize == 16 && list[i].KSize == 16 &&
                     list[i].AType == VK_COMPONENT_TYPE_FLOAT16_NV &&
                     list[i].BType == VK_COMPONENT_TYPE_FLOAT16_NV && list[i].CType == VK_COMPONENT_TYPE_FLOAT32_NV &&
                     list[i].DType == VK_COMPONENT_TYPE_FLOAT32_NV && list[i].scope == VK_SCOPE_SUBGROUP_NV;
    free(list);
    return found;
}

bool vulkan_cooperative_fits(struct vulkan_instance *vi, VkPhysicalDevice p, const struct vulkan_cooperative *c)
{
    if (!c->extension || !c->features.cooperativeMatrix)
        return false;
    return c->khr ? fits_khr(vi, p) : fits_nv(vi, p);
}
