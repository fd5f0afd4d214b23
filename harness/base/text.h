/* Growing strings, whole files, sorted folders, and the nearest name to a misspelt one. */
#ifndef ROOFLAB_TEXT_H
#define ROOFLAB_TEXT_H

#include <stdarg.h>
#include <stddef.h>

#include "harness/base/error.h"

/* Memory that is there or the program ends with a message: the lab has no use for half a result. */
void *need(size_t bytes);                 /* zeroed */
void *need_more(void *old, size_t bytes); /* realloc; the new part is not zeroed */
char *need_string(const char *s);         /* a copy; NULL stays NULL */

/* A growing string. `struct text t = {0};` is empty and valid; t.s may be NULL while t.len is 0. */
struct text {
    char *s; /* always NUL-terminated once something was added */
    size_t len, cap;
};
void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_bytes(struct text *t, const void *bytes, size_t len);
void text_free(struct text *t);
const char *text_get(const struct text *t); /* "" where nothing was added */

/* Trims blanks at both ends, in place; returns the first character that stays. */
char *trim(char *s);
bool starts_with(const char *s, const char *prefix);
bool ends_with(const char *s, const char *suffix);

/* Reads a whole file (text or binary; a NUL follows it). Fails with EXIT_USAGE for a missing file. */
bool file_read(const char *path, struct text *out, struct error *e);
/* Writes a file whole: to a temporary name beside it, then renamed. Makes missing folders. A folder that
 * cannot be written is EXIT_ENVIRONMENT and the text says which folder and how to choose another. */
bool file_write(const char *path, const void *bytes, size_t len, struct error *e);
bool folder_make(const char *path, struct error *e); /* mkdir -p */
bool file_exists(const char *path);

/* Sorted names of the entries of a folder that end in suffix (NULL: all; never "." files).
 * Returns a NULL-terminated array, freed by names_free. A missing folder gives an empty array. */
char **folder_names(const char *path, const char *suffix, size_t *count);
void names_free(char **names);

/* The name nearest to word by edit distance, or NULL where none is near (more than a third of it wrong). */
const char *nearest_name(const char *word, const char *const *names, size_t count);

/* The first words of a device's name, without what stands in brackets or behind a comma. Returns out. */
#define SHORT_NAME 31
char *short_name(char out[SHORT_NAME], const char *name);

/* A name safe as a file name: lower case, [a-z0-9.+-], everything else becomes one '-'. At most size-1 long. */
void slug(char *out, size_t size, const char *name);

/* 64-bit FNV-1a, for content-addressed caches. */
unsigned long long hash_bytes(const void *bytes, size_t len);

#endif
