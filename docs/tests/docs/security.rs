//! Each promise of `SECURITY.md` names the tests that show it, and these tests exist.

use crate::repository::{files, root};
use regex::Regex;
use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

#[test]
fn every_promise_names_its_tests() {
    let text = fs::read_to_string(root().join("SECURITY.md")).expect("SECURITY.md");
    let tests = tests_of_the_repository();
    assert!(tests.len() > 500, "{} tests", tests.len());
    let promises = promises(&text);
    assert!(promises.len() > 15, "{} promises", promises.len());
    let mut faults = Vec::new();
    for (boundary, evidence) in promises {
        if evidence.is_empty() {
            faults.push(format!("{boundary}: no test"));
        }
        faults
            .extend(evidence.iter().filter_map(|span| fault(span, &tests)).map(|fault| format!("{boundary}: {fault}")));
    }
    // elsewhere in the text, a name of three words or more is a test's
    let named = CODE.captures_iter(&text).filter_map(|code| Some(code.get(1)?.as_str()));
    faults.extend(named.filter(|span| TEST_NAME.is_match(span)).filter_map(|span| fault(span, &tests)));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The text's code spans.
static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new("`([^`]+)`").expect("good"));
static TEST_NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z0-9]+(?:_[a-z0-9]+){2,}$").expect("good"));

/// The first and the last column of the first table: the boundary, and the code spans of its
/// evidence.
fn promises(text: &str) -> Vec<(&str, Vec<&str>)> {
    let table =
        text.lines().skip_while(|line| !line.starts_with("|--")).skip(1).take_while(|line| line.starts_with('|'));
    table
        .map(|row| {
            let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            assert_eq!(cells.len(), 4, "columns of {row}");
            let evidence = cells.last().copied().unwrap_or_default();
            let spans = CODE.captures_iter(evidence).filter_map(|code| Some(code.get(1)?.as_str())).collect();
            (cells.first().copied().unwrap_or_default(), spans)
        })
        .collect()
}

/// The fault of a piece of evidence, which is a test's name or `.ci/run STEP`.
fn fault(span: &str, tests: &BTreeSet<String>) -> Option<String> {
    let exists = match span.strip_prefix(".ci/run ") {
        Some(step) => root().join(format!("ci/steps/{step}.sh")).is_file(),
        None => tests.contains(span),
    };
    (!exists).then(|| format!("`{span}`: no such test"))
}

/// The names of all functions with a test attribute.
fn tests_of_the_repository() -> BTreeSet<String> {
    files(&[".rs"]).iter().flat_map(|file| tests_of(file)).collect()
}

fn tests_of(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).expect("a file of Rust");
    let mut found = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some((before, rest)) = line.split_once("fn ")
            && !before.contains("//")
        {
            if is_test {
                found.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
            }
            is_test = false;
        }
    }
    found
}

#[test]
fn a_promise_without_its_test_is_found() {
    let text = "\n| a | b | c | d |\n|---|---|---|---|\n| one | x | y | `a_promise_without_its_test_is_found` |\n| two | x | y | none |\n";
    let own = "a_promise_without_its_test_is_found";
    assert_eq!(promises(text), [("one", vec![own]), ("two", vec![])]);
    let tests = tests_of_the_repository();
    assert_eq!(fault(own, &tests), None);
    assert_eq!(fault(".ci/run fuzz", &tests), None);
    // functions that are not tests, tests that no longer exist, steps that no longer exist
    for nothing in ["tests_of_the_repository", "a_promise_without", ".ci/run fuz"] {
        assert_eq!(fault(nothing, &tests), Some(format!("`{nothing}`: no such test")));
    }
}
