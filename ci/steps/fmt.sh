#!/usr/bin/env bash
# The formatting of the code, and the width of comments.
. "$(dirname "$0")/../lib.sh"
cargo fmt --all --check
ci/comment_width.py
