//! A state with its store: nothing leaves before the changes that it depends on are on disk.

use crate::{
    message::{Outgoing, Peer, Reply},
    policy::Policy,
    state::State,
    store::Store,
};
use core::time::Duration;
use mixwell_pki_types::{Descriptor, Epoch, KeyHash};
use mixwell_wire::{Command, DescriptorStatus};

/// A [`State`] with its [`Store`], for embedders with sockets and clocks of their own: messages are
/// returned only when the changes that they depend on are on disk.
#[derive(Debug)]
pub struct Keeper {
    state: State,
    store: Option<Store>,
}

impl Keeper {
    /// A state, made from what the store had [`Saved`](crate::Saved). Without a store, the state is
    /// lost when the keeper is dropped.
    #[must_use]
    pub const fn new(state: State, store: Option<Store>) -> Self {
        Self { state, store }
    }

    /// As [`State::tick`]. Returns no messages if the disk fails.
    #[must_use]
    pub fn tick(&mut self, now: Duration) -> Vec<Outgoing> {
        let out = self.state.tick(now);
        if self.save() { out } else { Vec::new() }
    }

    /// As [`State::next_tick`].
    #[must_use]
    pub fn next_tick(&self, now: Duration) -> Duration {
        self.state.next_tick(now)
    }

    /// As [`State::handle`].
    #[must_use]
    pub fn handle(&mut self, now: Duration, peer: Peer, command: &Command<'_>) -> Reply {
        let reply = self.state.handle(now, peer, command);
        self.save();
        reply
    }

    /// As [`State::insert_descriptor`].
    pub(super) fn insert_descriptor(
        &mut self,
        now: Duration,
        epoch: Epoch,
        descriptor: &Descriptor<'_>,
    ) -> DescriptorStatus {
        let status = self.state.insert_descriptor(now, epoch, descriptor);
        self.save();
        status
    }

    /// As [`State::answered`]. Returns no messages if the disk fails.
    #[must_use]
    pub fn answered(&mut self, now: Duration, sent: &Outgoing, answer: &Command<'_>) -> Vec<Outgoing> {
        let out = self.state.answered(now, sent, answer);
        if self.save() { out } else { Vec::new() }
    }

    /// As [`State::does_not_relay`].
    pub fn does_not_relay(&mut self, peer: KeyHash) {
        self.state.does_not_relay(peer);
    }

    /// As [`State::missing`].
    #[must_use]
    pub fn missing(&self, now: Duration) -> Vec<Epoch> {
        self.state.missing(now)
    }

    /// As [`State::insert_consensus`].
    pub fn insert_consensus(&mut self, epoch: Epoch, certificate: &[u8]) {
        self.state.insert_consensus(epoch, certificate);
        self.save();
    }

    /// The network's policy.
    pub(super) const fn policy(&self) -> &Policy {
        self.state.policy()
    }

    /// Writes the changes; false if our own statements could not be written.
    fn save(&mut self) -> bool {
        let changes = self.state.take_changes();
        let Some(store) = self.store.as_mut().filter(|_| !changes.is_empty()) else { return true };
        let Err(error) = store.write(&changes) else { return true };
        let has_own = changes.has_own_statements();
        if has_own {
            // the statement has not left, and a restart would make another one
            self.state.mute();
            tracing::error!(
                error = &error as &dyn core::error::Error,
                "cannot write to the data folder: this authority sends nothing more in this round; free space or check the disk"
            );
        } else {
            tracing::error!(
                error = &error as &dyn core::error::Error,
                "cannot write to the data folder: a restart would forget the messages received since; free space or check the disk"
            );
        }
        !has_own
    }
}
