#!/usr/bin/env bash
# The libraries' tests, optimised as in a user's workspace, because optimisation can leave copies of secrets behind.
. "$(dirname "$0")/../lib.sh"
user_like_cargo test --quiet --release --lib --tests "${libraries[@]}"
