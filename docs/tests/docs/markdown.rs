//! Anchors and links of a Markdown file.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::{collections::BTreeMap, fs, path::Path};

pub(crate) struct Markdown {
    pub(crate) anchors: Vec<String>,
    pub(crate) links: Vec<String>,
    /// The blocks of Rust code.
    pub(crate) rust: Vec<String>,
}

impl Markdown {
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a Markdown file");
        // a page of the book that includes another file has that file's headings
        if let Some(file) = text.trim().strip_prefix("{{#include ").and_then(|rest| rest.strip_suffix("}}")) {
            return Self { links: Vec::new(), ..Self::read(&path.with_file_name(file)) };
        }
        let mut page = Self { anchors: Vec::new(), links: Vec::new(), rust: Vec::new() };
        let mut heading = None::<String>;
        let mut in_rust = false;
        let mut seen = BTreeMap::<String, usize>::new();
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) if language.starts_with("rust") => {
                    in_rust = true;
                    page.rust.push(String::new());
                }
                Event::End(TagEnd::CodeBlock) => in_rust = false,
                Event::Text(text) | Event::Code(text) => {
                    if let Some(code) = page.rust.last_mut().filter(|_| in_rust) {
                        code.push_str(&text);
                    }
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = anchor(&heading.take().unwrap_or_default());
                    let times = seen.entry(anchor.clone()).or_default();
                    page.anchors.push(if *times == 0 { anchor } else { format!("{anchor}-{times}") });
                    *times = times.saturating_add(1);
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                _ => {}
            }
        }
        page
    }
}

/// The anchor that forges and mdBook derive from a heading.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}

#[test]
fn anchors_are_those_of_a_forge() {
    assert_eq!(anchor("Routing commands"), "routing-commands");
    assert_eq!(anchor("AEZ-core"), "aez-core");
    assert_eq!(anchor("What is proven, and when?"), "what-is-proven-and-when");
}
