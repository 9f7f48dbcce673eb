#!/usr/bin/env bash
# Runs the tests on 32 bits and on a big-endian machine under emulation, except those that inspect their own memory, which the
# emulator keeps at other addresses than it reports.
. "$(dirname "$0")/../lib.sh"

on_another() {
  local processor=$1 emulator=$2
  local gcc=$processor-linux-gnu upper=${processor^^}_UNKNOWN_LINUX_GNU
  export "CARGO_TARGET_${upper}_LINKER=$gcc-gcc" "CARGO_TARGET_${upper}_RUNNER=$emulator -L /usr/$gcc"
  debian_cargo test --quiet -Zbuild-std --target "$processor-unknown-linux-gnu" "${core_libraries[@]}" --tests \
    -- --skip memory:: --skip secrets_are_wiped --skip wiped:: --skip survive --skip on_the_stack --skip an_error_leaves
}

on_another i686 qemu-i386
on_another s390x qemu-s390x
