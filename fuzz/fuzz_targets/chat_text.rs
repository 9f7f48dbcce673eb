//! Texts and names chosen by a friend, as displayed and stored: nothing in them controls a
//! terminal, changes the direction of text, leaves a folder or grows without bound, and cleaning is
//! idempotent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_chat::{MAX_NAME_LEN, clean_text, file_name, person_name};

/// Maximum length of a file name.
const MAX_FILE_NAME_LEN: usize = 128;

/// Bidi_Control of the Unicode Character Database, written out.
const BIDI: [char; 12] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}',
    '\u{2067}', '\u{2068}', '\u{2069}',
];

fn is_harmless(letter: char) -> bool {
    !letter.is_control() && !BIDI.contains(&letter) && !matches!(letter, '\u{2028}' | '\u{2029}')
}

fuzz_target!(|input: &str| {
    let text = clean_text(input);
    assert!(text.chars().all(|letter| letter == '\n' || is_harmless(letter)), "{text:?}");
    // a tab becomes four spaces, a character three bytes or a dotted circle before it
    assert!(text.len() <= 4 * input.len());
    assert_eq!(clean_text(&text), text);
    // cleaning adds no lines
    assert!(text.lines().count() <= 1 + input.matches('\n').count());

    let name = person_name(input);
    assert!(!name.is_empty() && name.len() <= MAX_NAME_LEN);
    assert!(name.chars().all(is_harmless) && !name.contains(['<', '>', '"']), "{name:?}");
    assert_eq!(person_name(&name), name);

    let file = file_name(input);
    assert!(!file.is_empty() && file.len() <= MAX_FILE_NAME_LEN);
    assert!(
        file.chars().all(is_harmless) && !file.contains(['/', '\\', '<', '>', ':', '"', '|', '?', '*']),
        "{file:?}"
    );
    assert!(!file.starts_with(['.', ' ', '-']) && !file.ends_with(['.', ' ']), "{file:?}");
    assert_eq!(file_name(&file), file);
});
