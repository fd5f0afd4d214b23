/* rooflab, the front door: finds the command, hands it its arguments, and ends as it should. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/build.h"
#include "harness/base/interrupt.h"
#include "harness/cli/command.h"
#include "harness/device/device.h"
#include "harness/kernel/operator.h"
#include "harness/kernel/shader.h"

/* A closed stdin, stdout or stderr is opened on nothing: else the next file opened would take its number, and
 * a record would get the text that was meant for a reader. */
static void streams_open(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* Nobody reads on (`rooflab list | head`): that is no failure, and the work was done. Anything else is one.
 * The pipe itself is asked, since errno may be of a write long ago. */
static int output_finish(int code)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (!failed || (poll(&out, 1, 0) > 0 && (out.revents & POLLERR)))
        return code;
    fprintf(stderr, "rooflab: not all of the output could be written (is the disk full?)\n");
    return code == EXIT_OK ? EXIT_ENVIRONMENT : code;
}

/* What stands above a command's own verdict. */
static int run_finish(int code)
{
    int messages = device_validation_messages();
    if (messages > 0) {
        fprintf(
            stderr,
            "rooflab: the validation layer had %d complaint%s (above): a fault in rooflab or in a kernel, "
            "so nothing that was measured counts\n",
            messages, messages == 1 ? "" : "s");
        code = code == EXIT_OK ? EXIT_CHECK : code;
    }
    operators_forget();
    shader_forget();
    return interrupted ? EXIT_INTERRUPTED : code;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct error e = {0};
    struct arguments a;
    bool help;
    int code = EXIT_OK;
    if (!arguments_parse(&a, c, argc, argv, &help, &e))
        code = command_fail(&a, &e);
    else if (help)
        help_command(c);
    else
        code = c->run(&a);
    arguments_free(&a);
    return run_finish(code);
}

static int fail(const struct error *e)
{
    fprintf(stderr, "rooflab: %s\n", e->text);
    return e->code;
}

static int help(int argc, char **argv)
{
    struct error e = {0};
    const struct command *c = argc ? command_find(argv[0], &e) : NULL;
    if (c)
        help_command(c);
    else if (!argc)
        help_overview();
    return argc && !c ? fail(&e) : EXIT_OK;
}

static int version(void)
{
    printf("rooflab %s\nbuilt by %s with %s\n", build_commit(), build_compiler(), build_flags());
    return EXIT_OK;
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static int dispatch(int argc, char **argv)
{
    struct error e = {0};
    if (argc < 2 || is_one_of(argv[1], "--help", "-h"))
        return help(0, NULL);
    if (strcmp(argv[1], "help") == 0)
        return argc > 2 && is_one_of(argv[2], "--help", "-h") ? help(0, NULL) : help(argc - 2, argv + 2);
    if (is_one_of(argv[1], "--version", "-V"))
        return version();
    if (argv[1][0] == '-')
        error_set(&e, EXIT_USAGE, "there is no option %s before a command; `rooflab help` shows how it goes",
                  argv[1]);
    const struct command *c = e.code ? NULL : command_find(argv[1], &e);
    return c ? run(c, argc - 2, argv + 2) : fail(&e);
}

int main(int argc, char **argv)
{
    streams_open();
    signal(SIGPIPE, SIG_IGN); /* a reader that went away must not cost the record */
    interrupt_install();
    return output_finish(dispatch(argc, argv));
}
