/* All devices that can be found, and which of them is the default. */
#ifndef ROOFLAB_DEVICE_LIST_H
#define ROOFLAB_DEVICE_LIST_H

#include "harness/device/device.h"

struct device_list {
    struct device_info *infos;
    int count;
    char standard[sizeof((struct device_info *)0)->spec]; /* the default's spec; "" where there is none */
};

/* Where nothing is found, count is 0 and e says why. */
void device_list_make(struct device_list *l, struct error *e);
void device_list_free(struct device_list *l);

#endif
