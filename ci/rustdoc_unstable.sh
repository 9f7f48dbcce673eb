#!/usr/bin/env bash
# rustdoc with nightly's options. Rustc itself stays as it is, so that the artifacts of other steps serve.
RUSTC_BOOTSTRAP=1 exec rustdoc "$@"
