#!/usr/bin/env bash
# The AES instructions and the X25519 of ARMv8, under emulation. (Debian's QEMU 7 computes VAES instructions incorrectly.)
. "$(dirname "$0")/../lib.sh"

export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER='qemu-aarch64 -L /usr/aarch64-linux-gnu'
export MIXWELL_REQUIRE_BACKENDS=armv8,x25519-portable
debian_cargo test --quiet -Zbuild-std --target aarch64-unknown-linux-gnu -p mixwell-aez --lib --test aez
debian_cargo test --quiet -Zbuild-std --target aarch64-unknown-linux-gnu -p mixwell-pq-kem --lib --test x25519
