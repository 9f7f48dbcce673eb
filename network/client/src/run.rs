//! A client: connects to a gateway, sends at the published rates, and awaits replies.

use crate::{
    engine::{Engine, Reply, Tally, Unanswered},
    session::Session,
};
use core::{fmt, time::Duration};
use mixwell_net::{
    authorities::Authorities,
    clock::{Clock, ClockWatch},
    codec::PacketCodec,
    connect::{ConnectError, LinkTarget},
    directory::Consensuses,
    directory_client::DirectoryClient,
    keys::LinkKem,
    randomness::Randomness,
    runtime::stopped,
    stopwatch::Stopwatch,
};
use mixwell_pq_kem::kem::KeyError;
use mixwell_wire::{StreamError, Timeouts};
use std::{io, sync::Arc};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time,
};
use tracing::{debug, info};

/// What a client is made of.
#[expect(missing_debug_implementations, reason = "it holds closures")]
#[expect(clippy::exhaustive_structs, reason = "made by whoever starts a client")]
pub struct Parts {
    /// The network's packets.
    pub packets: Box<dyn PacketCodec>,
    /// The network's authorities.
    pub authorities: Arc<Authorities>,
    /// The KEM of links.
    pub kem: LinkKem,
    /// The clock.
    pub clock: Clock,
    /// Told of the gateways' clocks.
    pub clock_watch: ClockWatch,
    /// What is known of the network; perhaps nothing, if there are pinned gateways.
    pub known: Consensuses,
    /// Gateways that can be connected to before there is a consensus.
    pub pinned: Vec<LinkTarget>,
    /// The gateway to connect to, if not any.
    pub gateway: Option<String>,
    /// What the service can do that messages go to.
    pub capability: String,
    /// How long to wait for peers.
    pub timeouts: Timeouts,
    /// Where randomness comes from.
    pub randomness: Randomness,
    /// What has happened, for whoever looks.
    pub tally: Arc<Tally>,
    /// What to send when nobody has asked for anything; a decoy if this is `None`.
    pub steady: Option<Steady>,
}

/// What makes a client send a message at every tick of messages, and never give up.
#[expect(missing_debug_implementations, reason = "it holds a closure")]
#[expect(clippy::exhaustive_structs, reason = "made by whoever starts a client")]
pub struct Steady {
    /// Makes the message of a tick for which there is none.
    pub next: Box<dyn FnMut() -> Request + Send>,
    /// Whom to ask for the consensus if no gateway is known.
    pub asker: DirectoryClient,
}

/// A message, and whom to tell what became of it.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by whoever sends")]
pub struct Request {
    /// The bytes for the user.
    pub payload: Vec<u8>,
    /// Where to tell.
    pub answer: oneshot::Sender<Result<Reply, Unanswered>>,
}

/// Works until told to stop: keeps a connection up, and sends the messages that come in, one for each tick.
///
/// # Errors
/// If no link key can be made, or no gateway is known.
pub async fn run(
    parts: Parts,
    mut requests: mpsc::Receiver<Request>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), ClientError> {
    let Parts {
        packets,
        authorities,
        kem,
        clock,
        clock_watch,
        known,
        pinned,
        gateway,
        capability,
        timeouts,
        randomness,
        tally,
        ..
    } = parts;
    let (next, asker) = parts.steady.map(|Steady { next, asker }| (next, asker)).unzip();
    let engine = Engine::new(packets, (capability, next), clock.period(), randomness.branch(), tally);
    let stopwatch = Stopwatch::start();
    let mut session = Session {
        engine,
        authorities,
        kem,
        clock,
        clock_watch,
        known,
        pinned,
        gateway,
        asker,
        timeouts,
        randomness,
        stopwatch,
    };
    let mut failures: u32 = 0;
    let mut was_connected = false;
    while !*stop.borrow() {
        let begun = time::Instant::now();
        let ended = tokio::select! {
            ended = session.connect(&mut requests) => ended,
            () = stopped(&mut stop) => return Ok(()),
        };
        session.engine.disconnected(session.stopwatch.now());
        was_connected |= session.engine.was_connected();
        match ended {
            Ok(()) => return Ok(()),
            Err(error @ ClientError::Link(_)) => return Err(error),
            // one that was there may be missing from one consensus
            Err(error @ ClientError::NoGateway) if !was_connected && session.asker.is_none() => return Err(error),
            Err(error) => debug!(%error, "the connection to the gateway ended"),
        }
        failures = if begun.elapsed() > STEADY { 1 } else { failures.saturating_add(1) };
        info!("connecting again");
        tokio::select! {
            () = time::sleep(clock.eighths(1).checked_div(32).unwrap_or_default().saturating_mul(failures).min(LONGEST_PAUSE)) => {}
            () = stopped(&mut stop) => {}
        }
    }
    Ok(())
}

/// A connection that lasted this long was a good one.
const STEADY: Duration = Duration::from_secs(30);

const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Why a client is not connected.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// Neither the consensus nor the configuration has the gateway.
    NoGateway,
    /// A link key could not be made.
    Link(KeyError),
    /// The connection failed.
    Stream(StreamError<io::Error>),
    /// The gateway's answer is no consensus; why.
    Consensus(String),
    /// The gateway closed the connection.
    Closed,
    /// Nothing has come for too long.
    Silence,
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGateway => f.write_str("no such gateway is in the consensus or the configuration"),
            Self::Link(error) => error.fmt(f),
            Self::Stream(StreamError::Refused) => f.write_str("the gateway's identity or link key is another one"),
            Self::Stream(error) => error.fmt(f),
            Self::Consensus(why) => write!(f, "the gateway's answer is no consensus: {why}"),
            Self::Closed => f.write_str("the gateway closed the connection"),
            Self::Silence => f.write_str("the gateway has been silent for too long"),
        }
    }
}

impl core::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Link(error) => Some(error),
            Self::Stream(error) => Some(error),
            Self::NoGateway | Self::Consensus(_) | Self::Closed | Self::Silence => None,
        }
    }
}

impl From<ConnectError> for ClientError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Stream(error) => Self::Stream(error),
            _ => Self::NoGateway,
        }
    }
}

impl From<StreamError<io::Error>> for ClientError {
    fn from(error: StreamError<io::Error>) -> Self {
        Self::Stream(error)
    }
}
