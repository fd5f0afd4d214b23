/* Does a shader's workgroup fit a device? */
#ifndef ROOFLAB_WORKGROUP_H
#define ROOFLAB_WORKGROUP_H

#include "harness/device/device.h"
#include "harness/spirv/module.h"

/* Looks at the workgroup's size and its shared memory under these specialisation values. false, EXIT_ENVIRONMENT, where one is
 * more than the device has: a driver that is asked for it may do anything. entry NULL: the only one. */
bool workgroup_fits(const uint32_t *words, size_t count, const char *entry, const struct spec_value *spec, size_t specs,
                    const struct device_info *d, struct error *e);

#endif
