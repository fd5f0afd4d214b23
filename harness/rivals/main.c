/* rivals [memory|arithmetic|chains|blas]...: all of them, or those that are named. CHAIN=softmax in the environment: of the
 * chains only this one. */
#include <stdio.h>
#include <string.h>

#include "harness/rivals/rival.h"

static const struct {
    const char *name;
    bool (*run)(struct error *e);
} contests[] = {
    {"memory", rivals_memory}, {"arithmetic", rivals_arithmetic}, {"chains", rivals_chains}, {"blas", rivals_blas},
};
enum { CONTESTS = sizeof contests / sizeof *contests };

static bool wanted(const char *name, int count, char **words)
{
    for (int i = 1; i < count; i++)
        if (strcmp(words[i], name) == 0)
            return true;
    return count < 2;
}

int main(int count, char **words)
{
    int code = 0, ran = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 0; i < CONTESTS; i++) {
        struct error e = {0};
        if (!wanted(contests[i].name, count, words))
            continue;
        ran++;
        if (!contests[i].run(&e)) {
            fprintf(stderr, "rivals: %s: %s\n", contests[i].name, e.text);
            code = e.code;
        }
        puts("");
    }
    if (!ran)
        fprintf(stderr, "usage: rivals [memory|arithmetic|chains|blas]...\n");
    return ran ? code : 2;
}
