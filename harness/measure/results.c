#include "harness/measure/results.h"

#include <stdlib.h>

#include "harness/base/text.h"
#include "harness/kernel/kernel.h"

char *results_folder(const char *out, const char *slug, struct error *e)
{
    const char *chosen = getenv("ROOFLAB_RESULTS"), *home = NULL;
    struct text t = {0};
    if (out && *out)
        return need_string(out);
    if (chosen && *chosen)
        text_add(&t, "%s/%s", chosen, slug);
    else if ((home = home_folder(e)))
        text_add(&t, "%s/results/%s", home, slug);
    return t.s;
}
