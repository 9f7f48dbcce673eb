#!/usr/bin/env bash
# The formatting of the code.
. "$(dirname "$0")/../lib.sh"
cargo fmt --all --check
