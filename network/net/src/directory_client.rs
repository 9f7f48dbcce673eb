//! The directory client of clients, nodes and authorities: one round trip with an authority at a
//! time.

mod poll;

pub use poll::{Fetched, Poll};

use crate::{
    authorities::{Authorities, Authority},
    clock::{ClockWatch, Offset},
    connect::{ConnectError, Connected, Connector},
    consensus::{Consensus, ConsensusFault},
    keys::LinkKey,
    randomness::Randomness,
};
use core::{fmt, time::Duration};
use mixwell_pki_types::{Epoch, KeyHash};
use mixwell_wire::{
    Ad, Command, ConsensusStatus, DescriptorStatus, Link, PkiSizes, StreamError, Timeouts,
    tokio::{Reader, Writer},
};
use rand_core::Rng as _;
use std::{io, sync::Arc};
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

/// The reason why a request to an authority failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The configuration lists no address of the authority.
    NoAddress,
    /// The connection or the session failed.
    Stream(StreamError<io::Error>),
    /// The authority closed the connection instead of answering.
    Closed,
    /// The authority answered with an unexpected command.
    Answer,
    /// The authority has no consensus of the epoch.
    NoConsensus(ConsensusStatus),
    /// The authority's consensus is not valid.
    Consensus(ConsensusFault),
}

impl From<ConnectError> for ExchangeError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::NoAddress => Self::NoAddress,
            ConnectError::Stream(error) => Self::Stream(error),
        }
    }
}

impl ExchangeError {
    /// The error for an answer that could not be received.
    fn unanswered(error: StreamError<io::Error>) -> Self {
        match error {
            StreamError::Closed => Self::Closed,
            StreamError::Io(error) if error.kind() == io::ErrorKind::ConnectionReset => Self::Closed,
            error => Self::Stream(error),
        }
    }
}

impl From<StreamError<io::Error>> for ExchangeError {
    fn from(error: StreamError<io::Error>) -> Self {
        Self::Stream(error)
    }
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress => f.write_str("no address"),
            Self::Stream(StreamError::Refused) => {
                f.write_str("its identity or link key differs from the configured one")
            }
            Self::Stream(error) => error.fmt(f),
            Self::Closed => f.write_str("it closed the connection instead of answering"),
            Self::Answer => f.write_str("it answered with an unexpected command"),
            Self::NoConsensus(ConsensusStatus::NotFound) => f.write_str("it has no consensus of that epoch yet"),
            Self::NoConsensus(_) => f.write_str("it has no consensus of that epoch"),
            Self::Consensus(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ExchangeError {}

/// The errors of all authorities, when none returned a valid consensus.
#[derive(Debug)]
pub struct FetchErrors(pub Vec<(String, ExchangeError)>);

impl fmt::Display for FetchErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        self.0.iter().try_for_each(|(authority, error)| {
            write!(f, "{separator}{authority}: {error}")?;
            separator = "; ";
            Ok(())
        })
    }
}

impl core::error::Error for FetchErrors {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{address::Address, keys::LinkKem};
    use mixwell_pki_types::Ed25519;
    use mixwell_wire::tokio::await_proof;
    use std::time::Instant;
    use tokio::net::TcpListener;

    /// An authority that accepts a request and then sends no-ops without end.
    async fn stall(listener: TcpListener, id: KeyHash, key: LinkKey, link: Link) {
        let (mut rng, timeouts) = (Randomness::from_seed(2).rng(), Timeouts::default());
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = vec![0; key.buffer_len(&link)];
        let session = key.respond(&mut stream, Ad::node(&id.0), &mut rng, &mut buffer, &timeouts, |_| Some(link));
        let session = session.await.unwrap();
        let session = await_proof(&mut stream, session, &timeouts).await.unwrap();
        let mut writer = Writer::new(stream, session.sender, buffer, &timeouts);
        while writer.send(&Command::NoOp).await.is_ok() {
            time::sleep(Duration::from_millis(20)).await;
        }
    }

    #[tokio::test]
    async fn no_ops_do_not_prolong_a_round_trip() {
        let randomness = Randomness::from_seed(1);
        let key = || LinkKey::generate(LinkKem::default(), &mut randomness.rng()).unwrap();
        let (own, theirs) = (key(), key());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = vec![Address::of(listener.local_addr().unwrap())];
        let identity = vec![7; 32];
        let authority = Authority::new("stalls".to_owned(), identity, theirs.public().to_vec(), addresses);
        let authorities = Arc::new(Authorities::new(&Ed25519, LinkKem::default(), vec![authority.clone()]));
        let link = Link::authority(pki_sizes(&authorities));
        tokio::spawn(stall(listener, authority.peer.id, theirs, link));
        let client = DirectoryClient::new(authorities, own, None, randomness.branch());
        let client = DirectoryClient { exchange_timeout: Duration::from_millis(500), ..client };
        let begun = Instant::now();
        let fetched = time::timeout(Duration::from_secs(20), client.fetch_from(&authority, Epoch(1), Epoch(1))).await;
        let error = fetched.unwrap().unwrap_err();
        assert!(matches!(error, ExchangeError::Stream(StreamError::Timeout)), "{error}");
        assert!(begun.elapsed() >= Duration::from_millis(500));
    }
}
