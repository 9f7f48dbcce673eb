#!/usr/bin/env bash
# The step `constant_time` in all four builds, with the other ML-KEM too; each point that is declassified is met in one of them.
. "$(dirname "$0")/../lib.sh"
CARGO_TARGET_DIR=$ci_target/constant-time constant-time/run
