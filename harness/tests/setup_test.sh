#!/bin/bash
# The scripts of harness/setup: what they say and how they end where something is missing.
set -eu

SETUP=$(cd "$(dirname "$0")/../setup" && pwd)
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT

fail() {
    echo "setup_test: $1" >&2
    if [ -e "$SCRATCH/out" ]; then cat "$SCRATCH/out" >&2; fi
    exit 1
}

# Runs a command; checks its exit code; its output is in $SCRATCH/out.
expect_code() {
    local wanted=$1 code=0
    shift
    "$@" >"$SCRATCH/out" 2>&1 || code=$?
    [ "$code" = "$wanted" ] || fail "exit code $code, not $wanted, of: $*"
}

expect_text() {
    grep -qF -e "$1" "$SCRATCH/out" || fail "does not say: $1"
}

expect_last_line() {
    [ "$(tail -n 1 "$SCRATCH/out")" = "$1" ] || fail "the last line is not: $1"
}

test_print() {
    expect_code 0 "$SETUP/dependencies.sh" --print
    expect_text 'apt-get install -y --no-install-recommends gcc libc6-dev'
    expect_text 'dnf install -y gcc'
    expect_text 'pacman -S --needed --noconfirm gcc'
    expect_text 'brew install gcc'
    expect_text gnuplot
}

test_all_here_is_silent() {
    expect_code 0 "$SETUP/dependencies.sh" build run test
    [ ! -s "$SCRATCH/out" ] || fail "not silent although everything is here"
}

test_missing_and_not_allowed() {
    expect_code 4 env INSTALL=no CC="$SCRATCH/no-compiler" "$SETUP/dependencies.sh" build
    expect_text 'compiles rooflab'
    expect_text 'INSTALL=no was given'
    expect_text 'sudo apt-get install'
    expect_text 'sudo dnf install'
    expect_text 'sudo pacman -S'
    expect_text 'brew install'
}

# A system without any package manager that we know: only what these scripts themselves need.
test_unknown_system() {
    local name
    mkdir "$SCRATCH/bin"
    for name in bash cat env id sed tr; do ln -s "$(command -v $name)" "$SCRATCH/bin/$name"; done
    expect_code 4 env PATH="$SCRATCH/bin" "$SETUP/dependencies.sh" build
    expect_text 'only where there is apt'
    expect_text 'sudo apt-get install'
}

test_usage() {
    expect_code 2 "$SETUP/dependencies.sh" everything
    expect_code 2 "$SETUP/dependencies.sh"
    expect_text usage
}

test_link_flags() {
    expect_code 0 "$SETUP/link_flags.sh" "$SCRATCH/flags"
    grep -q shaderc "$SCRATCH/flags" || fail "no shaderc in the link flags"
    expect_code 4 env CC=false "$SETUP/link_flags.sh" "$SCRATCH/none"
    [ ! -e "$SCRATCH/none" ] || fail "link flags were written although nothing links"
}

test_runner() {
    echo 'exit 0' >"$SCRATCH/good.sh"
    echo 'echo "what went wrong"; exit 3' >"$SCRATCH/bad.sh"
    echo 'echo "no such device"; exit 77' >"$SCRATCH/skipped.sh"
    expect_code 1 env TEST_CACHE="$SCRATCH/cache" "$SETUP/run_tests.sh" \
        "$SCRATCH/good.sh" "$SCRATCH/bad.sh" "$SCRATCH/skipped.sh"
    expect_text 'what went wrong'
    expect_text 'no such device'
    expect_last_line '1 passed, 1 failed, 1 skipped'
    expect_code 0 env TEST_CACHE="$SCRATCH/cache" "$SETUP/run_tests.sh" "$SCRATCH/good.sh"
    expect_last_line '1 passed, 0 failed, 0 skipped'
    echo 'sleep 20' >"$SCRATCH/slow.sh"
    expect_code 1 env TEST_CACHE="$SCRATCH/cache" TEST_LIMIT=0.2 "$SETUP/run_tests.sh" "$SCRATCH/slow.sh"
    expect_text 'stopped after'
    echo 'sleep 0.5; echo late' >"$SCRATCH/late.sh" # runs beside the others, and is reported before them
    expect_code 1 env TEST_CACHE="$SCRATCH/cache" TEST_JOBS=2 "$SETUP/run_tests.sh" "$SCRATCH/late.sh" "$SCRATCH/bad.sh" "$SCRATCH/good.sh"
    grep -o '^[okFAILED]* .*\(late\|bad\|good\)' "$SCRATCH/out" | sed 's/.*\///' | paste -sd' ' | grep -qx 'late bad good' ||
        fail "tests are not reported in the order given"
    expect_last_line '2 passed, 1 failed, 0 skipped'
}

test_print
test_all_here_is_silent
test_missing_and_not_allowed
test_unknown_system
test_usage
test_link_flags
test_runner
