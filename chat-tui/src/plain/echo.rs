//! The terminal's echo of typed characters.

use std::{io, io::IsTerminal as _};

/// Switches the terminal's echo off while a passphrase is typed; dropping this switches it on
/// again.
#[derive(Debug)]
pub(super) struct Echo {
    #[cfg(unix)]
    original: Option<rustix::termios::Termios>,
    pub(super) is_terminal: bool,
}

#[cfg(unix)]
impl Echo {
    pub(super) fn new() -> Self {
        let original = rustix::termios::tcgetattr(io::stdin()).ok();
        Self { is_terminal: original.is_some() && io::stdin().is_terminal(), original }
    }

    pub(super) fn set(&self, is_on: bool) -> io::Result<()> {
        use rustix::termios::{LocalModes, OptionalActions, tcsetattr};
        let Some(original) = &self.original else { return Ok(()) };
        let mut modes = original.clone();
        if !is_on {
            modes.local_modes.remove(LocalModes::ECHO);
        }
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &modes)?)
    }

    pub(super) fn discard_typed(&self) {
        if self.is_terminal {
            let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
        }
    }
}

#[cfg(unix)]
impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.set(true);
    }
}

#[cfg(not(unix))]
impl Echo {
    pub(super) fn new() -> Self {
        Self { is_terminal: io::stdin().is_terminal() }
    }

    pub(super) fn set(&self, is_on: bool) -> io::Result<()> {
        if is_on || !self.is_terminal {
            return Ok(());
        }
        Err(io::Error::other("a passphrase can't be typed in plain mode on this system: it would be visible"))
    }

    pub(super) const fn discard_typed(&self) {}
}
