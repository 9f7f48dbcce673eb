#!/usr/bin/env bash
# The README is what a stranger follows: its commands are run word for word, the demonstration and all tests among them.
. "$(dirname "$0")/../lib.sh"

commands=$(mktemp)
trap 'rm -f "$commands"' EXIT
# shellcheck disable=SC2016 # backquotes as Markdown has them
sed -n '/^```sh$/,/^```$/p' README.md | grep -v '^```' >"$commands"

cargo build --quiet --release
# while the demonstration's packets wait in its mixes, the tests are built
cargo test --quiet --workspace --no-run &
building=$!
bash -euxo pipefail "$commands" </dev/null
wait "$building"
