/* Help pages, made from the tables of commands and options. */
#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/command.h"
#include "harness/cli/style.h"
#include "harness/cli/wrap.h"
#include "harness/device/device.h"

enum { INDENT = 2 };

static const char *const group_titles[GROUP_COUNT] = {
    [GROUP_LOOK] = "Look around",
    [GROUP_MEASURE] = "Calculate and measure",
    [GROUP_LEARN] = "Learn",
};

static const struct exit_note shared_exits[] = {
    {EXIT_USAGE, "the command line or an input file is wrong"},
    {EXIT_INTERRUPTED, "interrupted; what was measured until then is kept"},
    {0, NULL},
};

static void heading(const char *text)
{
    const struct style *s = style_of(stdout);
    printf("\n%s%s%s\n", s->bold, text, s->off);
}

/* "  left    right", the right column wrapped under itself. */
static void entry(const char *left, int width, const char *right)
{
    printf("%*s%-*s  ", INDENT, "", width, left);
    int used = (int)strlen(left) > width ? (int)strlen(left) : width;
    wrap_print(stdout, right, INDENT + used + 2, INDENT + width + 2);
}

static void option_left(const struct option *o, struct text *left)
{
    left->len = 0;
    if (o->letter)
        text_add(left, "-%c, ", o->letter);
    text_add(left, "--%s%s%s", o->name, o->metavar ? " " : "", o->metavar ? o->metavar : "");
}

static void print_option(const struct option *o, int width)
{
    struct text left = {0}, right = {0};
    option_left(o, &left);
    text_add(&right, "%s", o->help);
    for (int i = 0; o->kind == OPTION_CHOICE && o->choices[i]; i++)
        text_add(&right, "%s%s", i ? ", " : ": ", o->choices[i]);
    if (o->required)
        text_add(&right, " (required)");
    if (o->standard && o->kind != OPTION_FLAG)
        text_add(&right, " (default: %s)", o->standard);
    entry(left.s, width, right.s);
    text_free(&left);
    text_free(&right);
}

static int widest(const struct command *c)
{
    struct text left = {0};
    int width = (int)strlen("--help");
    for (const struct option *o = c->options; o && o->name; o++) {
        option_left(o, &left);
        width = (int)left.len > width ? (int)left.len : width;
    }
    for (int i = 0; common_options[i].name; i++) {
        option_left(&common_options[i], &left);
        width = (c->common & 1u << i) && (int)left.len > width ? (int)left.len : width;
    }
    text_free(&left);
    return width;
}

static void print_options(const struct command *c)
{
    int width = widest(c);
    heading("options");
    for (const struct option *o = c->options; o && o->name; o++)
        print_option(o, width);
    for (int i = 0; common_options[i].name; i++)
        if (c->common & 1u << i)
            print_option(&common_options[i], width);
    entry("--help", width, "this page");
    if (!(c->common & COMMON_DEVICE))
        return;
    heading("devices");
    for (int i = 0; device_drivers()[i]; i++)
        printf("%*s%s\n", INDENT, "", device_drivers()[i]->help);
    printf(
        "%*swithout --device: ROOFLAB_DEVICE, else the best Vulkan device (`rooflab devices` lists them)\n",
        INDENT, "");
}

/* The command's own codes and those that all commands share, in the order of the codes. */
static void print_exits(const struct exit_note *own)
{
    const struct exit_note *const lists[] = {own, shared_exits};
    char code[16];
    for (int wanted = 0; wanted <= EXIT_INTERRUPTED; wanted++)
        for (int l = 0; l < 2; l++)
            for (const struct exit_note *n = lists[l]; n && n->text; n++) {
                if (n->code != wanted)
                    continue;
                snprintf(code, sizeof code, "%d", n->code);
                entry(code, 3, n->text);
            }
}

void help_command(const struct command *c)
{
    const struct style *s = style_of(stdout);
    printf("%srooflab %s%s: %s\n\n", s->bold, c->name, s->off, c->summary);
    wrap_print(stdout, c->about, 0, 0);
    printf("\n%susage%s  rooflab %s %s\n", s->bold, s->off, c->name, c->usage);
    print_options(c);
    if (c->examples)
        heading("examples");
    for (const struct example *x = c->examples; x && x->line; x++) {
        printf("%*s%s# ", INDENT, "", s->dim);
        wrap_print(stdout, x->comment, INDENT + 2, INDENT);
        printf("%s%*s%s\n", s->off, INDENT, "", x->line);
    }
    heading("exit codes");
    print_exits(c->exits);
}

void help_overview(void)
{
    const struct command *const *all = commands_all();
    const struct style *s = style_of(stdout);
    printf("%srooflab%s: how far is a kernel from what the machine allows, and why?\n\n", s->bold, s->off);
    wrap_print(
        stdout,
        "A chain of kernels that makes k full passes over a tensor of S bytes cannot run faster than k*S/B "
        "on memory of bandwidth B. rooflab measures B on your machine, runs the chain, and tells how close "
        "it came and what held it back.",
        0, 0);
    printf("\n%susage%s  rooflab COMMAND [options] [words]\n", s->bold, s->off);
    enum command_group group = GROUP_COUNT;
    for (int i = 0; all[i]; i++) {
        if (all[i]->group != group)
            heading(group_titles[all[i]->group]);
        group = all[i]->group;
        entry(all[i]->name, 10, all[i]->summary);
    }
    heading("Begin with");
    entry("rooflab doctor", 26, "can this machine do it, and what is missing?");
    entry("rooflab help COMMAND", 26, "what a command does, its options, examples, exit codes");
    entry("make experiment-fusion", 26, "the main job: a table, two charts and a verdict for this machine");
}
