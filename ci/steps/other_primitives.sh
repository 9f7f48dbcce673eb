#!/usr/bin/env bash
# The tests with RustCrypto's ML-KEM, and with the X25519 of curve25519-dalek.
. "$(dirname "$0")/../lib.sh"

RUSTFLAGS='--cfg mixwell_mlkem="rustcrypto"' CARGO_TARGET_DIR=$ci_target/rustcrypto \
  cargo test --quiet --lib --tests -p mixwell-pq-kem
RUSTFLAGS='--cfg mixwell_x25519="dalek"' CARGO_TARGET_DIR=$ci_target/dalek \
  cargo test --quiet --lib --tests -p mixwell-pq-kem
