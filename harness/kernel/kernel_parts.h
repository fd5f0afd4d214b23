/* What the files behind kernel.h share with each other, and nobody else needs. */
#ifndef ROOFLAB_KERNEL_PARTS_H
#define ROOFLAB_KERNEL_PARTS_H

#include "harness/kernel/kernel.h"

/* Reads the header in k->source into k (path and is_plan are set). EXIT_USAGE with file:line:. */
bool kernel_parse(struct kernel *k, struct error *e);

/* The names that a kernel's expressions see, with their values: its shape, then its tune lines. */
struct scope {
    const char *names[RUN_SHAPE_MAX + KERNEL_TUNE_MAX + 1]; /* one more: a .plan file's repeat has a name, too */
    double values[RUN_SHAPE_MAX + KERNEL_TUNE_MAX + 1];
    int count;
};

/* Points into k. shape NULL: the header's; tune NULL: the defaults. */
struct scope kernel_scope(const struct kernel *k, const struct shape_entry *shape, const uint32_t *tune);
bool scope_value(const struct scope *s, const char *expression, double *value, struct error *e);
/* The same for an expression that must be a whole number from least to most; `what` names it in the error. */
bool scope_whole(const struct scope *s, const char *what, const char *expression, double least, double most,
                 uint64_t *value, struct error *e);

/* The fill of a buffer at a shape. */
bool kernel_fill(const struct kernel_buffer *b, const struct scope *s, struct fill *out, struct error *e);

int kernel_find_buffer(const struct kernel *k, const char *name); /* -1 */
int kernel_find_shape(const struct kernel *k, const char *name);  /* -1 */

/* "; did you mean 'x'?", or "; these are known: a, b, c". Returns out. */
#define HINT_TEXT 300
char *name_hint(char out[HINT_TEXT], const char *word, const char *const *names, size_t count);
/* A word of a file for an error: 40 characters of it at most, none that upsets a terminal. Returns out. */
#define WORD_TEXT 48
char *word_shown(char out[WORD_TEXT], const char *word);

/* A texel format that headers can name: how many elements of what type a texel holds. */
struct texel_facts {
    const char *name;
    enum type type;
    uint32_t elements;
};
extern const struct texel_facts texel_facts[TEXEL_FORMATS];

/* Adds k as one step of p: tensors[i] is the tensor of k's buffer i. S of the plan must be known. */
struct part { /* of a tensor: what a step is given; bytes 0: all of it */
    int tensor;
    uint64_t offset, bytes;
};
bool kernel_add_step(struct plan *p, const struct kernel *k, const struct scope *s, const struct part *parts,
                     struct error *e);
/* The same in as many steps as p's limits ask for. */
bool kernel_add_steps(struct plan *p, const struct kernel *k, const struct scope *s, const struct part *parts,
                      struct error *e);
/* Is the kernel for this shape, by its `only` lines? */
bool kernel_suits(const struct kernel *k, const struct scope *s, struct error *e);
/* Is the buffer one of those that are cut where the kernel is split? */
bool kernel_cuts(const struct kernel *k, const struct kernel_buffer *b);
/* Adds the tensors of k's buffers to p, in order. */
bool kernel_add_tensors(struct plan *p, const struct kernel *k, const struct scope *s, struct error *e);
/* The kernel of a step line: of two names with a | between them, the one that there is in this language. */
struct kernel *kernel_of_step(const struct kernel_step *line, enum language language, struct error *e);
/* Adds the steps of a .plan file. */
bool plan_file_add_steps(struct plan *p, const struct kernel *k, const struct scope *s, struct error *e);
/* Gives p the reference that k's header names. */
bool reference_attach(struct plan *p, const struct kernel *k, struct error *e);

#endif
