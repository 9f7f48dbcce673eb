#!/usr/bin/env bash
# The tests without processor-specific instructions.
. "$(dirname "$0")/../lib.sh"

export MIXWELL_REQUIRE_BACKENDS=portable,x25519-portable
RUSTFLAGS='--cfg mixwell_backend="portable" --cfg aes_backend="soft"' CARGO_TARGET_DIR=$ci_target/portable \
  cargo test --quiet --lib --tests -p mixwell-aez -p mixwell-pq-kem -p mixwell-sphinx
