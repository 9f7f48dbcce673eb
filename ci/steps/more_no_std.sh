#!/usr/bin/env bash
# Compiles with `core` alone for a Cortex-M0, which has no atomic exchange, RISC-V and WebAssembly.
. "$(dirname "$0")/../lib.sh"
compiles_with_core_alone thumbv6m-none-eabi riscv32imac-unknown-none-elf wasm32-unknown-unknown
