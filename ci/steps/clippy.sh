#!/usr/bin/env bash
# Lints; every warning is an error.
. "$(dirname "$0")/../lib.sh"
cargo clippy --workspace --all-targets --all-features -- -D warnings
