//! Polling for a consensus until there is one, as in a network that has just started.

use super::{DirectoryClient, ExchangeError, FetchErrors};
use crate::{authorities::Authority, clock::Clock, consensus::Consensus};
use core::time::Duration;
use mixwell_pki_types::Epoch;
use mixwell_wire::ConsensusStatus;
use tokio::time::{self, Instant};

/// The authorities to poll, the epoch, and the time limit.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "arguments with names")]
pub struct Poll<'a> {
    /// The authorities, which are asked one after the other.
    pub authorities: Vec<&'a Authority>,
    /// The epoch. `None` stands for the current one or, if that has no consensus yet, the next.
    pub epoch: Option<Epoch>,
    /// Time for which the request is repeated each second; zero asks once.
    pub wait: Duration,
}

/// A consensus, and its source.
#[derive(Debug)]
#[non_exhaustive]
pub struct Fetched {
    /// The consensus.
    pub consensus: Consensus,
    /// The name of the authority that had it.
    pub authority: String,
    /// The duration of the exchange with that authority.
    pub took: Duration,
}

impl DirectoryClient {
    /// Polls for a consensus until an authority has a valid one. `failed` is called before each
    /// retry with the errors of the last attempt and the time left.
    ///
    /// # Errors
    /// The authorities' errors at the last attempt; those for the current epoch, if both epochs
    /// were requested.
    pub async fn poll(
        &self,
        clock: Clock,
        poll: &Poll<'_>,
        mut failed: impl FnMut(&FetchErrors, Duration),
    ) -> Result<Fetched, FetchErrors> {
        let begun = Instant::now();
        loop {
            let errors = match self.attempt(clock.epoch(), poll).await {
                Ok(fetched) => return Ok(fetched),
                Err(errors) => errors,
            };
            let left = poll.wait.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(errors);
            }
            failed(&errors, left);
            time::sleep(INTERVAL).await;
        }
    }

    async fn attempt(&self, now: Epoch, poll: &Poll<'_>) -> Result<Fetched, FetchErrors> {
        let Some(epoch) = poll.epoch else {
            let errors = match self.ask_each(now, now, &poll.authorities).await {
                Ok(fetched) => return Ok(fetched),
                Err(errors) => errors,
            };
            return self.ask_each(now.plus(1), now, &poll.authorities).await.map_err(|_| errors);
        };
        self.ask_each(epoch, now, &poll.authorities).await
    }

    async fn ask_each(&self, epoch: Epoch, now: Epoch, authorities: &[&Authority]) -> Result<Fetched, FetchErrors> {
        let mut errors = FetchErrors(Vec::new());
        for authority in authorities {
            let begun = Instant::now();
            match self.fetch_from(authority, epoch, now).await {
                Ok(consensus) => {
                    return Ok(Fetched { consensus, authority: authority.peer.name.clone(), took: begun.elapsed() });
                }
                Err(error) => {
                    if !matches!(error, ExchangeError::NoConsensus(ConsensusStatus::NotFound)) {
                        tracing::warn!(authority = authority.peer.name, %error, "could not fetch a consensus");
                    }
                    errors.0.push((authority.peer.name.clone(), error));
                }
            }
        }
        Err(errors)
    }
}

/// Pause between two attempts.
const INTERVAL: Duration = Duration::from_secs(1);
