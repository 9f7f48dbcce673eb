//! A state with its memory: nothing leaves before what it depends on is on disk.

use crate::{
    journal::Change,
    message::{Outgoing, Peer, Reply},
    policy::Policy,
    state::State,
    store::Store,
};
use core::time::Duration;
use mixwell_pki_types::{Descriptor, Epoch, KeyHash};
use mixwell_wire::{Command, DescriptorStatus};

/// An authority's state, and its store if it has one.
pub struct Keeper {
    state: State,
    store: Option<Store>,
}

impl Keeper {
    /// Without a store everything is forgotten at the end.
    pub const fn new(state: State, store: Option<Store>) -> Self {
        Self { state, store }
    }

    /// As [`State::tick`]. If the disk fails, nothing is sent.
    pub fn tick(&mut self, now: Duration) -> Vec<Outgoing> {
        let out = self.state.tick(now);
        if self.save() { out } else { Vec::new() }
    }

    /// As [`State::next_tick`].
    pub fn next_tick(&self, now: Duration) -> Duration {
        self.state.next_tick(now)
    }

    /// As [`State::handle`].
    pub fn handle(&mut self, now: Duration, peer: Peer, command: &Command<'_>) -> Reply {
        let reply = self.state.handle(now, peer, command);
        self.save();
        reply
    }

    /// As [`State::take_descriptor`].
    pub(super) fn take_descriptor(
        &mut self,
        now: Duration,
        epoch: Epoch,
        descriptor: &Descriptor<'_>,
    ) -> DescriptorStatus {
        let status = self.state.take_descriptor(now, epoch, descriptor);
        self.save();
        status
    }

    /// As [`State::answered`].
    pub fn answered(&mut self, now: Duration, sent: &Outgoing, answer: &Command<'_>) -> Vec<Outgoing> {
        let out = self.state.answered(now, sent, answer);
        if self.save() { out } else { Vec::new() }
    }

    /// As [`State::does_not_relay`].
    pub fn does_not_relay(&mut self, peer: KeyHash) {
        self.state.does_not_relay(peer);
    }

    /// As [`State::missing`].
    pub fn missing(&self, now: Duration) -> Vec<Epoch> {
        self.state.missing(now)
    }

    /// As [`State::insert_consensus`].
    pub fn insert_consensus(&mut self, epoch: Epoch, certificate: &[u8]) {
        self.state.insert_consensus(epoch, certificate);
        self.save();
    }

    /// What the configuration decides.
    pub(super) const fn policy(&self) -> &Policy {
        self.state.policy()
    }

    /// Writes what has changed; says whether what we said is safe.
    fn save(&mut self) -> bool {
        let changes = self.state.take_changes();
        let Some(store) = self.store.as_mut().filter(|_| !changes.is_empty()) else { return true };
        let Err(error) = store.write(&changes) else { return true };
        let is_ours = changes.iter().any(Change::is_ours);
        if is_ours {
            // it did not leave, and must not after a restart that knows nothing of it
            self.state.mute();
            tracing::error!(%error, "cannot write to the data folder: nothing more is sent in this round");
        } else {
            tracing::error!(%error, "cannot write to the data folder: a restart would forget what came since");
        }
        !is_ours
    }
}
