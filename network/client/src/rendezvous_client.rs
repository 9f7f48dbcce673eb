//! A client of the rendezvous service, which sends a request at every tick of its clock and reports
//! the reply to each.
//!
//! The traffic does not depend on whether there is anything to send or anyone to receive from: the
//! caller supplies a request for each tick, and a random one replaces any of the wrong length.
//! While a gateway is connected, ticks come at the consensus rate `LambdaP`, and loop decoys at
//! `LambdaL`. When the connection ends, the client reconnects; requests still without a reply are
//! lost.

use crate::{
    Destination, Reply, Request, StartError, Tally, Unanswered,
    run::{Config, run},
    source::Source,
};
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

/// A client of the rendezvous service. Dropping it ends its task.
#[derive(Debug)]
pub struct RendezvousClient {
    tally: Arc<Tally>,
    clock_watch: ClockWatch,
    stop: watch::Sender<bool>,
    work: JoinHandle<()>,
}

/// The result of a request.
#[derive(Debug)]
pub struct Answered {
    /// The number of the request, counted from 0.
    pub number: u64,
    /// The box that the request read; `None` if no box was stored under the id.
    pub outcome: Result<Option<Vec<u8>>, RequestError>,
}

/// The reason why the result of a request is unknown; its box may have been stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// No reply arrived in time, or its connection ended.
    Unanswered(Unanswered),
    /// The reply is not that of a rendezvous service.
    Malformed,
    /// The request's length is not [`Shape::request_len`]; a random one was sent instead.
    Length,
}

/// The state of a client's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a program that shows the state has to show a new one")]
pub enum Status {
    /// No gateway is connected.
    Connecting,
    /// A gateway is connected, and packets are sent under a consensus of the epoch.
    Connected,
    /// A gateway is connected, but has no consensus of the epoch, or one without a rate for
    /// messages.
    NoConsensus,
    /// This machine's clock is wrong, and there is no consensus of the epoch that it shows.
    ClockOff(Offset),
    /// A gateway is connected, but the consensus has no route to a rendezvous service.
    NoService,
}

impl RendezvousClient {
    /// Starts a client of a network on the current runtime. `next` makes the request of a tick, of
    /// [`Shape::request_len`] bytes; its argument is the request's number, and it must not block.
    /// The receiver yields one result for each request, in any order. Its queue is unbounded: read
    /// it.
    ///
    /// # Errors
    /// If the network's Sphinx scheme is unknown, its packets are too short for boxes, or no key
    /// can be generated.
    pub fn start(
        network: &Network,
        gateway: Option<String>,
        randomness: &Randomness,
        next: impl FnMut(u64) -> Vec<u8> + Send + 'static,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Answered>), StartError> {
        let geometry = network.geometry;
        let unknown = || StartError::UnknownScheme(geometry.scheme().name().to_owned());
        let link = LinkKey::generate(network.kem, &mut randomness.rng())?;
        let clock = Clock::new(network.period);
        let clock_watch = ClockWatch::new(clock);
        let directory = DirectoryClient::new(Arc::clone(&network.authorities), link, None, randomness.branch())
            .with_geometry(geometry.hash())
            .with_clock_watch(clock_watch.clone());
        let shape = Shape::of(&geometry).ok_or(StartError::NoRoomForBoxes)?;
        let (mut requests, answered) = Requests::new(shape, randomness.rng(), next);
        let tally = Arc::new(Tally::default());
        let config = Config {
            packets: codec::packet_codec(geometry).ok_or_else(unknown)?,
            authorities: Arc::clone(&network.authorities),
            kem: network.kem,
            clock,
            clock_watch: clock_watch.clone(),
            known: Consensuses::default(),
            pinned: network.gateways.clone(),
            gateway,
            directory: Some(directory),
            destination: Destination::Rendezvous(RENDEZVOUS.to_owned()),
            source: Source::EveryTick(Box::new(move || requests.make())),
            timeouts: Timeouts::default(),
            randomness: randomness.branch(),
            tally: Arc::clone(&tally),
        };
        let (stop, stopping) = watch::channel(false);
        let work = tokio::spawn(async move {
            if let Err(error) = run(config, stopping).await {
                tracing::error!(%error, "rendezvous client ended");
            }
        });
        Ok((Self { tally, clock_watch, stop, work }, answered))
    }

    /// The state of the client's connection.
    #[must_use]
    pub fn status(&self) -> Status {
        let is = |state: &AtomicBool| state.load(Relaxed);
        let Tally { is_connected, has_consensus, is_stuck, .. } = &*self.tally;
        match (is(is_connected), is(has_consensus), is(is_stuck), self.clock_watch.offset()) {
            (true, true, false, _) => Status::Connected,
            (true, true, true, _) => Status::NoService,
            (.., Some(offset)) => Status::ClockOff(offset),
            (true, false, ..) => Status::NoConsensus,
            (false, ..) => Status::Connecting,
        }
    }

    /// Packet counts.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Closes the connection, and waits until the client's task has ended.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let _ = self.work.await;
    }
}

/// Makes the request of each tick, without a socket: the sender passes the reply to
/// [`Request::answer`].
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
    /// Requests made by `next`, for a service with boxes of this shape; `rng` makes the random
    /// ones. The receiver yields the results.
    pub fn new(shape: Shape, rng: ChaCha20Rng, next: F) -> (Self, mpsc::UnboundedReceiver<Answered>) {
        let (outcomes, answered) = mpsc::unbounded_channel();
        (Self { shape, count: 0, next, rng, outcomes }, answered)
    }

    /// The request of the next tick. Call it on a runtime: a task waits for the reply.
    pub fn make(&mut self) -> Request {
        let (number, shape) = (self.count, self.shape);
        self.count += 1;
        let mut payload = (self.next)(number);
        let is_whole = payload.len() == shape.request_len();
        if !is_whole {
            // a tick without a request would show that there was none
            payload = vec![0; shape.request_len()];
            self.rng.fill_bytes(&mut payload);
        }
        let (answer, reply) = oneshot::channel::<Result<Reply, Unanswered>>();
        let outcomes = self.outcomes.clone();
        tokio::spawn(async move {
            let outcome = match reply.await.unwrap_or(Err(Unanswered::Disconnected)) {
                _ if !is_whole => Err(RequestError::Length),
                Ok(reply) => box_of_reply(&reply.payload, shape.box_len())
                    .map(|stored| stored.map(<[u8]>::to_vec))
                    .map_err(|_| RequestError::Malformed),
                Err(error) => Err(RequestError::Unanswered(error)),
            };
            // the application may have dropped the receiver
            let _ = outcomes.send(Answered { number, outcome });
        });
        Request { payload, answer }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unanswered(error) => error.fmt(f),
            Self::Malformed => f.write_str("the reply is not from a rendezvous service"),
            Self::Length => f.write_str("the request had a wrong length"),
        }
    }
}

impl core::error::Error for RequestError {}
