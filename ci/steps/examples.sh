#!/usr/bin/env bash
# The examples of the libraries: all compile, and those that end by themselves run.
. "$(dirname "$0")/../lib.sh"

cargo build --quiet --examples --all-features "${libraries[@]}"

# each library's examples by name
examples() {
  cargo metadata --no-deps --format-version 1 | python3 -c '
import json, sys
libraries = sys.argv[1:]
for crate in json.load(sys.stdin)["packages"]:
    if crate["name"] in libraries:
        print(*(target["name"] for target in crate["targets"] if "example" in target["kind"]), sep="\n")' \
    "${libraries[@]}"
}

names=$(examples | sort)
[ -z "$(uniq -d <<<"$names")" ] || { echo "two examples have a name: $(uniq -d <<<"$names")" >&2 && exit 1; }
ran=0
for name in $names; do
  # it wants a network that runs
  [ "$name" != fetch_consensus ] || continue
  output=$(timeout 120 "$ci_target/debug/examples/$name" 2>&1) || {
    printf '%s failed:\n%s\n' "$name" "$output" >&2
    exit 1
  }
  ran=$((ran + 1))
done
[ "$ran" -gt 7 ] || { echo "$ran examples ran" >&2 && exit 1; }
echo "$ran examples end well"
