/* Running a notebook: its commands, its claims, and rewriting what is recorded. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/expr.h"
#include "harness/base/interrupt.h"
#include "harness/cli/notebook_parts.h"
#include "harness/cli/style.h"
#include "harness/device/device.h"
#include "roofline/chart.h"

struct running {
    const struct notebook *n;
    struct notebook_result *r;
    struct captures captures;
    struct place place;
    bool promote;
    struct text copy; /* the rewritten notebook, up to line `copied` */
    int copied;
    struct error *e;
};

/* ---- reporting and promoting ---- */

static void failed(struct running *run, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void failed(struct running *run, int line, const char *format, ...)
{
    const struct style *s = style_of(stdout);
    va_list args;
    run->r->failures++;
    printf("%s%s:%d:%s ", s->bold, run->n->path, line, s->off);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static void copy_until(struct running *run, int line)
{
    for (; run->copied < line; run->copied++)
        text_add(&run->copy, "%s\n", run->n->lines[run->copied]);
}

static void put_line(struct running *run, const char *line)
{
    text_add(&run->copy, "%s%s\n", run->n->fenced || !*line ? "" : "  ", line);
}

/* A line that fits the recorded one, with its captures. */
static void put_rewritten(struct running *run, const char *recorded, const char *line)
{
    struct text rewritten = {0};
    notebook_match_loosely(recorded, line, &run->captures, &rewritten);
    put_line(run, text_get(&rewritten));
    text_free(&rewritten);
}

/* The first recorded line from i on that captures something, and that `line` fits but for its numbers; -1:
 * none. */
static int recorded_for(const struct running *run, const struct comparison *c, int i, const char *line)
{
    for (; i < c->end; i++)
        if (notebook_captures(notebook_content(run->n, i)) &&
            notebook_match_loosely(notebook_content(run->n, i), line, NULL, NULL))
            return i;
    return -1;
}

static void report_lost(struct running *run, int from, int end)
{
    for (int i = from; i < end; i++)
        if (notebook_captures(notebook_content(run->n, i)))
            failed(run, i + 1, "its captures are gone: no line of the new output resembles it");
}

/* New output in place of the old one. It keeps the captures of the lines that it resembles. */
static void put_new(struct running *run, const struct comparison *c)
{
    int next = c->from;
    for (int k = 0; k < c->seen_count; k++) {
        int i = recorded_for(run, c, next, c->seen[k]);
        if (i < 0) {
            put_line(run, c->seen[k]);
            continue;
        }
        put_rewritten(run, notebook_content(run->n, i), c->seen[k]);
        report_lost(run, next, i);
        next = i + 1;
    }
    report_lost(run, next, c->end);
}

/* Where the output fits, only captured values are new; else it is replaced. */
static void promote(struct running *run, const struct notebook_item *item, const struct comparison *c,
                    bool fits, int status)
{
    copy_until(run, item->from);
    for (int i = c->from; fits && i < c->end; i++) {
        if (c->fits[i - c->from] >= 0)
            put_rewritten(run, notebook_content(run->n, i), c->seen[c->fits[i - c->from]]);
        else
            text_add(&run->copy, "%s\n", run->n->lines[i]);
    }
    if (!fits)
        put_new(run, c);
    if (status)
        text_add(&run->copy, "%s[%d]\n", run->n->fenced ? "" : "  ", status);
    run->copied = item->to;
}

/* ---- items ---- */

static bool run_command(struct running *run, const struct notebook_item *item)
{
    struct text out = {0};
    struct comparison c;
    int status = 0, first = (int)strcspn(item->text, "\n");
    if (!place_run(&run->place, item->text, &out, &status, run->e)) {
        text_free(&out);
        return false;
    }
    bool fits = comparison_make(&c, run->n, item, &out);
    for (int i = 0; fits && i < c.end - c.from; i++)
        if (c.fits[i] >= 0)
            notebook_match(notebook_content(run->n, c.from + i), c.seen[c.fits[i]], &run->captures, NULL);
    run->r->commands++;
    if (interrupted) {
        ; /* it was killed: its output means nothing */
    } else if (run->promote) {
        promote(run, item, &c, fits, status);
    } else if (!fits) {
        failed(run, item->line, "another output of: %.*s", first, item->text);
        comparison_print(&c);
    }
    if (!run->promote && !interrupted && status != item->status)
        failed(run, item->line, "exit status %d, recorded is %d, of: %.*s", status, item->status, first,
               item->text);
    comparison_free(&c);
    text_free(&out);
    return true;
}

static void print_captures(const struct running *run, const struct expr *x)
{
    for (int i = 0; i < run->captures.count; i++)
        if (expr_uses(x, i))
            printf("  %s = %s\n", run->captures.list[i].name, run->captures.list[i].shown);
}

static bool run_claim(struct running *run, const struct notebook_item *item)
{
    const struct captures *c = &run->captures;
    const char **names = need(sizeof *names * (size_t)(c->count + 1));
    double *values = need(sizeof *values * (size_t)(c->count + 1));
    for (int i = 0; i < c->count; i++) {
        names[i] = c->list[i].name;
        values[i] = c->list[i].value;
    }
    struct error why = {0};
    struct expr *x = expr_parse(item->text, names, c->count, &why);
    run->r->claims++;
    /* A name may be missing because its line was not as recorded: that was told already. */
    if (!x && !run->r->failures)
        failed(run, item->line, "the claim '%s' cannot be judged: %s", item->text, why.text);
    if (x && expr_value(x, values) == 0) {
        failed(run, item->line, "the claim does not hold: %s", item->text);
        print_captures(run, x);
    }
    expr_free(x);
    free(values);
    free(names);
    return true;
}

/* What a notebook may need; each is looked for when it is asked for. */
static bool has_device(bool hardware, const struct running *run, struct error *e)
{
    struct device *d = device_open(run->place.device, e);
    bool ok =
        d && (!hardware || d->info.hardware || error_set(e, EXIT_SKIPPED, "%s is no GPU", d->info.name));
    device_close(d);
    return ok;
}

static bool run_needs(struct running *run, const struct notebook_item *item)
{
    struct error why = {0};
    bool met;
    if (strcmp(item->text, "vulkan") == 0)
        met = has_device(false, run, &why);
    else if (strcmp(item->text, "gpu") == 0)
        met = has_device(true, run, &why);
    else if (strcmp(item->text, "gnuplot") == 0)
        met = chart_available(&why);
    else
        return error_set(run->e, EXIT_USAGE,
                         "%s:%d: a notebook needs vulkan, gpu or gnuplot; '%s' is none of them", run->n->path,
                         item->line, item->text);
    if (!met) {
        struct text t = {0};
        text_add(&t, "line %d needs %s: %s", item->line, item->text, why.text);
        run->r->skipped = t.s;
    }
    return true;
}

static bool run_items(struct running *run, const struct progress_sink *sink)
{
    static bool (*const runners[])(struct running *, const struct notebook_item *) = {
        [NOTEBOOK_COMMAND] = run_command, [NOTEBOOK_CLAIM] = run_claim, [NOTEBOOK_NEEDS] = run_needs};
    for (int i = 0; i < run->n->item_count && !run->r->skipped && !interrupted; i++) {
        const struct notebook_item *item = &run->n->items[i];
        progress_step(sink, item->text, i, run->n->item_count);
        if (!runners[item->kind](run, item))
            return false;
    }
    return true;
}

static bool write_copy(struct running *run)
{
    copy_until(run, run->n->line_count);
    struct text old = {0};
    bool ok = file_read(run->n->path, &old, run->e);
    run->r->rewritten = ok && (old.len != run->copy.len || memcmp(old.s, run->copy.s, old.len) != 0);
    text_free(&old);
    return ok && (!run->r->rewritten || file_write(run->n->path, run->copy.s, run->copy.len, run->e));
}

bool notebook_run(const struct notebook *n, bool promote_it, const char *device,
                  const struct progress_sink *sink, struct notebook_result *r, struct error *e)
{
    struct running run = {.n = n, .r = r, .promote = promote_it, .e = e};
    *r = (struct notebook_result){0};
    if (!place_make(&run.place, device, e))
        return false;
    bool ok = run_items(&run, sink) && (!promote_it || interrupted || write_copy(&run));
    place_remove(&run.place);
    captures_free(&run.captures);
    text_free(&run.copy);
    return ok;
}
