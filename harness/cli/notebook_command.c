/* Running one command of a notebook, in a folder of its own and with this rooflab. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/cli/notebook_parts.h"

/* rooflab's own folder first on PATH, so that a lesson runs this rooflab and no other. */
static void path_make(struct text *path)
{
    char self[4096];
    const char *old = getenv("PATH");
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        text_add(path, "%.*s:", (int)(slash - self), self);
    text_add(path, "%s", old ? old : "/usr/bin:/bin");
}

/* In the child: a quiet place with nothing on stdin, and lines that fit a notebook. */
static void become(const struct place *p, const char *command, int out, int talk)
{
    struct text results = {0};
    text_add(&results, "%s/results", p->folder);
    setenv("PATH", text_get(&p->path), 1);
    setenv("ROOFLAB_RESULTS", results.s, 1);
    setenv("COLUMNS", "76", 1);
    if (p->device)
        setenv("ROOFLAB_DEVICE", p->device, 1);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    if (chdir(p->folder) != 0 || !freopen("/dev/null", "r", stdin) || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(talk, STDERR_FILENO) < 0)
        _exit(126);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static void read_all(int from, struct text *out)
{
    char block[4096];
    ssize_t got;
    while ((got = read(from, block, sizeof block)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            text_bytes(out, block, (size_t)got);
}

static bool run_child(const struct place *p, const char *command, struct text *out, int talk, int *status,
                      struct error *e)
{
    int ends[2], raw = 0;
    if (pipe(ends) != 0)
        return error_set(e, EXIT_ENVIRONMENT, "no pipe for a command: %s", strerror(errno));
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        become(p, command, ends[1], talk);
    }
    close(ends[1]);
    if (child > 0)
        read_all(ends[0], out);
    close(ends[0]);
    while (child > 0 && waitpid(child, &raw, 0) < 0 && errno == EINTR)
        ;
    *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    return child > 0 || error_set(e, EXIT_ENVIRONMENT, "no process for a command: %s", strerror(errno));
}

bool place_run(const struct place *p, const char *command, struct text *out, int *status, struct error *e)
{
    FILE *talk = tmpfile();
    if (!talk)
        return error_set(e, EXIT_ENVIRONMENT, "no temporary file for a command: %s", strerror(errno));
    bool ok = run_child(p, command, out, fileno(talk), status, e);
    if (ok && *status != 0) {
        rewind(talk);
        read_all(fileno(talk), out);
    }
    fclose(talk);
    return ok;
}

bool place_make(struct place *p, const char *device, struct error *e)
{
    *p = (struct place){.device = device};
    snprintf(p->folder, sizeof p->folder, "/tmp/rooflab-notebook-XXXXXX");
    if (!mkdtemp(p->folder))
        return error_set(e, EXIT_ENVIRONMENT, "no folder in /tmp for the commands: %s", strerror(errno));
    path_make(&p->path);
    return true;
}

/* The folder was made for this run, under a name that nobody else has. */
void place_remove(struct place *p)
{
    pid_t child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-rf", "--", p->folder, (char *)NULL);
        _exit(127);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    text_free(&p->path);
}
