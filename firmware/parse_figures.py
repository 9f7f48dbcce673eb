#!/usr/bin/env python3
"""Reads an image's output and prints a line for each figure: image, operation, unit, figure, separated by tabs.

parse_figures.py IMAGE FLASH <OUTPUT
"""
import re
import sys

image, flash = sys.argv[1:]
print(image, "all", "flash", flash, sep="\t")
seen = {}
for line in sys.stdin:
    if ram := re.fullmatch(r" *RAM in all +(\d+) bytes.*\n", line):
        print(image, "all", "ram", ram[1], sep="\t")
    elif row := re.fullmatch(r" *(.+?) +(\d+) instructions +(\d+) bytes of stack\n", line):
        name = row[1]
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            name += f" ({seen[name]})"
        print(image, name, "instructions", row[2], sep="\t")
        print(image, name, "stack", row[3], sep="\t")
