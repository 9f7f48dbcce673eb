#!/usr/bin/env python3
"""Checks that every link within a folder of HTML pages leads to an existing page, and its fragment to an element of it.

check_html_links.py FOLDER
"""

import html.parser
import pathlib
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    """The links of a page, and the ids that links can lead to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.ids = [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id" or (tag == "a" and name == "name"):
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.links.append(value)


def fault(pages, page, link):
    """Why a link leads nowhere, or None."""
    url = urllib.parse.urlsplit(link)
    if url.scheme or url.netloc:
        return None
    target = (page.parent / urllib.parse.unquote(url.path)).resolve() if url.path else page
    if target.is_dir():
        target /= "index.html"
    if not target.exists():
        return "no such file"
    if url.fragment and target in pages and urllib.parse.unquote(url.fragment) not in pages[target].ids:
        return "no such element"
    return None


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1]).resolve()
    # 404.html has links from the root of a site; print.html and toc.html repeat the others
    skipped = {"404.html", "print.html", "toc.html"}
    pages = {path: Page(path) for path in sorted(folder.rglob("*.html")) if path.name not in skipped}
    links = [(path, link) for path, page in pages.items() for link in page.links]
    faults = [(path, link, why) for path, link in links if (why := fault(pages, path, link))]
    for path, link, why in faults:
        print(f"{path.relative_to(folder)}: {link}: {why}", file=sys.stderr)
    print(f"{len(links)} links in {len(pages)} pages, {len(faults)} are broken")
    sys.exit(bool(faults) or not links)


main()
