//! A task that keeps a directory up to date from the authorities.

use super::{Consensuses, Directory};
use crate::consensus::Consensus;
use crate::{clock::Clock, directory_client::DirectoryClient};
use mixwell_pki_types::Epoch;
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::watch;

/// A directory, and the task that updates it: it fetches the current consensus if that is missing, after 5/8 of each epoch
/// the next one, and asks again each sixteenth until it has them. The task ends with the last receiver of the directory.
pub fn follow(client: DirectoryClient, clock: Clock) -> (Directory, impl Future<Output = ()> + Send) {
    let (sender, directory) = watch::channel(Arc::new(Consensuses { epoch: clock.epoch(), ..Consensuses::default() }));
    let task = async move {
        tokio::select! {
            () = sender.closed() => {}
            () = keep(&client, clock, &sender) => {}
        }
    };
    (directory, task)
}

async fn keep(client: &DirectoryClient, clock: Clock, sender: &watch::Sender<Arc<Consensuses>>) {
    let mut recent = Recent::default();
    loop {
        let time = clock.time();
        let mut known = Consensuses::clone(&sender.borrow());
        if known.epoch != time.epoch {
            known = recent.around(time.epoch);
            sender.send_replace(Arc::new(known.clone()));
        }
        let next_is_due = time.elapsed >= clock.eighths(CONSENSUS_EIGHTHS);
        let current = known.current.is_none().then_some(time.epoch);
        let next = (known.next.is_none() && next_is_due).then_some(time.epoch.plus(1));
        for epoch in [current, next].into_iter().flatten() {
            match client.fetch(epoch, time.epoch).await {
                Ok(consensus) => {
                    tracing::info!(%epoch, signers = consensus.signers().len(), "fetched consensus");
                    let consensus = Arc::new(consensus);
                    recent.insert(Arc::clone(&consensus));
                    known = known.with(consensus);
                    sender.send_replace(Arc::new(known.clone()));
                }
                Err(errors) => tracing::debug!(%epoch, %errors, "no consensus yet"),
            }
        }
        let missing = known.current.is_none() || known.next.is_none() && next_is_due;
        let (epoch_end, fetch_time) =
            (clock.eighths_into(time.epoch.plus(1), 0), clock.eighths_into(time.epoch, CONSENSUS_EIGHTHS));
        let wake = if next_is_due { epoch_end } else { fetch_time };
        let retry = clock.now().saturating_add(clock.sixteenth());
        clock.sleep_until(if missing { retry.min(epoch_end) } else { wake }).await;
    }
}

/// The consensuses that were fetched last, whatever the clock says: one that jumps and comes back finds them again.
#[derive(Debug, Default)]
struct Recent(VecDeque<Arc<Consensus>>);

impl Recent {
    fn insert(&mut self, consensus: Arc<Consensus>) {
        self.0.push_back(consensus);
        if self.0.len() > MAX_RECENT {
            self.0.pop_front();
        }
    }

    /// Those of an epoch, the one before and the one after it.
    fn around(&self, epoch: Epoch) -> Consensuses {
        let empty = Consensuses { epoch, ..Consensuses::default() };
        self.0.iter().map(Arc::clone).fold(empty, Consensuses::with)
    }
}

/// The consensus of the next epoch is there after this many eighths of the current one.
const CONSENSUS_EIGHTHS: u32 = 5;

/// Three are in use, and a clock that jumps ahead for a while may fetch none meanwhile.
const MAX_RECENT: usize = 4;
