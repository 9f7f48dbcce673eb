#!/usr/bin/env bash
# Each crate alone, with every set of its features.
. "$(dirname "$0")/../lib.sh"
tool cargo-hack
cargo hack check --quiet --feature-powerset --no-dev-deps --target-dir "$ci_target/features" "${libraries[@]}" 2>&1 |
  tail -n 1
