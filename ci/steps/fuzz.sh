#!/usr/bin/env bash
# Every fuzz target for a second or so. fuzz/README.md says how to run them for longer.
. "$(dirname "$0")/../lib.sh"
tool cargo-fuzz
fuzz/run_all.sh 40 1
