#include "harness/cli/shape.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/units.h"

static bool entry(struct shape_entry *s, const char *word, struct error *e)
{
    const char *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : 0;
    double value = 0;
    if (len == 0 || len >= sizeof s->name)
        return error_set(e, EXIT_USAGE, "'%s' is not a shape: write name=value, like rows=1000", word);
    *s = (struct shape_entry){0};
    memcpy(s->name, word, len);
    if (!units_parse(UNIT_COUNT, equals + 1, &value, e))
        return error_prefix(e, "%s", s->name);
    s->value = (uint64_t)value;
    return true;
}

/* "rows=1000", or several with commas between them. */
static bool entries(const char *word, struct shape_entry shape[RUN_SHAPE_MAX], int *count, struct error *e)
{
    char *text = need_string(word), *rest = text;
    bool ok = true;
    for (char *part; ok && (part = strsep(&rest, ","));) {
        if (*count == RUN_SHAPE_MAX)
            ok = error_set(e, EXIT_USAGE, "'%s': a shape has at most %d names", word, RUN_SHAPE_MAX);
        ok = ok && entry(&shape[(*count)++], part, e);
    }
    free(text);
    return ok;
}

bool shape_parse(const char *option, char *const *words, int word_count, struct shape_entry shape[RUN_SHAPE_MAX], int *count,
                 struct error *e)
{
    *count = 0;
    bool ok = !option || entries(option, shape, count, e);
    for (int i = 0; i < word_count && ok; i++)
        ok = entries(words[i], shape, count, e);
    return ok;
}
