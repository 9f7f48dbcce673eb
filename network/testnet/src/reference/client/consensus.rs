//! When a client of the reference asks for which consensus, and the chunks of the answer.

use core::time::Duration;
use mixwell_net::{clock::Clock, directory::Consensuses};
use mixwell_pki_types::{Chunk, ConsensusReader, Epoch};
use mixwell_wire::ConsensusStatus;

/// The requests of a client: for the current epoch at once, for the next one at 11/16 of the epoch,
/// and then in every sixteenth.
#[derive(Debug)]
pub(super) struct Requests {
    clock: Clock,
    asked: Option<(Epoch, Duration)>,
}

impl Requests {
    pub(super) const fn new(clock: Clock) -> Self {
        Self { clock, asked: None }
    }

    /// The request that begins a connection.
    pub(super) fn connected(&mut self, now: Duration) -> Epoch {
        let epoch = self.clock.time_at(now).epoch;
        self.asked = Some((epoch, now));
        epoch
    }

    /// The epoch to ask for now.
    pub(super) fn due(&mut self, now: Duration, known: &Consensuses) -> Option<Epoch> {
        let (epoch, at) = self.wanted(now, known)?;
        (now >= at).then(|| {
            self.asked = Some((epoch, now));
            epoch
        })
    }

    /// When to ask next, the turn of the epoch at the latest.
    pub(super) fn next_look(&self, now: Duration, known: &Consensuses) -> Duration {
        let turn = self.clock.eighths_into(self.clock.time_at(now).epoch.plus(1), 0);
        self.wanted(now, known).map_or(turn, |(_, at)| at.min(turn))
    }

    fn wanted(&self, now: Duration, known: &Consensuses) -> Option<(Epoch, Duration)> {
        let epoch = self.clock.time_at(now).epoch;
        let first = |of: Epoch| {
            if of == epoch { now } else { self.clock.eighths_into(epoch, 5) + self.clock.sixteenth() }
        };
        let missing = [epoch, epoch.plus(1)].into_iter().find(|of| known.of(*of).is_none())?;
        let again = self.asked.filter(|(of, _)| *of == missing).map(|(_, at)| at + self.clock.sixteenth());
        Some((missing, again.unwrap_or_else(|| first(missing))))
    }
}

/// A consensus in chunks.
#[derive(Debug)]
pub(super) struct Download {
    epoch: Epoch,
    chunks: Vec<Vec<u8>>,
    /// The number of chunks, once one has come; none after an error.
    total: Option<u32>,
}

impl Download {
    pub(super) const fn new(epoch: Epoch) -> Self {
        Self { epoch, chunks: Vec::new(), total: None }
    }

    /// Adds a chunk; `None` if it is not the next one.
    pub(super) fn push(&mut self, code: ConsensusStatus, chunk: u32, total: u32, payload: &[u8]) -> Option<()> {
        if code != ConsensusStatus::Ok {
            // one empty chunk, number 0 of 1
            self.total = Some(0);
            return (chunk == 0 && total == 1 && payload.is_empty()).then_some(());
        }
        let is_next = usize::try_from(chunk).ok()? == self.chunks.len() && *self.total.get_or_insert(total) == total;
        self.chunks.push(payload.to_vec());
        is_next.then_some(())
    }

    /// Whether the last chunk has come.
    pub(super) fn is_over(&self) -> bool {
        self.total.is_some_and(|total| self.chunks.len() >= usize::try_from(total).unwrap())
    }

    /// The epoch and the certificate; `None` after an error.
    pub(super) fn finish(self) -> Option<(Epoch, Vec<u8>)> {
        let total = self.total?;
        let mut out = vec![0; MAX_BYTES];
        let mut reader = ConsensusReader::new(&mut out);
        for (number, bytes) in (0..).zip(&self.chunks) {
            reader.push(Chunk { number, total, bytes }).ok()?;
        }
        Some((self.epoch, reader.finish().ok()?.to_vec()))
    }
}

/// Enough for the consensus of a test network.
const MAX_BYTES: usize = 1 << 20;
