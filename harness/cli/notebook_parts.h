/* What notebook_run.c is made of: running one command, comparing its output. Private to notebook_*.c. */
#ifndef ROOFLAB_NOTEBOOK_PARTS_H
#define ROOFLAB_NOTEBOOK_PARTS_H

#include "harness/cli/notebook.h"

/* ---- notebook_command.c ---- */

/* Where commands run. */
struct place {
    char folder[64];    /* made for this run */
    struct text path;   /* PATH with rooflab's own folder first */
    const char *device; /* ROOFLAB_DEVICE for the commands; NULL: as it is */
};

bool place_make(struct place *p, const char *device, struct error *e);
void place_remove(struct place *p);
/* Output and exit status of a command: stdout, and where it fails what it said on stderr too, for talk is no
 * result but an error is. A signal counts as 128 and its number, as in a shell. */
bool place_run(const struct place *p, const char *command, struct text *out, int *status, struct error *e);

/* ---- notebook_compare.c ---- */

/* The recorded output of one command beside what was seen. */
struct comparison {
    const struct notebook *n;
    int from, end; /* recorded lines, without the status line */
    char **seen;   /* lines, without blank ones at the end */
    int seen_count;
    int *fits;         /* for each recorded line the seen one that it fits; -1 for blank ones and "..." */
    int bad, bad_seen; /* the first pair that does not fit, in the alignment that came furthest */
};

/* Splits out, which must outlive c, into lines; true where all fits. */
bool comparison_make(struct comparison *c, const struct notebook *n, const struct notebook_item *item,
                     struct text *out);
void comparison_free(struct comparison *c);
/* Prints the lines from the first that does not fit to the last one: a few, with their numbers. */
void comparison_print(const struct comparison *c);

#endif
