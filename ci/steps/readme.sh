#!/usr/bin/env bash
# Runs the commands of the README verbatim, as a new user would, including the demonstration and all tests.
. "$(dirname "$0")/../lib.sh"

commands=$(mktemp)
trap 'rm -f "$commands"' EXIT
# shellcheck disable=SC2016 # the backquotes of Markdown
sed -n '/^```sh$/,/^```$/p' README.md | grep -v '^```' >"$commands"

cargo build --quiet --release
# the tests are built while the demonstration's packets wait in its mixes
cargo test --quiet --workspace --no-run &
building=$!
bash -euxo pipefail "$commands" </dev/null
wait "$building"
