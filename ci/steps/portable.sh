#!/usr/bin/env bash
# The same tests without the processor's own instructions, and with the other ML-KEM and X25519.
. "$(dirname "$0")/../lib.sh"

export MIXWELL_REQUIRE_BACKENDS=portable,x25519-portable
RUSTFLAGS='--cfg mixwell_backend="portable" --cfg aes_backend="soft"' CARGO_TARGET_DIR=$ci_target/portable \
  cargo test --quiet --lib --tests -p mixwell-aez -p mixwell-pq-kem -p mixwell-sphinx
RUSTFLAGS='--cfg mixwell_mlkem="rustcrypto"' CARGO_TARGET_DIR=$ci_target/rustcrypto \
  cargo test --quiet --lib --tests -p mixwell-pq-kem
RUSTFLAGS='--cfg mixwell_x25519="dalek"' CARGO_TARGET_DIR=$ci_target/dalek \
  cargo test --quiet --lib --tests -p mixwell-pq-kem
