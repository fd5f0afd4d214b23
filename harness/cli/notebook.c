/* Reading a notebook: which lines are commands, recorded output, claims. */
#include "harness/cli/notebook.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void split_lines(struct notebook *n, char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        bool more = text[len] == '\n';
        text[len] = '\0';
        n->lines = need_more(n->lines, sizeof *n->lines * (size_t)(n->line_count + 1));
        n->lines[n->line_count++] = need_string(text);
        text += len + more;
    }
}

/* Where the reader stands. */
struct reading {
    struct notebook *n;
    struct notebook_item *command; /* the one whose output is being read */
    bool in_fence, outputs;        /* outputs: a line of output was read, so `> ` is one too */
    struct error *e;
};

static struct notebook_item *add(struct notebook *n, enum notebook_kind kind, int line, const char *text)
{
    n->items = need_more(n->items, sizeof *n->items * (size_t)(n->item_count + 1));
    struct notebook_item *item = &n->items[n->item_count++];
    *item = (struct notebook_item){
        .kind = kind, .line = line + 1, .text = need_string(text), .from = line + 1, .to = line + 1};
    return item;
}

/* "[2]" */
static bool read_status(const char *content, int *status)
{
    char *end;
    long value = content[0] == '[' && isdigit((unsigned char)content[1]) ? strtol(content + 1, &end, 10) : -1;
    if (value < 0 || value > 255 || strcmp(end, "]") != 0)
        return false;
    *status = (int)value;
    return true;
}

static void read_block_line(struct reading *r, int line, const char *content)
{
    if (starts_with(content, "$ ")) {
        r->command = add(r->n, NOTEBOOK_COMMAND, line, content + 2);
        r->outputs = false;
    } else if (r->command && !r->outputs && starts_with(content, "> ")) {
        struct text joined = {0};
        text_add(&joined, "%s\n%s", r->command->text, content + 2);
        free(r->command->text);
        r->command->text = joined.s;
        r->command->from = r->command->to = line + 1;
    } else if (r->command && *content) {
        r->outputs = true;
        r->command->to = line + 1;
        r->command->has_status = read_status(content, &r->command->status);
        if (!r->command->has_status)
            r->command->status = 0;
    }
}

/* "@ title: Memory passes" */
static bool read_header(struct reading *r, int line, const char *text)
{
    const char *colon = strchr(text, ':');
    if (!colon)
        return error_set(r->e, EXIT_USAGE, "%s:%d: a header line is written like '@ title: ...'", r->n->path,
                         line + 1);
    char *key = need_string(text), *value = need_string(colon + 1);
    key[colon - text] = '\0';
    if (strcmp(trim(key), "needs") == 0)
        add(r->n, NOTEBOOK_NEEDS, line, trim(value));
    if (strcmp(trim(key), "title") == 0 && !r->n->title)
        r->n->title = need_string(trim(value));
    free(key);
    free(value);
    return true;
}

static bool read_prose(struct reading *r, int line, const char *text)
{
    r->command = NULL;
    if (r->n->fenced)
        return true;
    if (starts_with(text, "! "))
        add(r->n, NOTEBOOK_CLAIM, line, text + 2);
    return !starts_with(text, "@ ") || read_header(r, line, text + 2);
}

static bool read_line(struct reading *r, int line)
{
    const char *text = r->n->lines[line];
    if (r->n->fenced) {
        bool fence = starts_with(text, "```");
        if (r->in_fence && !fence) {
            read_block_line(r, line, text);
            return true;
        }
        r->in_fence = fence && !r->in_fence && strcmp(text, "```console") == 0;
        return read_prose(r, line, text);
    }
    if (starts_with(text, "  "))
        read_block_line(r, line, text + 2);
    else if (*text)
        return read_prose(r, line, text);
    return true;
}

const char *notebook_content(const struct notebook *n, int line)
{
    const char *text = n->lines[line];
    return !n->fenced && starts_with(text, "  ") ? text + 2 : text;
}

struct notebook *notebook_read(const char *path, bool fenced, struct error *e)
{
    struct text file = {0};
    if (!file_read(path, &file, e))
        return NULL;
    struct notebook *n = need(sizeof *n);
    struct reading r = {.n = n, .e = e};
    bool ok = true;
    n->path = need_string(path);
    n->fenced = fenced;
    split_lines(n, file.s);
    text_free(&file);
    for (int i = 0; i < n->line_count && ok; i++)
        ok = read_line(&r, i);
    if (ok && n->item_count == 0)
        ok = error_set(e, EXIT_USAGE,
                       "%s: there is no command in it; one is written like '%s$ rooflab list'%s", path,
                       fenced ? "" : "  ", fenced ? " between ```console and ```" : ", indented by two");
    if (ok)
        return n;
    notebook_free(n);
    return NULL;
}

void notebook_free(struct notebook *n)
{
    for (int i = 0; i < n->line_count; i++)
        free(n->lines[i]);
    for (int i = 0; i < n->item_count; i++)
        free(n->items[i].text);
    free(n->lines);
    free(n->items);
    free(n->path);
    free(n->title);
    free(n);
}
