#!/usr/bin/env bash
# No branch and no index on a secret, by valgrind; the deliberate leaks are found.
. "$(dirname "$0")/../lib.sh"
CARGO_TARGET_DIR=$ci_target/constant-time constant-time/run
