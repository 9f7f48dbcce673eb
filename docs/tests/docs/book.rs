//! All code that the book shows is compiled and run.

use crate::{
    markdown::Markdown,
    repository::{files, root, shown},
};
use std::{fs, path::Path};

#[test]
fn all_code_is_part_of_an_example() {
    let book = root().join("docs/book/src");
    let mut parts = 0_usize;
    let mut faults = Vec::new();
    for page in files(&[".md"]).iter().filter(|page| page.starts_with(&book)) {
        // code blocks in the formats are in no language
        for line in Markdown::read(page).rust.iter().flat_map(|code| code.lines()) {
            parts = parts.saturating_add(1);
            if let Err(fault) = part_of_an_example(page, line) {
                faults.push(format!("{}: {line}: {fault}", shown(page)));
            }
        }
    }
    assert!(parts > 15, "{parts} parts of programs");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether a line is `{{#include FILE:ANCHOR}}` with a file in `docs/examples` that has this
/// anchor.
fn part_of_an_example(page: &Path, line: &str) -> Result<(), &'static str> {
    let include = line.strip_prefix("{{#include ").and_then(|rest| rest.strip_suffix("}}")).ok_or("not an include")?;
    let (file, anchor) = include.split_once(':').ok_or("no anchor")?;
    let file = page.with_file_name(file).canonicalize().map_err(|_| "no such file")?;
    if !file.starts_with(root().join("docs/examples").canonicalize().map_err(|_| "no examples")?) {
        return Err("not one of docs/examples");
    }
    let program = fs::read_to_string(file).map_err(|_| "no such file")?;
    for mark in [format!("// ANCHOR: {anchor}"), format!("// ANCHOR_END: {anchor}")] {
        if program.lines().filter(|line| line.trim() == mark).count() != 1 {
            return Err("no such anchor, or twice");
        }
    }
    Ok(())
}

#[test]
fn other_code_is_found() {
    let page = root().join("docs/book/src/tutorials/mix.md");
    assert_eq!(part_of_an_example(&page, "{{#include ../../../examples/mix.rs:loop}}"), Ok(()));
    assert_eq!(part_of_an_example(&page, "{{#include ../../../examples/mix.rs:lop}}"), Err("no such anchor, or twice"));
    assert_eq!(part_of_an_example(&page, "{{#include ../../../src/lib.rs:loop}}"), Err("not one of docs/examples"));
    assert_eq!(part_of_an_example(&page, "let packet = vec![];"), Err("not an include"));
}
