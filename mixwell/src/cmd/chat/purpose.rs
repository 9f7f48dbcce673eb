//! `mixwell chat send` and `receive`: one purpose, for scripts.

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

/// One purpose, for scripts.
#[derive(Debug, Subcommand)]
pub(super) enum Purpose {
    /// Send the text on standard input to a friend
    ///
    /// Exit status: 0 once the service has stored the text, 1 if it is queued only: it is sent when
    /// the program runs again.
    Send {
        /// The contact's name
        #[arg(value_name = "FRIEND")]
        friend: String,

        /// Wait until the friend's program has read it
        #[arg(long)]
        until_read: bool,

        /// The longest wait [default: for ever]
        #[arg(long, value_name = "SECONDS")]
        wait: Option<u64>,
    },
    /// Print the texts that arrive
    ///
    /// Exit status: 0 if texts have arrived, as many as --count says, 1 if not. A text that was
    /// printed when the program was killed may be printed again.
    Receive {
        /// From this friend alone
        #[arg(value_name = "FRIEND")]
        friend: Option<String>,

        /// A JSON object in a line for each: time, from, verified, text
        #[arg(long)]
        json: bool,

        /// End after so many texts
        #[arg(long, value_name = "N")]
        count: Option<u64>,

        /// End after so long
        #[arg(long, value_name = "SECONDS")]
        wait: Option<u64>,
    },
}

/// Maximum length of a text that is read from standard input: longer ones are rejected by their
/// length.
const MAX_INPUT: u64 = 1 << 20;

/// The mode of the chat: for a script, on a screen, or in plain lines if that is asked for or there
/// is no terminal.
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
