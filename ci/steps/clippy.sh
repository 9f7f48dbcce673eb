#!/usr/bin/env bash
# Lints: no warning is let through.
. "$(dirname "$0")/../lib.sh"
cargo clippy --workspace --all-targets --all-features -- -D warnings
