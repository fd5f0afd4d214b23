/* An error is a sentence and an exit code; see error.h. */
#include "harness/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool error_set(struct error *e, int code, const char *format, ...)
{
    if (!e)
        return false;
    /* The arguments may point into the old text (to wrap it), so the new one is made apart. */
    char made[sizeof e->text];
    va_list args;
    va_start(args, format);
    vsnprintf(made, sizeof made, format, args);
    va_end(args);
    e->code = code;
    memcpy(e->text, made, sizeof made);
    return false;
}

bool error_prefix(struct error *e, const char *format, ...)
{
    if (!e)
        return false;
    char made[sizeof e->text];
    va_list args;
    va_start(args, format);
    vsnprintf(made, sizeof made, format, args);
    va_end(args);
    strncat(made, ": ", sizeof made - strlen(made) - 1);
    strncat(made, e->text, sizeof made - strlen(made) - 1);
    memcpy(e->text, made, sizeof made);
    return false;
}
