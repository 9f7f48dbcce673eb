#!/usr/bin/env bash
# The scripts themselves: shellcheck for those of bash, a syntax check for those of Python; and whether the workflows run
# every step of the gate.
. "$(dirname "$0")/../lib.sh"

mapfile -t bash_scripts < <(git grep -lE '^#!/usr/bin/env bash|^# shellcheck shell=bash')
shellcheck --external-sources --source-path=SCRIPTDIR "${bash_scripts[@]}"
mapfile -t python_scripts < <(git ls-files '*.py')
for script in "${python_scripts[@]}"; do
  python3 -c 'import ast, sys; ast.parse(open(sys.argv[1], encoding="utf-8").read(), sys.argv[1])' "$script"
done
echo "${#bash_scripts[@]} scripts of bash, ${#python_scripts[@]} of Python"

if ! diff <(.ci/run --list | sort) <(sed -n 's/^ *steps: \(packages .*\)/\1/p' .github/workflows/*.yml | tr ' ' '\n' | sort -u); then
  echo "the workflows do not run the steps of the gate (<: the gate's alone, >: theirs alone)" >&2
  exit 1
fi
