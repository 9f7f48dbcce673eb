#!/usr/bin/env bash
# A client on a Cortex-M4 against the vectors, and ML-KEM-768 alone. Each figure has a ceiling, some a fixed aim.
. "$(dirname "$0")/../lib.sh"
CARGO_TARGET_DIR=$ci_target/firmware firmware/run client mlkem768
