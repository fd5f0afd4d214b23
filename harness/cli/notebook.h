/* Notebooks: lessons as plain text that can be read without any tool, and run so that they cannot rot.
 *
 *   @ title: Memory passes          header lines; `@ needs: vulkan` skips what follows where there is none
 *   Prose, at column 0.
 *     $ rooflab bound --tensor 64MB ...      a command, indented by two; `  > ` goes on with it
 *     fused    1 kernel, 2 passes            its output, indented likewise
 *     [2]                                    its exit status, where that is not 0: then stderr is output too
 *   ! tu / tf > 1.5                 a claim on captured numbers; it must hold on every machine
 *   ? q1 How many passes? = ____    a question for the reader; skipped when the notebook is run
 *
 * In recorded output `<name=75.1>` captures a measured number: it is not compared. Where a unit follows,
 * glued or after a blank (`<tu=75.1> ms`), another unit of the same kind is as good, and the claim sees base
 * units (seconds, bytes, ratios). `<name=some text>` captures text up to what follows it, which is not
 * compared either. A line `...` stands for any lines. Runs of blanks are equal; all else matches exactly.
 * Output ends at the next line of prose; blank lines before that do not count.
 *
 * In a fenced notebook (a README) lines between ```console and ``` take the place of indented ones. */
#ifndef ROOFLAB_NOTEBOOK_H
#define ROOFLAB_NOTEBOOK_H

#include "harness/base/progress.h"
#include "harness/base/text.h"

enum notebook_kind { NOTEBOOK_COMMAND, NOTEBOOK_CLAIM, NOTEBOOK_NEEDS };

struct notebook_item {
    enum notebook_kind kind;
    int line;     /* of the file, from 1 */
    char *text;   /* the command, the claim, what is needed */
    int from, to; /* recorded output: lines [from, to), counted from 0 */
    int status;   /* recorded exit status; its line is among [from, to) */
    bool has_status;
};

struct notebook {
    char *path, *title;
    bool fenced;
    char **lines;
    int line_count;
    struct notebook_item *items;
    int item_count;
};

struct notebook *notebook_read(const char *path, bool fenced, struct error *e);
void notebook_free(struct notebook *n);
/* The line without the indent of recorded output. */
const char *notebook_content(const struct notebook *n, int line);

/* ---- captures ---- */

struct captures {
    struct capture {
        char name[32];
        double value; /* NAN of captured text */
        char shown[64];
    } * list;
    int count;
};
void captures_free(struct captures *c);

/* Does a line of output fit the recorded one? Then its captures are added to c, and *rewritten (both may be
 * NULL) gets the line as it would be recorded now, captures kept. */
bool notebook_match(const char *recorded, const char *got, struct captures *c, struct text *rewritten);
/* The same, but numbers that are not captured may differ: which line is this, now that it has changed? */
bool notebook_match_loosely(const char *recorded, const char *got, struct captures *c,
                            struct text *rewritten);
/* Does a recorded line capture anything? */
bool notebook_captures(const char *recorded);

/* ---- running ---- */

struct notebook_result {
    int commands, claims; /* that were run and checked */
    int failures;
    char *skipped;  /* why the rest was not run, or NULL; freed by the caller */
    bool rewritten; /* the file was changed */
};

/* Runs all commands in a folder of their own and reports mismatches on stdout. With promote, recorded output
 * is replaced by what was seen instead. false with e where it could not be done at all. */
bool notebook_run(const struct notebook *n, bool promote, const char *device,
                  const struct progress_sink *sink, struct notebook_result *r, struct error *e);

#endif
