#!/usr/bin/env bash
# The vectors of another folder count, all of them, and a file that no crate knows is an error.
. "$(dirname "$0")/../lib.sh"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp vectors/*.json "$folder"
export MIXWELL_VECTORS=$folder

# optimised as in a user's workspace: secrets that optimisation leaves behind are found there alone
user_like_cargo test --quiet --release --lib --tests "${libraries[@]}" -p mixwell-vectors
cargo test --quiet -p mixwell-authority --lib vectors
cargo test --quiet -p mixwell --test mixwell -- document packet geometry

echo '{"about": "no crate reads this", "tests": [{}]}' >"$folder/stray.json"
if user_like_cargo test --quiet --release -p mixwell-vectors >/dev/null 2>&1; then
  echo "a file that no crate knows was not noticed" >&2
  exit 1
fi
