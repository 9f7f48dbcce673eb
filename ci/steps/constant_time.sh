#!/usr/bin/env bash
# No branch and no index on a secret, by valgrind, in the builds that most machines run; the deliberate leaks are found.
. "$(dirname "$0")/../lib.sh"
for build in as-shipped portable; do
  CARGO_TARGET_DIR=$ci_target/constant-time constant-time/run --build "$build"
done
