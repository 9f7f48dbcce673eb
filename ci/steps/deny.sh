#!/usr/bin/env bash
# Licences, sources and duplicates of what is shipped, and known vulnerabilities of it. Benchmarks and tests stand beside
# other implementations, with whatever dependencies those have.
. "$(dirname "$0")/../lib.sh"
tool cargo-deny
shipped=(--workspace --exclude mixwell-benches --exclude-dev)
cargo deny "${shipped[@]}" check licenses bans sources
# the advisories are a repository of their own, which not every network reaches
if timeout 60 cargo deny fetch db >/dev/null 2>&1; then
  cargo deny "${shipped[@]}" check advisories
else
  skip "the database of advisories cannot be fetched: no dependency was looked up in it"
fi
