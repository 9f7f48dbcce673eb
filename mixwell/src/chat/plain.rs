//! Plain lines: for pipes, and for who likes them. What the program says begins with `*`, what should not be missed with `!`.

use super::{
    desk::Desk,
    lines::Line,
    view::{Input, View, Wish},
};
use mixwell_chat::Counts;
use std::{
    io::{self, BufRead as _, Write as _},
    thread,
};
use tokio::sync::mpsc;

/// Standard input and output.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    shown: u64,
    counts: Counts,
}

/// Lines that were typed ahead.
const WAITING: usize = 64;

impl Plain {
    pub(crate) fn open() -> (Self, mpsc::Receiver<Input>) {
        let (inputs, receiver) = mpsc::channel(WAITING);
        // a thread, since reading a terminal can't be given up
        thread::spawn(move || {
            for line in io::stdin().lock().lines() {
                let Ok(line) = line else { break };
                if inputs.blocking_send(Input::Line(line)).is_err() {
                    return;
                }
            }
            let _ = inputs.blocking_send(Input::End);
        });
        (Self::default(), receiver)
    }
}

impl View for Plain {
    fn take(&mut self, input: Input) -> Wish {
        match input {
            Input::Line(line) => Wish::Line(line),
            Input::End => Wish::Quit,
            Input::Terminal(_) => Wish::Nothing,
        }
    }

    fn show(&mut self, desk: &mut Desk) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for line in desk.lines().from(self.shown) {
            match line {
                // who typed it sees it
                Line::Ours { .. } => {}
                Line::Theirs { name, text } => writeln!(out, "{name}: {text}")?,
                Line::Note(text) => writeln!(out, "* {text}")?,
                Line::Warning(text) => writeln!(out, "! {text}")?,
                Line::Earlier(text) => writeln!(out, "  {text}")?,
            }
        }
        self.shown = desk.lines().count();
        let counts = desk.counts();
        for (what, before, now) in [
            ("sent", self.counts.sent, counts.sent),
            ("stored", self.counts.stored, counts.stored),
            ("read", self.counts.read, counts.read),
        ] {
            // numbers begin with 1 for people, and again with a new friend
            match now.saturating_sub(before) {
                0 => {}
                1 => writeln!(out, "* message {now} {what}")?,
                _ => writeln!(out, "* messages {}-{now} {what}", before.saturating_add(1))?,
            }
        }
        self.counts = counts;
        out.flush()
    }

    fn close(&mut self, desk: &mut Desk) -> io::Result<()> {
        self.show(desk)
    }
}
