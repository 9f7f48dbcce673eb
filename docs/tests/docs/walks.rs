//! The walks of `ARCHITECTURE.md`: every stop names a file, and every path on the page exists.

use crate::repository::root;
use regex::Regex;
use std::{fs, path::Path};

fn page() -> String {
    fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the page")
}

/// The paths in backticks: names with a slash, and no blank or wildcard.
fn paths(text: &str) -> Vec<String> {
    let path = Regex::new(r"`(\.?[\w-]+(?:/[\w.-]*)+)`").expect("good");
    path.captures_iter(text).filter_map(|found| Some(found.get(1)?.as_str().to_owned())).collect()
}

#[test]
fn every_stop_of_a_walk_names_its_file() {
    let page = page();
    let (_, walks) = page.split_once("\n## Three walks\n").expect("its heading");
    let (walks, _) = walks.split_once("\n## ").expect("the next heading");
    let walks: Vec<&str> = walks.split("\n### ").skip(1).collect();
    assert_eq!(walks.len(), 3);
    let number = Regex::new(r"(?m)^\d+\. ").expect("good");
    for walk in walks {
        let stops: Vec<&str> = number.split(walk).skip(1).collect();
        assert!((4..=8).contains(&stops.len()), "{} stops", stops.len());
        for stop in stops {
            assert!(
                paths(stop).iter().any(|path| Path::new(path).extension() == Some("rs".as_ref())),
                "no file: {stop}"
            );
        }
    }
}

#[test]
fn every_path_of_the_page_exists() {
    let named = paths(&page());
    assert!(named.len() > 60, "{named:?}");
    // a table row may give a path relative to its own folder
    let is_there = |path: &String| {
        let folders = ["", "network/testnet", "mixwell"];
        folders.iter().any(|folder| root().join(folder).join(path).exists())
    };
    let missing: Vec<_> = named.iter().filter(|path| !is_there(path)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn paths_are_told_from_other_names() {
    let text = "`wire/src/link.rs` and `network/net/`, `.ci/run`; not `Sphinx<X25519>`, `a b/c`, `cargo test`";
    assert_eq!(paths(text), ["wire/src/link.rs", "network/net/", ".ci/run"]);
}
