#!/usr/bin/env bash
# Checks the scripts, those of bash with shellcheck and the syntax of those of Python, and that the workflows run every step of
# the gate.
. "$(dirname "$0")/../lib.sh"

mapfile -t bash_scripts < <(git grep -lE '^#!/usr/bin/env bash|^# shellcheck shell=bash')
shellcheck --external-sources --source-path=SCRIPTDIR "${bash_scripts[@]}"
mapfile -t python_scripts < <(git ls-files '*.py')
for script in "${python_scripts[@]}"; do
  python3 -c 'import ast, sys; ast.parse(open(sys.argv[1], encoding="utf-8").read(), sys.argv[1])' "$script"
done
echo "${#bash_scripts[@]} bash scripts, ${#python_scripts[@]} Python scripts"

if ! diff <(.ci/run --list | sort) <(sed -n 's/^ *steps: \(packages .*\)/\1/p' .github/workflows/*.yml | tr ' ' '\n' | sort -u); then
  echo "the workflows do not run the same steps as the gate (<: only in the gate, >: only in the workflows)" >&2
  exit 1
fi
