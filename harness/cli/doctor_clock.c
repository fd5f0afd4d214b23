/* Measures what a device's clock is worth: its floor, and whether its seconds are the host's. */
#include <math.h>

#include "harness/base/stats.h"
#include "harness/cli/doctor.h"

enum { FLOOR_RUNS = 31, PAIRS = 9, FILLS_MAX = 512 };
#define LONG_NS 20e6

static struct sequence *fills(struct device *d, struct buffer *b, uint64_t bytes, int count, struct error *e)
{
    struct dispatch list[FILLS_MAX];
    for (int i = 0; i < count; i++) {
        list[i] = (struct dispatch){.kind = DISPATCH_FILL, .view_count = 1, .fill = (uint32_t)i};
        list[i].views[0] = (struct buffer_view){.buffer = b, .bytes = bytes};
        list[i].cost.bytes_written = (double)bytes;
    }
    return device_sequence(d, list, count, false, e);
}

static bool run(struct device *d, struct sequence *s, double *device_ns, double *host_ns, struct error *e)
{
    struct timing t;
    double start = host_clock_ns();
    bool ok = device_run(d, s, &t, e);
    *host_ns = host_clock_ns() - start;
    *device_ns = t.total_ns;
    return ok;
}

static bool measure_floor(struct device *d, struct buffer *b, double *floor_ns, struct error *e)
{
    double samples[FLOOR_RUNS], host;
    struct sequence *s = fills(d, b, 64, 1, e);
    bool ok = s != NULL;
    for (int i = 0; i < FLOOR_RUNS && ok; i++)
        ok = run(d, s, &samples[i], &host, e);
    device_sequence_free(d, s);
    if (ok)
        *floor_ns = stats_median(samples, FLOOR_RUNS);
    return ok;
}

/* How many fills take long enough that a microsecond of the host's does not matter. */
static bool enough(struct device *d, struct buffer *b, uint64_t bytes, int *count, struct error *e)
{
    double device_ns = 0, host_ns = 0;
    for (*count = 8; *count < FILLS_MAX; *count *= 2) {
        struct sequence *s = fills(d, b, bytes, *count, e);
        bool ok = s && run(d, s, &device_ns, &host_ns, e) && run(d, s, &device_ns, &host_ns, e);
        device_sequence_free(d, s);
        if (!ok || host_ns >= LONG_NS)
            return ok;
    }
    return true;
}

/* Long minus short work: what submitting costs stands in both and cancels. */
static bool measure_agreement(struct device *d, struct buffer *b, uint64_t bytes, double *agreement,
                              struct error *e)
{
    double ratios[PAIRS], device_long, host_long, device_short, host_short;
    int count;
    if (!enough(d, b, bytes, &count, e))
        return false;
    struct sequence *longer = fills(d, b, bytes, count, e);
    struct sequence *shorter = longer ? fills(d, b, bytes, count / 4, e) : NULL;
    bool ok = shorter != NULL;
    for (int i = 0; i < PAIRS && ok; i++) {
        ok = run(d, longer, &device_long, &host_long, e) && run(d, shorter, &device_short, &host_short, e);
        ratios[i] = ok ? (device_long - device_short) / (host_long - host_short) : NAN;
    }
    device_sequence_free(d, longer);
    device_sequence_free(d, shorter);
    *agreement = ok ? stats_median(ratios, PAIRS) : NAN;
    return ok;
}

bool doctor_clock(struct device *d, struct clock_quality *q, struct error *e)
{
    uint64_t bytes = 16 << 20;
    *q = (struct clock_quality){NAN, NAN};
    struct buffer *b = device_buffer(d, bytes, e);
    bool ok = b && measure_floor(d, b, &q->floor_ns, e);
    /* The host's clock agrees with itself, and a model has none. */
    if (ok && d->info.timestamp_bits)
        ok = measure_agreement(d, b, bytes, &q->agreement, e);
    device_buffer_free(d, b);
    return ok;
}
