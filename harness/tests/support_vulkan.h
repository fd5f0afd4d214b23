/* Vulkan devices for tests, opened with the options of ROOFLAB_VULKAN (harness/device/vulkan.h). */
#ifndef ROOFLAB_TESTS_SUPPORT_VULKAN_H
#define ROOFLAB_TESTS_SUPPORT_VULKAN_H

#include "harness/device/device.h"

/* The default Vulkan device with these options ("" for none). Where there is none the program ends as skipped. */
struct device *vulkan_with(const char *options);

/* A program from GLSL text; the test fails where it does not compile. Storage buffers at bindings 0 .. count-1, unless
 * kinds and formats say otherwise (NULL: they do not). */
struct program *program_of(struct device *d, const char *glsl, int count, const enum bind_kind *kinds,
                           const enum texel_format *formats, uint32_t push_bytes);

/* A buffer with n words in it, freed by device_buffer_free. */
struct buffer *buffer_of(struct device *d, const void *words, uint64_t n);

/* Fails where the validation layer complained; to be the last test of a program. */
void nothing_was_complained_of(void **state);

#endif
