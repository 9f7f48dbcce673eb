//! Consensuses for clients.

use crate::gateway::gzip;
use mixwell_net::{consensus::Consensus, directory::Directory, runtime::pass_on};
use mixwell_pki_types::Epoch;
use mixwell_wire::ConsensusStatus;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{sync::OnceCell, task::spawn_blocking};

/// The consensuses that clients may fetch, and their compressed forms, each made when a client
/// first asks for it.
pub(crate) struct ConsensusCache {
    directory: Directory,
    compressed: Mutex<BTreeMap<Epoch, Arc<Compressed>>>,
}

/// A consensus as a gzip stream, once a client has asked for it.
#[derive(Default)]
struct Compressed(OnceCell<Arc<[u8]>>);

impl ConsensusCache {
    /// A cache over the directory.
    pub(crate) fn new(directory: Directory) -> Self {
        Self { directory, compressed: Mutex::default() }
    }

    /// The consensus of an epoch.
    pub(super) fn get(&self, epoch: Epoch) -> Result<Arc<Consensus>, ConsensusStatus> {
        let known = self.directory.borrow().clone();
        let missing = if epoch < known.epoch { ConsensusStatus::Gone } else { ConsensusStatus::NotFound };
        known.of(epoch).map(Arc::clone).ok_or(missing)
    }

    /// The consensus of an epoch, as a gzip stream. Compression takes long, and is done once.
    pub(super) async fn compressed(&self, epoch: Epoch) -> Result<Arc<[u8]>, ConsensusStatus> {
        let consensus = self.get(epoch)?;
        let cell = {
            let mut compressed = self.compressed.lock().unwrap_or_else(PoisonError::into_inner);
            compressed.retain(|cached, _| cached.plus(2) > epoch);
            Arc::clone(compressed.entry(epoch).or_default())
        };
        let compress = || async {
            let compressed = spawn_blocking(move || gzip(consensus.certificate())).await;
            // fails only when the process ends
            pass_on(compressed).map(Arc::from).ok_or(ConsensusStatus::NotFound)
        };
        cell.0.get_or_try_init(compress).await.map(Arc::clone)
    }
}
