#!/usr/bin/env bash
# The minimum supported Rust version is the one in Cargo.toml.
. "$(dirname "$0")/../lib.sh"

version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if rustc --version | grep -q "^rustc $version\."; then
  cargo check --quiet --workspace
else
  rustup toolchain install --profile minimal "$version"
  cargo "+$version" check --quiet --workspace --target-dir "$ci_target/msrv"
fi
echo "Rust $version builds the workspace"
