#!/usr/bin/env python3
"""Compares measured figures with their ceilings.

Both files contain one figure per line: a name, which may contain tabs, a tab, and a number.

ceilings.py check CEILINGS MEASURED [PERCENT]   fails if a figure is more than PERCENT (1) over its ceiling, or has none
ceilings.py write CEILINGS MEASURED             writes the figures as the new ceilings, and keeps other ceilings
ceilings.py aims  AIMS MEASURED                 fails if a figure is over its aim
"""

import sys

# a figure this far below its ceiling means that the ceiling should be lowered
FAR_BELOW = 0.95


def read(path):
    """The figures of a file, by name. A file that does not exist has none."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file.read().splitlines() if not line.startswith("#")]
    except FileNotFoundError:
        return {}
    return {name: int(figure) for name, figure in (line.rsplit("\t", 1) for line in lines)}


def shown(name):
    return name.replace("\t", " ")


def check(ceilings, figures, percent):
    over = []
    for name, figure in figures.items():
        ceiling = ceilings.get(name)
        if ceiling is None or figure > ceiling * (1 + percent / 100):
            over.append(name)
            print(f"{shown(name)}: {figure}, over its ceiling of {ceiling}", file=sys.stderr)
        elif figure < ceiling * FAR_BELOW:
            print(f"{shown(name)}: {figure}, far below its ceiling of {ceiling}; lower the ceiling")
    print(f"{len(figures) - len(over)} of {len(figures)} figures are under their ceilings")
    return bool(figures) and not over


def write(path, ceilings, figures):
    with open(path, "w", encoding="utf-8") as file:
        for name, figure in sorted({**ceilings, **figures}.items()):
            print(name, figure, sep="\t", file=file)
    return True


def aims(wanted, figures):
    missed = []
    for name, aim in wanted.items():
        if name not in figures:
            continue
        print(f"{shown(name)}: {figures[name]}, aim {aim}")
        if figures[name] > aim:
            missed.append(name)
    return not missed


def main():
    if len(sys.argv) < 4 or sys.argv[1] not in ("check", "write", "aims"):
        sys.exit(__doc__)
    how, path, measured, *rest = sys.argv[1:]
    kept, figures = read(path), read(measured)
    if how == "check":
        good = check(kept, figures, int(rest[0]) if rest else 1)
    elif how == "write":
        good = write(path, kept, figures)
    else:
        good = aims(kept, figures)
    sys.exit(0 if good else 1)


main()
