#include "harness/cli/device_list.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"

static void each(void *context, const struct device_info *info)
{
    struct device_list *l = context;
    l->infos = need_more(l->infos, sizeof *l->infos * (size_t)(l->count + 1));
    l->infos[l->count++] = *info;
}

void device_list_make(struct device_list *l, struct error *e)
{
    const struct driver *const *drivers = device_drivers();
    *l = (struct device_list){0};
    for (int i = 0; drivers[i]; i++)
        drivers[i]->list(each, l, e);
    /* Opening is the one sure way to learn what will be opened. */
    struct device *d = device_open(NULL, NULL);
    if (d)
        memcpy(l->standard, d->info.spec, sizeof l->standard);
    device_close(d);
}

void device_list_free(struct device_list *l)
{
    free(l->infos);
    *l = (struct device_list){0};
}
