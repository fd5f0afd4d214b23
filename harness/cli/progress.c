#include "harness/cli/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "harness/cli/style.h"
#include "harness/cli/table.h"
#include "harness/device/device.h"

enum { BAR = 20, CELL = 24 };
#define REDRAW_NS 1e8

/* "0:07", "12:40" */
static void clock_text(char out[CELL], double seconds)
{
    snprintf(out, CELL, "%d:%02d", (int)(seconds / 60), (int)fmod(seconds, 60));
}

/* The figures behind the bar: "5 of 14  0:07, about 0:12 left"; "36 %  0:07 ..." where a share is told. */
static void figures(struct text *t, double done, double total, double elapsed)
{
    char spent[CELL], left[CELL];
    clock_text(spent, elapsed);
    clock_text(left, done > 0 ? elapsed * (total - done) / done : 0);
    if (total > 1)
        text_add(t, "%.0f of %.0f  %s", floor(done), total, spent);
    else
        text_add(t, "%2.0f %%  %s", 100 * done / total, spent);
    /* The first twentieth tells little of the rest: a driver compiles in it. */
    if (done >= 0.05 * total && done < total && elapsed > 1)
        text_add(t, ", about %s left", left);
}

static void draw(const char *what, double done, double total, double elapsed)
{
    const struct style *s = style_of(stderr);
    struct text t = {0};
    int full = (int)(BAR * (done < total ? done / total : 1));
    figures(&t, done, total, elapsed);
    int room = style_width(stderr) - BAR - 6 - (int)t.len;
    int bytes = text_fitting(what, room > 0 ? room : 0);
    fprintf(stderr, "\r\033[K%s[%.*s%s%.*s%s]%s %s  %.*s", s->off, full, "====================", s->dim,
            BAR - full, "                    ", s->off, s->off, t.s, bytes, what);
    fflush(stderr);
    text_free(&t);
}

static void step(void *context, const char *what, double done, double total)
{
    struct progress *p = context;
    double now = host_clock_ns();
    if (!p->visible || !(total > 0) || !(done >= 0) || (p->drawn && now - p->drawn_ns < REDRAW_NS))
        return;
    if (!p->phase || strcmp(p->phase, what ? what : "") != 0) { /* each phase has its own clock */
        free(p->phase);
        p->phase = need_string(what ? what : "");
        p->started_ns = now;
    }
    p->drawn = true;
    p->drawn_ns = now;
    draw(what ? what : "", done, total, (now - p->started_ns) / 1e9);
}

void progress_open(struct progress *p, bool quiet)
{
    const char *term = getenv("TERM");
    *p = (struct progress){.sink = {.step = step, .context = p}};
    p->visible = !quiet && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    p->started_ns = host_clock_ns();
}

void progress_clear(struct progress *p)
{
    if (p->drawn)
        fputs("\r\033[K", stderr);
    fflush(stderr);
    p->drawn = false;
}

void progress_close(struct progress *p)
{
    progress_clear(p);
    free(p->phase);
    p->phase = NULL;
    p->visible = false;
}
