//! Names and texts that a friend chose, made harmless to show and to store.

use alloc::string::String;

/// The longest name of a person, in bytes.
pub const MAX_NAME_LEN: usize = 32;

/// The longest name of a file, in bytes.
pub(crate) const MAX_FILE_NAME_LEN: usize = 128;

/// A text that can be shown on a terminal: what controls it, or turns the direction of letters, is replaced.
#[must_use]
pub fn text(text: &str) -> String {
    text.chars()
        .map(|letter| if letter == '\n' || is_harmless(letter) { letter } else { char::REPLACEMENT_CHARACTER })
        .collect()
}

/// A file's name that stays in its folder and can be shown: no folder, no dot in front, no letter that a file system or a
/// terminal reads in a way of its own, and not too long. What is left of nothing is `file`.
#[must_use]
pub fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut clean = String::new();
    for letter in last.chars() {
        let letter = if is_harmless(letter) && !r#"<>:"|?*"#.contains(letter) { letter } else { '_' };
        if clean.len().saturating_add(letter.len_utf8()) > MAX_FILE_NAME_LEN {
            break;
        }
        clean.push(letter);
    }
    let clean = clean.trim_start_matches(['.', ' ', '-']).trim_end_matches(['.', ' ']);
    if clean.is_empty() || is_device(clean) { String::from("file") } else { String::from(clean) }
}

/// Names that stand for devices on some systems, whatever comes behind a dot.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let is_numbered = |kind: &str| stem.strip_prefix(kind).is_some_and(|rest| rest.chars().count() == 1);
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || is_numbered("com") || is_numbered("lpt")
}

/// A person's name on one line.
pub(crate) fn person(name: &str) -> String {
    let mut clean = String::new();
    for letter in name.chars().filter(|letter| is_harmless(*letter)) {
        if clean.len().saturating_add(letter.len_utf8()) > MAX_NAME_LEN {
            break;
        }
        clean.push(letter);
    }
    String::from(clean.trim())
}

fn is_harmless(letter: char) -> bool {
    let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}');
    !letter.is_control() && !turns && !breaks
}
