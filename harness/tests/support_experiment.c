#include "harness/tests/support_experiment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/tests/support_kernel.h"

struct experiment *read_text(const char *text, struct error *e)
{
    house_write("my.txt", text, strlen(text));
    return experiment_read(house_path("my.txt"), e);
}

struct experiment *read_right(const char *text)
{
    struct error e = {0};
    struct experiment *x = read_text(text, &e);
    if (!x)
        fail_msg("%s", e.text);
    return x;
}
