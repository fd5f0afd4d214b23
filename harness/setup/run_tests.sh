#!/bin/bash
# Runs test programs and test scripts, TEST_JOBS at a time (2, or 1 on a single core): no test asserts a measured time. One line
# for each in the order given, the whole output of those that fail, and as the last line "N passed, N failed, N skipped". A test
# that exits with 77 was skipped, and its last line says why.
#
#   ROOFLAB=build/rooflab harness/setup/run_tests.sh build/harness/tests/test_units harness/tests/cli_test.sh ...
set -u

SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM

CACHE=${TEST_CACHE:-$PWD/build/test-cache}
LIMIT=${TEST_LIMIT:-300}
JOBS=${TEST_JOBS:-$(($(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) > 1 ? 2 : 1))}

passed=0
failed=0
skipped=0

# What a user has set up must not change the result, nor tests the user's caches.
prepare() {
    mkdir -p "$CACHE"
    export ROOFLAB_HOME=$PWD
    export ROOFLAB_VALIDATE=1
    export XDG_CACHE_HOME=$CACHE
    export MESA_SHADER_CACHE_DIR=$CACHE/mesa
    export LC_ALL=C.UTF-8
    local lists=$PWD/harness/tests/suppressions
    export ASAN_OPTIONS=detect_leaks=1:protect_shadow_gap=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}
    export LSAN_OPTIONS=suppressions=$lists/leak.txt:print_suppressions=0${LSAN_OPTIONS:+:$LSAN_OPTIONS}
    export UBSAN_OPTIONS=print_stacktrace=1:suppressions=$lists/undefined.txt${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}
    export TSAN_OPTIONS=suppressions=$lists/thread.txt${TSAN_OPTIONS:+:$TSAN_OPTIONS}
}

# Runs one test; its output, exit code and time go to files that begin with $2.
run_one() {
    local command=("$1") start=$SECONDS
    case $1 in
    *.sh) command=(bash "$1") ;;
    esac
    if command -v timeout >/dev/null 2>&1; then command=(timeout -k 5 "$LIMIT" "${command[@]}"); fi
    "${command[@]}" </dev/null >"$2.output" 2>&1 &
    local test=$!
    trap 'kill "$test"; exit 143' INT TERM # of this shell alone: nobody else would tell the test
    wait "$test"
    echo "$? $((SECONDS - start))" >"$2.end"
}

show_output() {
    sed 's/^/    | /' "$1"
}

# cmocka's own skips lie inside a program that passes: they must not go unseen.
skipped_cases() {
    local count
    count=$(sed -n 's/^\[  SKIPPED \] \([0-9]*\) test(s).*/\1/p' "$1" | tail -n 1)
    if [ -n "$count" ] && [ "$count" != 0 ]; then echo "  ($count cases skipped)"; fi
}

report() {
    local name=$1 output=$2 code=$3 seconds=$4
    name=${name#*build/}
    name=${name#sanitize-*/}
    case $code in
    0)
        passed=$((passed + 1))
        printf 'ok       %-44s %3d s%s\n' "$name" "$seconds" "$(skipped_cases "$output")"
        ;;
    77)
        skipped=$((skipped + 1))
        printf 'skipped  %-44s %3d s  %s\n' "$name" "$seconds" "$(tail -n 1 "$output")"
        ;;
    *)
        failed=$((failed + 1))
        printf 'FAILED   %-44s %3d s  exit code %d%s\n' "$name" "$seconds" "$code" \
            "$(if [ "$code" = 124 ]; then echo " (stopped after $LIMIT s)"; fi)"
        show_output "$output"
        ;;
    esac
}

# Reports the first test that is not reported yet, when it has ended.
await_first() {
    local at=$SCRATCH/$reported code=1 seconds=0
    wait "${running[reported]}"
    if [ -f "$at.end" ]; then read -r code seconds <"$at.end"; fi
    report "${tests[reported]}" "$at.output" "$code" "$seconds"
    reported=$((reported + 1))
}

prepare
tests=("$@")
running=()
reported=0
for i in "${!tests[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do
        wait -n 2>/dev/null || sleep 0.1 # an old bash has no wait -n
    done
    run_one "${tests[i]}" "$SCRATCH/$i" &
    running[i]=$!
    while [ "$reported" -lt "$i" ] && [ -f "$SCRATCH/$reported.end" ]; do await_first; done
done
while [ "$reported" -lt "${#tests[@]}" ]; do await_first; done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
