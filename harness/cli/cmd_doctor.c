/* rooflab doctor: can this machine do it, and what is missing? */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/command.h"
#include "harness/cli/device_list.h"
#include "harness/cli/doctor.h"
#include "harness/cli/style.h"
#include "harness/cli/wrap.h"

enum { NAME_COLUMNS = 12, TEXT_AT = 26 };

static const char *const level_names[] = {
    [LEVEL_OK] = "ok", [LEVEL_NOTE] = "note", [LEVEL_PROBLEM] = "problem"};

struct report {
    struct findings *parts; /* the machine, then its devices */
    int count;
};

static struct findings *report_part(struct report *r)
{
    r->parts = need_more(r->parts, sizeof *r->parts * (size_t)(r->count + 1));
    memset(&r->parts[r->count], 0, sizeof *r->parts);
    return &r->parts[r->count++];
}

/* All devices, or the one that was asked for. */
static bool examine(struct report *r, const struct arguments *a, struct error *e)
{
    struct device_list l;
    doctor_machine(report_part(r), a->out);
    if (a->device) {
        struct device *d = device_open(a->device, e);
        if (!d)
            return false;
        struct device_info info = d->info;
        device_close(d);
        doctor_device(report_part(r), &info);
        return true;
    }
    device_list_make(&l, NULL);
    for (int i = 0; i < l.count; i++) {
        struct findings *part = report_part(r);
        doctor_device(part, &l.infos[i]);
        if (strcmp(l.infos[i].spec, l.standard) == 0)
            strncat(part->title, " (the default)", sizeof part->title - strlen(part->title) - 1);
    }
    device_list_free(&l);
    return true;
}

static bool fit(const struct findings *f)
{
    for (int i = 0; i < f->count; i++)
        if (f->list[i].vital && f->list[i].level == LEVEL_PROBLEM)
            return false;
    return true;
}

/* The machine must be fit, and one of its devices. */
static bool can_run(const struct report *r)
{
    for (int p = 1; p < r->count; p++)
        if (fit(&r->parts[p]))
            return fit(&r->parts[0]);
    return false;
}

/* ---- output ---- */

static void print_finding(const struct finding *f)
{
    const struct style *s = style_of(stdout);
    const char *colours[] = {[LEVEL_OK] = s->green, [LEVEL_NOTE] = s->yellow, [LEVEL_PROBLEM] = s->red};
    printf("  %s%-8s%s  %-*s  ", colours[f->level], level_names[f->level], s->off, NAME_COLUMNS, f->name);
    wrap_print(stdout, f->text, TEXT_AT, TEXT_AT);
    if (f->remedy) {
        printf("%*s%s", TEXT_AT - 3, "", "-> ");
        wrap_print(stdout, f->remedy, TEXT_AT, TEXT_AT);
    }
}

static void print_text(const struct report *r)
{
    const struct style *s = style_of(stdout);
    bool titled = false;
    for (int p = 0; p < r->count; p++) {
        printf("%s%s%s%s\n", p ? "\n" : "", s->bold, r->parts[p].title, s->off);
        for (int i = 0; i < r->parts[p].count; i++)
            print_finding(&r->parts[p].list[i]);
    }
    for (int p = 0; p < r->count; p++)
        for (int i = 0; i < r->parts[p].count; i++) {
            const struct finding *f = &r->parts[p].list[i];
            if (!f->cannot)
                continue;
            if (!titled)
                printf("\n%sWhat cannot be shown here%s\n", s->bold, s->off);
            titled = true;
            printf("  - ");
            wrap_print(stdout, f->cannot, 4, 4);
        }
    printf("\n%s\n", can_run(r) ? "The main job can run: make experiment-fusion"
                                : "The main job cannot run here until the problems above are solved.");
}

static void print_json(const struct report *r)
{
    json_t *list = json_array();
    for (int p = 0; p < r->count; p++)
        for (int i = 0; i < r->parts[p].count; i++) {
            const struct finding *f = &r->parts[p].list[i];
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?}", "of", r->parts[p].title,
                                                  "level", level_names[f->level], "name", f->name, "text",
                                                  f->text, "remedy", f->remedy, "cannot_show", f->cannot));
        }
    json_t *root =
        json_pack("{s:s, s:b, s:o}", "schema", "rooflab.doctor/1", "can_run", can_run(r), "checks", list);
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(root);
}

static int run(const struct arguments *a)
{
    struct report r = {0};
    struct error e = {0};
    int code = EXIT_OK;
    if (!examine(&r, a, &e))
        code = command_fail(a, &e);
    else
        (a->json ? print_json : print_text)(&r);
    if (code == EXIT_OK && !can_run(&r))
        code = EXIT_ENVIRONMENT;
    for (int p = 0; p < r.count; p++)
        findings_free(&r.parts[p]);
    free(r.parts);
    return code;
}

static const struct example examples[] = {
    {"rooflab doctor", "everything, in about a second"},
    {"rooflab doctor --device vulkan:1 --out /tmp/results",
     "one device, and a folder of your own for results"},
    {"rooflab doctor --json | jq '.checks[] | select(.level != \"ok\")'",
     "what is not as it should be, for a script"},
    {NULL, NULL},
};
static const struct exit_note exits[] = {
    {EXIT_OK, "the main job, make experiment-fusion, can run"},
    {EXIT_ENVIRONMENT, "it cannot; every problem is told with its remedy"},
    {0, NULL},
};

const struct command command_doctor = {
    .name = "doctor",
    .group = GROUP_LOOK,
    .summary = "can this machine do it, what is missing, what can it not show?",
    .about = "Looks at all that rooflab needs, one line each: ok, note or problem, with the remedy. Of "
             "every device it tells whether it is hardware or software, its limits, and how far its clock "
             "can be trusted, which is measured. At the end it tells what this machine cannot show, and "
             "what to do about that.",
    .usage = "[--device DEVICE]",
    .word = "",
    .max_words = 0,
    .common = COMMON_DEVICE | COMMON_JSON | COMMON_OUT,
    .examples = examples,
    .exits = exits,
    .run = run,
};
