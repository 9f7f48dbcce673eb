#!/usr/bin/env bash
# Checks under valgrind that no branch and no index depends on a secret, in the builds for most machines, and that the deliberate
# leaks are found.
. "$(dirname "$0")/../lib.sh"
for build in as-shipped portable; do
  CARGO_TARGET_DIR=$ci_target/constant-time constant-time/run --build "$build"
done
