/* Rows under titled columns: aligned for a reader, or as CSV for a program, from the same cells.
 *
 * A quantity is shown with the unit that suits ("1.600 ms") and is a bare number in base units in CSV, where
 * the unit stands in the column's title. Tables fit the terminal, at most 100 columns: cells of columns that
 * may wrap are broken at blanks, and columns that can be spared are left out. CSV has them all. */
#ifndef ROOFLAB_CLI_TABLE_H
#define ROOFLAB_CLI_TABLE_H

#include <stdio.h>

#include "harness/base/units.h"

enum table_align {
    TABLE_LEFT,
    TABLE_RIGHT,
    TABLE_WRAP,      /* left, and broken at blanks where the table is too wide */
    TABLE_ALIGN = 3, /* the bits of the three above */
    TABLE_SPARE = 4  /* | TABLE_SPARE: left out where nothing else helps, the last such column first */
};

struct table_column {
    const char *title; /* a NULL title ends the list */
    enum table_align align;
    const char *csv; /* title in CSV, "time_s"; NULL: as title */
};

enum table_look { TABLE_PLAIN, TABLE_BEST, TABLE_FAINT };

struct cli_table;

/* The columns stay the caller's and must live as long as the table. */
struct cli_table *table_new(const struct table_column *columns);
void table_end(struct cli_table *t);

/* Begins a row; cells follow in the columns' order. Missing ones are empty. */
void table_row(struct cli_table *t, enum table_look look);
void table_cell(struct cli_table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_quantity(struct cli_table *t, enum unit unit, double value); /* NAN: "-", in CSV empty */
/* A cell that CSV shows differently. */
void table_both(struct cli_table *t, const char *shown, const char *csv);

void table_print(const struct cli_table *t, FILE *out);
void table_csv(const struct cli_table *t, FILE *out);

/* Columns that s takes on a terminal: UTF-8 aware, combining marks 0, wide characters 2. */
int text_columns(const char *s);
/* Bytes of the longest piece of s that is at most `width` columns wide. */
int text_fitting(const char *s, int width);

#endif
