#include "harness/tests/support_kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <ftw.h>

static char folder[] = "/tmp/rooflab-kernel-XXXXXX";
static char *first_home;

int house_make(void **state)
{
    (void)state;
    first_home = need_string(getenv("ROOFLAB_HOME"));
    return mkdtemp(folder) && folder_make(house_path("kernels/elementwise"), NULL) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st, (void)kind, (void)walk;
    return remove(path);
}

int house_remove(void **state)
{
    (void)state;
    house_own(false);
    free(first_home);
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void house_own(bool own)
{
    const char *home = own ? folder : first_home;
    if (home)
        setenv("ROOFLAB_HOME", home, 1);
    else
        unsetenv("ROOFLAB_HOME");
}

const char *house_path(const char *name)
{
    static char paths[2][400];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, name);
    return paths[turn];
}

void house_write(const char *name, const char *text, size_t len)
{
    struct error e = {0};
    if (!file_write(house_path(name), text, len, &e))
        fail_msg("%s", e.text);
}

struct kernel *house_kernel(const char *name, const char *text, struct error *e)
{
    house_write(name, text, strlen(text));
    return kernel_read(house_path(name), e);
}

struct plan *house_plan(const char *text, const struct shape_entry *shape, int count, const uint32_t *tune,
                        struct error *e)
{
    struct kernel *k = house_kernel("my.comp", text, e);
    if (!k)
        fail_msg("%s", e->text);
    struct plan *p = kernel_plan(k, shape, count, tune, e);
    kernel_free(k);
    return p;
}

void assert_says(const char *text, const char *words)
{
    char *copy = need_string(words), *save = NULL;
    for (char *word = strtok_r(copy, "|", &save); word; word = strtok_r(NULL, "|", &save))
        if (!strstr(text, word))
            fail_msg("'%s' is not in: %s", word, text);
    free(copy);
}
