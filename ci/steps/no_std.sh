#!/usr/bin/env bash
# Core alone, no allocator, no operating system: a Cortex-M4.
. "$(dirname "$0")/../lib.sh"
compiles_with_core_alone thumbv7em-none-eabihf
