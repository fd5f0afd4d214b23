#!/bin/bash
# Runs test programs and test scripts one after the other; one line for each, the whole output of those that
# fail, and as the last line "N passed, N failed, N skipped". A test that exits with 77 was skipped, and its
# last line says why.
#
#   ROOFLAB=build/rooflab harness/setup/run_tests.sh build/harness/tests/test_units harness/tests/cli_test.sh ...
set -u

SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
trap 'exit 130' INT TERM

CACHE=${TEST_CACHE:-$PWD/build/test-cache}
LIMIT=${TEST_LIMIT:-300}

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

# Runs one test into $SCRATCH/output; its exit code is this function's.
run_one() {
    local command=("$1")
    case $1 in
    *.sh) command=(bash "$1") ;;
    esac
    if command -v timeout >/dev/null 2>&1; then command=(timeout -k 5 "$LIMIT" "${command[@]}"); fi
    "${command[@]}" </dev/null >"$SCRATCH/output" 2>&1
}

show_output() {
    sed 's/^/    | /' "$SCRATCH/output"
}

# cmocka's own skips lie inside a program that passes: they must not go unseen.
skipped_cases() {
    local count
    count=$(sed -n 's/^\[  SKIPPED \] \([0-9]*\) test(s).*/\1/p' "$SCRATCH/output" | tail -n 1)
    if [ -n "$count" ] && [ "$count" != 0 ]; then echo "  ($count cases skipped)"; fi
}

report() {
    local name=$1 code=$2 seconds=$3
    name=${name#*build/}
    name=${name#sanitize-*/}
    case $code in
    0)
        passed=$((passed + 1))
        printf 'ok       %-44s %3d s%s\n' "$name" "$seconds" "$(skipped_cases)"
        ;;
    77)
        skipped=$((skipped + 1))
        printf 'skipped  %-44s %3d s  %s\n' "$name" "$seconds" "$(tail -n 1 "$SCRATCH/output")"
        ;;
    *)
        failed=$((failed + 1))
        printf 'FAILED   %-44s %3d s  exit code %d%s\n' "$name" "$seconds" "$code" \
            "$(if [ "$code" = 124 ]; then echo " (stopped after $LIMIT s)"; fi)"
        show_output
        ;;
    esac
}

prepare
for test in "$@"; do
    start=$SECONDS
    run_one "$test"
    report "$test" $? $((SECONDS - start))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
