/* What the doctor asks of the machine as such. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "harness/cli/doctor.h"
#include "harness/measure/results.h"
#include "harness/device/drivers.h"
#include "harness/device/perf.h"
#include "harness/kernel/kernel.h"
#include "harness/kernel/operator.h"
#include "harness/kernel/shader.h"
#include "roofline/chart.h"

struct finding *finding_add(struct findings *f, enum level level, const char *name, const char *format, ...)
{
    f->list = need_more(f->list, sizeof *f->list * (size_t)(f->count + 1));
    struct finding *found = &f->list[f->count++];
    va_list args;
    *found = (struct finding){.level = level, .name = name};
    va_start(args, format);
    if (vasprintf(&found->text, format, args) < 0)
        found->text = need_string("");
    va_end(args);
    return found;
}

void findings_free(struct findings *f)
{
    for (int i = 0; i < f->count; i++)
        free(f->list[i].text);
    free(f->list);
    f->list = NULL;
    f->count = 0;
}

static struct finding *vital(struct findings *f, const char *name, const struct error *e)
{
    struct finding *found = finding_add(f, LEVEL_PROBLEM, name, "%s", e->text);
    found->vital = true;
    return found;
}

enum layer { LAYER_THERE, LAYER_MISSING, LAYER_UNKNOWN };

/* Asked in a child: whether the layer is taken is settled when a process first uses Vulkan. */
static enum layer layer_look(void)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct error e = {0};
        setenv("ROOFLAB_VALIDATE", "1", 1);
        struct device *d = device_open("vulkan", &e);
        _exit(d ? LAYER_THERE : strstr(e.text, "VK_LAYER") ? LAYER_MISSING : LAYER_UNKNOWN);
    }
    int status = 0;
    bool ended = child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status);
    return ended ? (enum layer)WEXITSTATUS(status) : LAYER_UNKNOWN;
}

static void check_loader(struct findings *f)
{
    struct error e = {0};
    struct device *d = device_open("vulkan", &e);
    if (!d) {
        struct finding *found = vital(f, "Vulkan", &e);
        found->cannot = "Nothing can be measured: only `rooflab bound` and --device sim:... work.";
        return;
    }
    finding_add(f, LEVEL_OK, "Vulkan", "the loader works and a device can be opened");
    device_close(d);
}

static void check_layer(struct findings *f)
{
    enum layer layer = layer_look();
    if (layer == LAYER_THERE)
        finding_add(f, LEVEL_OK, "validation", "the layer is there; ROOFLAB_VALIDATE=1 turns it on");
    if (layer == LAYER_MISSING)
        finding_add(f, LEVEL_NOTE, "validation", "the validation layer is not there")->remedy =
            "only tests and kernel writers need it. On Debian: apt install vulkan-validationlayers";
}

static void check_compiler(struct findings *f)
{
    static const char trivial[] = "#version 450\nlayout(local_size_x = 8) in;\nvoid main() {}\n";
    struct error e = {0};
    struct spirv s;
    double start = host_clock_ns();
    if (shader_compile("trivial", trivial, &s, &e))
        finding_add(f, LEVEL_OK, "compiler", "shaderc compiles a trivial shader (%.0f ms with its start)",
                    (host_clock_ns() - start) / 1e6);
    else
        vital(f, "compiler", &e)->remedy =
            "shaderc is broken here: install it anew, then `make clean` and `make`";
}

static void check_kernels(struct findings *f)
{
    struct error e = {0};
    int count = 0;
    const char *folder = kernels_folder(&e);
    if (folder && operators_all(&count, &e))
        finding_add(f, LEVEL_OK, "kernels", "%d operators in %s/elementwise", count, folder);
    else
        vital(f, "kernels", &e);
}

static void check_gnuplot(struct findings *f)
{
    struct error e = {0};
    if (chart_available(&e))
        finding_add(f, LEVEL_OK, "gnuplot", "draws the charts");
    else
        vital(f, "gnuplot", &e)->cannot =
            "Charts: everything is measured and recorded, and `rooflab plot` draws it later.";
}

static void check_results(struct findings *f, const char *out)
{
    struct error e = {0};
    struct text probe = {0};
    char *folder = results_folder(out, "", &e);
    if (folder) {
        while (strlen(folder) > 1 && ends_with(folder, "/"))
            folder[strlen(folder) - 1] = '\0';
        text_add(&probe, "%s/.probe-%ld", folder, (long)getpid());
    }
    if (folder && file_write(probe.s, "", 0, &e)) {
        finding_add(f, LEVEL_OK, "results", "%s can be written", folder);
        unlink(probe.s);
    } else {
        vital(f, "results", &e);
    }
    text_free(&probe);
    free(folder);
}

static void check_load(struct findings *f)
{
    double load = 0;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (getloadavg(&load, 1) < 1 || load <= 0.5 * (double)processors) {
        finding_add(f, LEVEL_OK, "quiet", "load average %.2f on %ld processors", load, processors);
        return;
    }
    struct finding *found = finding_add(
        f, LEVEL_NOTE, "quiet", "load average %.2f on %ld processors: others are at work", load, processors);
    found->remedy = "measure when it is quieter; until then intervals are wider and times longer";
}

static void check_perf(struct findings *f)
{
    if (!*perf_missing()) {
        finding_add(f, LEVEL_OK, "perf events", "instructions, cycles and cache misses go into every record");
        return;
    }
    struct finding *found = finding_add(f, LEVEL_NOTE, "perf events", "%s", perf_missing());
    found->cannot = "Records leave these counters null; times, passes and bounds do not need them.";
}

void doctor_machine(struct findings *f, const char *out)
{
    snprintf(f->title, sizeof f->title, "This machine");
    check_layer(f); /* before this process uses Vulkan itself: a child would share its threads' locks */
    check_loader(f);
    check_compiler(f);
    check_kernels(f);
    check_gnuplot(f);
    check_results(f, out);
    check_load(f);
    check_perf(f);
}
