#!/usr/bin/env python3
"""Makes programs of what the READMEs show, as a reader copies them: each with the dependencies that the README names.

readme_programs.py OUT FOLDER…   writes a package OUT/readme-NAME for each folder's README
"""

import re
import sys
from pathlib import Path


def main():
    out = Path(sys.argv[1])
    for folder in map(Path, sys.argv[2:]):
        readme = (folder / "README.md").read_text()
        blocks = re.findall(r"^```(\w+)\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
        manifest = next(code for language, code in blocks if language == "toml")
        programs = [code for language, code in blocks if language == "rust"]
        name = re.search(r"^mixwell-([\w-]+)", manifest, re.MULTILINE)[1]
        package = out / f"readme-{name}"
        (package / "src/bin").mkdir(parents=True)
        # where a README names a path or a version of ours, the workspace's patch takes the package beside it
        (package / "Cargo.toml").write_text(f'[package]\nname = "readme-{name}"\nversion = "0.0.0"\nedition = "2024"\npublish = false\n\n{manifest}')
        for number, code in enumerate(programs, 1):
            (package / f"src/bin/{name}_{number}.rs").write_text(complete(code))
        print(f"readme-{name}: {len(programs)} programs")


def complete(code):
    """Code without a `main` is its body, or if it is functions, stands beside an empty one."""
    if re.search(r"^fn main\(", code, re.MULTILINE):
        return code
    if re.search(r"^(pub )?(async )?fn \w", code, re.MULTILINE):
        return "#![allow(dead_code)]\n" + code + "\nfn main() {}\n"
    return "fn main() {\n" + code + "}\n"


main()
