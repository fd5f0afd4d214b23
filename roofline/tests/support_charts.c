#include "roofline/tests/support_charts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "roofline/chart_parts.h"

char folder[256];

const char *path_of(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

struct text content(const char *name)
{
    struct text t = {0};
    struct error e = {0};
    if (!file_read(path_of(name), &t, &e))
        fail_msg("%s", e.text);
    return t;
}

void draw_as(drawer *draw, const struct record *const *records, int count, const char *name,
                    const char *group)
{
    struct chart_options o = {.stem = path_of(name), .group = group, .draw = true, .spec_bytes_per_s = 0};
    struct error e = {0};
    if (!draw(records, count, &o, &e))
        fail_msg("%s: %s", name, e.text);
}

/* How often needle stands in the file. */
int count_in(const char *name, const char *needle)
{
    struct text t = content(name);
    int n = 0;
    for (const char *p = text_get(&t); (p = strstr(p, needle)); p++)
        n++;
    text_free(&t);
    return n;
}

/* --- overlap ------------------------------------------------------------------------------------------- */

struct word {
    char text[256];
    struct quad box;
};

static double attribute(const char *from, const char *name)
{
    const char *p = strstr(from, name);
    return p ? atof(p + strlen(name)) : 0;
}

/* The box of one text of an SVG: the middle of its letters lies a third of their size above the base line. */
static struct word word_at(const char *g)
{
    struct word w;
    double x = 0, y = 0, degrees = 0, size = attribute(g, "font-size=\"");
    const char *text = strstr(g, "<text"), *from = strchr(text, '>') + 1, *to = strstr(from, "</text>");
    const char *end = strchr(g, '>');
    char head[400];
    snprintf(head, sizeof head, "%.*s", (int)(end - g), g);
    sscanf(g, "translate(%lf,%lf) rotate(%lf)", &x, &y, &degrees);
    snprintf(w.text, sizeof w.text, "%.*s", (int)(to - from), from);
    double width = text_width(w.text, size, false), turn = -degrees * M_PI / 180;
    double shift = strstr(head, "\"middle\"") ? 0 : strstr(head, "\"end\"") ? -width / 2 : width / 2;
    struct spot centre = {x + shift * cos(turn) - size / 3 * sin(turn),
                          -y + shift * sin(turn) + size / 3 * cos(turn)};
    w.box = quad_box(centre, width, 0.8 * size, turn);
    return w;
}

void no_overlap_in(const char *svg, double height)
{
    struct text t = content(svg);
    struct word words[400];
    int n = 0;
    for (const char *p = text_get(&t); n < 400 && (p = strstr(p, "translate(")); p++)
        if (strstr(p, "<text") && strchr(p, '>') && strstr(p, "<text") - strchr(p, '>') < 12)
            words[n++] = word_at(p);
    assert_in_range(n, 10, 399);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++)
            if (quads_touch(&words[i].box, &words[j].box))
                fail_msg("%s: '%s' overlaps '%s'", svg, words[i].text, words[j].text);
        for (int j = 0; j < 4; j++)
            if (words[i].box.p[j].x < 0 || words[i].box.p[j].x > CHART_WIDTH || words[i].box.p[j].y > 0 ||
                words[i].box.p[j].y < -height)
                fail_msg("%s: '%s' is clipped", svg, words[i].text);
    }
    text_free(&t);
}

int folder_start(void **state)
{
    (void)state;
    const char *keep = getenv("ROOFLAB_KEEP_CHARTS");
    snprintf(folder, sizeof folder, "%s", keep && *keep ? keep : "/tmp/rooflab-charts-XXXXXX");
    return keep && *keep ? 0 : mkdtemp(folder) == NULL;
}

int folder_end(void **state)
{
    (void)state;
    static const char *const parts[] = {"here", "there", ""};
    const char *keep = getenv("ROOFLAB_KEEP_CHARTS");
    for (int i = 0; i < 3 && !(keep && *keep); i++) {
        char part[300];
        size_t count;
        snprintf(part, sizeof part, "%s/%s", folder, parts[i]);
        char **names = folder_names(part, NULL, &count);
        for (size_t j = 0; j < count; j++) {
            char path[700];
            snprintf(path, sizeof path, "%s/%s", part, names[j]);
            unlink(path);
        }
        names_free(names);
        rmdir(part);
    }
    return 0;
}
