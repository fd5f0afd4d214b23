/* The kinds of device that device.c's table names. */
#ifndef ROOFLAB_DRIVERS_H
#define ROOFLAB_DRIVERS_H

#include "harness/device/device.h"

extern const struct driver vulkan_driver;
extern const struct driver native_driver;
extern const struct driver sim_driver;

#endif
