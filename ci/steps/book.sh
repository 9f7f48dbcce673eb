#!/usr/bin/env bash
# The book is built, and each of its links leads somewhere. (Its programs are compiled and run with the other tests.)
. "$(dirname "$0")/../lib.sh"
tool mdbook --no-default-features --features search
mkdir -p "$ci_target"
mdbook build docs/book --dest-dir "$ci_target/book" 2>&1 | tee "$ci_target/book.log"
if grep -qE 'WARN|ERROR' "$ci_target/book.log"; then
  echo "mdbook warns" >&2
  exit 1
fi
ci/check_html_links.py "$ci_target/book"
