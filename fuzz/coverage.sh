#!/usr/bin/env bash
# Prints, for each target, the share of lines and regions of its crate that its corpus reaches. The corpus consists of the
# vectors and the inputs that fuzzing has found.
# Needs Debian's llvm-22.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo run --quiet --manifest-path fuzz/seed/Cargo.toml >/dev/null
mapfile -t targets < <(cargo +nightly fuzz list)
[ $# -eq 0 ] || targets=("$@")
built=fuzz/target/covered
RUSTFLAGS=-Cinstrument-coverage cargo +nightly fuzz build --sanitizer none --target-dir "$built" 2>/dev/null
programs=$built/x86_64-unknown-linux-gnu/release
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# the folder of the crate that a target tests
sources() {
  case $1 in
  aez) echo aez ;;
  kem_*) echo pq-kem ;;
  geometry | sphinx_*) echo sphinx ;;
  wire_*) echo wire ;;
  pki_*) echo pki-types ;;
  queue) echo mixdelay ;;
  chat_*) echo chat ;;
  *) echo "$1: unknown crate" >&2 && return 1 ;;
  esac
}

# row NAME CRATE PROGRAM…: prints the share of lines and regions of the crate's sources that the profile of NAME reaches
row() {
  local name=$1 crate=$2 program
  shift 2
  local objects=("$1")
  for program in "${@:2}"; do objects+=(-object "$program"); done
  llvm-cov-22 export --summary-only --instr-profile "$folder/$name.profdata" "${objects[@]}" "$crate/src" |
    grep -o '"totals":.*' |
    sed -E 's/.*"lines":\{"count":[0-9]+,"covered":[0-9]+,"percent":([0-9.]+).*"regions":\{[^}]*"percent":([0-9.]+).*/\1 \2/' |
    { read -r lines regions && printf '%-20s %-10s %7.1f%% %7.1f%%\n' "$name" "$crate" "$lines" "$regions"; }
}

printf '%-20s %-10s %8s %8s\n' target sources lines regions
for target in "${targets[@]}"; do
  mkdir -p "fuzz/corpus/$target"
  LLVM_PROFILE_FILE=$folder/$target.profraw "$programs/$target" -runs=0 "fuzz/corpus/$target" 2>/dev/null
  llvm-profdata-22 merge --sparse "$folder/$target.profraw" -o "$folder/$target.profdata"
  row "$target" "$(sources "$target")" "$programs/$target"
done
for crate in aez pq-kem sphinx wire pki-types mixdelay chat; do
  profiles=() objects=()
  for target in "${targets[@]}"; do
    [ "$(sources "$target")" != "$crate" ] || { profiles+=("$folder/$target.profdata") && objects+=("$programs/$target"); }
  done
  [ ${#profiles[@]} -gt 0 ] || continue
  llvm-profdata-22 merge --sparse "${profiles[@]}" -o "$folder/together.profdata"
  row together "$crate" "${objects[@]}"
done
