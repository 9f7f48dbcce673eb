//! Links between Markdown files resolve.

use crate::{
    markdown::Markdown,
    repository::{files, shown},
};
use std::path::Path;

#[test]
fn every_relative_link_resolves() {
    let pages = files(&[".md"]);
    assert!(pages.len() > 20, "{} Markdown files", pages.len());
    let mut checked = 0_usize;
    let mut faults = Vec::new();
    for page in &pages {
        for link in Markdown::read(page).links {
            // an external link, or an item of the crate's documentation, which rustdoc checks
            if link.contains("://") || link.starts_with("mailto:") || link.contains("::") {
                continue;
            }
            checked = checked.saturating_add(1);
            if let Err(fault) = resolve(page, &link) {
                faults.push(format!("{}: {link}: {fault}", shown(page)));
            }
        }
    }
    assert!(checked > 50, "{checked} links");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Resolves a link from a page.
fn resolve(page: &Path, link: &str) -> Result<(), &'static str> {
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target =
        if file.is_empty() { page.to_path_buf() } else { page.parent().unwrap_or_else(|| Path::new("")).join(file) };
    if !target.exists() {
        return Err("no such file");
    }
    match anchor {
        Some(anchor) if !Markdown::read(&target).anchors.iter().any(|known| known == anchor) => Err("no such heading"),
        _ => Ok(()),
    }
}

#[test]
fn a_link_to_nowhere_is_found() {
    let page = crate::repository::root().join("docs/spec/sphinx.md");
    assert_eq!(resolve(&page, "wire.md#padding"), Ok(()));
    assert_eq!(resolve(&page, "#surbs"), Ok(()));
    assert_eq!(resolve(&page, "wire.md#stuffing"), Err("no such heading"));
    assert_eq!(resolve(&page, "wired.md"), Err("no such file"));
}
