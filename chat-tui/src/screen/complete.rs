//! Completion by Tab: commands, contacts, topics of help, paths.

use crate::{
    command::{NAMES, TOPICS, at_home},
    model::Model,
};
use std::{
    fs,
    path::{MAIN_SEPARATOR, Path},
};

/// Maximum number of directory entries that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// The line, extended by the common prefix of all completions.
pub(super) fn complete(line: &str, model: &Model) -> Option<String> {
    if let Some(path) = line.strip_prefix("/send ").or_else(|| line.strip_prefix("/export ")) {
        let command = line.get(..line.len().saturating_sub(path.len()))?;
        return complete_path(path).map(|path| format!("{command}{path}"));
    }
    if let Some(name) = line.strip_prefix("/to ") {
        let names = model.contacts().iter().map(|contact| contact.name.clone());
        return common(name, names.collect()).map(|name| format!("/to {name}"));
    }
    if let Some(topic) = line.strip_prefix("/help ") {
        return common(topic, TOPICS.map(|(topic, _)| topic.to_owned()).into()).map(|topic| format!("/help {topic}"));
    }
    if !line.starts_with('/') || line.contains(' ') {
        return None;
    }
    common(line, NAMES.map(|name| format!("{name} ")).into())
}

fn complete_path(typed: &str) -> Option<String> {
    let (folder, start) = typed.rsplit_once('/').map_or(("", typed), |(folder, start)| (folder, start));
    let shown = typed.get(..typed.len().saturating_sub(start.len()))?;
    let place = if shown.is_empty() { Path::new(".") } else { Path::new(shown) };
    let mut names = Vec::new();
    for entry in fs::read_dir(at_home(place)).ok()?.take(MAX_ENTRIES).flatten() {
        let Ok(mut name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') && !start.starts_with('.') {
            continue;
        }
        if entry.path().is_dir() {
            name.push(MAIN_SEPARATOR);
        }
        names.push(name);
    }
    debug_assert!(folder.len() <= shown.len(), "the folder is a part of what is typed");
    common(start, names).map(|name| format!("{shown}{name}"))
}

/// The common prefix of all candidates with this prefix, if it is longer.
fn common(start: &str, all: Vec<String>) -> Option<String> {
    let mut fitting = all.into_iter().filter(|name| name.starts_with(start));
    let first = fitting.next()?;
    let common = fitting.fold(first, |common, name| {
        let same = common.chars().zip(name.chars()).take_while(|(one, other)| one == other);
        same.map(|(letter, _)| letter).collect()
    });
    (common.len() > start.len()).then_some(common)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_common_is_completed() {
        let model = Model::new();
        let complete = |line: &str| complete(line, &model);
        assert_eq!(complete("/sa").as_deref(), Some("/safety "));
        // /code and /contacts
        assert_eq!(complete("/c"), None);
        assert_eq!(complete("/co"), None);
        assert_eq!(complete("/help k").as_deref(), Some("/help keys"));
        assert_eq!(complete("hello"), None);
        let folder = tempfile::tempdir().unwrap();
        for name in ["letter one.txt", "letter two.txt", ".hidden"] {
            fs::write(folder.path().join(name), []).unwrap();
        }
        fs::create_dir(folder.path().join("photos")).unwrap();
        let at = |name: &str| format!("/send {}/{name}", folder.path().display());
        assert_eq!(complete(&at("le")), Some(at("letter ")));
        assert_eq!(complete(&at("letter o")), Some(at("letter one.txt")));
        assert_eq!(complete(&at("p")), Some(at("photos/")));
        assert_eq!(complete(&at(".h")), Some(at(".hidden")));
    }
}
