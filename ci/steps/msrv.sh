#!/usr/bin/env bash
# The minimum supported Rust versions of the libraries and of the workspace. (`libcrux-ml-kem` needs a newer one on x86, which
# the step `package` checks.)
. "$(dirname "$0")/../lib.sh"

RUSTFLAGS='--cfg mixwell_mlkem="rustcrypto"' check_with "$(minimum pq-kem)" "the libraries with all features" \
  --lib --all-features "${libraries[@]}"
check_with "$(minimum .)" "the workspace" --workspace
