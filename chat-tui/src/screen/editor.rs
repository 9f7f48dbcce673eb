//! The text that is being typed, and answers to questions.

use crate::model::Question;
use mixwell_chat::{MAX_TEXT_LEN, clean_text};
use ratatui::{
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
    style::Style,
};
use ratatui_textarea::{CursorMove, TextArea, WrapMode};
use std::collections::VecDeque;
use zeroize::Zeroizing;

/// An editor of several lines, and in its place the answer to a question.
#[derive(Debug)]
pub(crate) struct Editor {
    area: TextArea<'static>,
    /// Lines that were sent, the last one first, and which of them is shown.
    sent: VecDeque<String>,
    shown: Option<usize>,
    answer: Option<Answer>,
}

#[derive(Debug)]
struct Answer {
    question: Question,
    typed: Zeroizing<String>,
}

/// The result of a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Edited {
    Going,
    Finished(Zeroizing<Vec<u8>>),
}

/// Maximum number of lines that are remembered.
const MAX_SENT: usize = 100;

/// Maximum length of an answer: its buffer never grows, which would leave a copy behind.
const MAX_ANSWER: usize = 1024;

impl Editor {
    pub(crate) fn new() -> Self {
        Self { area: area(&[]), sent: VecDeque::new(), shown: None, answer: None }
    }

    pub(crate) const fn area(&self) -> &TextArea<'static> {
        &self.area
    }

    /// The question and how its answer is shown.
    pub(crate) fn question(&self) -> Option<(&Question, String)> {
        let Answer { question, typed } = self.answer.as_ref()?;
        let shown = if question.is_hidden { "•".repeat(typed.chars().count()) } else { typed.to_string() };
        Some((question, shown))
    }

    pub(crate) fn set_question(&mut self, question: Option<Question>) {
        self.answer =
            question.map(|question| Answer { question, typed: Zeroizing::new(String::with_capacity(MAX_ANSWER)) });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.answer.as_ref().map_or_else(|| self.area.is_empty(), |answer| answer.typed.is_empty())
    }

    /// The length of the text in bytes.
    pub(crate) fn len(&self) -> usize {
        self.area.lines().iter().map(|line| line.len() + 1).sum::<usize>().saturating_sub(1)
    }

    pub(crate) fn clear(&mut self) {
        self.area = area(&[]);
        if let Some(answer) = &mut self.answer {
            answer.typed.clear();
        }
    }

    /// Processes a key. Enter ends the text, unless it belongs to a paste that is not over.
    pub(crate) fn key(&mut self, key: KeyEvent, is_pasted: bool) -> Edited {
        if let Some(answer) = &mut self.answer {
            return answer.key(key);
        }
        let has_control = key.modifiers.contains(KeyModifiers::CONTROL);
        let is_bare = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code {
            KeyCode::Enter if key.modifiers.is_empty() && !is_pasted => return self.finish(),
            KeyCode::Enter => {
                if self.len() < MAX_TEXT_LEN {
                    self.area.insert_newline();
                }
            }
            KeyCode::Up if self.area.cursor().0 == 0 => self.show_sent(true),
            KeyCode::Down if self.area.cursor().0 + 1 == self.area.lines().len() => self.show_sent(false),
            KeyCode::Char('u') if has_control => {
                self.area.delete_line_by_head();
            }
            KeyCode::Char(letter) if is_bare => {
                if self.len().saturating_add(letter.len_utf8()) <= MAX_TEXT_LEN {
                    self.area.insert_char(letter);
                }
            }
            _ => {
                self.area.input(key);
            }
        }
        Edited::Going
    }

    /// Text from the clipboard: it is sent when Enter is pressed, not before. Its lines are kept.
    pub(crate) fn paste(&mut self, text: &str) {
        let clean = Zeroizing::new(clean_text(&text.replace("\r\n", "\n").replace('\r', "\n")));
        if let Some(answer) = &mut self.answer {
            clean.chars().filter(|letter| *letter != '\n').for_each(|letter| answer.push(letter));
            return;
        }
        let room = MAX_TEXT_LEN.saturating_sub(self.len());
        let end = (0..=room.min(clean.len())).rev().find(|end| clean.is_char_boundary(*end)).unwrap_or(0);
        self.area.insert_str(clean.get(..end).unwrap_or_default());
    }

    /// Replaces a text of one line by its completion.
    pub(crate) fn complete(&mut self, completion: impl FnOnce(&str) -> Option<String>) {
        let [line] = self.area.lines() else { return };
        if let Some(completed) = completion(line) {
            self.area = area(&[completed]);
        }
    }

    fn finish(&mut self) -> Edited {
        let text = Zeroizing::new(self.area.lines().join("\n").into_bytes());
        if !text.is_empty() && self.sent.front().map(String::as_bytes) != Some(text.as_slice()) {
            self.sent.push_front(String::from_utf8_lossy(&text).into_owned());
            self.sent.truncate(MAX_SENT);
        }
        (self.area, self.shown) = (area(&[]), None);
        Edited::Finished(text)
    }

    fn show_sent(&mut self, is_earlier: bool) {
        self.shown = match (self.shown, is_earlier) {
            (None, true) => Some(0),
            (Some(place), true) => Some((place + 1).min(self.sent.len().saturating_sub(1))),
            (None | Some(0), false) => None,
            (Some(place), false) => Some(place.saturating_sub(1)),
        };
        let text = self.shown.and_then(|place| self.sent.get(place)).cloned().unwrap_or_default();
        let lines: Vec<_> = text.split('\n').map(str::to_owned).collect();
        self.area = area(&lines);
    }
}

impl Answer {
    fn key(&mut self, key: KeyEvent) -> Edited {
        match key.code {
            KeyCode::Enter => return Edited::Finished(Zeroizing::new(self.typed.as_bytes().to_vec())),
            KeyCode::Esc => return Edited::Finished(Zeroizing::new(Vec::new())),
            KeyCode::Backspace => {
                self.typed.pop();
            }
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => self.typed.clear(),
            KeyCode::Char(letter) if !key.modifiers.contains(KeyModifiers::CONTROL) => self.push(letter),
            _ => {}
        }
        Edited::Going
    }

    fn push(&mut self, letter: char) {
        if self.typed.len().saturating_add(letter.len_utf8()) <= MAX_ANSWER {
            self.typed.push(letter);
        }
    }
}

/// An editor with these lines, the cursor behind them.
fn area(lines: &[String]) -> TextArea<'static> {
    let mut area = TextArea::new(if lines.is_empty() { vec![String::new()] } else { lines.to_vec() });
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    area.set_cursor_line_style(Style::new());
    area.move_cursor(CursorMove::Bottom);
    area.move_cursor(CursorMove::End);
    area
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(editor: &mut Editor, keys: &str) {
        for letter in keys.chars() {
            assert_eq!(editor.key(KeyEvent::from(KeyCode::Char(letter)), false), Edited::Going);
        }
    }

    fn enter(editor: &mut Editor) -> String {
        let Edited::Finished(line) = editor.key(KeyEvent::from(KeyCode::Enter), false) else { panic!("not finished") };
        String::from_utf8(line.to_vec()).unwrap()
    }

    fn with(modifier: KeyModifiers, code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, modifier)
    }

    #[test]
    fn lines_are_edited_as_in_a_shell() {
        let mut editor = Editor::new();
        press(&mut editor, "one two three");
        editor.key(with(KeyModifiers::CONTROL, KeyCode::Char('w')), false);
        editor.key(with(KeyModifiers::ALT, KeyCode::Char('b')), false);
        editor.key(with(KeyModifiers::CONTROL, KeyCode::Char('k')), false);
        assert_eq!(enter(&mut editor), "one ");
        press(&mut editor, "rest");
        editor.key(with(KeyModifiers::CONTROL, KeyCode::Char('u')), false);
        editor.key(with(KeyModifiers::CONTROL, KeyCode::Char('y')), false);
        assert_eq!(enter(&mut editor), "rest");
        editor.key(KeyEvent::from(KeyCode::Up), false);
        editor.key(KeyEvent::from(KeyCode::Up), false);
        assert_eq!(enter(&mut editor), "one ");
    }

    #[test]
    fn several_lines_and_pastes() {
        let mut editor = Editor::new();
        press(&mut editor, "one");
        editor.key(with(KeyModifiers::ALT, KeyCode::Enter), false);
        press(&mut editor, "two");
        editor.paste("\r\nthree\x1b[2J\n");
        assert_eq!(enter(&mut editor), "one\ntwo\nthree\u{fffd}[2J\n");
        // keys that arrive all at once, as from a paste without brackets
        assert_eq!(editor.key(KeyEvent::from(KeyCode::Char('a')), true), Edited::Going);
        assert_eq!(editor.key(KeyEvent::from(KeyCode::Enter), true), Edited::Going);
        press(&mut editor, "b");
        assert_eq!(enter(&mut editor), "a\nb");
        editor.paste(&"é".repeat(MAX_TEXT_LEN));
        assert_eq!(editor.len(), MAX_TEXT_LEN);
        press(&mut editor, "x");
        assert_eq!(enter(&mut editor).len(), MAX_TEXT_LEN);
    }

    #[test]
    fn a_hidden_answer_is_not_shown_and_the_draft_stays() {
        let mut editor = Editor::new();
        press(&mut editor, "draft");
        let question = Question { text: "passphrase".to_owned(), is_hidden: true };
        editor.set_question(Some(question));
        press(&mut editor, "secret");
        editor.key(KeyEvent::from(KeyCode::Backspace), false);
        assert_eq!(editor.question().unwrap().1, "•••••");
        assert_eq!(enter(&mut editor), "secre");
        editor.set_question(None);
        assert_eq!(enter(&mut editor), "draft");
    }
}
