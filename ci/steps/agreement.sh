#!/usr/bin/env bash
# Thousands of voting rounds with a faulty minority of authorities.
. "$(dirname "$0")/../lib.sh"
cargo test --release -p mixwell-authority --lib tests::property -- --include-ignored
