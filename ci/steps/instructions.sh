#!/usr/bin/env bash
# Counts the instructions of the hot paths under valgrind, and compares them with ceilings.
. "$(dirname "$0")/../lib.sh"
benches/instructions
