//! The drawn picture, on terminals of several sizes.

use crate::{
    model::{Model, Phase, TransferStatus},
    network::ConnectionStatus,
    screen::{Editor, Scroll, draw},
    tests::*,
};
use mixwell_chat::{Counts, FileId, SafetyString, Transfer, clean_text};
use ratatui::{Terminal, backend::TestBackend};

fn contact(id: u32, name: &str, phase: Phase) -> ContactStatus {
    ContactStatus {
        id: ContactId(id),
        name: name.to_owned(),
        phase,
        counts: Counts::default(),
        transfers: Vec::new(),
        tampered: 0,
    }
}

fn talking(is_verified: bool) -> Phase {
    Phase::Talking { safety: SafetyString::from_bytes([127, 0, 0, 1, 63, 84]), is_verified, is_quiet: false }
}

fn text(text: &str) -> Line {
    Line { time: 1_000_000, kind: Kind::Theirs("bob".to_owned()), text: text.to_owned() }
}

fn rows(terminal: &Terminal<TestBackend>) -> Vec<String> {
    let buffer = terminal.backend().buffer();
    buffer
        .content
        .chunks(usize::from(buffer.area.width))
        .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
        .collect()
}

struct Picture {
    terminal: Terminal<TestBackend>,
    model: Model,
    editor: Editor,
    scroll: Scroll,
}

impl Picture {
    fn new(width: u16, height: u16) -> Self {
        let mut model = Model::new();
        model.connection = ConnectionStatus::Connected;
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        Self { terminal, model, editor: Editor::new(), scroll: Scroll::default() }
    }

    fn draw(&mut self) -> Vec<String> {
        self.model.select(self.model.contacts().first().map(|contact| contact.id));
        let Self { terminal, model, editor, scroll } = self;
        terminal.draw(|frame| drop(draw::draw(frame, model, editor, scroll))).unwrap();
        rows(&self.terminal)
    }
}

#[test]
fn contacts_stand_beside_the_conversation_where_there_is_room() {
    for (width, is_wide) in [(120, true), (80, true), (60, false)] {
        let mut picture = Picture::new(width, 24);
        picture.model.set_contacts(vec![contact(1, "bob", talking(true)), contact(2, "carol", Phase::Pairing)]);
        picture.model.push(Some(ContactId(1)), text("hello"));
        picture.model.push(Some(ContactId(2)), Line { time: super::super::time::now(), ..text("psst") });
        picture.model.push(Some(ContactId(2)), text("of the history"));
        let rows = picture.draw();
        assert_eq!(rows.iter().any(|row| row.contains("… carol 1")), is_wide, "{rows:#?}");
        assert!(rows[0].contains("bob  verified  connected"), "{rows:#?}");
        assert!(rows.iter().any(|row| row.contains("bob hello")) && !rows.iter().any(|row| row.contains("psst")));
    }
}

#[test]
fn a_view_that_is_scrolled_up_stays() {
    let mut picture = Picture::new(60, 20);
    picture.model.set_contacts(vec![contact(1, "bob", talking(false))]);
    (0..100).for_each(|number| picture.model.push(Some(ContactId(1)), text(&format!("number {number}"))));
    assert!(picture.draw().iter().any(|row| row.contains("number 99")));
    picture.scroll.up(20);
    let before = picture.draw();
    assert!(before.iter().any(|row| row.contains("20 rows below")), "{before:#?}");
    picture.model.push(Some(ContactId(1)), text(&"two rows ".repeat(9)));
    let after = picture.draw();
    assert_eq!(before[1..15], after[1..15]);
    assert!(after.iter().any(|row| row.contains("22 rows below")), "{after:#?}");
    picture.scroll.up(10_000);
    let top = picture.draw();
    assert!(top[1].contains("January 1970") && top[2].contains("number 0"), "{top:#?}");
}

#[test]
fn files_are_shown_with_what_to_do() {
    let mut picture = Picture::new(80, 24);
    let mut bob = contact(1, "bob", talking(false));
    let transfer =
        Transfer { file: FileId(3), name: "a.txt".to_owned(), size: 20_000, done: 10_000, is_accepted: true };
    let offered = Transfer { file: FileId(4), is_accepted: false, done: 0, ..transfer.clone() };
    bob.transfers =
        vec![TransferStatus { is_ours: true, transfer }, TransferStatus { is_ours: false, transfer: offered }];
    picture.model.set_contacts(vec![bob]);
    let rows = picture.draw();
    assert!(rows.iter().any(|row| row.contains("↑ a.txt  10 kB of 20 kB")), "{rows:#?}");
    assert!(rows.iter().any(|row| row.contains("/accept 4 or /decline 4")), "{rows:#?}");
    assert!(rows[0].contains("lusab-babad-gutih not verified"));
}

/// Each text is wrapped into rows once, not for each picture. Thousands of combining characters
/// cost no more.
#[test]
fn a_picture_costs_what_is_seen() {
    let mut picture = Picture::new(80, 24);
    picture.model.set_contacts(vec![contact(1, "bob", talking(false))]);
    let marks = clean_text(&["a", &"\u{301}".repeat(8000)].concat());
    (0..5000).for_each(|_| picture.model.push(Some(ContactId(1)), text(&marks.repeat(100))));
    for _ in 0..500 {
        picture.draw();
    }
    let broken: u64 = picture.model.log().broken();
    assert!(broken < 100, "{broken} of 5000 lines were looked at, the last ones");
    picture.scroll.up(50);
    picture.draw();
    let more = picture.model.log().broken();
    assert!(more > broken && more < broken + 100, "{more}");
}

#[test]
fn tiny_terminals_do_no_harm() {
    for (width, height) in [(1, 1), (2, 3), (5, 5), (30, 4), (200, 2)] {
        let mut picture = Picture::new(width, height);
        picture.model.set_contacts(vec![contact(1, "bob", talking(false)), contact(2, "carol", talking(true))]);
        (0..50).for_each(|_| picture.model.push(Some(ContactId(1)), text("漢字 and words")));
        picture.editor.paste("something typed that is long");
        picture.draw();
        picture.scroll.up(7);
        picture.draw();
    }
}
