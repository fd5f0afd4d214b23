#include "harness/cli/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/text.h"
#include "harness/cli/report.h"
#include "harness/measure/results.h"
#include "harness/measure/study.h"
#include "harness/cli/style.h"
#include "harness/cli/wrap.h"
#include "roofline/chart.h"

bool outcome_ready(const struct arguments *a, const char *device_slug, struct error *e)
{
    struct text probe = {0};
    char *folder = results_folder(a->out, device_slug, e);
    bool ok = folder != NULL;
    text_add(&probe, "%s/.writable", folder ? folder : "");
    ok = ok && file_write(probe.s, "", 0, e);
    if (ok)
        remove(probe.s);
    text_free(&probe);
    free(folder);
    return ok;
}

bool outcome_write(const struct arguments *a, const struct record *r, const char *device_slug, const char *stem,
                   char **path, struct error *e)
{
    struct text t = {0};
    char *folder = results_folder(a->out, device_slug, e);
    if (!folder)
        return false;
    text_add(&t, "%s/%s.json", folder, stem);
    free(folder);
    *path = t.s;
    return record_write(r, t.s, e);
}

static void print_conclusion(const struct record *r)
{
    const struct style *s = style_of(stdout);
    if (!r->conclusion)
        return;
    printf("\n%s", s->bold);
    wrap_print(stdout, r->conclusion, 0, 0);
    printf("%s", s->off);
}

void outcome_print(const struct arguments *a, const struct record *r)
{
    if (a->json) {
        char *json = record_json(r);
        fputs(json, stdout);
        free(json);
    } else if (a->csv) {
        report_runs_csv(r, stdout);
    } else {
        report_runs(r, stdout);
        report_claims(r, stdout);
        report_notes(r, stdout);
        print_conclusion(r);
    }
    fflush(stdout);
}

int outcome_nothing_ran(const struct record *r)
{
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].status != RUN_UNSUPPORTED)
            return EXIT_OK;
    return EXIT_ENVIRONMENT;
}

static bool draw(const struct record *const *records, int n, const struct outcome_chart *c, const char *stem, struct error *e)
{
    struct chart_options o = {.stem = stem, .group = c->group && *c->group ? c->group : NULL, .draw = true};
    return chart_kind(c->kind)->draw(records, n, &o, e);
}

int outcome_charts(const struct arguments *a, const struct record *r, const char *record_path,
                   const struct outcome_chart *charts, int count)
{
    return outcome_charts_of(a, &r, 1, record_path, charts, count);
}

int outcome_charts_of(const struct arguments *a, const struct record *const *records, int n, const char *record_path,
                      const struct outcome_chart *charts, int count)
{
    int code = EXIT_OK;
    size_t base = strlen(record_path) - strlen(".json");
    for (int i = 0; i < count; i++) {
        struct error e = {0};
        struct text stem = {0};
        char group[64];
        slug(group, sizeof group, charts[i].group ? charts[i].group : "");
        text_add(&stem, "%.*s-%s%s%s", (int)base, record_path, charts[i].kind, charts[i].group && *charts[i].group ? "-" : "",
                 charts[i].group && *charts[i].group ? group : "");
        if (draw(records, n, &charts[i], stem.s, &e))
            fprintf(stderr, "  %s.png\n", stem.s);
        else
            code = outcome_worse(code, command_fail(a, &e));
        text_free(&stem);
        if (e.code == EXIT_ENVIRONMENT)
            break; /* no gnuplot: one message is enough */
    }
    return code;
}

int outcome_worse(int a, int b)
{
    static const int order[] = {EXIT_INTERRUPTED, EXIT_ENVIRONMENT, EXIT_BEATEN, EXIT_CHECK, EXIT_USAGE, EXIT_SKIPPED};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return EXIT_OK;
}

int outcome_runs(const struct arguments *a, const struct device *d, const struct record *r, const char *kind,
                 const struct outcome_chart *charts, int count)
{
    struct error e = {0};
    char stem[96], name[80], *path = NULL;
    int code = outcome_worse(study_exit(r), outcome_nothing_ran(r));
    outcome_print(a, r);
    slug(name, sizeof name, a->words[0]);
    snprintf(stem, sizeof stem, "%s-%s", kind, name);
    if (!outcome_write(a, r, d->info.slug, stem, &path, &e))
        code = outcome_worse(code, command_fail(a, &e));
    else
        code = outcome_worse(code, outcome_charts(a, r, path, charts, count));
    if (path && !a->quiet)
        fprintf(stderr, "written: %s\n", path);
    free(path);
    return interrupted ? EXIT_INTERRUPTED : code;
}

int outcome_run(const struct arguments *a, outcome_measure measure, outcome_end end)
{
    struct error e = {0};
    struct record r = {0};
    struct device *d = device_open(a->device, &e);
    int code = d && outcome_ready(a, d->info.slug, &e) && measure(a, d, &r, &e) ? end(a, d, &r) : command_fail(a, &e);
    record_clear(&r);
    device_close(d);
    return code;
}
