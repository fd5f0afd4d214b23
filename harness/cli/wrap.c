#include "harness/cli/wrap.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/style.h"
#include "harness/cli/table.h"

/* Columns of the word that begins here. */
static int word_columns(const char *s, size_t bytes)
{
    char *word = need_string(s);
    word[bytes] = '\0';
    int columns = text_columns(word);
    free(word);
    return columns;
}

void wrap_print(FILE *out, const char *text, int at, int indent)
{
    int page = style_width(out), owed = 0; /* blanks are printed only when a word follows on the line */
    while (*text) {
        size_t bytes = strcspn(text, " \n");
        int columns = word_columns(text, bytes);
        if (bytes > 0 && at > indent && at + owed + columns > page) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
            owed = 0;
        }
        fprintf(out, "%*s%.*s", bytes > 0 ? owed : 0, "", (int)bytes, text);
        at += bytes > 0 ? owed + columns : 0;
        owed = bytes > 0 ? 0 : owed;
        text += bytes;
        if (*text == '\n') {
            fprintf(out, "\n%*s", text[1] == '\n' ? 0 : indent, "");
            at = indent;
            owed = 0;
        }
        owed += *text == ' ';
        text += *text != '\0';
    }
    fputc('\n', out);
}
