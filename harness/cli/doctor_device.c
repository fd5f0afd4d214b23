/* What the doctor asks of one device. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/cli/doctor.h"

/* A tensor that is served from memory and not from a cache should be about this large at least. */
#define COMFORTABLE_BYTES 256e6

static void check_kind(struct findings *f, const struct device_info *i)
{
    if (i->hardware) {
        finding_add(f, LEVEL_OK, "hardware", "%s", i->kind);
    } else if (!i->computes) {
        finding_add(f, LEVEL_NOTE, "hardware", "a machine on paper: it has time but computes nothing")
            ->cannot = "Results cannot be verified on a simulated machine.";
    } else {
        struct finding *found = finding_add(
            f, LEVEL_NOTE, "hardware", "a software rasteriser: kernels run on the processor, load by load");
        found->remedy = "for a GPU install its vendor's Vulkan driver; it is then taken by itself";
        found->cannot = "A GPU's memory. Here loads and stores are many instructions, so the bandwidth "
                        "ceilings are those of instructions, a ladder of kernels may come out in another "
                        "order than on a GPU, and arithmetic binds early. Passes, bytes, bounds and "
                        "verdicts are as true as anywhere.";
    }
}

static void check_version(struct findings *f, const struct device_info *i)
{
    if (i->language == LANGUAGE_C) { /* no Vulkan is asked of the host */
        finding_add(f, LEVEL_OK, "kernels", "in C, compiled when they are first run");
        return;
    }
    bool fits = i->api_major > 1 || i->api_minor >= 1;
    struct finding *found =
        finding_add(f, fits ? LEVEL_OK : LEVEL_PROBLEM, "version", "Vulkan %u.%u.%u%s", i->api_major,
                    i->api_minor, i->api_patch, fits ? "" : ", and 1.1 is needed");
    found->vital = true;
    found->remedy = fits ? NULL : "update the driver, or choose another device";
}

static void check_memory(struct findings *f, const struct device_info *i)
{
    char memory[UNITS_TEXT], binding[UNITS_TEXT];
    units_format(memory, UNIT_BYTES, (double)i->memory_bytes);
    units_format(binding, UNIT_BYTES, (double)i->max_binding_bytes);
    finding_add(f, LEVEL_OK, "memory", "%s%s", memory,
                i->device_local ? ", the device's own: data is copied there and back, outside the timed part"
                                : "");
    bool roomy = (double)i->max_binding_bytes >= COMFORTABLE_BYTES;
    struct finding *found =
        finding_add(f, roomy ? LEVEL_OK : LEVEL_NOTE, "binding", "at most %s in one buffer", binding);
    if (!roomy) {
        found->remedy = "ask for tensors up to that size (--tensor); kernels with a line `split` take larger ones in parts";
        found->cannot =
            "Chains over a tensor larger than one buffer binding, and kernels whose header does not let their rows be split over "
            "several. Where the last cache is nearly that large, a tensor may lie in the cache: rooflab then marks the run "
            "cache-resident.";
    }
}

static void check_features(struct findings *f, const struct device_info *i)
{
    if (i->loop_passes) {
        finding_add(f, LEVEL_NOTE, "loops", "the driver ends all loops of an invocation, silently, after %u passes", i->loop_passes)
            ->remedy = "share long loops out to more workgroups; results are verified, so that a kernel cut short is found";
    }
    if (i->language == LANGUAGE_C) {
        finding_add(f, LEVEL_OK, "vectors", "the compiler makes them, by loops over a row");
    } else if (i->subgroup_arithmetic) {
        finding_add(f, LEVEL_OK, "subgroups", "%u invocations, with arithmetic", i->subgroup_size);
    } else {
        finding_add(f, LEVEL_NOTE, "subgroups", "%u invocations, no arithmetic across them", i->subgroup_size)
            ->cannot =
            "Reductions by subgroup: row operators go through shared memory instead, which is slower.";
    }
    if (i->f16_storage) {
        finding_add(f, LEVEL_OK, "f16", "storage%s",
                    i->f16_arithmetic ? " and arithmetic" : "; arithmetic is in f32");
    } else {
        finding_add(f, LEVEL_NOTE, "f16", "no 16-bit storage")->cannot =
            "Half-size tensors: chains with to_f16 are reported as unsupported.";
    }
}

static void check_agreement(struct findings *f, const struct device_info *i, const struct clock_quality *q)
{
    char floor[UNITS_TEXT];
    double off = fabs(q->agreement - 1);
    units_format(floor, UNIT_SECONDS, q->floor_ns / 1e9);
    enum level level = off < 0.02 ? LEVEL_OK : off < 0.1 ? LEVEL_NOTE : LEVEL_PROBLEM;
    struct finding *found =
        finding_add(f, level, "time stamps",
                    "%u valid bits, %g ns a tick; next to nothing takes %s; the device's second is %.3f of "
                    "the host's",
                    i->timestamp_bits, i->timestamp_period_ns, floor, q->agreement);
    if (level == LEVEL_NOTE)
        found->remedy = "a busy machine disturbs this comparison: ask again when it is quiet";
    if (level == LEVEL_PROBLEM)
        found->remedy =
            "the driver's time stamps cannot be believed: update it, and compare with another device";
}

static void check_clock(struct findings *f, struct device *d)
{
    struct error e = {0};
    struct clock_quality q;
    char floor[UNITS_TEXT];
    if (!doctor_clock(d, &q, &e)) {
        finding_add(f, LEVEL_PROBLEM, "time stamps", "%s", e.text)->vital = true;
    } else if (d->info.timestamp_bits && isfinite(q.agreement)) {
        check_agreement(f, &d->info, &q);
    } else if (!d->info.computes) {
        finding_add(f, LEVEL_OK, "time stamps", "a model's: exact");
    } else if (d->info.language == LANGUAGE_C) { /* its own clock, not one that stands in for another */
        finding_add(f, LEVEL_OK, "clock", "the host's own; next to nothing takes %s",
                    units_format(floor, UNIT_SECONDS, q.floor_ns / 1e9));
    } else {
        struct finding *found = finding_add(
            f, LEVEL_NOTE, "time stamps", "none (%s): the host's clock is used, and next to nothing takes %s",
            d->info.clock_note, units_format(floor, UNIT_SECONDS, q.floor_ns / 1e9));
        found->remedy = "use tensors large enough that this floor does not matter";
        found->cannot = "Times of a few microseconds: they drown in what the host needs to submit work.";
    }
}

void doctor_device(struct findings *f, const struct device_info *info)
{
    struct error e = {0};
    snprintf(f->title, sizeof f->title, "%.120s  %.180s", info->spec, info->name);
    finding_add(f, LEVEL_OK, "driver", "%s", info->driver);
    check_kind(f, info);
    if (info->computes)
        check_version(f, info);
    check_memory(f, info);
    check_features(f, info);
    struct device *d = device_open(info->spec, &e);
    if (d)
        check_clock(f, d);
    else
        finding_add(f, LEVEL_PROBLEM, "opening", "%s", e.text)->vital = true;
    device_close(d);
}
