#!/usr/bin/env python3
"""Checks that comments are wrapped at 100 columns, which rustfmt cannot do because it does not know Markdown.

ci/comment_width.py          lists the files with wider paragraphs, and fails if there are any
ci/comment_width.py --fix    wraps those paragraphs

Tables, code, headings, and lines aligned by three blanks or more stay unchanged.
"""

import re
import subprocess
import sys
from pathlib import Path

MAX = 100
COMMENT = re.compile(r"^(\s*)(//[/!]?)(?: (.*))?$")
ITEM = re.compile(r"^\s*(?:[-*+]|\d+\.)\s+")
# lines that do not belong to a paragraph
APART = re.compile(r"^\s*(?:```|\||#|>|\[[^`\]]*\]:)")
# tokens that would be Markdown at the beginning of a line
NOT_FIRST = re.compile(r"[-*+=]+|\d+\.|#+|>.*|\|.*")
# longer code between backquotes is wrapped at its blanks
MAX_SPAN = 60


def pieces(text):
    """What a line may end after: words, and short code with its blanks."""
    words, word, in_code = [], "", False
    for part in text.split():
        word = f"{word} {part}" if word else part
        in_code ^= part.count("`") % 2 == 1
        if not in_code or len(word) > MAX_SPAN:
            words.append(word)
            word = ""
    if word:
        words.append(word)
    joined = []
    for word in words:
        if joined and NOT_FIRST.fullmatch(word):
            joined[-1] += " " + word
        else:
            joined.append(word)
    return joined


def wrap(text, first, rest):
    lines, line, is_empty = [], first, True
    for word in pieces(text):
        if not is_empty and len(line) + 1 + len(word) > MAX:
            lines.append(line)
            line, is_empty = rest, True
        line += word if is_empty else " " + word
        is_empty = False
    return [*lines, line]


def wrapped(prefix, texts):
    """The lines of one comment, of which `texts` is what follows the prefix."""
    lines, i, in_code = [], 0, False
    while i < len(texts):
        text = texts[i]
        if not text.strip() or in_code or APART.match(text) or text.startswith("    "):
            in_code ^= text.lstrip().startswith("```")
            lines.append((prefix + text).rstrip())
            i += 1
            continue
        item = ITEM.match(text)
        first = item.group(0) if item else re.match(r"\s*", text).group(0)
        rest = " " * len(first)
        end = i + 1
        while end < len(texts):
            text = texts[end]
            if not text.strip() or APART.match(text) or ITEM.match(text):
                break
            if text.startswith(" ") != bool(rest):
                break
            end += 1
        paragraph = texts[i:end]
        is_aligned = any("   " in text.strip() for text in paragraph)
        if is_aligned or max(len(prefix + text) for text in paragraph) <= MAX:
            lines += [prefix + text for text in paragraph]
        else:
            joined = " ".join(text.strip() for text in paragraph)
            lines += wrap(joined[len(first.strip()) :].strip() if item else joined, prefix + first, prefix + rest)
        i = end
    return lines


def fixed(source):
    lines, comment, of = [], [], None

    def end():
        if comment:
            indent, mark = of
            lines.extend(wrapped(f"{indent}{mark} ", comment))
            comment.clear()

    for line in source.split("\n"):
        match = COMMENT.match(line)
        if not match:
            end()
            of = None
            lines.append(line)
            continue
        if match.groups()[:2] != of:
            end()
            of = match.groups()[:2]
        comment.append(match.group(3) or "")
    end()
    return "\n".join(lines)


def main():
    listed = subprocess.run(["git", "ls-files", "*.rs"], check=True, capture_output=True, text=True)
    wide = 0
    for path in map(Path, listed.stdout.split("\n")[:-1]):
        source = path.read_text(encoding="utf-8")
        text = fixed(source)
        if text == source:
            continue
        if sys.argv[1:] == ["--fix"]:
            path.write_text(text, encoding="utf-8")
        else:
            wide += 1
            print(f"{path}: comments wider than {MAX} columns; ci/comment_width.py --fix wraps them", file=sys.stderr)
    sys.exit(1 if wide else 0)


main()
