/* Perf events: what the kernel offers counts, of all threads made later too; what it does not offer has a reason. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "harness/device/perf.h"

enum { PAGES = 500 };

static void *touch(void *argument)
{
    char *bytes = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)argument;
    madvise(bytes, PAGES * 4096, MADV_NOHUGEPAGE);
    for (int i = 0; i < PAGES; i++)
        ((volatile char *)bytes)[i * 4096] = 1;
    munmap(bytes, PAGES * 4096);
    return NULL;
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    double totals[PERF_EVENTS];
    perf_read(totals);
    for (int i = 0; i < PERF_EVENTS; i++)
        assert_int_equal(isnan(totals[i]), strstr(perf_missing(), perf_name((enum perf_event)i)) != NULL);
}

static void threads_are_counted(void **state)
{
    (void)state;
    double before[PERF_EVENTS], after[PERF_EVENTS];
    pthread_t thread;
    perf_read(before);
    if (isnan(before[PERF_FAULTS]))
        skip();
    assert_int_equal(pthread_create(&thread, NULL, touch, NULL), 0);
    pthread_join(thread, NULL);
    perf_read(after);
    assert_true(after[PERF_FAULTS] - before[PERF_FAULTS] >= PAGES);
    for (int i = 0; i < PERF_EVENTS; i++)
        assert_true(isnan(after[i]) || after[i] >= before[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(threads_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
