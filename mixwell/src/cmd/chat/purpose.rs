//! `mixwell chat send` and `receive`, for scripts.

use crate::error::Error;
use clap::Subcommand;
use core::time::Duration;
use mixwell_chat_tui::{Mode, Script};
use std::{
    io,
    io::{IsTerminal as _, Read as _},
    path::PathBuf,
};
use zeroize::Zeroizing;

/// A task for scripts.
#[derive(Debug, Subcommand)]
pub(super) enum Purpose {
    /// Send the text from standard input to a friend
    ///
    /// Exit status: 0 once the service has stored the text, 1 if the text is only queued; it is
    /// then sent when the program runs again.
    Send {
        /// The contact's name
        #[arg(value_name = "FRIEND")]
        friend: String,

        /// Wait until the friend's program has read it
        #[arg(long)]
        until_read: bool,

        /// Maximum wait in seconds [default: forever]
        #[arg(long, value_name = "SECONDS")]
        wait: Option<u64>,
    },
    /// Print the texts that arrive
    ///
    /// Exit status: 0 if at least one text has arrived, or all --count texts; otherwise 1. If the
    /// program is killed, a text that it has printed may be printed again.
    Receive {
        /// Print only texts from this friend
        #[arg(value_name = "FRIEND")]
        friend: Option<String>,

        /// Print each text as one line of JSON: time, from, verified, text
        #[arg(long)]
        json: bool,

        /// Exit after this many texts
        #[arg(long, value_name = "N")]
        count: Option<u64>,

        /// Exit after this many seconds
        #[arg(long, value_name = "SECONDS")]
        wait: Option<u64>,
    },
}

/// Bytes read of a text on standard input, at most: enough for the chat to reject texts that are
/// too long.
const MAX_INPUT: u64 = 1 << 20;

/// The chat's mode: script, full screen, or plain lines if requested or without a terminal.
pub(super) fn mode(purpose: Option<&Purpose>, is_plain: bool) -> Result<Mode, Error> {
    let is_plain = is_plain || !io::stdin().is_terminal() || !io::stdout().is_terminal();
    Ok(match purpose {
        None if is_plain => Mode::Plain,
        None => Mode::Screen,
        Some(Purpose::Send { friend, until_read, wait }) => {
            let mut text = Zeroizing::new(String::new());
            let read = io::stdin().take(MAX_INPUT).read_to_string(&mut text);
            read.map_err(|error| Error::Read(PathBuf::from("standard input"), error))?;
            let len = text.trim_end_matches('\n').len();
            text.truncate(len);
            let patience = wait.map(Duration::from_secs);
            Mode::Script(Script::Send { friend: friend.clone(), text, until_read: *until_read, patience })
        }
        Some(Purpose::Receive { friend, json, count, wait }) => {
            let (friend, patience) = (friend.clone(), wait.map(Duration::from_secs));
            Mode::Script(Script::Receive { friend, is_json: *json, count: *count, patience })
        }
    })
}
