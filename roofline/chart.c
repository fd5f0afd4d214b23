/* The page of every chart: strings that are only ever data, title, key, footer, files, and gnuplot. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "roofline/chart_parts.h"

/* --- strings ------------------------------------------------------------------------------------------- */

void put_string(struct text *t, const char *s)
{
    /* gnuplot leaves single-quoted text alone except for '', which 5.4 misreads at a string's beginning. That, and what
     * some version might still look at, is written as an octal escape in a double-quoted piece, which is decoded
     * after all expansion is over. */
    const char *start = s;
    bool open = false;
    for (; *s; s++) {
        unsigned char byte = (unsigned char)*s;
        if (byte < ' ' || byte == 127 || byte == '\'' || byte == '`' || byte == '@' || byte == '\\') {
            text_add(t, "%s%s\"\\%03o\"", open ? "'" : "", s > start ? "." : "", byte);
            open = false;
            continue;
        }
        if (!open)
            text_add(t, "%s'", s > start ? "." : "");
        open = true;
        text_bytes(t, s, 1);
    }
    text_add(t, open ? "'" : s == start ? "''" : "");
}

/* Length of the valid UTF-8 sequence at s, 0 where it is broken (overlong forms and surrogates included). */
static int utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    int n = s[0] >= 0xC2 && s[0] < 0xE0 ? 2 : (s[0] & 0xF0) == 0xE0 ? 3 : s[0] >= 0xF0 && s[0] < 0xF5 ? 4 : 0;
    for (int i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool beyond = (s[0] == 0xED && s[1] >= 0xA0) || (s[0] == 0xF4 && s[1] >= 0x90);
    bool no_character =
        s[0] == 0xEF && s[1] == 0xBF && n == 3 && s[2] >= 0xBE; /* XML forbids U+FFFE and U+FFFF */
    return overlong || beyond || no_character ? 0 : n;
}

/* Advance widths of DejaVu Sans from ' ' to '~' in hundredths of the letter size. It is among the widest of
 * the fonts that "sans-serif" may stand for, so boxes computed from it are large enough for the others. */
static const unsigned char advance[] = {
    32, 41, 46, 84, 64, 96, 78, 28, 40,  40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 54, 100, 69, 69, 70, 78, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75, 79,
    61, 79, 70, 64, 62, 74, 69, 99, 69,  62, 69, 40, 34, 40, 84, 50, 50, 62, 64, 55, 64, 62, 36, 64,
    64, 28, 28, 58, 28, 98, 64, 62, 64,  64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84};

static double character_width(const unsigned char *s, int bytes)
{
    if (bytes == 1)
        return *s >= ' ' && *s <= '~' ? advance[*s - ' '] / 100.0 : 0.6;
    return bytes == 2 ? 0.7 : 1.0;
}

double text_width(const char *s, double size, bool bold)
{
    double width = 0;
    for (const unsigned char *p = (const unsigned char *)s; *p;) {
        int n = utf8_length(p);
        width += character_width(p, n ? n : 1);
        p += n ? n : 1;
    }
    return width * size * (bold ? 1.12 : 1.0);
}

char *shown_text(const char *s, double max_width, double size)
{
    struct text t = {0};
    double width = 0, room = max_width > 0 ? max_width : INFINITY;
    bool cut = s && text_width(s, size, false) > room;
    for (const unsigned char *p = (const unsigned char *)(s ? s : ""); *p;) {
        int n = utf8_length(p);
        bool control = n == 1 ? (*p < ' ' || *p == 127) : n == 2 && p[0] == 0xC2 && p[1] < 0xA0;
        width += control ? 0.32 * size : character_width(p, n ? n : 1) * size;
        if (cut && width > room - size)
            break;
        if (control)
            text_bytes(&t, " ", 1);
        else
            text_bytes(&t, n ? (const char *)p : "?", n ? (size_t)n : 1);
        p += n ? n : 1;
    }
    if (cut)
        text_add(&t, "…");
    return t.s ? t.s : need_string("");
}

/* --- page ---------------------------------------------------------------------------------------------- */

void chart_open(struct chart *c, const struct chart_options *o, double height, int records)
{
    memset(c, 0, sizeof *c);
    c->options = o;
    c->width = CHART_WIDTH;
    c->height = height;
    c->bottom = 24 + 27.0 * ((records < 5 ? records : 5) + 2);
    c->top = height - 40;
    text_add(&c->dat, "# Drawn by the .gp file of the same name; blocks are separated by two empty lines.\n");
}

/* A text on the page itself, drawn with the first panel. */
static void page_text(struct chart *c, double x, double y, const char *s, int size, bool bold,
                      const char *colour)
{
    text_add(&c->page, "set label ");
    put_string(&c->page, s);
    text_add(&c->page, " at screen %.5f,%.5f left font 'sans-serif'%s.',%d' tc rgb '%s' noenhanced front\n",
             x / c->width, y / c->height, bold ? ".bold" : "", size, colour);
}

/* The mark of one key entry: a line, a point or a patch, by page coordinates. */
static void key_mark(struct chart *c, double x, double y, const struct key_entry *k)
{
    double w = c->width, h = c->height;
    if (k->point == KEY_TEXT)
        return;
    if (k->point < 0)
        text_add(&c->page,
                 "set object rectangle from screen %.5f,%.5f to screen %.5f,%.5f fc rgb '%s' fs solid 1 "
                 "border lc rgb '%s'\n",
                 x / w, (y - 9) / h, (x + 36) / w, (y + 9) / h, k->colour, GREY);
    else if (k->point == 0)
        text_add(&c->page, "set arrow from screen %.5f,%.5f to screen %.5f,%.5f nohead lw 3 lc rgb '%s'%s\n",
                 x / w, y / h, (x + 36) / w, y / h, k->colour, k->dashed ? " dt " DASHED : "");
    else
        text_add(&c->page, "set label '' at screen %.5f,%.5f point pt %d ps 2.2*dot lw 2 lc rgb '%s' front\n",
                 (x + 18) / w, y / h, k->point, k->colour);
}

/* Entries in rows from left to right; a row that is full goes on below. */
static void key_rows(struct chart *c, const struct key_entry *key, int keys)
{
    double x = CHART_MARGIN, room = c->width - CHART_MARGIN;
    for (int i = 0; i < keys; i++) {
        char *shown = shown_text(key[i].text, room - CHART_MARGIN - 60, SMALL);
        double mark = key[i].point == KEY_TEXT ? 0 : 46, width = mark + text_width(shown, SMALL, false);
        if (x > CHART_MARGIN && x + width > room) {
            x = CHART_MARGIN;
            c->top -= 32;
        }
        key_mark(c, x, c->top, &key[i]);
        page_text(c, x + mark, c->top, shown, SMALL, false, mark > 0 ? INK : key[i].colour);
        x += width + 36;
        free(shown);
    }
    c->top -= keys ? 34 : 0;
}

void chart_heading(struct chart *c, const char *title, const char *subtitle, const struct key_entry *key,
                   int keys)
{
    const double room = c->width - 2 * CHART_MARGIN;
    int size = TITLE;
    char *shown = shown_text(title, 0, 0);
    while (size > HEADING && text_width(shown, size, true) > room)
        size--;
    free(shown);
    shown = shown_text(title, room / 1.12, size);
    page_text(c, CHART_MARGIN, c->top, shown, size, true, INK);
    free(shown);
    c->top -= 45;
    if (subtitle && *subtitle) {
        shown = shown_text(subtitle, room, NORMAL);
        page_text(c, CHART_MARGIN, c->top, shown, NORMAL, false, GREY);
        free(shown);
        c->top -= 40;
    }
    key_rows(c, key, keys);
}

static void footer_line(struct chart *c, const char *s)
{
    char *shown = shown_text(s, c->width - 2 * CHART_MARGIN, SMALL);
    double y = c->bottom - 12 - 27.0 * c->footers++;
    if (y > 8)
        page_text(c, CHART_MARGIN, y, shown, SMALL, false, GREY);
    free(shown);
}

void chart_provenance(struct chart *c, const struct record *r, int samples_low, int samples_high)
{
    const struct provenance *p = &r->provenance;
    const double room = 330; /* so that long names leave date and commit in sight */
    struct text t = {0};
    char *device = shown_text(r->device ? r->device : p->device ? p->device : "unknown device", room, SMALL);
    char *driver = shown_text(p->driver, room, SMALL);
    text_add(&t, *driver ? "%s · driver %s" : "%s%s", device, driver);
    free(device);
    free(driver);
    if (samples_high > 0 && samples_low == samples_high)
        text_add(&t, " · n = %d samples", samples_low);
    else if (samples_high > 0)
        text_add(&t, " · n = %d to %d samples", samples_low, samples_high);
    if (p->date)
        text_add(&t, " · %s", p->date);
    if (p->commit)
        text_add(&t, " · commit %.12s", p->commit);
    footer_line(c, text_get(&t));
    text_free(&t);
}

void chart_note(struct chart *c, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    footer_line(c, line);
}

/* --- files and gnuplot --------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* File names are relative and begin with "./", so that none can be taken for an option, a pipe or a home. */
static void put_file(struct text *t, const char *variable, const char *base, const char *extension)
{
    struct text name = {0};
    text_add(&name, "./%s%s", base, extension);
    text_add(t, "%s = ", variable);
    put_string(t, text_get(&name));
    text_add(t, "\n");
    text_free(&name);
}

static void put_script(struct text *t, const struct chart *c)
{
    const char *base = base_name(c->options->stem);
    text_add(
        t, "# Redraw with: gnuplot -d, from the folder of this file. It reads itself twice: PNG, then SVG.\n"
           "reset\nset encoding utf8\n");
    put_file(t, "self", base, ".gp");
    put_file(t, "data", base, ".dat");
    put_file(t, "stem", base, "");
    /* PNG counts letters in points of 4/3 pixel, SVG in pixels. SVG has no bold without enhanced mode, and
     * its marks are larger. */
    text_add(t,
             "format = exists('format') ? format : 'png'\n"
             "bold = format eq 'png' ? ':Bold' : ''\n"
             "dot = format eq 'png' ? 1.0 : 0.46\n"
             "if (format eq 'png') set terminal pngcairo noenhanced size %.0f,%.0f font 'sans-serif,%d' "
             "fontscale 0.75 linewidth 1.4 background rgb '#FFFFFF'\n"
             "if (format eq 'svg') set terminal svg noenhanced size %.0f,%.0f font 'sans-serif,%d' "
             "linewidth 1.4 background rgb '#FFFFFF'\n"
             "set output stem.'.'.format\n"
             "set multiplot\nunset key\nset style fill noborder\n",
             c->width, c->height, SMALL, c->width, c->height, SMALL);
    text_add(t, "%s%s", text_get(&c->page), text_get(&c->gp));
    text_add(t, "unset multiplot\nunset output\n"
                "if (format eq 'png') format = 'svg'; load self\n");
}

static const char *gnuplot_name(void)
{
    const char *name = getenv("ROOFLAB_GNUPLOT");
    return name && *name ? name : "gnuplot";
}

/* In the child: only calls that are safe between fork and exec. 127 means that gnuplot could not be started.
 */
static void become_gnuplot(const char *program, const char *folder, const char *argument, int errors)
{
    int nothing = open("/dev/null", O_RDWR);
    if (nothing < 0 || chdir(folder) != 0 || dup2(nothing, 0) < 0 || dup2(errors, 1) < 0 ||
        dup2(errors, 2) < 0)
        _exit(126);
    execlp(program, "gnuplot", "-d", argument, (char *)NULL);
    _exit(127);
}

/* The program to run: a path is made absolute because the child changes its folder. Owned by the caller. */
static char *gnuplot_path(void)
{
    const char *name = gnuplot_name();
    char *path = strchr(name, '/') ? realpath(name, NULL) : NULL;
    return path ? path : need_string(name);
}

/* Runs gnuplot on one argument in a folder, without a shell; what it says lands in `said`. Returns its exit
 * status, 127 where there is none, -1 where the system would not let us. */
static int run_gnuplot(const char *folder, const char *argument, struct text *said)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    char *program = gnuplot_path();
    pid_t child = fork();
    if (child == 0)
        become_gnuplot(program, folder, argument, ends[1]);
    free(program);
    close(ends[1]);
    char part[512];
    for (ssize_t n; child > 0 && ((n = read(ends[0], part, sizeof part)) > 0 || (n < 0 && errno == EINTR));)
        if (n > 0 && said->len < 4096)
            text_bytes(said, part, (size_t)n);
    close(ends[0]);
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (child < 0)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool chart_available(struct error *e)
{
    struct text said = {0};
    int status = run_gnuplot("/", "--version", &said);
    text_free(&said);
    return status == 0 || error_set(e, EXIT_ENVIRONMENT,
                                    "gnuplot ('%s') cannot be run; install it with "
                                    "'sudo apt-get install gnuplot-nox', or name another in ROOFLAB_GNUPLOT",
                                    gnuplot_name());
}

static bool draw(const char *stem, struct error *e)
{
    struct text argument = {0}, said = {0};
    const char *base = base_name(stem);
    char *folder = need_string(stem);
    folder[base - stem] = 0;
    text_add(&argument, "./%s.gp", base);
    int status = run_gnuplot(*folder ? folder : ".", text_get(&argument), &said);
    bool ok = status == 0;
    if (status == 127)
        error_set(e, EXIT_ENVIRONMENT,
                  "%s.gp and .dat are written, but gnuplot ('%s') is not there to draw them; "
                  "install it with 'sudo apt-get install gnuplot-nox', or name another in ROOFLAB_GNUPLOT",
                  stem, gnuplot_name());
    else if (!ok)
        error_set(e, EXIT_ENVIRONMENT,
                  "%s.gp: gnuplot ended with %d: %s; the pngcairo and svg terminals are needed "
                  "(Debian: gnuplot-nox)",
                  stem, status, said.len ? trim(said.s) : "no message");
    text_free(&argument);
    text_free(&said);
    free(folder);
    return ok;
}

static bool write_beside(const char *stem, const char *extension, const struct text *t, struct error *e)
{
    struct text path = {0};
    text_add(&path, "%s%s", stem, extension);
    bool ok = file_write(text_get(&path), text_get(t), t->len, e);
    text_free(&path);
    return ok;
}

bool chart_close(struct chart *c, struct error *e)
{
    struct text script = {0};
    const char *stem = c->options->stem;
    put_script(&script, c);
    bool ok = write_beside(stem, ".dat", &c->dat, e) && write_beside(stem, ".gp", &script, e);
    ok = ok && (!c->options->draw || draw(stem, e));
    text_free(&script);
    chart_free(c);
    return ok;
}

void chart_free(struct chart *c)
{
    text_free(&c->page);
    text_free(&c->gp);
    text_free(&c->dat);
    text_free(&c->plots);
    free(c->obstacles);
    free(c->labels);
    memset(c, 0, sizeof *c);
}
