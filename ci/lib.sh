# shellcheck shell=bash disable=SC2034
# What the steps share. Each of them sources it: . "$(dirname "$0")/../lib.sh"
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export CARGO_TERM_COLOR=never
# nobody debugs here, and nothing is built twice
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0 CARGO_INCREMENTAL=0

# Where the steps build, each with other settings in a folder of its own below this one.
ci_target=${CARGO_TARGET_DIR:-$PWD/target}

# The crates that are published, without the tool.
libraries=(-p mixwell-aez -p mixwell-chat -p mixwell-mixdelay -p mixwell-pki-types -p mixwell-pq-kem -p mixwell-sha256
  -p mixwell-sphinx -p mixwell-wire)

# Those that need no allocator.
core_libraries=(-p mixwell-aez -p mixwell-mixdelay -p mixwell-pki-types -p mixwell-pq-kem -p mixwell-sha256 -p mixwell-sphinx
  -p mixwell-wire)

# skip WHAT: notes a check that this machine cannot make. The gate lists them at its end.
skip() {
  echo "SKIPPED: $*"
  [ -z "${CI_SKIPPED:-}" ] || echo "$(basename "$0" .sh): $*" >>"$CI_SKIPPED"
}

# tool NAME [OPTION…]: installs a cargo tool, unoptimised, which is quick enough and takes a third of the time.
tool() { command -v "$1" >/dev/null || cargo install --locked --quiet --debug "$@"; }

# minimum FOLDER: the `rust-version` of a manifest
minimum() { sed -n 's/^rust-version = "\(.*\)"/\1/p' "$1/Cargo.toml"; }

# check_with VERSION WHAT OPTION…: compiles by that version of Rust, and says so; where it cannot be had, by clippy's list of
# what is newer.
check_with() {
  local version=$1 what=$2
  shift 2
  if rustc --version | grep -q "^rustc $version\."; then
    cargo check --quiet "$@"
  elif rustup toolchain install --profile minimal "$version" >/dev/null 2>&1; then
    cargo "+$version" check --quiet --target-dir "$ci_target/rust-$version" "$@"
  else
    cargo clippy --quiet "$@" -- --deny clippy::incompatible_msrv
    skip "Rust $version cannot be installed: $what by clippy::incompatible_msrv alone"
    return
  fi
  echo "Rust $version compiles $what"
}

# Cargo of Debian's second toolchain, which builds core and std for targets that rustup does not have here.
debian_cargo() { RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$ci_target/debian /usr/bin/cargo "$@"; }

# Cargo with its own release profile, as a user's workspace has it, but for the debug information.
user_like_cargo() {
  CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 \
    CARGO_TARGET_DIR=$ci_target/users cargo "$@"
}

# compiles_with_core_alone TARGET…: without an allocator or an operating system, without features and with them.
compiles_with_core_alone() {
  local target targets=() feature features=(--features mixwell-pki-types/sphincs --features mixwell-wire/embedded-io-async)
  for feature in x448 mlkem768-x25519 mlkem768-x448 xwing pem; do features+=(--features "mixwell-pq-kem/$feature"); done
  # the image of `firmware` is linked; here whether the crates compile is the question
  for target in "$@"; do targets+=(--target "$target"); done
  # all targets at once, so that no processor waits for the last crate of one
  debian_cargo check --quiet -Zbuild-std=core,compiler_builtins "${targets[@]}" "${core_libraries[@]}"
  debian_cargo check --quiet -Zbuild-std=core,compiler_builtins "${targets[@]}" "${core_libraries[@]}" "${features[@]}"
  echo "compiles for $* with core alone, without features and with them"
}
