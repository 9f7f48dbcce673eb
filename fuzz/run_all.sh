#!/usr/bin/env bash
# Runs all fuzz targets within the given number of seconds, starting from inputs made of the vectors.
# A seed other than 0 makes runs on one machine nearly repeatable.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?usage: fuzz/run_all.sh SECONDS [SEED]}
seed=${2:-0}
cargo run --quiet --manifest-path fuzz/seed/Cargo.toml >/dev/null
# all at once, so that no processor idles while another links
cargo +nightly fuzz build
mapfile -t targets < <(cargo +nightly fuzz list)
share=$((seconds / ${#targets[@]}))
[ "$share" -gt 0 ] || share=1
for target in "${targets[@]}"; do
  echo "== $target, $share s"
  cargo +nightly fuzz run "$target" -- -max_total_time="$share" -seed="$seed" -print_final_stats=1 -verbosity=0
done
