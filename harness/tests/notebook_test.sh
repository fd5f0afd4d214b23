#!/bin/bash
# Notebooks: one that tells the truth passes, one that lies fails with the line; and ours tell the truth.
set -eu

ROOFLAB=${ROOFLAB:-build/rooflab}
HERE=$(cd "$(dirname "$0")/../.." && pwd)
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT

failures=0
fail() {
    echo "notebook_test: $1" >&2
    sed 's/^/    | /' "$SCRATCH/out" >&2
    failures=$((failures + 1))
}

# $1: exit code, then words for `rooflab notebook run`
expect() {
    local wanted=$1 code=0
    shift
    "$ROOFLAB" notebook run "$@" >"$SCRATCH/out" 2>&1 </dev/null || code=$?
    [ "$code" = "$wanted" ] || fail "exit code $code, not $wanted, of: $*"
}

says() {
    grep -qF -e "$1" "$SCRATCH/out" || fail "does not say: $1"
}

make_true() {
    cat >"$SCRATCH/true.txt" <<'NOTEBOOK'
@ title: The truth

  An indented line that belongs to no command.

  $ rooflab bound --tensor 64MB --bw 320GB/s gelu bias | grep passes,
  unfused 2 kernels, 4 passes, 256 MB, <tu=1> us
  fused   1 kernel,  2 passes, 128 MB, <tf=1 us>
! tu / tf == 2
! tu < 1e-3
? q1 What is that? = ____

  $ printf 'a\n\nb\n%s\n' "$PWD"; echo talk >&2
  a

  b
  /tmp/<folder=x>

  $ echo one \
  >   two; seq 100
  one two
  1
  ...
  100

  $ rooflab bound
  ...
  [2]
NOTEBOOK
}

test_true() {
    make_true
    expect 0 "$SCRATCH/true.txt"
    says '4 commands, 2 claims, as recorded'
}

# $1: a sed command that makes the notebook lie, $2: what must be said then
lie() {
    sed "$1" "$SCRATCH/true.txt" >"$SCRATCH/lie.txt"
    cmp -s "$SCRATCH/true.txt" "$SCRATCH/lie.txt" && fail "no lie: $1"
    expect 1 "$SCRATCH/lie.txt"
    says "$2"
}

test_lies() {
    make_true
    lie 's/256 MB/255 MB/' 'line 6'
    lie 's/256 MB/255 MB/' '- unfused 2 kernels, 4 passes, 255 MB'
    lie '7d' '+ fused    1 kernel,   2 passes, 128 MB, 400.000 us'
    lie 's/^  100$/  101/' 'line 23'
    lie 's/^  b$/  c/' 'line 15'
    lie 's/\[2\]/[3]/' 'lie.txt:25: exit status 2, recorded is 3'
    lie '/\[2\]/d' 'lie.txt:25: exit status 2, recorded is 0'
    lie 's/tf == 2/tf == 3/' 'lie.txt:8: the claim does not hold'
    lie 's/tu < 1e-3/tx < 1e-3/' 'lie.txt:9: the claim'
    lie 's/<tu=1> us/<tu=1> MB/' 'line 6'
}

test_promote() {
    make_true
    sed 's/256 MB, <tu=1>/1 MB, <tu=1>/; s/\[2\]/[9]/; s/^  b$/  c\n  d/' "$SCRATCH/true.txt" \
        >"$SCRATCH/old.txt"
    expect 0 "$SCRATCH/old.txt" --promote
    says 'rewritten'
    grep -qF '256 MB, <tu=800.000> us' "$SCRATCH/old.txt" ||
        fail "the capture was not kept: $(grep -F '256 MB' "$SCRATCH/old.txt")"
    grep -qF '/tmp/<folder=rooflab-notebook-' "$SCRATCH/old.txt" || fail "a text was not kept"
    grep -qxF '  [2]' "$SCRATCH/old.txt" || fail "the status was not rewritten"
    expect 0 "$SCRATCH/old.txt"
    cp "$SCRATCH/old.txt" "$SCRATCH/again.txt"
    sed -i 's/^  1$/  7/' "$SCRATCH/again.txt"
    expect 0 "$SCRATCH/again.txt" --promote
    expect 0 "$SCRATCH/again.txt"
}

test_needs() {
    printf '@ needs: vulkan\n  $ echo a\n  a\n' >"$SCRATCH/needs.txt"
    VK_ICD_FILENAMES=/nowhere VK_DRIVER_FILES=/nowhere expect 77 "$SCRATCH/needs.txt"
    says 'line 1 needs vulkan'
    expect 0 "$SCRATCH/needs.txt" --device sim
    printf '@ needs: magic\n  $ echo a\n  a\n' >"$SCRATCH/needs.txt"
    expect 2 "$SCRATCH/needs.txt"
    says 'needs.txt:1:'
    printf 'Only prose.\n' >"$SCRATCH/prose.txt"
    expect 2 "$SCRATCH/prose.txt"
    expect 2 "$SCRATCH/missing.txt"
    expect 2 01-memory-pases
    says "did you mean '01-memory-passes'?"
}

test_fenced() {
    printf '%s\n' 'Text' '```console' '$ echo a' 'a' '' '$ echo b' 'b' '```' '```sh' '$ echo no' '```' \
        '! no claim' >"$SCRATCH/readme.md"
    expect 0 "$SCRATCH/readme.md" --fenced
    says '2 commands, as recorded'
    sed -i 's/^b$/c/' "$SCRATCH/readme.md"
    expect 1 "$SCRATCH/readme.md" --fenced
    says 'line 7'
    expect 0 "$SCRATCH/readme.md" --fenced --promote
    sed -n 7p "$SCRATCH/readme.md" | grep -qx b || fail "not promoted in place"
    sed -n 12p "$SCRATCH/readme.md" | grep -qx '! no claim' || fail "the rest was not kept"
}

# Our own lessons, and the README.
test_ours() {
    local file
    for file in "$HERE"/notebooks-txt/*.txt; do
        ! grep -n '.\{79\}' "$file" >"$SCRATCH/out" || fail "lines of more than 78 columns in $file"
        expect 0 "$file"
    done
    if grep -qs '^```console$' "$HERE/README.md"; then
        expect 0 "$HERE/README.md" --fenced
    fi
}

test_true
test_lies
test_promote
test_needs
test_fenced
test_ours
[ $failures = 0 ]
