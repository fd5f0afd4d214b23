/* An error is a sentence for a person and an exit code for a program.
 *
 * Every function that can fail takes a `struct error *` last and returns false (or NULL). The text says
 * what happened, where, and what to do next, in that order. The code is the process's exit code, so the
 * place that knows the cause decides how the program ends. */
#ifndef ROOFLAB_ERROR_H
#define ROOFLAB_ERROR_H

#include <stdbool.h>

enum exit_code {
    EXIT_OK = 0,          /* also where a verdict is UNRESOLVED */
    EXIT_CHECK = 1,       /* a check or a claim failed */
    EXIT_USAGE = 2,       /* the command line or an input file is wrong */
    EXIT_BEATEN = 3,      /* a bound that must never be beaten was */
    EXIT_ENVIRONMENT = 4, /* this machine cannot do it */
    EXIT_SKIPPED = 77,    /* nothing was run, for a stated reason */
    EXIT_INTERRUPTED = 130
};

struct error {
    int code; /* enum exit_code; 0 while nothing has failed */
    char text[1024];
};

/* Fills e (which may be NULL) and returns false, so that `return error_set(...)` reads well. A text that is
 * too long is cut. */
bool error_set(struct error *e, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "where: " before the text already in e. Returns false. */
bool error_prefix(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
