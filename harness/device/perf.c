#include "harness/device/perf.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#if defined __linux__
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "harness/base/text.h"

static const char *const names[PERF_EVENTS] = {"instructions", "cycles", "llc_misses", "context_switches", "page_faults"};
static int files[PERF_EVENTS];
static char missing[300];
static bool opened;

const char *perf_name(enum perf_event e)
{
    return names[e];
}

#if defined __linux__
static int open_event(uint32_t type, uint64_t config)
{
    struct perf_event_attr a = {.type = type, .size = sizeof a, .config = config};
    a.inherit = 1; /* threads that are made later too */
    a.exclude_kernel = type == PERF_TYPE_HARDWARE;
    a.exclude_hv = 1;
    return (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static const struct {
    uint32_t type;
    uint64_t config;
} events[PERF_EVENTS] = {[PERF_INSTRUCTIONS] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
                         [PERF_CYCLES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
                         [PERF_LLC_MISSES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
                         [PERF_SWITCHES] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
                         [PERF_FAULTS] = {PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS}};

static const char *reason(int error)
{
    switch (error) {
    case ENOENT:
    case EOPNOTSUPP:
    case ENODEV: return "the kernel offers no such event here (a virtual machine without performance counters?)";
    case EACCES:
    case EPERM: return "not permitted (/proc/sys/kernel/perf_event_paranoid, or a container)";
    case ENOSYS: return "this kernel has no perf events";
    default: return strerror(error);
    }
}

static void open_all(void)
{
    struct text t = {0};
    int last = 0;
    for (int i = 0; i < PERF_EVENTS; i++) {
        files[i] = open_event(events[i].type, events[i].config);
        if (files[i] >= 0)
            continue;
        last = errno;
        text_add(&t, "%s%s", t.len ? ", " : "", names[i]);
    }
    if (t.len)
        snprintf(missing, sizeof missing, "%.120s: %s", text_get(&t), reason(last));
    text_free(&t);
}

static double read_event(int file)
{
    uint64_t value;
    return file >= 0 && read(file, &value, sizeof value) == sizeof value ? (double)value : NAN;
}
#else
static void open_all(void)
{
    for (int i = 0; i < PERF_EVENTS; i++)
        files[i] = -1;
    snprintf(missing, sizeof missing, "this system has no perf events");
}

static double read_event(int file)
{
    (void)file;
    return NAN;
}
#endif

void perf_open(void)
{
    if (!opened)
        open_all();
    opened = true;
}

void perf_read(double totals[PERF_EVENTS])
{
    perf_open();
    for (int i = 0; i < PERF_EVENTS; i++)
        totals[i] = read_event(files[i]);
}

const char *perf_missing(void)
{
    perf_open();
    return missing;
}
