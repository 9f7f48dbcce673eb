#!/usr/bin/env bash
# Builds with the lowest dependency versions that the manifests allow, in a copy, to keep the lock file unchanged.
. "$(dirname "$0")/../lib.sh"

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z | xargs -0 cp --parents --no-dereference --target-directory "$copy"
cd "$copy"
cargo +nightly --quiet update -Z direct-minimal-versions
cargo check --quiet --workspace --all-features --target-dir "$ci_target/minimal"
echo "builds with the lowest versions that the manifests allow"
