# shellcheck shell=bash disable=SC2034
# Functions and settings for all steps. Each step sources it: . "$(dirname "$0")/../lib.sh"
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export CARGO_TERM_COLOR=never
# no debug information and no incremental builds, which only cost time here
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0 CARGO_INCREMENTAL=0

# The folder for builds; steps with different settings use separate folders below it.
ci_target=${CARGO_TARGET_DIR:-$PWD/target}

# The published crates, which do not include the tool.
libraries=(-p mixwell-aez -p mixwell-chat -p mixwell-mixdelay -p mixwell-pki-types -p mixwell-pq-kem -p mixwell-sha256
  -p mixwell-sphinx -p mixwell-wire)

# The crates that need no allocator.
core_libraries=(-p mixwell-aez -p mixwell-mixdelay -p mixwell-pki-types -p mixwell-pq-kem -p mixwell-sha256 -p mixwell-sphinx
  -p mixwell-wire)

# skip CHECK: reports a check that this machine cannot run. The gate lists them at the end.
skip() {
  echo "SKIPPED: $*"
  [ -z "${CI_SKIPPED:-}" ] || echo "$(basename "$0" .sh): $*" >>"$CI_SKIPPED"
}

# tool NAME [OPTION…]: installs a cargo tool. Without optimisation it is fast enough, and builds in a third of the time.
tool() { command -v "$1" >/dev/null || cargo install --locked --quiet --debug "$@"; }

# minimum FOLDER: the `rust-version` of a manifest
minimum() { sed -n 's/^rust-version = "\(.*\)"/\1/p' "$1/Cargo.toml"; }

# check_with VERSION CRATES OPTION…: compiles with that version of Rust, and prints the result; if it is not available, uses
# clippy's list of newer features.
check_with() {
  local version=$1 what=$2
  shift 2
  if rustc --version | grep -q "^rustc $version\."; then
    cargo check --quiet "$@"
  elif rustup toolchain install --profile minimal "$version" >/dev/null 2>&1; then
    cargo "+$version" check --quiet --target-dir "$ci_target/rust-$version" "$@"
  else
    cargo clippy --quiet "$@" -- --deny clippy::incompatible_msrv
    skip "Rust $version cannot be installed: only clippy::incompatible_msrv checked $what"
    return
  fi
  echo "Rust $version compiles $what"
}

# Cargo of Debian's second toolchain, which builds core and std for targets that rustup does not provide here.
debian_cargo() { RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$ci_target/debian /usr/bin/cargo "$@"; }

# Cargo with its default release profile, as in a user's workspace, except for debug information.
user_like_cargo() {
  CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 \
    CARGO_TARGET_DIR=$ci_target/users cargo "$@"
}

# compiles_with_core_alone TARGET…: compiles the core crates without an allocator or an operating system, without features and
# with them.
compiles_with_core_alone() {
  local target targets=() feature features=(--features mixwell-pki-types/sphincs --features mixwell-wire/embedded-io-async)
  for feature in x448 mlkem768-x25519 mlkem768-x448 xwing pem; do features+=(--features "mixwell-pq-kem/$feature"); done
  # this only checks that the crates compile; the step `firmware` links an image
  for target in "$@"; do targets+=(--target "$target"); done
  # all targets at once, so that no processor idles during the last crate of one
  debian_cargo check --quiet -Zbuild-std=core,compiler_builtins "${targets[@]}" "${core_libraries[@]}"
  debian_cargo check --quiet -Zbuild-std=core,compiler_builtins "${targets[@]}" "${core_libraries[@]}" "${features[@]}"
  echo "compiles for $* with core alone, without features and with them"
}
