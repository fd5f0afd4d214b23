/* What the readers of header lines share: kernel_words.c, kernel_buffer.c and kernel_parse.c. */
#ifndef ROOFLAB_KERNEL_HEADER_H
#define ROOFLAB_KERNEL_HEADER_H

#include "harness/kernel/kernel_parts.h"

enum { HEADER_KEYS_MAX = 20 };

/* A header while it is read. */
struct header {
    struct kernel *k;
    int line;
    bool seen[HEADER_KEYS_MAX];
    struct error *e;
};

/* Sets the error "file:line: ..." and returns false. */
bool header_refuse(const struct header *h, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts the place before an error that a function below has set, and returns false. */
bool header_placed(const struct header *h);

/* Takes the next word off *at: up to a blank outside of brackets, so that "f32[rows, cols]" is one. "" at the
 * end. */
char *header_word(char **at);
/* The comma that ends the first part of a list, or the end of the text: max(a,b) is one part. */
char *list_part_end(char *text);
/* Splits "name=value" in place and returns the value; NULL with an error where it is something else. */
char *header_pair(const struct header *h, char *word, const char *example);

/* Copies what fits; `what` names it in the error. */
bool header_copy(const struct header *h, char *to, size_t size, const char *from, const char *what);
/* A whole number that fits a uint of the shader. */
bool header_whole(const struct header *h, const char *text, double least, uint32_t *value);
/* A new name: an identifier that no shape name, buffer or constant of this kernel has yet. */
bool header_name(const struct header *h, char *to, size_t size, const char *name);
/* An expression is parsed as soon as all its names are known, so that its fault is told with its line. */
bool header_expression(const struct header *h, char *to, size_t size, const char *text);

bool header_buffer(struct header *h, char *rest);
bool header_temp(struct header *h, char *rest);
/* Reads a fill, "uniform(99.7,100.7)", into b. */
bool header_fill(const struct header *h, struct kernel_buffer *b, char *word);

#endif
