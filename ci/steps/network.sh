#!/usr/bin/env bash
# Networks of processes: a thousand messages, processes killed under load, conversations through both.
. "$(dirname "$0")/../lib.sh"
cargo test -p mixwell --test mixwell -- --ignored
