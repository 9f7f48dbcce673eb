#!/usr/bin/env bash
# The libraries' tests, optimised as in a user's workspace: secrets that optimisation leaves behind are found there alone.
. "$(dirname "$0")/../lib.sh"
user_like_cargo test --quiet --release --lib --tests "${libraries[@]}"
