/* The loader: libvulkan opened at run time, one instance, and the validation layer where it is asked for. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/device/vulkan.h"

static int validation_messages;

int device_validation_messages(void)
{
    return validation_messages;
}

bool vulkan_option(const char *name)
{
    const char *list = getenv("ROOFLAB_VULKAN");
    size_t n = strlen(name);
    for (const char *p = list; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '\0'))
            return true;
    return false;
}

const char *vulkan_result(VkResult r)
{
    static const struct {
        VkResult r;
        const char *text;
    } texts[] = {
        {VK_ERROR_OUT_OF_HOST_MEMORY, "out of host memory"},
        {VK_ERROR_OUT_OF_DEVICE_MEMORY, "out of device memory"},
        {VK_ERROR_DEVICE_LOST, "the device was lost (a watchdog, a crash in the driver, or the kernel ran too long)"},
        {VK_ERROR_INITIALIZATION_FAILED, "initialisation failed"},
        {VK_ERROR_LAYER_NOT_PRESENT, "a layer is not installed"},
        {VK_ERROR_EXTENSION_NOT_PRESENT, "an extension is not there"},
        {VK_ERROR_INCOMPATIBLE_DRIVER, "no driver fits"},
        {VK_ERROR_FRAGMENTED_POOL, "a pool is fragmented"},
        {VK_ERROR_OUT_OF_POOL_MEMORY, "out of pool memory"},
        {VK_TIMEOUT, "timed out"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].r == r)
            return texts[i].text;
    return "failed";
}

bool vulkan_fail(struct error *e, const char *what, VkResult r)
{
    return error_set(e, EXIT_ENVIRONMENT, "%s: %s (VkResult %d)", what, vulkan_result(r), (int)r);
}

static VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                 VkDebugUtilsMessageTypeFlagsEXT types,
                                                 const VkDebugUtilsMessengerCallbackDataEXT *data, void *context)
{
    (void)severity, (void)types, (void)context;
    validation_messages++;
    fprintf(stderr, "validation: %s\n", data->pMessage);
    return VK_FALSE;
}

static const VkDebugUtilsMessengerCreateInfoEXT messenger_info = {
    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
    .messageSeverity =
        VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
    .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
    .pfnUserCallback = on_message,
};

static bool wants_validation(void)
{
    const char *v = getenv("ROOFLAB_VALIDATE");
    return v && *v && strcmp(v, "0") != 0;
}

static bool has_layer(const struct vulkan_api *api, const char *name)
{
    VkLayerProperties layers[64];
    uint32_t n = 64;
    api->EnumerateInstanceLayerProperties(&n, layers);
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(layers[i].layerName, name) == 0)
            return true;
    return false;
}

static bool open_library(struct vulkan_api *api, struct error *e)
{
    const char *names[] = {"libvulkan.so.1", "libvulkan.so", "libvulkan.dylib", "libMoltenVK.dylib"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !api->library; i++)
        api->library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!api->library)
        return error_set(e, EXIT_ENVIRONMENT,
                         "no Vulkan loader (libvulkan.so.1) on this machine. On Debian: apt install libvulkan1 "
                         "mesa-vulkan-drivers. Without one, --device native and --device sim:... still work.");
    *(void **)&api->GetInstanceProcAddr = dlsym(api->library, "vkGetInstanceProcAddr");
    if (!api->GetInstanceProcAddr)
        return error_set(e, EXIT_ENVIRONMENT, "libvulkan has no vkGetInstanceProcAddr: it is damaged or not a loader");
#define RESOLVE(name) api->name = (PFN_vk##name)api->GetInstanceProcAddr(NULL, "vk" #name);
    VULKAN_GLOBAL_FUNCTIONS(RESOLVE)
#undef RESOLVE
    return true;
}

static bool create_instance(struct vulkan_instance *vi, struct error *e)
{
    const char *layer = "VK_LAYER_KHRONOS_validation";
    const char *extension = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
    bool validate = wants_validation();
    if (validate && !has_layer(&vi->api, layer))
        return error_set(e, EXIT_ENVIRONMENT,
                         "ROOFLAB_VALIDATE is set, but %s is not installed. On Debian: apt install "
                         "vulkan-validationlayers",
                         layer);
    uint32_t version = VK_API_VERSION_1_0;
    if (vi->api.EnumerateInstanceVersion)
        vi->api.EnumerateInstanceVersion(&version);
    if (version < VK_API_VERSION_1_1)
        return error_set(e, EXIT_ENVIRONMENT, "the Vulkan loader is older than 1.1: update libvulkan1");
    VkApplicationInfo app = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                             .pApplicationName = "rooflab",
                             .apiVersion = VK_API_VERSION_1_3};
    VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                 .pNext = validate ? &messenger_info : NULL,
                                 .pApplicationInfo = &app,
                                 .enabledLayerCount = validate,
                                 .ppEnabledLayerNames = &layer,
                                 .enabledExtensionCount = validate,
                                 .ppEnabledExtensionNames = &extension};
    VkResult r = vi->api.CreateInstance(&info, NULL, &vi->handle);
    if (r)
        return error_set(e, EXIT_ENVIRONMENT,
                         "vkCreateInstance: %s. No Vulkan driver is installed, or none works. On Debian: apt install "
                         "mesa-vulkan-drivers (software), or your GPU vendor's driver.",
                         vulkan_result(r));
#define RESOLVE(name) vi->api.name = (PFN_vk##name)vi->api.GetInstanceProcAddr(vi->handle, "vk" #name);
    VULKAN_INSTANCE_FUNCTIONS(RESOLVE)
#undef RESOLVE
    PFN_vkCreateDebugUtilsMessengerEXT create_messenger =
        (PFN_vkCreateDebugUtilsMessengerEXT)vi->api.GetInstanceProcAddr(vi->handle, "vkCreateDebugUtilsMessengerEXT");
    if (validate && create_messenger)
        create_messenger(vi->handle, &messenger_info, NULL, &vi->messenger);
    return true;
}

/* The drivers behind an instance run threads; Mesa's do not like to be unloaded while others still print. */
static struct vulkan_instance shared;

static void close_instance(void)
{
    PFN_vkDestroyDebugUtilsMessengerEXT destroy =
        (PFN_vkDestroyDebugUtilsMessengerEXT)shared.api.GetInstanceProcAddr(shared.handle,
                                                                            "vkDestroyDebugUtilsMessengerEXT");
    if (shared.messenger && destroy)
        destroy(shared.handle, shared.messenger, NULL);
    shared.api.DestroyInstance(shared.handle, NULL);
}

struct vulkan_instance *vulkan_instance_get(struct error *e)
{
    if (shared.handle)
        return &shared;
    if (!shared.api.library && !open_library(&shared.api, e))
        return NULL;
    if (!create_instance(&shared, e))
        return NULL;
    atexit(close_instance);
    shared.physical_count = sizeof shared.physical / sizeof *shared.physical;
    VkResult r = shared.api.EnumeratePhysicalDevices(shared.handle, &shared.physical_count, shared.physical);
    if (r != VK_SUCCESS && r != VK_INCOMPLETE)
        shared.physical_count = 0;
    return &shared;
}
