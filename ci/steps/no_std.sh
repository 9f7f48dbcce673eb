#!/usr/bin/env bash
# Compiles with `core` alone for a Cortex-M4, without an allocator or an operating system.
. "$(dirname "$0")/../lib.sh"
compiles_with_core_alone thumbv7em-none-eabihf
