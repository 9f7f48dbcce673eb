#!/usr/bin/env bash
# The step `miri` with more vectors, and with every back end on whole messages.
DEEP=1 exec "$(dirname "$0")/miri.sh"
