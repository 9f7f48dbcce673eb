//! The status of a conversation.

use super::Session;
use crate::{code::SafetyString, event::Ended};

impl Session {
    pub(crate) fn friend(&self) -> &str {
        &self.friend
    }

    pub(crate) const fn safety(&self) -> SafetyString {
        self.safety
    }

    pub(crate) const fn is_verified(&self) -> bool {
        self.is_verified
    }

    pub(crate) const fn set_verified(&mut self, is_verified: bool) {
        self.is_verified = is_verified;
    }

    pub(crate) const fn ended(&self) -> Option<Ended> {
        self.ended
    }

    pub(crate) const fn steps(&self) -> u32 {
        self.ratchet.steps()
    }

    /// Ticks since the friend's last box, counted in this run of the program.
    pub(crate) const fn quiet_ticks(&self) -> u64 {
        self.tick.saturating_sub(self.last_heard)
    }

    pub(crate) const fn tampered(&self) -> u64 {
        self.tampering.count
    }
}
