#!/usr/bin/env bash
# Runs the tests with the vectors in another folder, and checks that all of them are used: a file that no crate knows must be an
# error. Uses the test programs that the README's `cargo test --workspace` has built, so that nothing is built twice.
. "$(dirname "$0")/../lib.sh"

folder=$(mktemp -d)
programs=$(mktemp)
trap 'rm -rf "$folder" "$programs"' EXIT
cp vectors/*.json "$folder"
export MIXWELL_VECTORS=$folder

# prints a line for each test program: its package, the package's folder, the program
cargo test --quiet --workspace --lib --tests --no-run --message-format=json | python3 -c '
import json, os, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["reason"] == "compiler-artifact" and message["profile"]["test"] and message["executable"]:
        folder = os.path.dirname(message["manifest_path"])
        with open(message["manifest_path"], encoding="utf-8") as manifest:
            name = next(line.split("\"")[1] for line in manifest if line.startswith("name = "))
        print(name, folder, message["executable"], sep="\t")' >"$programs"

# tests_of PACKAGE [FILTER…]: a package without a test program is an error
tests_of() {
  local package=$1 name folder program ran=0
  shift
  while IFS=$'\t' read -r name folder program; do
    [ "$name" = "$package" ] || continue
    # in a condition, `set -e` does not hold
    (cd "$folder" && "$program" --quiet "$@") || return
    ran=1
  done <"$programs"
  [ $ran = 1 ] || { echo "$package has no test program" >&2 && return 1; }
}

for package in "${libraries[@]}" mixwell-vectors; do
  [ "$package" = -p ] || tests_of "$package"
done
tests_of mixwell-authority vectors recorded
tests_of mixwell-testnet recorded
tests_of mixwell-node recorded
tests_of mixwell-client recorded
tests_of mixwell document packet geometry

echo '{"about": "no crate reads this", "tests": [{}]}' >"$folder/stray.json"
if tests_of mixwell-vectors every_file_has_a_reader >/dev/null 2>&1; then
  echo "a file that no crate knows was not detected" >&2
  exit 1
fi
