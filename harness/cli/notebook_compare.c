/* Recorded output beside what was seen, line by line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli/notebook_parts.h"
#include "harness/cli/style.h"

enum { DIFF_LINES = 8 };

static bool is_blank(const char *s)
{
    return s[strspn(s, " \t")] == '\0';
}

/* Blank lines at the end do not count. */
static void split(struct comparison *c, struct text *out)
{
    char *at = out->s;
    while (at && *at) {
        size_t len = strcspn(at, "\n");
        bool more = at[len] == '\n';
        at[len] = '\0';
        c->seen = need_more(c->seen, sizeof *c->seen * (size_t)(c->seen_count + 1));
        c->seen[c->seen_count++] = at;
        at += len + more;
    }
    while (c->seen_count && is_blank(c->seen[c->seen_count - 1]))
        c->seen_count--;
}

static bool is_ellipsis(const char *s)
{
    s += strspn(s, " ");
    return starts_with(s, "...") && is_blank(s + 3);
}

/* Aligns recorded lines from i with seen lines from k. */
static bool align(struct comparison *c, int i, int k)
{
    for (;; i++, k++) {
        while (i < c->end && is_blank(notebook_content(c->n, i)))
            i++;
        while (k < c->seen_count && is_blank(c->seen[k]))
            k++;
        if (i > c->bad || (i == c->bad && k > c->bad_seen)) {
            c->bad = i;
            c->bad_seen = k;
        }
        if (i == c->end)
            return k == c->seen_count;
        if (is_ellipsis(notebook_content(c->n, i)))
            break;
        if (k == c->seen_count || !notebook_match(notebook_content(c->n, i), c->seen[k], NULL, NULL))
            return false;
        c->fits[i - c->from] = k;
    }
    for (; k <= c->seen_count; k++)
        if (align(c, i + 1, k))
            return true;
    return false;
}

bool comparison_make(struct comparison *c, const struct notebook *n, const struct notebook_item *item,
                     struct text *out)
{
    *c = (struct comparison){.n = n, .from = item->from};
    split(c, out);
    c->end = item->has_status ? item->to - 1 : item->to;
    c->fits = need(sizeof *c->fits * (size_t)(c->end - c->from + 1));
    for (int i = 0; i < c->end - c->from; i++)
        c->fits[i] = -1;
    return align(c, c->from, 0);
}

void comparison_free(struct comparison *c)
{
    free(c->fits);
    free(c->seen);
}

void comparison_print(const struct comparison *c)
{
    const struct style *s = style_of(stdout);
    int end = c->end, seen_end = c->seen_count;
    while (end > c->bad && seen_end > c->bad_seen &&
           notebook_match(notebook_content(c->n, end - 1), c->seen[seen_end - 1], NULL, NULL)) {
        end--;
        seen_end--;
    }
    for (int i = c->bad; i < end && i < c->bad + DIFF_LINES; i++)
        if (!is_blank(notebook_content(c->n, i)))
            printf("  line %-5d %s- %s%s\n", i + 1, s->red, notebook_content(c->n, i), s->off);
    for (int k = c->bad_seen; k < seen_end && k < c->bad_seen + DIFF_LINES; k++)
        printf("  %-10s %s+ %s%s\n", "now", s->green, c->seen[k], s->off);
    if (end - c->bad > DIFF_LINES || seen_end - c->bad_seen > DIFF_LINES)
        printf("  ...\n");
}
