#!/usr/bin/env bash
# What would be published builds and is complete: the licences, a README, and no link that leads out of the package.
. "$(dirname "$0")/../lib.sh"

cargo package --quiet --workspace --exclude mixwell-benches --exclude mixwell-docs --exclude mixwell-testnet --exclude mixwell-vectors \
  --exclude mixwell \
  --allow-dirty --target-dir "$ci_target/package"

# name, version and folder of each crate that may be published
published() {
  cargo metadata --no-deps --format-version 1 | python3 -c '
import json, os, sys
for crate in json.load(sys.stdin)["packages"]:
    if crate["publish"] is None:
        print(crate["name"], crate["version"], os.path.relpath(os.path.dirname(crate["manifest_path"])))'
}

published | while read -r name version folder; do
  listed=$(tar -tzf "$ci_target/package/package/$name-$version.crate")
  for file in README.md LICENSE-MIT LICENSE-APACHE src/; do
    grep -q "^[^/]*/$file" <<<"$listed" || { echo "$name: no $file in its package" >&2 && exit 1; }
  done
  if grep -n '](\.\./' "$folder/README.md"; then
    echo "$folder/README.md: a link that leads out of the package" >&2
    exit 1
  fi
done
echo "each crate's package builds, with its README and licences"
