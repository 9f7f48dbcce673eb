#!/usr/bin/env bash
# What would be published builds and is complete: the licences, a README, and no link that leads out of the package.
. "$(dirname "$0")/../lib.sh"

cargo package --quiet --workspace --exclude mixwell-benches --exclude mixwell-docs --exclude mixwell-vectors \
  --allow-dirty --target-dir "$ci_target/package"

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
for crate in aez chat pq-kem sphinx mixdelay wire pki-types mixwell; do
  name=mixwell-$crate
  [ "$crate" != mixwell ] || name=mixwell
  listed=$(tar -tzf "$ci_target/package/package/$name-$version.crate")
  for file in README.md LICENSE-MIT LICENSE-APACHE src/; do
    grep -q "^[^/]*/$file" <<<"$listed" || { echo "$crate: no $file in its package" >&2 && exit 1; }
  done
  if grep -n '](\.\./' "$crate/README.md"; then
    echo "$crate/README.md: a link that leads out of the package" >&2
    exit 1
  fi
done
echo "each crate's package builds, with its README and licences"
