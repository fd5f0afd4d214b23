/* The reader under a fuzzer: clang -fsanitize=fuzzer,address gives a libFuzzer program, and with
 * -DFUZZ_MAIN it is a plain one that reads files (AFL++, and replays of the corpus). Whatever the bytes, the
 * reader, the reflection and the instrument answer or refuse; they never crash. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/spirv/footprint.h"
#include "harness/spirv/totals.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Instruments a module and reads a buffer of zeros back. */
static void try_instrument(const uint32_t *words, size_t count, bool footprint)
{
    struct error e = {0};
    struct instrumented in;
    struct instrument_options options = {.footprint = footprint};
    if (!instrument(&in, words, count, &options, &e))
        return;
    uint64_t sizes[256] = {0};
    uint32_t *lab = need(instrument_bytes(&in, sizes)), lines;
    struct totals t;
    instrument_prepare(&in, sizes, lab);
    instrument_totals(&in, lab, (struct launch_shape){32, 64}, &t);
    free(instrument_lines(&in, lab, (struct launch_shape){32, 64}, &lines));
    totals_free(&t);
    free(lab);
    instrument_free(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = size / 4;
    uint32_t *words = need(4 * count + !count); /* a block of its own: reading behind it is seen */
    memcpy(words, data, 4 * count);
    try_instrument(words, count, false);
    try_instrument(words, count, true);
    free(words);
    return 0;
}

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct text t = {0};
        struct error e = {0};
        if (file_read(argv[i], &t, &e))
            LLVMFuzzerTestOneInput((const uint8_t *)text_get(&t), t.len);
        else
            fprintf(stderr, "%s\n", e.text);
        text_free(&t);
    }
    return 0;
}
#endif
