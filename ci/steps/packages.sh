#!/usr/bin/env bash
# Installs the Debian packages that the steps need and that are missing.
. "$(dirname "$0")/../lib.sh"

wanted=(faketime git g++ python3 rustc-web cargo-web rust-web-src rust-web-llvm lld-22 llvm-22 qemu-user qemu-system-arm shellcheck
  valgrind gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-i686-linux-gnu libc6-dev-i386-cross
  gcc-s390x-linux-gnu libc6-dev-s390x-cross)
missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
