#!/usr/bin/env bash
# Builds the book and checks its links. (The other tests compile and run its programs.)
. "$(dirname "$0")/../lib.sh"
tool mdbook --no-default-features --features search
mkdir -p "$ci_target"
mdbook build docs/book --dest-dir "$ci_target/book" 2>&1 | tee "$ci_target/book.log"
if grep -qE 'WARN|ERROR' "$ci_target/book.log"; then
  echo "mdbook warns" >&2
  exit 1
fi
ci/check_html_links.py "$ci_target/book"
