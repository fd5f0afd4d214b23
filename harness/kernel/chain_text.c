#include "harness/kernel/chain_text.h"

#include <stdio.h>
#include <string.h>

/* Is this the operator's first place in the group? Its body is written once. */
static bool first_use(const struct chain_group *g, int i)
{
    for (int k = 0; k < i; k++)
        if (g->items[k].op == g->items[i].op)
            return false;
    return true;
}

static void declare_arguments(struct text *t, const struct operator *o, int stats, const char *first)
{
    text_add(t, "(float %s, float n", first);
    for (int i = 0; i < stats; i++)
        text_add(t, ", float %s", o->stats[i].name);
    for (int i = 0; i < o->param_count; i++)
        text_add(t, ", float %s", o->params[i].name);
    text_add(t, ")");
}

void chain_declare_operators(const struct chain_group *g, struct text *t)
{
    for (int i = 0; i < g->count; i++) {
        const struct operator *o = g->items[i].op;
        if (!first_use(g, i))
            continue;
        text_add(t, "\n%s", o->body);
        for (int k = 0; k < o->stat_count; k++) {
            text_add(t, "float %s_term%d", o->name, k);
            declare_arguments(t, o, k, "x");
            text_add(t, " { return %s; }\nfloat %s_finish%d", o->stats[k].term, o->name, k);
            declare_arguments(t, o, k, o->stats[k].name);
            text_add(t, " { return %s; }\n", o->stats[k].finish);
        }
        if (*o->kept) {
            text_add(t, "float %s_kept", o->name);
            declare_arguments(t, o, o->stat_count, "x");
            text_add(t, " { return %s; }\n", o->kept);
        }
    }
}

void chain_add_number(struct text *t, double value)
{
    char number[40];
    snprintf(number, sizeof number, "%.9g", (float)value);
    text_add(t, "%s%sf", number, strpbrk(number, ".en") ? "" : ".0");
}

void chain_add_params(const struct chain_item *item, struct text *t)
{
    for (int i = 0; i < item->op->param_count; i++) {
        text_add(t, ", ");
        chain_add_number(t, item->params[i]);
    }
}

void chain_add_stats(int i, int count, const char *prefix, struct text *t)
{
    for (int k = 0; k < count; k++)
        text_add(t, ", %ss%d_%d", prefix, i, k);
}

bool chain_has_column_tensor(const struct chain_group *g)
{
    for (int i = 0; i < g->count; i++)
        for (int t = 0; t < g->items[i].op->tensor_count; t++)
            if (!g->items[i].op->tensors[t].per_element)
                return true;
    return false;
}
