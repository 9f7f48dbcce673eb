#!/usr/bin/env bash
# What users of the libraries would notice since the last release, or since BASELINE, a commit.
. "$(dirname "$0")/../lib.sh"

baseline=${BASELINE:-$(git tag --list 'v*' --sort=-version:refname | head -n 1)}
if [ -z "$baseline" ]; then
  skip "there is no release yet to compare with"
  exit
fi
tool cargo-semver-checks
CARGO_TARGET_DIR=$ci_target/semver cargo semver-checks --baseline-rev "$baseline" --all-features "${libraries[@]}"
