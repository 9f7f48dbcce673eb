#!/usr/bin/env bash
# The same tests without the processor's own instructions, and with the other ML-KEM.
. "$(dirname "$0")/../lib.sh"

RUSTFLAGS='--cfg mixwell_backend="portable" --cfg aes_backend="soft"' CARGO_TARGET_DIR=$ci_target/portable \
  cargo test --quiet --lib --tests -p mixwell-aez -p mixwell-pq-kem -p mixwell-sphinx
RUSTFLAGS='--cfg mixwell_mlkem="rustcrypto"' CARGO_TARGET_DIR=$ci_target/rustcrypto \
  cargo test --quiet --lib --tests -p mixwell-pq-kem
