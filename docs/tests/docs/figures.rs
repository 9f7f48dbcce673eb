//! Measured figures: documents state those of `benches/figures.toml`, and no others.

use crate::repository::root;
use regex::Regex;
use std::{collections::BTreeMap, fs, sync::LazyLock};
use toml::{Table, Value};

/// The documents in which every measured figure is one of the file.
const CHECKED: [&str; 8] = [
    "README.md",
    "aez/README.md",
    "mixdelay/README.md",
    "pki-types/README.md",
    "pq-kem/README.md",
    "sha256/README.md",
    "sphinx/README.md",
    "wire/README.md",
];

/// A measured figure: a time, a ratio, a rate or a size in MB.
static FIGURE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\d[\d.,]*(?:–\d[\d.,]*)?\s(?:ns|µs|×|packets/s|MB|million)\b|\d[\d.,]*(?:–\d[\d.,]*)?\s×|\d[\d.,]*/s\b",
    )
    .expect("good")
});

/// The lines that state figures, by document and the line's beginning, with the figures of each.
type Lines = BTreeMap<(String, String), Vec<String>>;

fn lines_of(file: &str) -> Lines {
    let file: Table = file.parse().expect("TOML");
    let mut lines = Lines::new();
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    for entry in file.get("figure").and_then(Value::as_array).expect("figures") {
        assert!(entry.get("command").and_then(Value::as_str).is_some_and(|command| !command.is_empty()), "{entry}");
        let figures = texts(entry.get("figures").expect("figures"));
        for place in entry.get("stated").and_then(Value::as_array).expect("where they are stated") {
            let [document, start] = <[String; 2]>::try_from(texts(place)).expect("a document and a line's beginning");
            lines.entry((document, start)).or_default().extend(figures.iter().cloned());
        }
    }
    lines
}

/// The faults of a document with respect to the lines that are known of it.
fn faults(document: &str, text: &str, lines: &Lines) -> Vec<String> {
    let known: Vec<_> = lines.iter().filter(|((of, _), _)| of == document).collect();
    let mut faults = Vec::new();
    for ((_, start), figures) in &known {
        let stating: Vec<_> = text.lines().filter(|line| line.trim_start().starts_with(start.as_str())).collect();
        let [line] = stating.as_slice() else {
            faults.push(format!("{document}: {} lines begin with {start:?}", stating.len()));
            continue;
        };
        let missing = figures.iter().filter(|figure| !line.contains(figure.as_str()));
        faults.extend(missing.map(|figure| format!("{document}: {figure:?} is not in {line:?}")));
    }
    if CHECKED.contains(&document) {
        for line in text.lines() {
            let of_line: Vec<_> =
                known.iter().filter(|((_, start), _)| line.trim_start().starts_with(start.as_str())).collect();
            for figure in FIGURE.find_iter(line).map(|found| found.as_str()) {
                if !of_line.iter().any(|(_, figures)| figures.iter().any(|known| known == figure)) {
                    faults.push(format!("{document}: {figure:?} is not in benches/figures.toml: {line:?}"));
                }
            }
        }
    }
    faults
}

#[test]
fn documents_state_the_measured_figures() {
    let lines = lines_of(&fs::read_to_string(root().join("benches/figures.toml")).expect("the figures"));
    assert!(lines.len() > 25, "{} lines", lines.len());
    let mut documents: Vec<_> = lines.keys().map(|(document, _)| document.as_str()).chain(CHECKED).collect();
    documents.sort_unstable();
    documents.dedup();
    let mut found = Vec::new();
    for document in documents {
        found.extend(faults(document, &fs::read_to_string(root().join(document)).expect("a document"), &lines));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn another_figure_is_found() {
    let lines = lines_of(
        r#"
        [[figure]]
        command = "cargo bench"
        figures = ["55.0 µs", "0.51 ×"]
        stated = [["README.md", "| unwrap |"]]
        "#,
    );
    let faults = |text: &str| faults("README.md", text, &lines).len();
    assert_eq!(faults("| unwrap | 55.0 µs; 0.51 × the floor |"), 0);
    assert_eq!(faults("| unwrap | 54.0 µs; 0.51 × the floor |"), 2);
    assert_eq!(faults("| unwrap | 55.0 µs; 0.51 × the floor |\n| wrap | 12 packets/s |"), 1);
    assert_eq!(faults("nothing is measured"), 1);
}
