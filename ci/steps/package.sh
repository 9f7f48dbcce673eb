#!/usr/bin/env bash
# What would be published is complete, can be published in one order, and builds outside the workspace: the packages as
# their users unpack them, beside the programs of their READMEs, by the oldest Rust that they support, by this one, and by
# nightly as docs.rs documents them.
. "$(dirname "$0")/../lib.sh"

rm -rf "$ci_target/package/package"
cargo publish --quiet --workspace --dry-run --no-verify --allow-dirty --target-dir "$ci_target/package" 2>&1 |
  { grep -vE '^warning: (aborting upload|ignoring (test|example|benchmark))' || true; }

# the placeholders of RELEASING.md
for placeholder in 'repository.*\.invalid:Cargo.toml' 'PROJECT-DOMAIN:SECURITY.md'; do
  if grep -q "${placeholder%:*}" "${placeholder#*:}"; then
    [ -z "$(git tag --points-at HEAD 'v*')" ] || { echo "${placeholder#*:}: a placeholder in a release" >&2 && exit 1; }
    skip "no release yet: ${placeholder#*:} has a placeholder"
  fi
done

# name, version and folder of each crate that may be published
published() {
  cargo metadata --no-deps --format-version 1 | python3 -c '
import json, os, sys
for crate in json.load(sys.stdin)["packages"]:
    if crate["publish"] is None:
        print(crate["name"], crate["version"], os.path.relpath(os.path.dirname(crate["manifest_path"])))'
}

outside=$(mktemp -d)
trap 'rm -rf "$outside"' EXIT
printf '[workspace]\nresolver = "3"\nmembers = ["*"]\n\n[patch.crates-io]\n' >"$outside/Cargo.toml"
while read -r name version folder; do
  tar -xzf "$(find "$ci_target/package/package" -name "$name-$version.crate" -print -quit)" -C "$outside"
  for file in README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE src; do
    [ -e "$outside/$name-$version/$file" ] || { echo "$folder: no $file in its package" >&2 && exit 1; }
  done
  echo "$name = { path = \"$name-$version\" }" >>"$outside/Cargo.toml"
done < <(published)
ci/readme_programs.py "$outside" aez mixdelay pki-types pq-kem sha256 sphinx wire
cp Cargo.lock "$outside"

oldest=$(minimum pq-kem)
# `libcrux-platform` 0.0.4 calls `__cpuid` as the safe function that it has been since then
mlkem_oldest=1.94
grep -q "^| ML-KEM .*Rust $mlkem_oldest" pq-kem/README.md || { echo "pq-kem/README.md: not Rust $mlkem_oldest" >&2 && exit 1; }
ci_target=$ci_target/outside
export CARGO_TARGET_DIR=$ci_target
cd "$outside"
RUSTFLAGS='--cfg mixwell_mlkem="rustcrypto"' check_with "$oldest" "the libraries' packages and the programs of the READMEs" \
  --lib --bins --all-features "${libraries[@]}" -p 'readme-*'
check_with "$mlkem_oldest" "ML-KEM of libcrux" --lib --all-features -p mixwell-pq-kem
cargo check --quiet --workspace --all-features --lib --bins
cargo check --quiet --all-features --examples "${core_libraries[@]}"
for program in "$outside"/readme-*/src/bin/*.rs; do
  cargo run --quiet --bin "$(basename "$program" .rs)" >/dev/null
done
echo "each package builds outside the workspace, and the READMEs' programs run"

RUSTDOCFLAGS='-D warnings --cfg docsrs' cargo +nightly doc --quiet --no-deps --all-features "${libraries[@]}"
for page in mixdelay/struct.ServerQueue pki_types/build/index pq_kem/struct.XWing pq_kem/struct.X448 wire/tokio/index; do
  grep -q 'Available on .*crate feature' "$CARGO_TARGET_DIR/doc/mixwell_$page.html" || {
    echo "docs.rs would not show $page, or not which feature it needs" >&2
    exit 1
  }
done
echo "nightly documents all features as docs.rs does"
