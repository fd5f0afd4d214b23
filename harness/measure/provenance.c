#include "harness/measure/provenance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/build.h"
#include "harness/base/text.h"

/* "processor, N cores, system": what a reader needs to know of the host, and nothing that names it. */
static char *host_text(void)
{
    struct text cpuinfo = {0}, out = {0};
    struct utsname u;
    const char *model = "";
    if (file_read("/proc/cpuinfo", &cpuinfo, NULL)) {
        char *line = strstr(cpuinfo.s, "model name");
        char *colon = line ? strchr(line, ':') : NULL;
        if (colon) {
            colon[strcspn(colon, "\n")] = '\0';
            model = trim(colon + 1);
        }
    }
    uname(&u);
    text_add(&out, "%s%s%ld cores, %s %s", model, *model ? ", " : "", sysconf(_SC_NPROCESSORS_ONLN), u.sysname, u.machine);
    text_free(&cpuinfo);
    return out.s;
}

/* Compiled shaders persist in the driver's own cache: a first run is cold only where that is off. */
static const char *shader_cache(void)
{
    const char *v = getenv("MESA_SHADER_CACHE_DISABLE");
    if (v && (strcmp(v, "true") == 0 || strcmp(v, "1") == 0))
        return "off";
    v = getenv("__GL_SHADER_DISK_CACHE");
    return v && strcmp(v, "0") == 0 ? "off" : "the driver's, may be warm";
}

void provenance_fill(struct record *r, const char *kind, const struct device *d)
{
    struct provenance *p = &r->provenance;
    char date[40], schema[64];
    time_t now = time(NULL);
    double load[1] = {0};
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    snprintf(schema, sizeof schema, "rooflab.%s/%d", kind, RECORD_SCHEMA_VERSION);
    r->schema = need_string(schema);
    r->device = need_string(d->info.name);
    p->device = need_string(d->info.name);
    p->driver = need_string(d->info.driver);
    p->device_kind = need_string(d->info.kind);
    p->compiler = need_string(build_compiler());
    p->flags = need_string(build_flags());
    p->commit = need_string(build_commit());
    p->date = need_string(date);
    p->host = host_text();
    p->shader_cache = d->info.computes ? need_string(shader_cache()) : NULL;
    p->load_average = getloadavg(load, 1) == 1 ? load[0] : 0;
}

void provenance_finish(struct record *r, const struct device *d)
{
    free(r->provenance.clock);
    r->provenance.clock = need_string(d->info.clock);
    for (int i = 0; i < r->run_count; i++) {
        free(r->runs[i].clock);
        r->runs[i].clock = need_string(d->info.clock);
    }
    if (d->info.clock_note[0])
        record_note(r, "host clock: %s", d->info.clock_note);
}
