/* The reader under a fuzzer: clang -fsanitize=fuzzer,address gives a libFuzzer program, and with
 * -DFUZZ_MAIN it is a plain one that reads files (AFL++, and replays of the corpus). Whatever the bytes, the
 * reader, the reflection and the instrument answer or refuse; they never crash. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/spirv/reflect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error e = {0};
    struct module m;
    struct reflection r;
    size_t count = size / 4;
    uint32_t *words = need(4 * count + 4);
    memcpy(words, data, 4 * count);
    if (module_read(&m, words, count, NULL, 0, &e)) {
        if (reflect(&r, &m, NULL, NULL, &e))
            reflection_free(&r);
        module_free(&m);
    }
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
