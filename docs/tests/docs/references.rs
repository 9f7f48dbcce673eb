//! Pointers from comments to documents resolve: to a section of `docs/spec/`, to another file of
//! the repository, or to a public document of the list in `docs/spec/README.md`.

use crate::{
    markdown::Markdown,
    repository::{files, root, shown},
};
use regex::Regex;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

#[test]
fn every_pointer_resolves() {
    let names = public_documents();
    let mut pointers = 0_usize;
    let mut faults = Vec::new();
    for file in commented_files() {
        for (line, text) in comments(&file) {
            let (found, wrong) = check(&file, &text, &names);
            pointers = pointers.saturating_add(found);
            faults.extend(wrong.into_iter().map(|fault| format!("{}:{line}: {fault}", shown(&file))));
        }
    }
    assert!(pointers > 60, "{pointers} pointers");
    assert!(faults.is_empty(), "{} of {pointers} pointers lead nowhere:\n{}", faults.len(), faults.join("\n"));
}

/// The short names of the public documents that may be cited.
fn public_documents() -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/spec/README.md")).expect("the list of public documents");
    let (_, list) = page.split_once("\n## Public documents\n").expect("its heading");
    let rows = list.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let names: Vec<_> = rows.map(|(name, _)| name.to_owned()).filter(|name| name != "short name").collect();
    assert!(names.len() > 20, "{names:?}");
    names
}

fn commented_files() -> Vec<PathBuf> {
    let scripts = [".ci/run", "benches/instructions", "constant-time/run", "firmware/run"];
    let mut found = files(&[".rs", ".toml", ".sh", ".py", ".yml", ".md"]);
    found.extend(scripts.iter().map(|script| root().join(script)));
    found
}

/// The blocks of comment lines of a file, joined, each with the number of its first line. A
/// Markdown file is all comment: its paragraphs are the blocks.
fn comments(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).expect("a text file");
    let kind = file.extension().unwrap_or_default().to_str();
    let comment = |line: &str| -> Option<String> {
        let line = line.trim();
        let body = match kind {
            Some("md") => Some(line).filter(|line| !line.is_empty()),
            Some("rs") => line.strip_prefix("//").map(|line| line.trim_start_matches(['/', '!'])),
            _ => line.strip_prefix('#').filter(|line| !line.starts_with('!')),
        };
        body.map(|body| body.trim().to_owned())
    };
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(text.lines()) {
        match (comment(line), blocks.last_mut()) {
            (Some(body), Some((_, block))) if open => {
                block.push(' ');
                block.push_str(&body);
            }
            (Some(body), _) => {
                blocks.push((number, body));
                open = true;
            }
            (None, _) => open = false,
        }
    }
    blocks
}

/// A numbered part of a document.
static PART: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"§ ?\d[\d.]*|\b[Ss]ections? \d[\d.]*|\b[Aa]lgorithms? \d+|\b[Aa]ppendix [A-Z]").expect("good")
});
/// Text that may stand between a document's name and a part, or between two parts of one document.
static BETWEEN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?:[\s,)`]|\band\b|\bto\b)+$").expect("good"));
/// A Markdown file, optionally with an anchor.
static PAGE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[\w./-]*\w\.md\b(?:#[\w-]+)?").expect("good"));
/// A document without a name.
static NAMELESS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[Tt]he spec(?:ification)?(?:'s)?\b").expect("good"));

/// The number of pointers in a block of text, and their faults.
fn check(file: &Path, text: &str, names: &[String]) -> (usize, Vec<String>) {
    let mut pointers = 0_usize;
    let mut faults = Vec::new();
    for part in PART.find_iter(text) {
        pointers = pointers.saturating_add(1);
        if !names_a_document(text.get(..part.start()).unwrap_or_default(), names) {
            faults.push(format!("`{}` of which document?", part.as_str()));
        }
    }
    // an absolute link is no pointer into the repository
    for page in PAGE.find_iter(text).filter(|page| !page.as_str().starts_with("//")) {
        pointers = pointers.saturating_add(1);
        if let Err(fault) = resolve(file, page.as_str()) {
            faults.push(format!("`{}`: {fault}", page.as_str()));
        }
    }
    if let Some(nameless) = NAMELESS.find(text)
        && !PAGE.is_match(text)
        && !names.iter().any(|name| text.contains(name.as_str()))
    {
        faults.push(format!("`{}`: which one?", nameless.as_str()));
    }
    (pointers, faults)
}

/// Whether the text before a part ends with the name of a public document, possibly with other
/// parts of that document in between.
fn names_a_document(before: &str, names: &[String]) -> bool {
    let mut rest = before;
    loop {
        rest = BETWEEN.find(rest).map_or(rest, |between| rest.get(..between.start()).unwrap_or_default());
        if names.iter().any(|name| rest.ends_with(name.as_str())) {
            return true;
        }
        match PART.find_iter(rest).last() {
            Some(part) if part.end() == rest.len() => rest = rest.get(..part.start()).unwrap_or_default(),
            _ => return false,
        }
    }
}

/// Finds a page from a file: from the root, or beside the file or in a folder above it. Code must
/// cite a section, not a page.
fn resolve(file: &Path, page: &str) -> Result<(), &'static str> {
    let (name, anchor) = page.split_once('#').map_or((page, None), |(name, anchor)| (name, Some(anchor)));
    let inside = file.ancestors().skip(1).take_while(|folder| folder.starts_with(root()));
    let target = inside.map(|folder| folder.join(name)).find(|path| path.is_file()).ok_or("no such file")?;
    let is_format = target.starts_with(root().join("docs/spec")) && target.file_name() != Some("README.md".as_ref());
    match anchor {
        None if is_format && file.extension() == Some("rs".as_ref()) => Err("which section?"),
        Some(anchor) if !Markdown::read(&target).anchors.iter().any(|known| known == anchor) => Err("no such heading"),
        _ => Ok(()),
    }
}

#[test]
fn a_pointer_to_nowhere_is_found() {
    let file = root().join("sphinx/src/open.rs");
    let names = public_documents();
    let wrong = |text: &str| check(&file, text, &names).1;
    for good in [
        "Unwrapping at a hop (`docs/spec/sphinx.md#unwrapping`)",
        "X25519 (RFC 7748, section 5)",
        "WOTS+ (SPHINCS+ r3.1, §3)",
        "Merkle trees (SPHINCS+ r3.1, §3.1.3, §5.3)",
        "`vectors/README.md` has the schema; see README.md too",
        "The specification's timeouts (`docs/spec/wire.md#after-the-handshake`)",
    ] {
        assert_eq!(wrong(good), Vec::<String>::new(), "{good}");
    }
    for bad in [
        "Unwrapping at a hop (§3.3)",
        "the session (section 2)",
        "FORS (RFC, §5)",
        "Holding packets (mixdelay.md)",
        "`docs/spec/sphinx.md#wrapping`",
        "`docs/spec/sphinx.md`",
        "as the specification has it",
    ] {
        assert_eq!(wrong(bad).len(), 1, "{bad}");
    }
}
