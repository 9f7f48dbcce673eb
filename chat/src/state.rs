//! The state of one side as bytes.

use crate::{
    bytes::{Reader, Writer},
    chat::{Chat, Phase},
    event::Event,
    exchange::BoxLen,
    name::{self, MAX_NAME_LEN},
    pairing::Pairing,
    session::Session,
};
use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use core::fmt;
use zeroize::Zeroizing;

/// The version of the layout.
const VERSION: u8 = 1;

/// What the layout goes on with.
const ALONE: u8 = 0;
const TALKING: u8 = 1;
const PAIRING: u8 = 2;

/// More events than a caller that takes them has waiting.
const MAX_EVENTS: usize = 1 << 20;

impl Chat {
    /// All that has to be known after a restart: secret, to be sealed by a [`VaultKey`](crate::VaultKey).
    #[must_use]
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        let phase_len = match &self.phase {
            Phase::Alone => 0,
            Phase::Pairing(pairing) => pairing.state_len(),
            Phase::Talking(session) => session.state_len(),
        };
        let events = self.events.iter().fold(0, |sum: usize, event| sum.saturating_add(event.len()));
        // so that it never moves, and leaves no copy
        let capacity = phase_len.saturating_add(events).saturating_add(128);
        let mut to = Writer::with_capacity(capacity);
        to.u8(VERSION);
        to.count(self.len.get());
        to.bytes(self.name.as_bytes());
        to.count(self.events.len());
        self.events.iter().for_each(|event| event.write(&mut to));
        match &self.phase {
            Phase::Alone => to.u8(ALONE),
            Phase::Talking(session) => {
                to.u8(TALKING);
                session.write(&mut to);
            }
            Phase::Pairing(pairing) => {
                to.u8(PAIRING);
                pairing.write(&mut to);
            }
        }
        to.finish()
    }

    /// Goes on from a state; `len` is that of the network's boxes.
    ///
    /// # Errors
    /// [`StateError`] if the state is none, of another version, or of a network with other boxes.
    pub fn load(state: &[u8], len: BoxLen) -> Result<Self, StateError> {
        let mut from = Reader::new(state);
        let version = from.u8().ok_or(StateError::Malformed)?;
        if version != VERSION {
            return Err(StateError::Version { got: version });
        }
        let got = from.count(BoxLen::MAX).ok_or(StateError::Malformed)?;
        if got != len.get() {
            return Err(StateError::BoxLen { want: len.get(), got });
        }
        Self::read(&mut from, len).filter(|_| from.rest().is_empty()).ok_or(StateError::Malformed)
    }

    fn read(from: &mut Reader<'_>, len: BoxLen) -> Option<Self> {
        let name = name::person(core::str::from_utf8(from.bytes(MAX_NAME_LEN)?).ok()?);
        let mut events = VecDeque::new();
        for _ in 0..from.count(MAX_EVENTS)? {
            events.push_back(Event::read(from)?);
        }
        let phase = match from.u8()? {
            ALONE => Phase::Alone,
            TALKING => Phase::Talking(Box::new(Session::read(from, len)?)),
            PAIRING => Phase::Pairing(Box::new(Pairing::read(from, len)?)),
            _ => return None,
        };
        Some(Self::with(name, len, phase, events))
    }
}

/// A state can't be gone on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateError {
    /// Its layout is of another version.
    Version {
        /// The version.
        got: u8,
    },
    /// The network's boxes are of another length.
    BoxLen {
        /// The network's, in bytes.
        want: usize,
        /// The state's, in bytes.
        got: usize,
    },
    /// It is no state.
    Malformed,
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { got } => write!(f, "the state's version is {got}, want {VERSION}"),
            Self::BoxLen { want, got } => write!(f, "the state is for boxes of {got} bytes, the network's are {want}"),
            Self::Malformed => f.write_str("the state is malformed"),
        }
    }
}

impl core::error::Error for StateError {}
