#!/usr/bin/env bash
# Licences, sources, duplicates and known vulnerabilities of the dependencies that are shipped. Benchmarks and tests also use
# other implementations, whose dependencies are not checked.
. "$(dirname "$0")/../lib.sh"
tool cargo-deny
shipped=(--workspace --exclude mixwell-benches --exclude-dev)
cargo deny "${shipped[@]}" check licenses bans sources
# the advisories are in a separate repository, which some networks cannot reach
if timeout 60 cargo deny fetch db >/dev/null 2>&1; then
  cargo deny "${shipped[@]}" check advisories
else
  skip "the database of advisories cannot be fetched: dependencies were not checked for known vulnerabilities"
fi
