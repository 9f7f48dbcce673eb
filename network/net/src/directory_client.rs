//! The directory client of clients, nodes and authorities: one round trip with an authority at a
//! time.

mod error;
mod poll;
#[cfg(test)]
mod tests;

pub use error::{ExchangeError, FetchErrors};
pub use poll::{Fetched, Poll};

use crate::{
    authorities::{Authorities, Authority},
    clock::{ClockWatch, Offset},
    connect::{Connected, Connector},
    consensus::Consensus,
    keys::LinkKey,
    randomness::Randomness,
};
use core::time::Duration;
use mixwell_pki_types::{Epoch, KeyHash};
use mixwell_wire::{
    Ad, Command, ConsensusStatus, DescriptorStatus, Link, PkiSizes, StreamError, Timeouts,
    tokio::{Reader, Writer},
};
use rand_core::Rng as _;
use std::sync::Arc;
use tokio::{task::JoinSet, time};

/// Sends requests to the authorities. Cloning shares the keys.
#[derive(Debug, Clone)]
pub struct DirectoryClient {
    authorities: Arc<Authorities>,
    connector: Connector,
    /// The id of a node or authority; a client has none.
    own_id: Option<KeyHash>,
    geometry_hash: Option<[u8; 32]>,
    /// Time for a request and its answer, once the handshake is done.
    exchange_timeout: Duration,
}

impl DirectoryClient {
    /// A client of a network's authorities, with its own link key and, if it is a node or
    /// authority, its own id.
    #[must_use]
    pub fn new(authorities: Arc<Authorities>, link: LinkKey, own_id: Option<KeyHash>, randomness: Randomness) -> Self {
        let connector = Connector { key: link, timeouts: Timeouts::default(), randomness, clock_watch: None };
        let exchange_timeout = EXCHANGE_TIMEOUT;
        Self { authorities, connector, own_id, geometry_hash: None, exchange_timeout }
    }

    /// Accepts only consensuses of networks with this Sphinx geometry.
    #[must_use]
    pub fn with_geometry(mut self, hash: [u8; 32]) -> Self {
        self.geometry_hash = Some(hash);
        self
    }

    /// Compares the authorities' clocks with this machine's.
    #[must_use]
    pub fn with_clock_watch(mut self, watch: ClockWatch) -> Self {
        self.connector.clock_watch = Some(watch);
        self
    }

    /// Offset of this machine's clock from those of the authorities, if they were compared and it
    /// is wrong.
    pub fn clock_offset(&self) -> Option<Offset> {
        self.connector.clock_watch.as_ref().and_then(ClockWatch::offset)
    }

    /// The authorities.
    #[must_use]
    pub fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// Fetches the consensus of an epoch from any authority that has a valid one. Authorities are
    /// asked in random order, each one when the previous one has failed or is slow.
    ///
    /// # Errors
    /// [`FetchErrors`].
    pub async fn fetch(&self, epoch: Epoch, now: Epoch) -> Result<Consensus, FetchErrors> {
        let mut order: Vec<&Authority> =
            self.authorities.iter().filter(|authority| Some(authority.peer.id) != self.own_id).collect();
        let mut rng = self.connector.randomness.rng();
        order.sort_by_cached_key(|_| rng.next_u64());
        let mut order = order.into_iter();
        let mut errors = FetchErrors(Vec::new());
        let mut asked = JoinSet::new();
        loop {
            if let Some(authority) = order.next() {
                let (client, authority) = (self.clone(), authority.clone());
                asked.spawn(async move {
                    let fetched = client.fetch_from(&authority, epoch, now).await;
                    fetched.map_err(|error| (authority.peer.name, error))
                });
            }
            // a slow authority may still answer while the next one is asked
            let patience = if order.len() == 0 { EXCHANGE_TIMEOUT.saturating_mul(3) } else { PATIENCE };
            match time::timeout(patience, asked.join_next()).await {
                Ok(Some(Ok(Ok(consensus)))) => return Ok(consensus),
                Ok(Some(Ok(Err(error)))) => errors.0.push(error),
                Err(_) if order.len() == 0 => return Err(errors),
                Ok(Some(Err(_))) | Err(_) => {}
                Ok(None) => return Err(errors),
            }
        }
    }

    /// Fetches the consensus of an epoch from one authority.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub async fn fetch_from(
        &self,
        authority: &Authority,
        epoch: Epoch,
        now: Epoch,
    ) -> Result<Consensus, ExchangeError> {
        let request = Command::GetConsensus { epoch: epoch.0, padded: false };
        let certificate = self.exchange(authority, &request, |answer| match answer {
            Command::Consensus { code: ConsensusStatus::Ok, payload } => Ok(payload.to_vec()),
            Command::Consensus { code, .. } => Err(ExchangeError::NoConsensus(code)),
            _ => Err(ExchangeError::Answer),
        });
        let certificate = certificate.await?;
        Consensus::verify(certificate, &self.authorities, (epoch, now), self.geometry_hash.as_ref())
            .map_err(ExchangeError::Consensus)
    }

    /// Posts a signed descriptor for an epoch to one authority.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub async fn post_descriptor(
        &self,
        authority: &Authority,
        epoch: Epoch,
        upload: &[u8],
    ) -> Result<DescriptorStatus, ExchangeError> {
        let request = Command::PostDescriptor { epoch: epoch.0, payload: upload };
        let answer = self.exchange(authority, &request, |answer| match answer {
            Command::PostDescriptorStatus(status) => Ok(status),
            _ => Err(ExchangeError::Answer),
        });
        answer.await
    }

    /// Connects, sends a command, and passes the answer to `read`. Command and answer share one
    /// timeout, which the authority's `no_op`s do not extend.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub async fn exchange<T>(
        &self,
        authority: &Authority,
        request: &Command<'_>,
        read: impl FnOnce(Command<'_>) -> Result<T, ExchangeError> + Send,
    ) -> Result<T, ExchangeError> {
        let link = Link::authority_client(self.sizes());
        let ad = self.own_id.as_ref().map_or(Ad::NONE, |id| Ad::node(&id.0));
        let Connected { mut stream, session, buffer } = self.connector.connect(&authority.peer, ad, link).await?;
        let (from, to) = stream.split();
        let timeouts = Timeouts { read: Duration::MAX, write: Duration::MAX, ..self.connector.timeouts };
        let mut writer = Writer::new(to, session.sender, vec![0; encoded_bound(request)], &timeouts);
        let mut reader = Reader::new(from, session.receiver, buffer, &timeouts);
        let round_trip = async {
            writer.send(request).await?;
            loop {
                match reader.receive().await.map_err(ExchangeError::unanswered)? {
                    Command::NoOp => {}
                    answer => return read(answer),
                }
            }
        };
        let answered = time::timeout(self.exchange_timeout, round_trip).await;
        answered.map_err(|_| ExchangeError::Stream(StreamError::Timeout))?
    }

    fn sizes(&self) -> PkiSizes {
        pki_sizes(&self.authorities)
    }
}

/// The sizes of sessions with a network's authorities.
#[must_use]
pub fn pki_sizes(authorities: &Authorities) -> PkiSizes {
    PkiSizes { public_key: authorities.scheme().public_len(), document: MAX_DOCUMENT_BYTES }
}

/// Length of a buffer for a command that is sent unpadded.
#[must_use]
pub fn encoded_bound(command: &Command<'_>) -> usize {
    let payload = match command {
        Command::PostDescriptor { payload, .. } | Command::Consensus { payload, .. } => payload.len(),
        Command::Vote(statement) | Command::Reveal(statement) | Command::Sig(statement) | Command::Cert(statement) => {
            statement.payload.len().saturating_add(statement.public_key.len())
        }
        Command::GetVote { public_key, .. } => public_key.len(),
        _ => 0,
    };
    payload.saturating_add(64)
}

/// Maximum length of a consensus: that of a thousand nodes has 3 MB.
const MAX_DOCUMENT_BYTES: usize = 8 << 20;

/// Timeout of a request and its answer: an authority answers at once, but its link may be slow.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Delay after which the next authority is asked too.
const PATIENCE: Duration = Duration::from_secs(2);
