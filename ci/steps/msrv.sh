#!/usr/bin/env bash
# The minimum supported Rust versions: that of the libraries, of ML-KEM on x86, and of the workspace.
. "$(dirname "$0")/../lib.sh"

# minimum FOLDER: the `rust-version` of a manifest
minimum() { sed -n 's/^rust-version = "\(.*\)"/\1/p' "$1/Cargo.toml"; }

# check VERSION OPTION…: compiles by that version, or fails with status 3 if it cannot be had
check() {
  local version=$1
  shift
  if rustc --version | grep -q "^rustc $version\."; then
    cargo check --quiet "$@"
  else
    rustup toolchain install --profile minimal "$version" >/dev/null 2>&1 || return 3
    cargo "+$version" check --quiet --target-dir "$ci_target/msrv" "$@"
  fi
}

# checked VERSION WHAT OPTION…: the same, and says so; without that version, by clippy's list of what is newer
checked() {
  local version=$1 what=$2 status=0
  shift 2
  check "$version" "$@" || status=$?
  case $status in
  0) echo "Rust $version compiles $what" ;;
  3)
    cargo clippy --quiet "$@" -- --deny clippy::incompatible_msrv
    skip "Rust $version cannot be installed: $what by clippy::incompatible_msrv alone"
    ;;
  *) return "$status" ;;
  esac
}

libraries_minimum=$(minimum pq-kem)
# `libcrux-platform` 0.0.4 calls `__cpuid` as the safe function that it has been since then
mlkem_minimum=1.94
grep -q "^| ML-KEM .*Rust $mlkem_minimum" pq-kem/README.md || { echo "pq-kem/README.md: not Rust $mlkem_minimum" >&2 && exit 1; }

RUSTFLAGS='--cfg mixwell_mlkem="rustcrypto"' checked "$libraries_minimum" "the libraries with all features" \
  --lib --all-features "${libraries[@]}"
checked "$mlkem_minimum" "the libraries with libcrux's ML-KEM" --lib --all-features -p mixwell-pq-kem
checked "$(minimum .)" "the workspace" --workspace
