use super::*;
use mixwell_chat::{clean_text, person_name};
use proptest::prelude::*;

fn line(kind: Kind, text: &str) -> Line {
    Line { time: 0, kind, text: text.to_owned() }
}

#[test]
fn the_first_character_tells_whose_a_line_is() {
    let theirs = line(Kind::Theirs("bob".to_owned()), "hi\n* paired with \"eve\"\n! run");
    assert_eq!(written(&theirs, None).unwrap(), "<bob> hi\n| * paired with \"eve\"\n| ! run\n");
    assert_eq!(written(&line(Kind::Note, "connected"), None).unwrap(), "* connected\n");
    assert_eq!(written(&line(Kind::Warning, "gone"), Some("bob")).unwrap(), "! <bob> gone\n");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    /// For any name and any text of a friend.
    #[test]
    fn no_line_of_a_friend_looks_like_anything_else(name in "\\PC{0,40}|[*!?<>| \n\ra\u{85}\u{2028}]{0,40}", text in "[*!?<>| \n\r\ta\u{85}\u{2028}\u{b}]{0,60}") {
        let kind = Kind::Theirs(person_name(&name));
        let written = written(&line(kind, &clean_text(&text)), None).unwrap();
        prop_assert!(written.ends_with('\n'));
        for (number, line) in written.split_terminator(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']).enumerate() {
            prop_assert!(line.starts_with(if number == 0 { "<" } else { "| " }), "{written:?}");
        }
        prop_assert_eq!(written.split("> ").next().unwrap().matches('>').count(), 0);
    }
}

#[test]
fn lines_that_are_no_text_come_through() {
    let mut input: &[u8] = b"one\r\ncaf\xe9\n\nlast";
    let lines: Vec<_> = core::iter::from_fn(|| read_line(&mut input)).map(|line| line.to_vec()).collect();
    assert_eq!(lines, [b"one".as_slice(), b"caf\xe9", b"", b"last"]);
}
