#!/usr/bin/env bash
# Licences, sources and duplicates of what is shipped. Benchmarks and tests stand beside other implementations, with
# whatever dependencies those have.
. "$(dirname "$0")/../lib.sh"
tool cargo-deny
cargo deny --workspace --exclude mixwell-benches --exclude-dev check licenses bans sources
