#!/usr/bin/env bash
# The API documentation, with all its links.
. "$(dirname "$0")/../lib.sh"
RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --all-features
