#!/usr/bin/env bash
# The step `constant_time` in all four builds, including the other ML-KEM; each declassified point must be used in one of them.
. "$(dirname "$0")/../lib.sh"
CARGO_TARGET_DIR=$ci_target/constant-time constant-time/run
