/* A device is a place where steps run and are timed: one small table of functions, three kinds of machine.
 *
 *   vulkan:N   any Vulkan 1.1+ device       vulkan_*.c
 *   native     the host's processor         native*.c
 *   sim:...    a machine on paper           sim.c
 *
 * To add a kind: write one `struct driver` in a file here and name it in device.c's table. Everything above
 * (verification, sampling, verdicts, records, charts) stays as it is.
 *
 * A program is compiled from SPIR-V, or from C where the device says so (info.language); a sequence is a list
 * of dispatches in order, recorded once and run many times, each dispatch ordered after the previous one by a
 * barrier, between two fenced time stamps. */
#ifndef ROOFLAB_DEVICE_H
#define ROOFLAB_DEVICE_H

#include <stdint.h>

#include "harness/base/error.h"
#include "roofline/model.h"

/* What a device's programs are written in. GLSL reaches it as SPIR-V. */
enum language { LANGUAGE_GLSL, LANGUAGE_C };

struct device_info {
    char spec[300];   /* what --device takes to open exactly this one: "vulkan:0" */
    char name[256];   /* as the driver tells it */
    char slug[128];   /* results/<slug>/ */
    char driver[256]; /* driver name and version */
    char kind[24];    /* "discrete GPU", "integrated GPU", "virtual GPU", "software", "CPU", "model" */
    char clock[24];   /* "device timestamps", "host clock", "model" */
    char clock_note[160]; /* why, where it is not the device's own */
    bool hardware;        /* not a software rasteriser and not a model */
    bool computes;        /* false: a model that has time but no results */
    enum language language;
    uint32_t threads;      /* of the host that run a kernel; 0 where that is not ours to say */
    uint32_t vector_floats; /* of the host's vector registers */
    uint64_t stream_bytes; /* C kernels store past the caches in steps with this much traffic or more */
    uint32_t api_major, api_minor, api_patch;
    uint32_t vendor_id, device_id;
    uint32_t subgroup_size; /* 1 where the device has none */
    bool subgroup_arithmetic;
    bool subgroup_shuffle; /* among eight invocations at least */
    uint32_t max_invocations;       /* in a workgroup */
    uint32_t max_workgroup_size[3]; /* invocations along each dimension */
    uint32_t max_groups[3];
    uint32_t shared_bytes, push_bytes;
    uint32_t loop_passes; /* all loops of an invocation together end, silently, after so many; 0: there is no such limit */
    uint64_t max_binding_bytes;   /* the largest range that a storage buffer binding can cover */
    uint64_t max_texel_elements;  /* of one texel buffer */
    uint64_t max_buffer_bytes;    /* of one allocation */
    uint64_t memory_bytes;        /* of the heap that buffers come from */
    uint64_t copy_alignment;      /* where parts of storage and texel buffers may begin, bytes */
    bool device_local;            /* buffers need staging copies */
    uint64_t staging_bytes;       /* of the buffer that these go through; 0 where there are none */
    bool f16_storage, f16_arithmetic, i8_storage, i64, f64, buffer_address;
    bool cooperative_matrix; /* 16x16x16 of f16 with f32 sums, by a subgroup */
    bool cooperative_khr;    /* in the KHR form; else in the NV form */
    bool descriptor_indexing; /* invocations of a subgroup may choose different elements of an array of resources */
    double timestamp_period_ns; /* ns per tick; 0 where there are no time stamps */
    uint32_t timestamp_bits;    /* valid bits */
};

enum bind_kind {
    BIND_STORAGE, BIND_UNIFORM, BIND_TEXEL_READ, BIND_TEXEL_WRITE,
    BIND_IMAGE,   /* a storage image */
    BIND_TEXTURE, /* a sampled image */
    BIND_SAMPLER,
    BIND_SAMPLED, /* both in one: sampler2D */
    BIND_KINDS
};

/* What texels are made of: the numbers of SPIR-V's image formats, of which some have names here. */
enum texel_format {
    TEXEL_NONE = 0, TEXEL_RGBA32F = 1, TEXEL_RGBA16F = 2, TEXEL_R32F = 3, TEXEL_RGBA8 = 4, TEXEL_R16F = 9,
    TEXEL_RGBA32I = 21, TEXEL_RGBA32UI = 30, TEXEL_R32UI = 33, TEXEL_FORMATS = 42
};
uint32_t texel_format_bytes(enum texel_format f); /* of one texel; 0 where there is no such format */

#define DEVICE_BINDINGS_MAX 24
#define DEVICE_PUSH_MAX     32 /* words: 128 bytes, what every Vulkan device has */
#define DEVICE_SPEC_MAX     16
#define DEVICE_ARRAY_MAX    64 /* elements of an array of bindings */
#define DEVICE_STRIDE       256 /* what offsets of bindings are a multiple of on every device */

/* The texels of an image. A cube has six layers (or a multiple). One level only. */
struct image_shape {
    uint32_t dimensions; /* 1 to 3; 0: no image */
    uint32_t width, height, depth, layers;
    bool arrayed, cube;
};

/* An image's texels live in the buffer that is bound, rows without padding: the device copies them into an image before the
 * dispatch and back behind it. So images are for running and counting, not for timing. */
struct program_binding {
    uint32_t set, binding;
    enum bind_kind kind;
    enum texel_format format; /* of texel buffers and images */
    uint32_t count;           /* of an array of bindings; 0: no array */
    struct image_shape image;
    uint64_t bytes, stride;   /* of an array: one element's bytes, and from one to the next in the buffer that is bound */
};

struct program_source {
    const char *label; /* for messages */
    enum language language; /* says which of the two follows */
    const uint32_t *spirv;
    size_t words;
    const char *c;
    const char *entry; /* NULL: "main" */
    struct program_binding bindings[DEVICE_BINDINGS_MAX];
    int binding_count;
    uint32_t push_bytes;
    uint32_t spec_ids[DEVICE_SPEC_MAX], spec_values[DEVICE_SPEC_MAX];
    int spec_count;
};

struct buffer_view {
    struct buffer *buffer;
    uint64_t offset, bytes; /* bytes 0: to the buffer's end */
};

enum dispatch_kind { DISPATCH_PROGRAM, DISPATCH_COPY, DISPATCH_FILL };

struct dispatch {
    enum dispatch_kind kind;
    struct program *program;
    /* In the order of the program's bindings. DISPATCH_COPY: from views[0] to views[1]; FILL: views[0]. */
    struct buffer_view views[DEVICE_BINDINGS_MAX];
    int view_count;
    uint32_t push[DEVICE_PUSH_MAX];
    uint32_t groups[3];
    uint32_t fill; /* the word of DISPATCH_FILL */
    /* What it must do: all that a model needs to know of it. */
    struct cost cost;
};

struct timing {
    double total_ns;
    double *step_ns; /* one per dispatch where the sequence has stamps between them, else NULL; the sequence's own */
};

struct device;
struct buffer;
struct program;
struct sequence;

struct device_ops {
    void (*close)(struct device *);
    struct buffer *(*buffer_create)(struct device *, uint64_t bytes, struct error *);
    void (*buffer_destroy)(struct device *, struct buffer *);
    bool (*upload)(struct device *, struct buffer *, uint64_t offset, const void *, uint64_t bytes, struct error *);
    bool (*download)(struct device *, struct buffer *, uint64_t offset, void *, uint64_t bytes, struct error *);
    uint64_t (*address)(struct device *, struct buffer *); /* NULL: shaders cannot follow addresses */
    struct program *(*program_create)(struct device *, const struct program_source *, struct error *);
    void (*program_destroy)(struct device *, struct program *);
    uint64_t (*program_scratch)(struct device *, const struct program *); /* NULL: there is none */
    struct sequence *(*sequence_create)(struct device *, const struct dispatch *, int count, bool step_stamps,
                                        struct error *);
    bool (*sequence_run)(struct device *, struct sequence *, struct timing *, struct error *);
    void (*sequence_destroy)(struct device *, struct sequence *);
};

/* Drivers embed this as their first member. */
struct device {
    const struct device_ops *ops;
    struct device_info info;
};

/* One kind of machine. list calls `each` for every device found and returns how many there were (0 with e
 * filled where the kind is not usable here); open takes what follows the colon ("" for the default). */
struct driver {
    const char *scheme;
    const char *help; /* one line for --help */
    int (*list)(void (*each)(void *, const struct device_info *), void *context, struct error *e);
    struct device *(*open)(const char *rest, struct error *e);
};

/* All kinds, NULL-terminated. */
const struct driver *const *device_drivers(void);

/* Opens a device: "vulkan:1", "sim:B=320GB/s", part of a device's name, or NULL: ROOFLAB_DEVICE, else the
 * best Vulkan device (hardware before software). EXIT_ENVIRONMENT where there is none, with what to do. */
struct device *device_open(const char *spec, struct error *e);
void device_close(struct device *d);

struct buffer *device_buffer(struct device *d, uint64_t bytes, struct error *e);
void device_buffer_free(struct device *d, struct buffer *b);
bool device_upload(struct device *d, struct buffer *b, uint64_t offset, const void *from, uint64_t bytes,
                   struct error *e);
bool device_download(struct device *d, struct buffer *b, uint64_t offset, void *to, uint64_t bytes,
                     struct error *e);
/* Of its first byte, as shaders see it (buffer_reference); 0 where they cannot: info.buffer_address says so. */
uint64_t device_address(struct device *d, struct buffer *b);
struct program *device_program(struct device *d, const struct program_source *s, struct error *e);
void device_program_free(struct device *d, struct program *p);
/* Bytes of memory that a program has for itself, all threads' together. */
uint64_t device_program_scratch(struct device *d, const struct program *p);
/* step_stamps: a fenced time stamp after every dispatch too (about a microsecond each). */
struct sequence *device_sequence(struct device *d, const struct dispatch *list, int count, bool step_stamps,
                                 struct error *e);
bool device_run(struct device *d, struct sequence *s, struct timing *t, struct error *e);
void device_sequence_free(struct device *d, struct sequence *s);

/* Messages of the validation layer so far (ROOFLAB_VALIDATE=1); each is printed to stderr as it comes. */
int device_validation_messages(void);

/* A software rasteriser: kernels run on the host's cores, a subgroup as one vector loop, so that other shapes of kernel
 * are fast there than on a GPU. A model counts as hardware. */
static inline bool device_is_software(const struct device_info *i)
{
    return i->computes && !i->hardware;
}

/* The machine's monotonic clock, in ns. */
double host_clock_ns(void);

#endif
