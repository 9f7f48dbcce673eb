#!/usr/bin/env bash
# The public API of the libraries, documented as docs.rs does it (all features, `doc_cfg`), against the listings that are
# kept, FOLDER/api.txt; and which types and functions have an example. `ci/steps/api.sh write` writes the listings.
. "$(dirname "$0")/../lib.sh"

RUSTDOC=$PWD/ci/rustdoc_unstable.sh RUSTDOCFLAGS='-D warnings --cfg docsrs -Z unstable-options --output-format json' \
  cargo doc --quiet --no-deps --all-features "${libraries[@]}"
ci/api.py "${1:-check}" "$ci_target/doc"
