#!/bin/bash
# Finds out how to link on this machine, and writes it to the file named by the first argument, to be given
# to the compiler as @FILE.
#
# Debian's libshaderc.so leaves symbols of glslang undefined, and forcing archives beside it gives a program
# that links and then crashes. So a test program that uses what rooflab uses must link *and run*: with the
# shared library where that works, else with the archives.
set -eu

OUT=$1
CC=${CC:-gcc}
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT

write_test_program() {
    cat >"$FOLDER/try.c" <<'END'
#include <shaderc/shaderc.h>
#include <spirv-tools/libspirv.h>

int main(void)
{
    static const char source[] = "#version 450\nlayout(local_size_x = 8) in;\nvoid main() {}\n";
    shaderc_compiler_t compiler = shaderc_compiler_initialize();
    shaderc_compilation_result_t result = shaderc_compile_into_spv(
        compiler, source, sizeof source - 1, shaderc_glsl_compute_shader, "try", "main", NULL);
    if (shaderc_result_get_compilation_status(result) != shaderc_compilation_status_success)
        return 1;
    spv_const_binary_t binary = {(const uint32_t *)(const void *)shaderc_result_get_bytes(result),
                                 shaderc_result_get_length(result) / 4};
    spv_context context = spvContextCreate(SPV_ENV_VULKAN_1_1);
    int wrong = spvValidate(context, &binary, NULL) != SPV_SUCCESS;
    spvContextDestroy(context);
    shaderc_result_release(result);
    shaderc_compiler_release(compiler);
    return wrong;
}
END
}

# Does the test program link and run with these?
works() {
    # shellcheck disable=SC2086 # $CC may carry options, $folders is a list
    $CC $folders -o "$FOLDER/try" "$FOLDER/try.c" "$@" >>"$FOLDER/log" 2>&1 &&
        "$FOLDER/try" >>"$FOLDER/log" 2>&1
}

# Those of the archives that are here: newer versions of glslang have fewer.
archives() {
    local name
    echo -l:libshaderc_combined.a
    for name in glslang MachineIndependent GenericCodeGen OGLCompiler OSDependent SPIRV SPIRV-Tools-opt SPIRV-Tools; do
        if [ "$($CC -print-file-name=lib$name.a)" != "lib$name.a" ]; then echo "-l:lib$name.a"; fi
    done
    echo -lstdc++ -lm
}

choose_shaderc() {
    local library tools
    for library in -lshaderc_shared -lshaderc; do
        for tools in -lSPIRV-Tools-shared "-lSPIRV-Tools -lstdc++"; do
            shaderc="$library $tools"
            # shellcheck disable=SC2086
            if works $shaderc; then return; fi
        done
    done
    shaderc=$(archives | tr '\n' ' ')
    # shellcheck disable=SC2086
    if works $shaderc; then return; fi
    {
        echo "rooflab: a program that uses shaderc links neither with the shared library nor with the archives:"
        tail -n 15 "$FOLDER/log"
    } >&2
    exit 4
}

main() {
    write_test_program
    folders=
    if [ -d /opt/homebrew ]; then folders="-I/opt/homebrew/include -L/opt/homebrew/lib"; fi
    choose_shaderc
    mkdir -p "$(dirname "$OUT")"
    echo "$folders $shaderc -lgsl -lgslcblas -ljansson -ldl -lm" >"$OUT.new"
    mv "$OUT.new" "$OUT"
}

main
