/* rooflab plot: charts from records alone. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/command.h"
#include "roofline/chart.h"

struct options {
    int kind;
    const char *group, *stem, *title;
    double spec_bytes_per_s, spec_ops_per_s;
    bool emit;
};

static const struct option options[] = {
    {"kind", OPTION_CHOICE, "KIND", "passes, roofline, bandwidth, instructions, bars, lines, sizes or first; default: all that the record has data for",
     .offset = offsetof(struct options, kind), .choices = chart_kind_names},
    {"group", OPTION_STRING, "NAME", "only the runs of this group (seed, light, ...), or of several (seed,light)", .offset = offsetof(struct options, group)},
    {"stem", OPTION_STRING, "PATH", "files PATH-KIND.gp, .dat, .png, .svg; default: beside the first record",
     .offset = offsetof(struct options, stem)},
    {"title", OPTION_STRING, "TEXT", "instead of the record's title", .offset = offsetof(struct options, title)},
    {"spec-bw", OPTION_QUANTITY, "RATE", "a data sheet's bandwidth, drawn dashed: 4.8TB/s",
     .offset = offsetof(struct options, spec_bytes_per_s), .unit = UNIT_BYTES_PER_S},
    {"spec-peak", OPTION_QUANTITY, "RATE", "a data sheet's peak, drawn dashed: 67TFLOP/s",
     .offset = offsetof(struct options, spec_ops_per_s), .unit = UNIT_OPS_PER_S},
    {"emit", OPTION_FLAG, NULL, "write .gp and .dat only, do not run gnuplot", .offset = offsetof(struct options, emit)},
    {0},
};

/* Has any record what this kind of chart shows? */
static bool has_data(struct record *const *records, int count, int kind)
{
    for (int i = 0; i < count; i++)
        if (chart_kinds[kind].has_data(records[i]))
            return true;
    return false;
}

static char *stem_of(const struct arguments *a, const struct options *o, int kind)
{
    struct text t = {0};
    char group[64];
    slug(group, sizeof group, o->group ? o->group : "");
    const char *first = o->stem ? o->stem : a->words[0];
    size_t n = strlen(first);
    if (!o->stem && ends_with(first, ".json"))
        n -= 5;
    text_add(&t, "%.*s-%s%s%s", (int)n, first, chart_kinds[kind].name, o->group ? "-" : "", o->group ? group : "");
    return t.s;
}

static bool draw(const struct arguments *a, struct record *const *records, int count, int kind, struct error *e)
{
    const struct options *o = a->own;
    char *stem = stem_of(a, o, kind);
    struct chart_options c = {.stem = stem,
                              .title = o->title,
                              .group = o->group,
                              .spec_bytes_per_s = isnan(o->spec_bytes_per_s) ? 0 : o->spec_bytes_per_s,
                              .spec_ops_per_s = isnan(o->spec_ops_per_s) ? 0 : o->spec_ops_per_s,
                              .draw = !o->emit};
    bool ok = chart_kinds[kind].draw((const struct record *const *)records, count, &c, e);
    if (ok && !a->quiet)
        printf("%s%s\n", stem, o->emit ? ".gp" : ".png");
    free(stem);
    return ok;
}

static int run(const struct arguments *a)
{
    const struct options *o = a->own;
    struct error e = {0};
    struct record **records = need(sizeof *records * (size_t)a->word_count);
    bool ok = true;
    int count = 0, drawn = 0;
    for (; count < a->word_count && ok; count++) {
        records[count] = need(sizeof **records);
        ok = record_read(records[count], a->words[count], &e);
    }
    ok = ok && (!o->group || chart_knows_groups((const struct record *const *)records, count, o->group, &e));
    for (int kind = 0; kind < CHART_KINDS && ok; kind++)
        if (o->kind == kind || (o->kind < 0 && has_data(records, count, kind))) {
            ok = draw(a, records, count, kind, &e);
            drawn++;
        }
    if (ok && !drawn)
        ok = error_set(&e, EXIT_USAGE, "%s holds neither runs nor ceilings: there is nothing to draw", a->words[0]);
    for (int i = 0; i < count; i++) {
        record_clear(records[i]);
        free(records[i]);
    }
    free(records);
    return ok ? EXIT_OK : command_fail(a, &e);
}

static const struct example examples[] = {
    {"rooflab plot results/mygpu/fusion.json", "all charts that the record has data for, beside it"},
    {"rooflab plot results/*/fusion.json --kind roofline --stem /tmp/all", "several devices in one roofline"},
    {"rooflab plot fusion.json --kind roofline --spec-bw 4.8TB/s --spec-peak 67TFLOP/s", "with the data sheet's roofs, dashed"},
    {NULL, NULL},
};
static const struct exit_note exits[] = {{EXIT_OK, "drawn"}, {EXIT_ENVIRONMENT, "gnuplot is missing, or nowhere to write"}, {0, NULL}};

const struct command command_plot = {
    .name = "plot",
    .group = GROUP_LOOK,
    .summary = "charts from records: passes, roofline, bandwidth, bars, layers and others",
    .about = "Draws PNG and SVG by gnuplot from one emitted .gp and .dat, from the record alone: no device and no Vulkan loader "
             "is needed, and the same record gives the same bytes.",
    .usage = "RECORD.json...",
    .word = "a record",
    .min_words = 1,
    .max_words = 16,
    .common = COMMON_QUIET,
    .options = options,
    .own_bytes = sizeof(struct options),
    .examples = examples,
    .exits = exits,
    .run = run,
};
