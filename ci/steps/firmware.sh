#!/usr/bin/env bash
# Tests a client, and ML-KEM-768 alone, with the vectors on a Cortex-M4. Each figure has a ceiling, some also a fixed aim.
. "$(dirname "$0")/../lib.sh"
CARGO_TARGET_DIR=$ci_target/firmware firmware/run client mlkem768
