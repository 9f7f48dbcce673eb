//! A node's or client's view of the network: the consensuses of the previous, the current and the
//! next epoch.

mod follow;
mod follower;

pub use follow::follow;
pub use follower::{FetchTime, Follower};

use crate::consensus::Consensus;
use mixwell_pki_types::Epoch;
use std::sync::Arc;
use tokio::sync::watch;

/// A handle to the known consensuses, which wakes its receivers on each change.
pub type Directory = watch::Receiver<Arc<Consensuses>>;

/// The consensuses around an epoch.
#[derive(Debug, Clone, Default)]
pub struct Consensuses {
    /// The current epoch.
    pub epoch: Epoch,
    /// The consensus of the previous epoch.
    pub previous: Option<Arc<Consensus>>,
    /// The consensus of the current epoch.
    pub current: Option<Arc<Consensus>>,
    /// The consensus of the next epoch.
    pub next: Option<Arc<Consensus>>,
}

impl Consensuses {
    /// The consensus of an epoch.
    #[must_use]
    pub fn of(&self, epoch: Epoch) -> Option<&Arc<Consensus>> {
        [&self.current, &self.next, &self.previous].into_iter().flatten().find(|consensus| consensus.epoch() == epoch)
    }

    /// All known consensuses.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Consensus>> {
        [&self.previous, &self.current, &self.next].into_iter().flatten()
    }

    /// The consensuses around another epoch, as far as they are known here.
    #[must_use]
    pub fn at(&self, epoch: Epoch) -> Self {
        let of = |epoch| self.of(epoch).map(Arc::clone);
        let previous = epoch.0.checked_sub(1).and_then(|before| of(Epoch(before)));
        Self { epoch, previous, current: of(epoch), next: of(epoch.plus(1)) }
    }

    /// Adds a consensus, or ignores it if it is of none of the three epochs.
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
