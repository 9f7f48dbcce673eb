//! A client of the rendezvous service: it sends a request at every tick of its clock, and says what came back.
//!
//! Whether there is anything to say, or anybody to hear it from, changes nothing that is sent: the caller gives a request
//! for each tick, and what it leaves out is made up here. Ticks come at the rate of the consensus (`LambdaP`), loop decoys
//! besides (`LambdaL`), while there is a connection to a gateway. When that ends, another one is made, for as long as
//! the [`Carrier`] lives; what was under way then is lost.

use crate::{Parts, Reply, Request, StartError, Steady, Tally, Unanswered, run};
use chacha20::ChaCha20Rng;
use core::{
    fmt,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};
use mixwell_net::{
    clock::{Clock, ClockWatch, Offset},
    codec,
    directory::Consensuses,
    directory_client::DirectoryClient,
    keys::LinkKey,
    network::Network,
    randomness::Randomness,
    rendezvous::{Shape, box_of_reply},
    services::RENDEZVOUS,
};
use mixwell_wire::Timeouts;
use rand_core::Rng as _;
use std::sync::Arc;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

/// A connection that is kept up, and the requests over it. They end when it is dropped.
#[derive(Debug)]
pub struct Carrier {
    tally: Arc<Tally>,
    clock_watch: ClockWatch,
    stop: watch::Sender<bool>,
    work: JoinHandle<()>,
}

/// What became of a request.
#[derive(Debug)]
pub struct Answered {
    /// Which one: they are numbered from 0, as they were asked for.
    pub number: u64,
    /// The box that it read, `None` if there was none under the id.
    pub outcome: Result<Option<Vec<u8>>, Lost>,
}

/// Why nothing is known of a request, its box included: it may have been stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lost {
    /// No reply came in time, or the connection for it ended.
    Unanswered(Unanswered),
    /// The reply is none of this service.
    Malformed,
    /// It had another length than [`Shape::request_len`]; another one was sent for it.
    Length,
}

/// How it stands with a carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "who shows one has to show a new one")]
pub enum Standing {
    /// No gateway is connected.
    Connecting,
    /// A gateway is connected, and packets leave by a consensus of the epoch.
    Connected,
    /// A gateway is connected, but has no consensus of the epoch, or none that lets packets leave.
    NoConsensus,
    /// This machine's clock is off, and there is no consensus of the epoch that it shows.
    ClockOff(Offset),
    /// A gateway is connected, but the consensus shows no way to a rendezvous service.
    NoWay,
}

impl Carrier {
    /// Starts a client of a network, on the runtime that it is called on. `next` gives the request of a tick, of
    /// [`Shape::request_len`] bytes; it is told its number, and must not wait. What became of each comes by the receiver,
    /// in any order, once for each request: read it, it keeps what is not read.
    ///
    /// # Errors
    /// If the packets of the network are of a scheme that is unknown here, or have no room for boxes, or no key can be made.
    pub fn start(
        configuration: &Network,
        gateway: Option<String>,
        randomness: &Randomness,
        next: impl FnMut(u64) -> Vec<u8> + Send + 'static,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Answered>), StartError> {
        let geometry = configuration.geometry;
        let unknown = || StartError::UnknownScheme(geometry.scheme().name().to_owned());
        let no_room = || StartError::NoRoomForBoxes;
        let link = LinkKey::generate(configuration.kem, &mut randomness.rng())?;
        let authorities = Arc::clone(&configuration.authorities);
        let clock = Clock::new(configuration.period);
        let clock_watch = ClockWatch::new(clock);
        let asker = DirectoryClient::new(authorities, link, None, randomness.branch())
            .with_geometry(geometry.hash())
            .with_clock_watch(clock_watch.clone());
        let shape = Shape::of(&geometry).ok_or_else(no_room)?;
        let (requests, answered) = Requests::new(shape, randomness.rng(), next);
        let tally = Arc::new(Tally::default());
        let parts = Parts {
            packets: codec::packet_codec(geometry).ok_or_else(unknown)?,
            authorities: Arc::clone(&configuration.authorities),
            kem: configuration.kem,
            clock,
            clock_watch,
            known: Consensuses { epoch: clock.epoch(), ..Consensuses::default() },
            pinned: configuration.gateways.clone(),
            gateway,
            capability: RENDEZVOUS.to_owned(),
            timeouts: Timeouts::default(),
            randomness: randomness.branch(),
            tally: Arc::clone(&tally),
            steady: Some(Steady { next: requests.boxed(), asker }),
        };
        Ok((Self::run(parts, tally), answered))
    }

    fn run(parts: Parts, tally: Arc<Tally>) -> Self {
        let (stop, stopping) = watch::channel(false);
        let clock_watch = parts.clock_watch.clone();
        let work = tokio::spawn(async move {
            // nobody sends by this way, but its end would be the client's
            let (_open, requests) = mpsc::channel(1);
            if let Err(error) = run(parts, requests, stopping).await {
                tracing::error!(%error, "the client ended");
            }
        });
        Self { tally, clock_watch, stop, work }
    }

    /// How it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let is = |state: &AtomicBool| state.load(Relaxed);
        let Tally { is_connected, has_consensus, is_stuck, .. } = &*self.tally;
        match (is(is_connected), is(has_consensus), is(is_stuck), self.clock_watch.offset()) {
            (true, true, false, _) => Standing::Connected,
            (true, true, true, _) => Standing::NoWay,
            (.., Some(offset)) => Standing::ClockOff(offset),
            (true, false, ..) => Standing::NoConsensus,
            (false, ..) => Standing::Connecting,
        }
    }

    /// Counts of packets.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Hangs up, and waits until nothing runs any more.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let _ = self.work.await;
    }
}

/// Makes the requests of ticks. It knows no socket: whoever sends them tells each what became of it.
pub struct Requests<F> {
    shape: Shape,
    count: u64,
    next: F,
    rng: ChaCha20Rng,
    outcomes: mpsc::UnboundedSender<Answered>,
}

impl<F> fmt::Debug for Requests<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").field("shape", &self.shape).field("count", &self.count).finish_non_exhaustive()
    }
}

impl<F: FnMut(u64) -> Vec<u8> + Send + 'static> Requests<F> {
    /// Requests that `next` gives the bytes of, for a service with boxes of this shape; `rng` fills in what it leaves out. What
    /// becomes of each comes by the receiver.
    pub fn new(shape: Shape, rng: ChaCha20Rng, next: F) -> (Self, mpsc::UnboundedReceiver<Answered>) {
        let (outcomes, answered) = mpsc::unbounded_channel();
        (Self { shape, count: 0, next, rng, outcomes }, answered)
    }

    fn boxed(mut self) -> Box<dyn FnMut() -> Request + Send> {
        Box::new(move || self.make())
    }

    /// The request of the next tick. Call it on a runtime: a task awaits what becomes of the request.
    pub fn make(&mut self) -> Request {
        let (number, shape) = (self.count, self.shape);
        self.count += 1;
        let mut payload = (self.next)(number);
        let is_whole = payload.len() == shape.request_len();
        if !is_whole {
            // a tick without a request would say that there was none
            payload = vec![0; shape.request_len()];
            self.rng.fill_bytes(&mut payload);
        }
        let (answer, reply) = oneshot::channel::<Result<Reply, Unanswered>>();
        let outcomes = self.outcomes.clone();
        tokio::spawn(async move {
            let outcome = match reply.await.unwrap_or(Err(Unanswered::Disconnected)) {
                _ if !is_whole => Err(Lost::Length),
                Ok(reply) => box_of_reply(&reply.payload, shape.box_len())
                    .map(|stored| stored.map(<[u8]>::to_vec))
                    .map_err(|_| Lost::Malformed),
                Err(error) => Err(Lost::Unanswered(error)),
            };
            // who asked may have lost interest
            let _ = outcomes.send(Answered { number, outcome });
        });
        Request { payload, answer }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unanswered(error) => error.fmt(f),
            Self::Malformed => f.write_str("the reply is none of a rendezvous service"),
            Self::Length => f.write_str("the request had a wrong length"),
        }
    }
}

impl core::error::Error for Lost {}
