#!/usr/bin/env bash
# Core alone: a Cortex-M0, which has no atomic exchange; RISC-V; WebAssembly.
. "$(dirname "$0")/../lib.sh"
compiles_with_core_alone thumbv6m-none-eabi riscv32imac-unknown-none-elf wasm32-unknown-unknown
