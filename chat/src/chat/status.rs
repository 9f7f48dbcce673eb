//! The status of a conversation, for display.

use super::{Chat, Phase};
use crate::{code::SafetyString, content::Counts, event::Ended, files::Transfer, session::Session};

/// The progress of a pairing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairingProgress {
    /// Ticks since the last message of the other side, counted in this run of the program.
    pub ticks: u64,
    /// Whether the other side has answered.
    pub has_answer: bool,
}

impl Chat {
    /// Delivery counts of our texts.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.session().map(|session| session.content().counts()).unwrap_or_default()
    }

    /// Our files that are offered or in transfer.
    pub fn sending(&self) -> impl Iterator<Item = Transfer> {
        self.session().into_iter().flat_map(|session| session.content().transfers.outgoing())
    }

    /// The friend's files that are offered or in transfer.
    pub fn receiving(&self) -> impl Iterator<Item = Transfer> {
        self.session().into_iter().flat_map(|session| session.content().transfers.incoming())
    }

    /// The name that the friend chose, safe to show, once paired.
    #[must_use]
    pub fn friend(&self) -> Option<&str> {
        self.session().map(Session::friend)
    }

    /// The safety string that both sides compare, once paired.
    #[must_use]
    pub fn safety(&self) -> Option<SafetyString> {
        self.session().map(Session::safety)
    }

    /// Whether the user has confirmed that the safety strings are the same.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.session().is_some_and(Session::is_verified)
    }

    /// Records whether the safety strings are the same. False if there is no friend.
    pub fn set_verified(&mut self, is_verified: bool) -> bool {
        let Phase::Talking(session) = &mut self.phase else { return false };
        session.set_verified(is_verified);
        true
    }

    /// The reason why the conversation is over, if it is.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        self.session().and_then(Session::ended)
    }

    /// Number of fresh secrets that the ratchet has absorbed.
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.session().map_or(0, Session::steps)
    }

    /// Ticks since the friend's last box, counted in this run of the program.
    #[must_use]
    pub fn quiet_ticks(&self) -> u64 {
        self.session().map_or(0, Session::quiet_ticks)
    }

    /// Number of boxes that did not open, in this run of the program.
    #[must_use]
    pub fn tampered(&self) -> u64 {
        self.session().map_or(0, Session::tampered)
    }

    /// The progress of the current pairing.
    #[must_use]
    pub fn pairing(&self) -> Option<PairingProgress> {
        let Phase::Pairing(pairing) = &self.phase else { return None };
        Some(PairingProgress { ticks: pairing.ticks(), has_answer: pairing.has_answer() })
    }

    /// The name of this side.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}
