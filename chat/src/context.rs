//! Randomness, clock and buffers that the caller lends to a call.

use crate::{event::Event, files::Files};
use alloc::collections::VecDeque;
use core::fmt;
use rand_core::CryptoRng;

/// The caller's disk, randomness and clock, for the duration of a call.
pub struct Context<'a> {
    pub(crate) files: &'a mut dyn Files,
    pub(crate) rng: &'a mut dyn CryptoRng,
    pub(crate) now: u64,
    /// Events that occurred in the call.
    pub(crate) events: VecDeque<Event>,
}

impl<'a> Context<'a> {
    /// `now` is the time in seconds since 1970.
    #[must_use]
    pub const fn new(files: &'a mut dyn Files, rng: &'a mut dyn CryptoRng, now: u64) -> Self {
        Self { files, rng, now, events: VecDeque::new() }
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("now", &self.now).finish_non_exhaustive()
    }
}
