#!/usr/bin/env bash
# Checks for undefined behaviour with miri: the processor's instructions against their models, types that reference bytes in
# place, and the smallest vectors in every core crate (their dependencies have unsafe code too).
# DEEP=1 uses vectors of every size up to 100 kB, and every AEZ back end.
. "$(dirname "$0")/../lib.sh"

if ! rustup +nightly component add miri rust-src 2>/dev/null; then
  skip "undefined behaviour: this nightly has no miri"
  exit
fi

vectors=$(mktemp -d)
trap 'rm -rf "$vectors"' EXIT
# from each file the shortest test, if it is short enough
python3 - vectors "$vectors" "${DEEP:+100000}" <<'PYTHON'
import json, pathlib, sys

whole, short, longest = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3] or 25_000)
for path in sorted(whole.glob("*.json")):
    file = json.loads(path.read_text())
    length, test = min(((len(json.dumps(test)), test) for test in file["tests"]), key=lambda pair: pair[0])
    if length <= longest:
        (short / path.name).write_text(json.dumps({**file, "tests": [test]}))
PYTHON
export MIXWELL_VECTORS=$vectors PROPTEST_CASES=1
# the vectors are read from files
export MIRIFLAGS=-Zmiri-disable-isolation

# under_miri FOLDER FLAGS ARGUMENTS...: runs the tests selected by arguments for cargo and for the tests; fails if there are none
under_miri() {
  local folder=$1 flags=$2 ran started
  shift 2
  started=$SECONDS
  ran=$(RUSTFLAGS=$flags CARGO_TARGET_DIR=$ci_target/$folder cargo +nightly miri test --quiet "$@" 2>&1) || {
    cat <<<"$ran" >&2
    return 1
  }
  ran=$(awk '/^test result: ok/ { sum += $4 } END { print sum + 0 }' <<<"$ran")
  [ "$ran" -gt 0 ] || { echo "no test: $*" >&2 && return 1; }
  echo "$ran tests in $((SECONDS - started)) s: $*"
}

# miri only detects the instructions for which the compiler is configured
x86='-C target-feature=+aes,+avx2,+vaes,+bmi1,+bmi2,+avx512f,+avx512vl'
under_miri miri-x86 "$x86" -p mixwell-aez -p mixwell-sha256 --lib the_models_are_the_instructions
under_miri miri '' -p mixwell-pq-kem --lib --features x25519 in_place
under_miri miri '' -p mixwell-aez --test aez vectors
under_miri miri '' -p mixwell-pq-kem --features x25519,x448,xwing --test nike --test kem vectors
under_miri miri '' -p mixwell-wire --test wire command_vectors
if [ -n "${DEEP:-}" ]; then
  under_miri miri '' -p mixwell-aez --lib vectors_by_
  under_miri miri '' -p mixwell-mixdelay -p mixwell-pki-types -p mixwell-sphinx -p mixwell-wire --test '*' vectors
else
  skip "under miri, tests that take minutes: handshakes, Sphinx packets, signatures (the step deep_miri runs them)"
fi
skip "under miri: X25519 in lanes and by ADX, AES-NI's assembly, instructions of ARMv8, the firmware, valgrind's requests"
