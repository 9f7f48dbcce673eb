#![doc = include_str!("../README.md")]

mod app;
mod command;
mod error;
mod folder;
#[cfg(fuzzing)]
pub mod fuzzing;
mod history;
mod layout;
mod lines;
mod model;
pub mod network;
mod outbox;
mod plain;
mod private;
mod screen;
mod script;
mod talk;
#[cfg(test)]
mod tests;
mod time;
mod transfers;
mod view;

pub use error::Error;
pub use script::Script;
pub use talk::run;

use core::fmt;
use rand_core::CryptoRng;
use std::{path::PathBuf, sync::Arc};

/// The user's options.
#[derive(Debug)]
pub struct Options {
    /// The folder of this side's keys, state and files.
    pub folder: PathBuf,
    /// The name that friends see. It is used when the folder is created.
    pub name: Option<String>,
    /// The history file, sealed with a passphrase; `None` for no history.
    pub history: Option<PathBuf>,
    /// Moves a damaged history aside and continues with its whole entries.
    pub repairs_history: bool,
    /// The largest file that may be accepted, in bytes.
    pub max_file: u64,
    /// The kind of user interface.
    pub mode: Mode,
    /// Whether the terminal's bell rings for new texts.
    pub rings: bool,
}

/// A kind of user interface.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_enums, reason = "who matches or makes one has to handle a new one")]
pub enum Mode {
    /// On the full screen of a terminal.
    Screen,
    /// By plain lines.
    Plain,
    /// By a script, for one purpose.
    Script(Script),
}

/// Makes random generators.
#[derive(Clone)]
pub struct Entropy(Arc<dyn Fn() -> Box<dyn CryptoRng + Send> + Send + Sync>);

impl Entropy {
    /// Generators of this kind, one for each thread.
    pub fn new(make: impl Fn() -> Box<dyn CryptoRng + Send> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    fn rng(&self) -> Box<dyn CryptoRng + Send> {
        (self.0)()
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(..)")
    }
}
