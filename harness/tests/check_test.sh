#!/bin/bash
# Every kernel and operator of the lab keeps its word: header against module, result against reference, and passes, bytes
# and operations against counts. Kernels that lie are refused, each with both numbers.
set -u
BIN=${ROOFLAB:-build/rooflab}
DIR=$(mktemp -d)
trap 'rm -rf "$DIR"' EXIT
failures=0

fail() {
    echo "check_test: $*"
    failures=$((failures + 1))
}

if ! "$BIN" devices --json 2>/dev/null | grep -q '"vulkan:'; then
    echo "skipped: no Vulkan device"
    exit 77
fi

# The rungs in C, on the host; the operators are checked there by test_chain. Beside them all of GLSL: drivers and compilers
# work on one core each.
in_c=$("$BIN" list kernels --csv | awk -F, '$3 == "native" || $3 == "both" { print $2 }')
[ -n "$in_c" ] || fail "no kernel in C is listed"
"$BIN" check --device native $in_c >"$DIR/all_c" 2>&1 &
native=$!
"$BIN" check >"$DIR/all" 2>&1 || { fail "rooflab check failed:"; grep -v '^ok' "$DIR/all"; }
wait $native || { fail "rooflab check --device native failed:"; grep -v '^ok' "$DIR/all_c"; }

# A copy kernel with one header line replaced ($2) must fail with words that match $3.
lie() {
    local name=$1 line=$2 words=$3
    cat >"$DIR/$name.comp" <<EOF
#version 450
//! kernel     liar/$name
//! idea       A copy that scales, with a header that may lie.
//! shape      rows=64 cols=256
//! buffer     x  in   f32[rows,cols]
//! buffer     y  out  f32[rows,cols]
//! reference  scale(2)  tolerance 1e-6
//! passes     x=1 y=1
//! flops      rows*cols
//! launch     groups=rows
layout(local_size_x = 256) in;
layout(push_constant) uniform Shape { uint rows, cols; };
layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };
void main()
{
    for (uint i = gl_LocalInvocationID.x; i < cols; i += 256)
        y[gl_WorkGroupID.x * cols + i] = 2.0 * x[gl_WorkGroupID.x * cols + i];
}
EOF
    if [ -n "$line" ]; then
        local key=${line%% *}
        sed -i "s|^//! $key .*|//! $line|" "$DIR/$name.comp"
    fi
    "$BIN" check "$DIR/$name.comp" >"$DIR/out" 2>&1
    local code=$?
    if [ -z "$words" ]; then
        [ $code = 0 ] || { fail "$name is honest, but: exit $code"; cat "$DIR/out"; }
    else
        [ $code = 1 ] || fail "$name: exit $code, not 1"
        grep -qE "$words" "$DIR/out" || { fail "$name does not say: $words"; cat "$DIR/out"; }
    fi
}

lie honest "" ""
lie passes "passes     x=2 y=1" "declares 2 issued passes over x, but it makes 1"
lie flops "flops      5*rows*cols" "declares 81920 flops, but it does 16384"
lie result "reference  scale(3)  tolerance 1e-6" "the reference says"

# Where the driver ends long loops, a count that would be too small is refused, and one that just fits is exact.
if "$BIN" devices --json | grep -q '"loop_passes": 65535'; then
    cat >"$DIR/long.comp" <<'EOF'
#version 450
layout(local_size_x = 8) in;
layout(push_constant) uniform Shape { uint n; };
layout(binding = 0) buffer X { float x[]; };
void main()
{
    float sum = 0.0;
    for (uint i = 0; i < n; i++)
        sum += x[i % 8];
    x[gl_LocalInvocationID.x + 8] = sum;
}
EOF
    "$BIN" count "$DIR/long.comp" --size 16 --push 60000 --groups 1 --no-footprint >"$DIR/out" 2>&1 || { fail "60000 passes:"; cat "$DIR/out"; }
    grep -q 'flops f32 480000' "$DIR/out" || { fail "60000 passes:"; cat "$DIR/out"; }
    "$BIN" count "$DIR/long.comp" --size 16 --push 70000 --groups 1 --no-footprint >"$DIR/out" 2>&1
    [ $? = 4 ] || fail "70000 passes: exit $?, not 4"
    grep -q 'ends all loops of an invocation, silently, after 65535 passes' "$DIR/out" || { fail "70000 passes:"; cat "$DIR/out"; }
fi

# A kernel in C that makes a pass more than its sibling of the same name.
house=$DIR/house
mkdir -p "$house/kernels/elementwise" "$house/kernels/copy"
cp kernels/native.h "$house/kernels/"
cp kernels/copy/1-float.* "$house/kernels/copy/"
sed -i 's/x=1 y=1/x=2 y=1/' "$house/kernels/copy/1-float.c"
ROOFLAB_HOME=$house "$BIN" check --device native copy/1-float >"$DIR/out" 2>&1 && fail "a lying sibling passes"
grep -q "in C declares 2 issued passes over x, its counted sibling in GLSL makes 1" "$DIR/out" || { fail "the sibling:"; cat "$DIR/out"; }

[ $failures = 0 ]
