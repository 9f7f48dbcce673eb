//! A friend's name and text as drawn and written: each row fits, no text is lost, and no written
//! line looks like the program's or another person's.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_chat::{clean_text, person_name};
use mixwell_chat_tui::fuzzing::{plain, rows};
use unicode_width::UnicodeWidthStr as _;

fuzz_target!(|input: (u8, u8, &str, &str)| {
    let (first, others, name, text) = input;
    let (name, text) = (person_name(name), clean_text(text));
    let (first, others) = (usize::from(first), usize::from(others));
    let drawn = rows(&text, first, others);
    assert_eq!(drawn.concat(), text.replace('\n', ""));
    for (number, row) in drawn.iter().enumerate() {
        let room = if number == 0 { first } else { others }.max(2);
        assert!(row.trim_end_matches(' ').width() <= room, "{row:?} in {room}");
    }

    let written = plain(&name, &text);
    assert!(written.ends_with('\n'));
    let ends = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    for (number, line) in written.split_terminator(ends).enumerate() {
        assert!(line.starts_with(if number == 0 { "<" } else { "| " }), "{written:?}");
    }
    assert!(!written.split("> ").next().unwrap_or_default().contains('>'), "{written:?}");
});
