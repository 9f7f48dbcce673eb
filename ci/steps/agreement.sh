#!/usr/bin/env bash
# Thousands of voting rounds with a faulty minority of authorities.
source "$(dirname "$0")/../lib.sh"
cargo test --release -p mixwell --bin mixwell authority::tests::property -- --include-ignored
