#!/bin/bash
# The front door, from outside: exit codes, help, errors, pipes. $ROOFLAB is the program.
set -eu

ROOFLAB=${ROOFLAB:-build/rooflab}
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
export ROOFLAB_RESULTS=$SCRATCH/results
unset NO_COLOR ROOFLAB_DEVICE COLUMNS

failures=0
fail() {
    echo "cli_test: $1" >&2
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

# $1: out or err, $2: a text that must be in it
says() {
    grep -qF -e "$2" "$SCRATCH/$1" || fail "$1 does not say: $2"
}

silent() {
    [ ! -s "$SCRATCH/$1" ] || fail "$1 is not empty"
}

commands() {
    "$ROOFLAB" help | sed -n '/^Look around/,/^Begin with/s/^  \([a-z]*\)  .*/\1/p'
}

test_help() {
    local name
    expect 0
    says out 'usage  rooflab COMMAND'
    expect 0 help
    expect 0 --help
    expect 0 --version
    says out 'rooflab '
    [ "$(commands | wc -l)" -ge 6 ] || fail "help lists hardly any commands"
    for name in $(commands); do
        expect 0 help "$name"
        silent err
        says out "rooflab $name: "
        says out "usage  rooflab $name"
        says out 'exit codes'
        says out 'examples'
        ! grep -q '.\{101\}' "$SCRATCH/out" || fail "help $name is wider than 100"
        mv "$SCRATCH/out" "$SCRATCH/page"
        expect 0 "$name" --help
        cmp -s "$SCRATCH/page" "$SCRATCH/out" || fail "help $name and $name --help differ"
    done
}

test_unknown() {
    expect 2 bouned --tensor 1MB
    says err "rooflab: there is no command 'bouned' (did you mean 'bound'?)"
    silent out
    expect 2 help bouned
    says err "did you mean 'bound'?"
    expect 2 bound --tensro 64MB --bw 1GB/s gelu
    says err 'rooflab bound: there is no option --tensro (did you mean --tensor?)'
    expect 2 --nonsense
    expect 2 devices extra
    says err "'extra' is one word too many"
}

test_bound() {
    expect 0 bound --tensor 64MB --bw 320GB/s layernorm bias gelu dropout
    says out '8 passes, 512 MB, 1.600 ms'
    says out '2 passes, 128 MB, 0.400 ms'
    silent err
    expect 0 bound 'layernorm|bias|gelu|dropout(0.2)' --bw=320GB/s --tensor=64MB --fuse 2+2
    says out '4 passes, 256 MB, 0.800 ms'
    expect 0 bound --tensor 64MB --bw 320GB/s add mul
    says out '6 passes'
    says out '4 passes'
    expect 0 bound --tensor 64MB --bw 320GB/s gelu to_f16 bias
    says out '4.5 passes'
    says out '1.5 passes'
    expect 0 bound --tensor 64MB --bw 320GB/s layernorm bias gelu dropout --json
    tr -d ' \n' <"$SCRATCH/out" >"$SCRATCH/flat"
    mv "$SCRATCH/flat" "$SCRATCH/out"
    says out '{"name":"unfused","kernels":4,"passes":8,"bytes":512000000,"time_ns":1600000}'
    says out '{"name":"fused","kernels":1,"passes":2,"bytes":128000000,"time_ns":400000}'
    expect 0 bound --tensor 64MB --bw 320GB/s gelu relu --csv
    says out 'fused,1,2,128000000,0.0004'
}

test_bad_quantities() {
    expect 2 bound --tensor 64 --bw 320GB/s gelu
    says err "rooflab bound: --tensor: '64' needs a unit"
    expect 2 bound --tensor 64MB --bw 320GB gelu
    says err "320GB/s"
    expect 2 bound --tensor 64MB --bw 5ms gelu
    expect 2 bound --tensor -64MB --bw 320GB/s gelu
    expect 2 bound --tensor 64MB --bw 0GB/s gelu
    says err 'more than 0'
    expect 2 bound --tensor 0MB --bw 1GB/s gelu
    expect 2 bound --tensor nan --bw 320GB/s gelu
    expect 2 bound --tensor 64MB gelu
    says err '--bw RATE is missing'
    expect 2 bound --tensor 64MB --bw 320GB/s
    says err 'an operator is missing'
    expect 2 bound --tensor 64MB --bw 320GB/s gleu
    says err "did you mean 'gelu'?"
    expect 2 bound --tensor 64MB --bw 320GB/s 'gelu||bias'
    says err 'at character 6'
    expect 2 bound --tensor 64MB --bw 320GB/s gelu bias --fuse 2+2
    says err '--fuse'
}

test_look() {
    expect 0 list
    says out 'gelu'
    says out 'layernorm/'
    expect 0 list operators --csv
    says out 'operator,add,,3,'
    expect 2 list opertors
    says err "did you mean 'operators'?"
    expect 0 show gelu
    says out 'float op_gelu'
    expect 2 show gleu
    says err "did you mean 'gelu'?"
    expect 0 show 'layernorm|bias|gelu' --device sim --fuse 2+1
    says out 'layernorm|bias'
    expect 0 show 'bias|gelu' --device sim --glsl
    says out '#version 450'
    expect 0 show 'bias|gelu' --device sim --spirv
    says out 'OpEntryPoint GLCompute'
    expect 0 show layernorm/1-three-reads rows=10 cols=100
    says out 'rows=10 cols=100'
    expect 2 show layernorm/1-three-reads rowz=10
    expect 2 show layernorm/1-three-reads rows
    expect 2 show 'a|b' --tensor 3
}

# Where no driver is, it is said, and what needs none still works.
test_no_vulkan() {
    export VK_ICD_FILENAMES=/nowhere VK_DRIVER_FILES=/nowhere
    expect 0 devices
    says out 'native'
    expect 4 doctor
    says out 'problem'
    says out 'The main job cannot run here'
    expect 0 bound --tensor 64MB --bw 320GB/s gelu
    expect 0 show 'bias|gelu' --glsl
    unset VK_ICD_FILENAMES VK_DRIVER_FILES
}

test_devices() {
    expect 0 doctor --device sim:B=1GB/s
    says out 'a machine on paper'
    expect 2 doctor --device sim:Q=1
    if "$ROOFLAB" devices >/dev/null 2>&1; then
        expect 0 doctor
        says out 'time stamps'
        says out 'The main job can run'
            expect 2 doctor --device 'no such device'
    fi
    expect 4 doctor --device sim --out /proc/nowhere
    says out '--out DIR or ROOFLAB_RESULTS'
}

# Nothing but text in a pipe: no colour, no bar. In a terminal there is colour, unless NO_COLOR.
test_pipes() {
    local escape
    escape=$(printf '\033')
    expect 0 help bound
    if grep -q "$escape" "$SCRATCH/out"; then fail "colour in a pipe"; fi
    expect 0 list
    if grep -q "$escape" "$SCRATCH/out" "$SCRATCH/err"; then fail "colour or a bar in a pipe"; fi
    # A chroot may have no pseudo-terminals, and script's exit code does not tell.
    if script -qec "echo yes" /dev/null 2>/dev/null </dev/null | grep -q yes; then
        TERM=xterm script -qec "$ROOFLAB help bound" /dev/null >"$SCRATCH/out" </dev/null
        grep -q "$escape" "$SCRATCH/out" || fail "no colour on a terminal"
        NO_COLOR=1 TERM=xterm script -qec "$ROOFLAB help bound" /dev/null >"$SCRATCH/out" </dev/null
        if grep -q "$escape" "$SCRATCH/out"; then fail "colour in spite of NO_COLOR"; fi
    fi
}

test_closed_output() {
    local code
    # The reader is gone before the first byte is written.
    (sleep 0.3; code=0; "$ROOFLAB" list 2>"$SCRATCH/err" || code=$?; echo $code >"$SCRATCH/out") | true
    code=$(cat "$SCRATCH/out")
    [ "$code" = 0 ] || fail "exit code $code where the reader left"
    silent err
    code=0
    "$ROOFLAB" list >&- 2>"$SCRATCH/err" || code=$?
    [ "$code" = 0 ] || fail "exit code $code with stdout closed"
    silent err
    if [ -w /dev/full ]; then
        code=0
        "$ROOFLAB" list >/dev/full 2>"$SCRATCH/err" || code=$?
        [ "$code" = 4 ] || fail "exit code $code with a full disk"
        says err 'could be written'
    fi
}

# Runs rooflab in the background and presses Ctrl-C after $1 seconds: it must end early and say 130.
interrupted() {
    local code=0 after=$1
    shift
    set -m # else the shell would start it with SIGINT ignored
    "$ROOFLAB" "$@" >"$SCRATCH/out" 2>"$SCRATCH/err" &
    sleep "$after"
    kill -INT $!
    wait $! || code=$?
    set +m
    [ "$code" = 130 ] || fail "exit code $code after Ctrl-C, of: rooflab $*"
}

test_interrupt() {
    printf '  $ sleep 1\n  $ echo a\n  b\n' >"$SCRATCH/slow.txt"
    interrupted 0.5 notebook run "$SCRATCH/slow.txt"
    silent out
    "$ROOFLAB" devices >/dev/null 2>&1 || return 0
    interrupted 1 chain 'layernorm|bias' --tensor 1MB
}

for test in test_help test_unknown test_bound test_bad_quantities test_look test_no_vulkan test_devices \
    test_pipes test_closed_output test_interrupt; do
    $test
done
[ $failures = 0 ]
