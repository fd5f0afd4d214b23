#!/bin/bash
# What measures and draws, from outside: chain, bench, check, experiment and plot; what goes wrong is told, and nothing
# is lost. $ROOFLAB is the program. Times are looked at on the simulated device only.
set -eu

ROOFLAB=${ROOFLAB:-build/rooflab}
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
ROOFLAB=$(realpath "$ROOFLAB")
HOME_FOLDER=$(cd "$(dirname "$0")/../.." && pwd)
export ROOFLAB_RESULTS=$SCRATCH/results
export ROOFLAB_DEVICE=sim:B=320GB/s,launch=0
unset NO_COLOR COLUMNS ROOFLAB_GNUPLOT ROOFLAB_VULKAN
RESULTS=$ROOFLAB_RESULTS/sim-b-320gb-s-launch-0

failures=0
fail() {
    echo "run_test: $1" >&2
    sed 's/^/    out | /' "$SCRATCH/out" >&2
    sed 's/^/    err | /' "$SCRATCH/err" >&2
    failures=$((failures + 1))
}

# Runs rooflab and checks its exit code; what it says is in out and err.
expect() {
    local wanted=$1 code=0
    shift
    "$ROOFLAB" "$@" >"$SCRATCH/out" 2>"$SCRATCH/err" </dev/null || code=$?
    [ "$code" = "$wanted" ] || fail "exit code $code, not $wanted, of: rooflab $*"
}

# The same with settings before a --: with A=1 B=2 -- 0 devices
with() {
    local settings=()
    while [ "$1" != -- ]; do
        settings+=("$1")
        shift
    done
    local wanted=$2 code=0
    shift 2
    env "${settings[@]}" "$ROOFLAB" "$@" >"$SCRATCH/out" 2>"$SCRATCH/err" </dev/null || code=$?
    [ "$code" = "$wanted" ] || fail "exit code $code, not $wanted, of: ${settings[*]} rooflab $*"
}

# $1: out or err, $2: a text that must be in it
says() {
    grep -qF -e "$2" "$SCRATCH/$1" || fail "$1 does not say: $2"
}

exists() {
    local file
    for file in "$@"; do
        [ -s "$file" ] || fail "there is no ${file#"$SCRATCH"/}"
    done
}

test_chain() {
    expect 0 chain 'layernorm|bias|gelu|dropout(0.1)' --fuse 2+2 --charts
    says out '1.600 ms'
    says out '400.0 us'
    says out 'fused is 4.00 times as fast as unfused'
    says out '2+2 is 2.00 times as fast'
    says out HOLDS
    exists "$RESULTS"/chain-layernorm-bias-gelu-dropout-0.1{.json,-passes-chain.png,-passes-chain.svg,-roofline-chain.png}
    expect 0 chain 'scale|relu' --json --quiet
    says out '"schema": "rooflab.chain/1"'
    says out '"verdict": "HOLDS"'
    [ ! -s "$SCRATCH/err" ] || fail "--quiet talks"
    expect 0 chain 'scale|relu' --csv
    says out ,
}

test_usage() {
    expect 2 chain 'scale|bais'
    says err "at character 7: there is no operator 'bais' (did you mean 'bias'?)"
    expect 2 chain 'scale||relu'
    says err 'at character 7: an operator is missing'
    expect 2 chain 'scale(2'
    says err 'brackets do not match'
    expect 2 chain 'scale|relu' --tensor 64
    says err "'64' needs a unit"
    expect 2 chain 'scale|relu' --tensor 64GB/s
    says err unit
    expect 2 chain 'scale|relu' --tensor 1kB
    says err 'use a larger --tensor or a smaller --cols'
    expect 2 chain 'scale|relu' --fuse 3
    says err "grouping '3' does not fit the 2 operators"
    expect 2 chain 'scale|relu' --device sim:B=320
    says err 'needs a unit'
    expect 2 chain 'scale|relu' --device sim:lanch=5us
    says err 'did you mean launch?'
    expect 2 bench copy/1-flot
    says err "did you mean 'copy/1-float'?"
    expect 2 bench copy/1-float rowz=3
    says err rowz
    expect 2 bench ./nothere.comp
    says err nothere.comp
    expect 2 check gellu
    says err "did you mean 'gelu'?"
    expect 2 check 'scale|rleu'
    says err "did you mean 'relu'?"
    expect 2 experiment fusoin
    says err "did you mean 'fusion'?"
    expect 2 experiment fusion --chain 'scale|rleu'
    expect 2 plot nothere.json
    says err nothere.json
    echo '{' >"$SCRATCH/broken.json"
    expect 2 plot "$SCRATCH/broken.json"
    says err broken.json
}

test_bench() {
    expect 0 bench copy/1-float copy/2-vec4 rows=4096 --charts
    says out 'copy/2-vec4 is 1.00 times as fast as copy/1-float'
    exists "$RESULTS"/bench-copy-1-float{.json,-roofline.png}
    expect 0 bench copy/1-float --cold --quiet
    says out 'note: cold: before each sample, of runs and of ceilings, 1.00 GB of other memory were read'
}

test_check() {
    printf '%s\n' '#version 450' '//! kernel my/1-kernel' '//! shape n=8' '//! buffer y out f32[n]' '//! launch groups=1' '//! split n' \
        'layout(local_size_x = 8) in;' 'layout(push_constant) uniform Shape { uint n; };' 'layout(binding = 0) writeonly buffer Y { float y[]; };' \
        'void main() { y[gl_LocalInvocationID.x] = 1.0; }' >"$SCRATCH/1-kernel.comp"
    expect 1 check "$SCRATCH/1-kernel.comp"
    says out '`split` promises what nobody can try'
}

test_ceilings() {
    expect 0 ceilings
    says out '320 GB/s'
    exists "$RESULTS"/ceilings{.json,-bandwidth.png}
}

test_experiment() {
    printf 'title Small\nask Is it?\ntensor 16MB\nrun g scale|relu unfused fused\nclaim g.fused.speedup > 1.9\nchart passes g\n' \
        >"$SCRATCH/small.txt"
    expect 0 experiment "$SCRATCH/small.txt"
    says out 'g.fused.speedup > 1.9  holds'
    exists "$RESULTS"/small{.json,-passes-g.png}
    sed -i 's/1.9/2.1/' "$SCRATCH/small.txt"
    rm "$RESULTS"/small*
    expect 1 experiment "$SCRATCH/small.txt"
    says out 'g.fused.speedup > 2.1  FAILS'
    exists "$RESULTS"/small{.json,-passes-g.png} # written before the exit, whatever it is
    sed -i 's/^claim.*/claim g.fused.speedpu > 2/' "$SCRATCH/small.txt"
    expect 2 experiment "$SCRATCH/small.txt"
    says err 'small.txt:5: '
    expect 0 experiment fusion --tensor 16MB
    exists "$RESULTS"/fusion{.json,-passes-seed.png,-roofline-seed-light.png,-bandwidth.png}
    says out 'memory passes became'
}

test_environment() {
    local folder
    : >"$SCRATCH/file"
    for folder in /proc/rooflab "$SCRATCH/file/below"; do
        expect 4 chain 'scale|relu' --out "$folder"
        says err "cannot write in the folder $folder"
        says err --out
        with ROOFLAB_RESULTS="$folder" -- 4 chain 'scale|relu'
        says err "cannot write in the folder $folder"
    done
    rm -rf "$ROOFLAB_RESULTS"
    with ROOFLAB_GNUPLOT=/nonexistent -- 4 chain 'scale|relu' --charts
    says err "gnuplot ('/nonexistent') is not there"
    says err 'apt-get install gnuplot-nox'
    exists "$RESULTS"/chain-scale-relu{.json,-passes-chain.gp,-passes-chain.dat}
    with VK_DRIVER_FILES=/nonexistent.json VK_ICD_FILENAMES=/nonexistent.json ROOFLAB_DEVICE=vulkan -- 4 chain 'scale|relu'
    says err 'No Vulkan driver'
    says err 'apt install mesa-vulkan-drivers'
}

# What needs a device that computes.
test_vulkan() {
    local size
    "$ROOFLAB" devices 2>/dev/null | grep -q vulkan:0 || return 0
    expect 0 check gelu --device vulkan
    says out '1 ok, 0 failed'
    expect 4 chain 'scale|relu' --device vulkan --tensor 900MB
    says out 'largest size that works is'
    size=$(sed -n 's/.*largest size that works is[a-z ]* --tensor \([0-9]*B\).*/\1/p' "$SCRATCH/out" | head -n 1)
    [ -n "$size" ] || fail "no size is named"
    with ROOFLAB_DEVICE=vulkan -- 4 bench copy/1-float rows=4000000000
    says out unsupported
    printf '#version 450\n//! kernel my/1\n//! shape n=64\n//! buffer x in f32[n]\n//! buffer y out f32[n]\n//! launch groups=1\nlayout(local_size_x = 64) in;\nvoid main() { y[0] = zebra; }\n' \
        >"$SCRATCH/my.comp"
    expect 1 bench "$SCRATCH/my.comp" --device vulkan
    says out my.comp:8:
}

# The same record gives the same bytes, also where there is no Vulkan loader.
test_plot() {
    mkdir -p "$SCRATCH/none" "$SCRATCH/a" "$SCRATCH/b"
    : >"$SCRATCH/none/libvulkan.so.1"
    : >"$SCRATCH/none/libvulkan.so"
    with LD_LIBRARY_PATH="$SCRATCH/none" ROOFLAB_DEVICE=vulkan -- 4 chain relu
    says err 'no Vulkan loader'
    expect 0 chain 'scale|relu' --quiet --out "$SCRATCH/a"
    cp "$SCRATCH/a/chain-scale-relu.json" "$SCRATCH/b"
    cd "$SCRATCH/a"
    with LD_LIBRARY_PATH="$SCRATCH/none" -- 0 plot chain-scale-relu.json --emit
    cd "$SCRATCH/b"
    sleep 1 # a date in a file would show
    expect 0 plot chain-scale-relu.json --emit
    cd "$HOME_FOLDER"
    [ "$(find "$SCRATCH/a" -name '*.gp' -o -name '*.dat' | wc -l)" = 6 ] || fail "not three charts were emitted"
    [ -z "$(find "$SCRATCH/a" -name '*.png')" ] || fail "--emit draws"
    diff -r "$SCRATCH/a" "$SCRATCH/b" >"$SCRATCH/out" || fail "the same record gives other files"
}

# Names that a shell, a format or gnuplot would read as something else.
hostile_names() {
    printf '%s\0' '`touch ran`' '$(touch ran)' "';touch ran;'" 'a"b' '"; system("touch ran"); "' '%s%n%d' '@a_b^{c}' \
        'ü→中' $'new\nline' '-rf' '{_Symbol a}' 'a b'
}

test_hostile_names() {
    local name n=0
    mkdir -p "$SCRATCH/hostile"
    cd "$SCRATCH/hostile"
    while IFS= read -r -d '' name; do
        n=$((n + 1))
        cp "$HOME_FOLDER/kernels/copy/1-float.comp" "./$name.comp"
        expect 0 bench "./$name.comp" rows=64 --out "$SCRATCH/hostile/out$n"
        cp "$SCRATCH/hostile/out$n"/*.json "./$name.json"
        expect 0 plot "./$name.json" --kind roofline --title "$name" --quiet
        exists "./$name-roofline.png" "./$name-roofline.svg"
    done < <(hostile_names)
    cd "$HOME_FOLDER"
    [ "$n" = 12 ] || fail "not all names were tried"
    [ -z "$(find "$SCRATCH" -name ran)" ] || fail "a name was run"
}

# The same names where a record tells them: device, kernel, group, driver. Nothing of it is run, and it is drawn.
test_hostile_record() {
    mkdir -p "$SCRATCH/record"
    cd "$SCRATCH/record"
    expect 0 chain 'scale|relu' --quiet
    sed -e 's/"device": "[^"]*"/"device": "`touch ran`\\"; system(\\"touch ran\\") #%s@_^{\\n"/' \
        -e 's/"kernel": "[^"]*"/"kernel": "`touch ran`$(touch ran)'"'"'\\"%d@_{"/' \
        -e 's/"driver": "[^"]*"/"driver": "\\\\`touch ran`"/' "$RESULTS/chain-scale-relu.json" >hostile.json
    grep -q 'touch ran' hostile.json || fail "the record was not spoilt"
    expect 0 plot hostile.json
    exists hostile-{passes,roofline,bandwidth}.{png,svg,gp,dat}
    cd "$HOME_FOLDER"
    [ -z "$(find "$SCRATCH" -name ran)" ] || fail "a name was run"
}

for test in test_chain test_usage test_bench test_check test_ceilings test_experiment test_environment test_vulkan test_plot \
    test_hostile_names test_hostile_record; do
    $test
done
[ $failures = 0 ]
