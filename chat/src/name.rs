//! Names and texts that a friend chose, made safe to show on a terminal and to store on a disk.
//!
//! The properties in the Unicode Character Database determine which characters are safe.

use alloc::{string::String, vec::Vec};
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        BidiControl, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup, GraphemeExtend, JoinControl,
        PrependedConcatenationMark, VariationSelector, WhiteSpace,
    },
};

/// The longest name of a person, in bytes.
pub const MAX_NAME_LEN: usize = 32;

/// The longest name of a file, in bytes.
pub(crate) const MAX_FILE_NAME_LEN: usize = 128;

/// Maximum number of consecutive combining characters. Living languages need half as many; a
/// terminal redraws all of them with each cell.
const MAX_COMBINING: usize = 8;

/// Shown in place of a tab.
const TAB: &str = "    ";

/// The base character for combining characters that have none (dotted circle), as in Unicode's
/// charts.
const NO_BASE: char = '\u{25cc}';

/// Makes a text safe to show on a terminal. Line breaks become `\n`, tabs four spaces. Characters
/// that control a terminal or change the writing direction are replaced, invisible ones are
/// removed, and sequences of combining characters are cut.
#[must_use]
pub fn text(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut combining = 0_usize;
    // so that nothing combines with what the program writes before a line
    let mut is_line_start = true;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\r' && letters.peek() == Some(&'\n') || is_left_out(letter) {
            continue;
        }
        let extends = CodePointSetData::new::<GraphemeExtend>().contains(letter)
            || CodePointSetData::new::<JoinControl>().contains(letter);
        if extends && is_line_start {
            clean.push(NO_BASE);
        }
        combining = if extends { combining.saturating_add(1) } else { 0 };
        is_line_start = letter == '\n';
        match letter {
            _ if combining > MAX_COMBINING => {}
            '\n' => clean.push('\n'),
            '\t' => clean.push_str(TAB),
            letter if controls(letter) => clean.push(char::REPLACEMENT_CHARACTER),
            letter => clean.push(letter),
        }
    }
    clean
}

/// Makes a file name safe to store and show: the last part of a path, without a leading dot and
/// without characters that a file system or a terminal interprets, at most 128 bytes long. Names of
/// devices are changed; a name without a visible character becomes `file`. It contains no quotation
/// mark.
#[must_use]
pub fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_allowed = |letter: &char| is_plain(*letter) && !r#"<>:"|?*"#.contains(*letter);
    let letters = last.chars().filter(|letter| controls(*letter) || !is_ignorable(*letter));
    let clean = cut(letters.map(|letter| if is_allowed(&letter) { letter } else { '_' }), MAX_FILE_NAME_LEN);
    let clean = clean.trim_start_matches(['.', ' ', '-']).trim_end_matches(['.', ' ']);
    if !clean.chars().any(is_visible) || !last.chars().any(is_visible) {
        return String::from("file");
    }
    if is_device(clean) {
        // after the cut it may end with a dot again
        let longer = cut("_".chars().chain(clean.chars()), MAX_FILE_NAME_LEN);
        return String::from(longer.trim_end_matches(['.', ' ']));
    }
    String::from(clean)
}

/// Whether a name stands for a device on some systems, ignoring everything after a dot.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let is_numbered = |kind: &str| {
        let number = stem.strip_prefix(kind).map(|rest| rest.chars().collect::<Vec<_>>());
        matches!(number.as_deref(), Some(['0'..='9' | '¹' | '²' | '³']))
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul" | "conin$" | "conout$" | "clock$")
        || is_numbered("com")
        || is_numbered("lpt")
}

/// Makes a person's name safe to show: one line, at most [`MAX_NAME_LEN`] bytes long, `unnamed` if
/// it has no visible character. It contains no angle brackets and no quotation marks, so that a
/// program can enclose it in them.
#[must_use]
pub fn person(name: &str) -> String {
    let letters = name.chars().filter_map(|letter| match letter {
        '<' => Some('('),
        '>' => Some(')'),
        '"' => Some('\''),
        letter if CodePointSetData::new::<WhiteSpace>().contains(letter) => Some(' '),
        letter => is_plain(letter).then_some(letter),
    });
    let clean = cut(letters, MAX_NAME_LEN);
    let clean: Vec<_> = clean.split(' ').filter(|word| !word.is_empty()).collect();
    let clean = clean.join(" ");
    if clean.chars().any(is_visible) { clean } else { String::from("unnamed") }
}

/// As many characters as fit, with short sequences of combining ones.
fn cut(letters: impl Iterator<Item = char>, max_len: usize) -> String {
    let (mut clean, mut combining) = (String::new(), 0_usize);
    for letter in letters {
        let extends = CodePointSetData::new::<GraphemeExtend>().contains(letter);
        combining = if extends { combining.saturating_add(1) } else { 0 };
        if combining > MAX_COMBINING {
            continue;
        }
        if clean.len().saturating_add(letter.len_utf8()) > max_len {
            break;
        }
        clean.push(letter);
    }
    clean
}

fn category(letter: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(letter)
}

/// Whether a character controls a terminal, breaks a line or changes the writing direction.
fn controls(letter: char) -> bool {
    let is_control = matches!(
        category(letter),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    );
    let is_shown = CodePointSetData::new::<PrependedConcatenationMark>().contains(letter)
        || CodePointSetData::new::<JoinControl>().contains(letter);
    (is_control && !is_shown) || CodePointSetData::new::<BidiControl>().contains(letter)
}

/// Whether a character is invisible, and changes neither the direction nor the shape of adjacent
/// letters.
fn is_left_out(letter: char) -> bool {
    is_ignorable(letter)
        && !CodePointSetData::new::<BidiControl>().contains(letter)
        && !CodePointSetData::new::<JoinControl>().contains(letter)
        && !CodePointSetData::new::<VariationSelector>().contains(letter)
}

/// Whether a character may be part of a name: it is assigned, and not invisible.
fn is_plain(letter: char) -> bool {
    let is_unknown = matches!(category(letter), GeneralCategory::Unassigned | GeneralCategory::PrivateUse);
    !is_unknown && !controls(letter) && !is_ignorable(letter)
}

/// Whether a character is invisible where it is not interpreted.
fn is_ignorable(letter: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
}

/// Whether a character is visible by itself.
fn is_visible(letter: char) -> bool {
    let groups = GeneralCategoryGroup::Letter
        .union(GeneralCategoryGroup::Number)
        .union(GeneralCategoryGroup::Punctuation)
        .union(GeneralCategoryGroup::Symbol);
    groups.contains(category(letter)) && is_plain(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every(property: impl Fn(char) -> bool) -> impl Iterator<Item = char> {
        (char::MIN..=char::MAX).filter(move |letter| property(*letter))
    }

    #[test]
    fn every_bidi_control_is_harmless() {
        let controls: Vec<_> = every(|letter| CodePointSetData::new::<BidiControl>().contains(letter)).collect();
        // including U+061C, which is in a different block from the others
        assert!(controls.len() >= 12 && controls.contains(&'\u{61c}'));
        for letter in controls {
            let name: String = ['a', letter, 'b'].into_iter().collect();
            assert_eq!(text(&name), "a\u{fffd}b");
            assert_eq!(file_name(&name), "a_b");
            assert_eq!(person(&name), "ab");
        }
    }

    #[test]
    fn no_control_comes_through() {
        for letter in every(char::is_control).filter(|letter| !matches!(letter, '\n' | '\t')) {
            let around: String = ['a', letter, 'b'].into_iter().collect();
            assert_eq!(text(&around), "a\u{fffd}b");
            assert!(!person(&around).contains(letter) && !file_name(&around).contains(letter));
        }
        assert_eq!(text("a\r\nb\rc\td"), "a\nb\u{fffd}c    d");
    }

    #[test]
    fn what_cannot_be_seen_is_no_name() {
        for letter in every(|letter| CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)) {
            let alone: String = [letter; 3].into_iter().collect();
            assert_eq!((person(&alone), file_name(&alone)), ("unnamed".into(), "file".into()), "{letter:?}");
            // an invisible character does not distinguish two names either
            let around: String = ['b', letter, 'b'].into_iter().collect();
            assert_eq!(person(&around), "bb");
        }
        for name in ["", " ", "\u{a0}\u{2003}", "\u{301}\u{302}", "\u{e000}"] {
            assert_eq!(person(name), "unnamed", "{name:?}");
        }
    }

    #[test]
    fn living_scripts_and_emoji_stay() {
        for name in ["Zoë", "Ελένη", "محمد", "עדנה", "नमस्ते", "王小明", "👩", "ok!"] {
            assert_eq!((person(name).as_str(), text(name).as_str()), (name, name));
        }
        // a joiner, a variation selector, a zero-width non-joiner, an Arabic number sign
        for shown in ["👩\u{200d}👧", "❤\u{fe0f}", "می\u{200c}خواهم", "\u{601}12"] {
            assert_eq!(text(shown), shown);
        }
        assert_eq!(text("soft\u{ad}hyphen\u{feff}"), "softhyphen");
    }

    #[test]
    fn rows_of_combining_characters_are_short() {
        let marks = "\u{301}".repeat(8000);
        assert_eq!(text(&["a", &marks, "b"].concat()).chars().count(), 2 + MAX_COMBINING);
        assert_eq!(person(&["a", &marks, "b"].concat()).chars().count(), 2 + MAX_COMBINING);
        assert!(file_name(&["a", &marks, "b"].concat()).ends_with('b'));
        assert_eq!(text("\u{20dd}a\n\u{20dd}b"), "\u{25cc}\u{20dd}a\n\u{25cc}\u{20dd}b");
        let joined = "👩\u{200d}\u{200d}".repeat(10);
        assert_eq!(text(&joined), joined);
        assert_eq!(text(&"\u{200d}".repeat(100)).chars().count(), 1 + MAX_COMBINING);
    }

    #[test]
    fn names_of_people_fit_brackets() {
        assert_eq!(person("<bob> \"x\"\n*  y"), "(bob) 'x' * y");
        assert!(person(&"ä".repeat(100)).len() <= MAX_NAME_LEN);
    }
}
