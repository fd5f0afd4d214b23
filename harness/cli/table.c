#include "harness/cli/table.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/style.h"

enum { GAP = 2, NARROWEST = 12 };

struct cell {
    char *shown, *csv; /* csv NULL: as shown */
};

struct cli_table {
    const struct table_column *columns;
    int column_count, row_count, at; /* at: cells of the last row so far */
    struct cell *cells;              /* row by row */
    enum table_look *looks;
};

struct cli_table *table_new(const struct table_column *columns)
{
    struct cli_table *t = need(sizeof *t);
    t->columns = columns;
    while (columns[t->column_count].title)
        t->column_count++;
    return t;
}

void table_end(struct cli_table *t)
{
    for (int i = 0; i < t->row_count * t->column_count; i++) {
        free(t->cells[i].shown);
        free(t->cells[i].csv);
    }
    free(t->cells);
    free(t->looks);
    free(t);
}

void table_row(struct cli_table *t, enum table_look look)
{
    size_t columns = (size_t)t->column_count, rows = (size_t)t->row_count;
    t->looks = need_more(t->looks, sizeof *t->looks * (rows + 1));
    t->cells = need_more(t->cells, sizeof *t->cells * (rows + 1) * columns);
    memset(t->cells + rows * columns, 0, sizeof *t->cells * columns);
    t->looks[t->row_count++] = look;
    t->at = 0;
}

static void add(struct cli_table *t, const char *shown, const char *csv)
{
    if (t->at == t->column_count)
        return;
    struct cell *c = &t->cells[(t->row_count - 1) * t->column_count + t->at++];
    c->shown = need_string(shown);
    c->csv = need_string(csv);
}

void table_cell(struct cli_table *t, const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = need_string("");
    va_end(args);
    add(t, text, NULL);
    free(text);
}

void table_both(struct cli_table *t, const char *shown, const char *csv)
{
    add(t, shown, csv);
}

void table_quantity(struct cli_table *t, enum unit unit, double value)
{
    char shown[UNITS_TEXT], csv[40] = "";
    if (isfinite(value))
        snprintf(csv, sizeof csv, "%.9g", value);
    add(t, units_format(shown, unit, value), csv);
}

/* ---- widths ---- */

/* Reads one character of UTF-8; a broken byte counts as one character. Returns its bytes. */
static int character(const char *s, unsigned *code)
{
    unsigned char c = (unsigned char)*s;
    int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    *code = more ? c & (0x3fu >> more) : c;
    for (int i = 1; i <= more; i++) {
        if (((unsigned char)s[i] & 0xc0) != 0x80) {
            *code = '?';
            return 1;
        }
        *code = *code << 6 | ((unsigned char)s[i] & 0x3f);
    }
    return more + 1;
}

/* The ranges that matter for names of devices and kernels; the locale's wcwidth may not know UTF-8. */
static int character_columns(unsigned code)
{
    if ((code >= 0x300 && code <= 0x36f) || (code >= 0x200b && code <= 0x200f) ||
        (code >= 0xfe00 && code <= 0xfe0f))
        return 0;
    bool wide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
                (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
                (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
                (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
    return wide ? 2 : 1;
}

int text_fitting(const char *s, int width)
{
    int bytes = 0, used = 0;
    unsigned code;
    while (s[bytes]) {
        int len = character(s + bytes, &code);
        used += character_columns(code);
        if (used > width)
            break;
        bytes += len;
    }
    return bytes;
}

int text_columns(const char *s)
{
    int used = 0;
    unsigned code;
    while (*s) {
        s += character(s, &code);
        used += character_columns(code);
    }
    return used;
}

static const char *shown(const struct cli_table *t, int row, int column)
{
    const char *s = row < 0 ? t->columns[column].title : t->cells[row * t->column_count + column].shown;
    return s ? s : "";
}

static enum table_align align_of(const struct cli_table *t, int column)
{
    return (enum table_align)(t->columns[column].align & TABLE_ALIGN);
}

static int natural_width(const struct cli_table *t, int column)
{
    int width = 0;
    for (int r = -1; r < t->row_count; r++) {
        int w = text_columns(shown(t, r, column));
        width = w > width ? w : width;
    }
    return width;
}

/* The column that may wrap and is widest; -1 where none can become narrower. */
static int widest_wrapped(const struct cli_table *t, const int *widths)
{
    int widest = -1;
    for (int c = 0; c < t->column_count; c++)
        if (align_of(t, c) == TABLE_WRAP && widths[c] > NARROWEST &&
            (widest < 0 || widths[c] > widths[widest]))
            widest = c;
    return widest;
}

/* Natural widths; then columns that may wrap give up what is too much, then spare ones go (width -1). */
static void fit(const struct cli_table *t, int page, int *widths)
{
    int total = -GAP, spare = t->column_count - 1;
    for (int c = 0; c < t->column_count; c++)
        total += GAP + (widths[c] = natural_width(t, c));
    for (int c; total > page && (c = widest_wrapped(t, widths)) >= 0; total--)
        widths[c]--;
    for (; total > page && spare >= 0; spare--)
        if (t->columns[spare].align & TABLE_SPARE) {
            total -= GAP + widths[spare];
            widths[spare] = -1;
        }
}

/* ---- printing ---- */

/* Bytes of the next line of s: up to the last blank that fits; a word that is too long is cut. */
static int line_bytes(const char *s, int width)
{
    int fitting = text_fitting(s, width);
    if (!s[fitting] || s[fitting] == ' ')
        return fitting;
    for (int i = fitting; i > 0; i--)
        if (s[i] == ' ')
            return i;
    return fitting > 0 ? fitting : (int)strlen(s);
}

/* Prints one cell's next line and returns what is left of it. No blanks stand at the end of a line. */
static const char *print_cell(FILE *out, const char *s, int width, bool right, int *owed)
{
    int bytes = line_bytes(s, width);
    char *line = need_string(s);
    line[bytes] = '\0';
    int pad = width - text_columns(line);
    if (bytes > 0) {
        fprintf(out, "%*s%s", *owed + (right ? pad : 0), "", line);
        *owed = right ? 0 : pad;
    } else {
        *owed += width;
    }
    *owed += GAP;
    free(line);
    s += bytes;
    return s + strspn(s, " ");
}

static void print_row(const struct cli_table *t, int row, const int *widths, FILE *out)
{
    const char **rest = need(sizeof *rest * (size_t)t->column_count);
    bool more = true;
    for (int c = 0; c < t->column_count; c++)
        rest[c] = shown(t, row, c);
    while (more) {
        int owed = 0;
        more = false;
        for (int c = 0; c < t->column_count; c++) {
            if (widths[c] < 0)
                continue;
            rest[c] = print_cell(out, rest[c], widths[c], align_of(t, c) == TABLE_RIGHT, &owed);
            more = more || *rest[c];
        }
        if (more)
            fputc('\n', out);
    }
    free(rest);
}

void table_print(const struct cli_table *t, FILE *out)
{
    const struct style *s = style_of(out);
    const char *looks[] = {[TABLE_PLAIN] = "", [TABLE_BEST] = s->bold, [TABLE_FAINT] = s->dim};
    int *widths = need(sizeof *widths * (size_t)t->column_count);
    fit(t, style_width(out), widths);
    for (int r = -1; r < t->row_count; r++) {
        const char *look = r < 0 ? s->dim : looks[t->looks[r]];
        fputs(look, out);
        print_row(t, r, widths, out);
        fprintf(out, "%s\n", *look ? s->off : "");
    }
    free(widths);
}

static void csv_field(FILE *out, const char *s)
{
    if (!strpbrk(s, ",\"\r\n")) {
        fputs(s, out);
        return;
    }
    fputc('"', out);
    for (; *s; s++) {
        if (*s == '"')
            fputc('"', out);
        fputc(*s, out);
    }
    fputc('"', out);
}

void table_csv(const struct cli_table *t, FILE *out)
{
    for (int r = -1; r < t->row_count; r++) {
        for (int c = 0; c < t->column_count; c++) {
            const struct cell *cell = r < 0 ? NULL : &t->cells[r * t->column_count + c];
            const char *title = t->columns[c].csv ? t->columns[c].csv : t->columns[c].title;
            fputs(c ? "," : "", out);
            csv_field(out, !cell ? title : cell->csv ? cell->csv : shown(t, r, c));
        }
        fputc('\n', out);
    }
}
