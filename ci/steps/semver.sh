#!/usr/bin/env bash
# Breaking changes of the libraries' APIs since the last release, or since the commit BASELINE.
. "$(dirname "$0")/../lib.sh"

baseline=${BASELINE:-$(git tag --list 'v*' --sort=-version:refname | head -n 1)}
if [ -z "$baseline" ]; then
  skip "there is no release yet to compare with"
  exit
fi
tool cargo-semver-checks
CARGO_TARGET_DIR=$ci_target/semver cargo semver-checks --baseline-rev "$baseline" --all-features "${libraries[@]}"
