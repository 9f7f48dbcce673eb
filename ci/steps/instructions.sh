#!/usr/bin/env bash
# The hot paths' instructions under valgrind, each with its ceiling.
. "$(dirname "$0")/../lib.sh"
benches/instructions
