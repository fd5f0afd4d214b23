/* rooflab devices: what can be run on, and how to say so. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/command.h"
#include "harness/cli/device_list.h"
#include "harness/cli/style.h"
#include "harness/cli/table.h"

static json_t *device_json(const struct device_info *i)
{
    char version[48];
    snprintf(version, sizeof version, "%u.%u.%u", i->api_major, i->api_minor, i->api_patch);
    json_t *j =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:s}", "spec", i->spec, "name", i->name, "slug", i->slug,
                  "kind", i->kind, "hardware", i->hardware, "driver", i->driver, "vulkan", version);
    const struct {
        const char *key;
        uint64_t value;
    } numbers[] = {{"memory_bytes", i->memory_bytes},           {"max_buffer_bytes", i->max_buffer_bytes},
                   {"max_binding_bytes", i->max_binding_bytes}, {"max_texel_elements", i->max_texel_elements},
                   {"shared_bytes", i->shared_bytes},           {"max_invocations", i->max_invocations},
                   {"subgroup_size", i->subgroup_size},         {"timestamp_bits", i->timestamp_bits},
                   {"loop_passes", i->loop_passes}};
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        json_object_set_new(j, numbers[k].key, json_integer((json_int_t)numbers[k].value));
    json_object_set_new(j, "timestamp_period_ns",
                        i->timestamp_bits ? json_real(i->timestamp_period_ns) : json_null());
    json_object_set_new(j, "clock", json_string(i->clock));
    const struct {
        const char *key;
        bool value;
    } features[] = {{"subgroup_arithmetic", i->subgroup_arithmetic}, {"subgroup_shuffle", i->subgroup_shuffle},
                    {"f16_storage", i->f16_storage},
                    {"f16_arithmetic", i->f16_arithmetic},
                    {"i8_storage", i->i8_storage},
                    {"i64", i->i64},
                    {"f64", i->f64},
                    {"buffer_address", i->buffer_address},
                    {"cooperative_matrix", i->cooperative_matrix},
                    {"device_local", i->device_local}};
    for (size_t k = 0; k < sizeof features / sizeof *features; k++)
        json_object_set_new(j, features[k].key, json_boolean(features[k].value));
    return j;
}

static void print_json(const struct device_list *l)
{
    json_t *devices = json_array();
    for (int k = 0; k < l->count; k++)
        json_array_append_new(devices, device_json(&l->infos[k]));
    json_t *root = json_pack("{s:s, s:s?, s:o}", "schema", "rooflab.devices/1", "default",
                             l->standard[0] ? l->standard : NULL, "devices", devices);
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12));
    putchar('\n');
    json_decref(root);
}

static void stamps_cell(struct cli_table *t, const struct device_info *i)
{
    if (i->timestamp_bits)
        table_cell(t, "%g ns, %u bits", i->timestamp_period_ns, i->timestamp_bits);
    else
        table_cell(t, "none: host clock");
}

static void print_table(const struct device_list *l, bool csv)
{
    static const struct table_column columns[] = {{"device", TABLE_LEFT, NULL},
                                                  {"name", TABLE_WRAP, NULL},
                                                  {"kind", TABLE_LEFT, NULL},
                                                  {"driver", TABLE_WRAP, NULL},
                                                  {"memory", TABLE_RIGHT, "memory_bytes"},
                                                  {"subgroup", TABLE_RIGHT, NULL},
                                                  {"time stamps", TABLE_WRAP, NULL},
                                                  {NULL, TABLE_LEFT, NULL}};
    struct cli_table *t = table_new(columns);
    for (int k = 0; k < l->count; k++) {
        const struct device_info *i = &l->infos[k];
        char spec[sizeof i->spec + 2];
        bool standard = strcmp(i->spec, l->standard) == 0;
        snprintf(spec, sizeof spec, "%s%s", i->spec, standard ? " *" : "");
        table_row(t, standard ? TABLE_BEST : TABLE_PLAIN);
        table_both(t, spec, i->spec);
        table_cell(t, "%s", i->name);
        table_cell(t, "%s", i->kind);
        table_cell(t, "%s", i->driver);
        table_quantity(t, UNIT_BYTES, (double)i->memory_bytes);
        table_cell(t, "%u", i->subgroup_size);
        stamps_cell(t, i);
    }
    (csv ? table_csv : table_print)(t, stdout);
    table_end(t);
}

static void print_how(const struct device_list *l)
{
    const struct driver *const *drivers = device_drivers();
    if (l->standard[0])
        printf("\n* is the default. ");
    else
        printf("\n");
    printf("Choose another with --device or ROOFLAB_DEVICE:\n");
    for (int i = 0; drivers[i]; i++)
        printf("  %s\n", drivers[i]->help);
    printf("  or part of a name above, such as \"%.*s\"\n",
           (int)strcspn(l->count ? l->infos[0].name : "radeon", " ("),
           l->count ? l->infos[0].name : "radeon");
}

static int run(const struct arguments *a)
{
    struct error e = {0};
    struct device_list l;
    device_list_make(&l, &e);
    if (a->json)
        print_json(&l);
    else if (l.count)
        print_table(&l, a->csv);
    if (!a->json && !a->csv && l.count)
        print_how(&l);
    int code = l.count ? EXIT_OK : command_fail(a, &e);
    device_list_free(&l);
    return code;
}

static const struct example examples[] = {
    {"rooflab devices", "all devices, with the default marked"},
    {"rooflab doctor --device vulkan:1", "choose one; every command that runs something takes --device"},
    {"rooflab devices --json | jq -r .default", "the default, for a script"},
    {NULL, NULL},
};
static const struct exit_note exits[] = {
    {EXIT_OK, "at least one device was found"},
    {EXIT_ENVIRONMENT, "there is none; the text says what to install"},
    {0, NULL},
};

const struct command command_devices = {
    .name = "devices",
    .group = GROUP_LOOK,
    .summary = "what can be run on, and how to choose",
    .about = "Lists the compute devices that the Vulkan loader finds, with what matters for measuring: "
             "hardware or software, driver, memory, subgroup size, and the clock that the device counts "
             "time with.",
    .usage = "",
    .word = "",
    .max_words = 0,
    .common = COMMON_JSON | COMMON_CSV,
    .examples = examples,
    .exits = exits,
    .run = run,
};
