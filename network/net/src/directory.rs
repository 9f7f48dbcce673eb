//! A node's or client's view of the network: the consensus of the epoch before, of this one and
//! of the next.

mod follow;
mod follower;

pub use follow::follow;
pub use follower::{FetchTime, Follower};

use crate::consensus::Consensus;
use mixwell_pki_types::Epoch;
use std::sync::Arc;
use tokio::sync::watch;

/// A handle to what is known now; wakes whoever waits when that changes.
pub type Directory = watch::Receiver<Arc<Consensuses>>;

/// The consensuses around an epoch.
#[derive(Debug, Clone, Default)]
pub struct Consensuses {
    /// The epoch when this was put together.
    pub epoch: Epoch,
    /// Of the epoch before.
    pub previous: Option<Arc<Consensus>>,
    /// Of this epoch.
    pub current: Option<Arc<Consensus>>,
    /// Of the next epoch.
    pub next: Option<Arc<Consensus>>,
}

impl Consensuses {
    /// The one of an epoch.
    #[must_use]
    pub fn of(&self, epoch: Epoch) -> Option<&Arc<Consensus>> {
        [&self.current, &self.next, &self.previous].into_iter().flatten().find(|consensus| consensus.epoch() == epoch)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Consensus>> {
        [&self.previous, &self.current, &self.next].into_iter().flatten()
    }

    /// The same in a later epoch: what is too old is gone, what was next is current.
    #[must_use]
    pub fn at(&self, epoch: Epoch) -> Self {
        let of = |epoch| self.of(epoch).map(Arc::clone);
        let previous = epoch.0.checked_sub(1).and_then(|before| of(Epoch(before)));
        Self { epoch, previous, current: of(epoch), next: of(epoch.plus(1)) }
    }

    /// The same with one more. One of another epoch than these three changes nothing.
    #[must_use]
    pub fn with(mut self, consensus: Arc<Consensus>) -> Self {
        let (of, now) = (consensus.epoch(), self.epoch);
        if of == now {
            self.current = Some(consensus);
        } else if of == now.plus(1) {
            self.next = Some(consensus);
        } else if of.plus(1) == now {
            self.previous = Some(consensus);
        }
        self
    }
}
