//! A client's messages and pending replies, without a socket, a task or a clock.

use crate::{Destination, Request, source::Source};
use chacha20::ChaCha20Rng;
use core::{
    fmt,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use mixwell_mixdelay::{ClientClock, Instant, Rate, Tick};
use mixwell_net::{
    codec::PacketCodec,
    compose,
    compose::{Buffers, ComposeError, MessageSpec, RoutingView, Sender},
    randomness::Randomness,
};
use mixwell_pki_types::{Document, Node, Period, Rates};
use mixwell_sphinx::{RecipientId, SurbId, SurbKeys};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};
use tokio::sync::oneshot;

/// A client of one gateway.
pub(crate) struct Engine {
    packets: Box<dyn PacketCodec>,
    destination: Destination,
    source: Source,
    period: Period,
    clock: ClientClock,
    randomness: Randomness,
    /// Replaced for each packet: leaked state must not reveal the keys of earlier packets.
    rng: ChaCha20Rng,
    /// Messages of the source that wait for their ticks.
    messages: VecDeque<Request>,
    waiting: HashMap<SurbId, Waiting>,
    surb: Vec<u8>,
    tally: Arc<Tally>,
}

/// A packet whose reply has not arrived yet.
struct Waiting {
    keys: SurbKeys,
    /// Receiver of the reply; `None` for a decoy's.
    answer: Option<oneshot::Sender<Result<Reply, Unanswered>>>,
    sent: Instant,
    delays: Duration,
    deadline: Instant,
}

/// A service's reply to a message.
#[derive(Debug)]
pub struct Reply {
    /// The service's bytes, padded with zeros.
    pub payload: Vec<u8>,
    /// From sending the message to receiving the reply.
    pub round_trip: Duration,
    /// The part of the round trip that the sender asked the hops to delay the packets.
    pub delays: Duration,
}

/// The reason why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unanswered {
    /// No reply arrived in time.
    Late,
    /// The reply was modified in transit.
    Changed,
    /// The message does not fit a packet; it was not sent.
    TooLong,
    /// The connection ended, and with it the queue that the reply was for.
    Disconnected,
}

/// A client's packet counters and the state of its connection.
#[derive(Debug, Default)]
pub struct Tally {
    /// Messages sent.
    pub messages: AtomicU64,
    /// Loop decoys sent.
    pub decoys: AtomicU64,
    /// Replies to messages.
    pub replies: AtomicU64,
    /// Loop decoys that came back.
    pub returned: AtomicU64,
    /// Messages and decoys without a reply in time.
    pub lost: AtomicU64,
    /// Replies that were modified on their way.
    pub changed: AtomicU64,
    /// Replies that no packet waits for: duplicates, or late ones.
    pub unknown: AtomicU64,
    /// Connections made.
    pub connections: AtomicU64,
    /// Whether a gateway is connected.
    pub is_connected: AtomicBool,
    /// Whether the consensus of the epoch is known and publishes a rate for messages.
    pub has_consensus: AtomicBool,
    /// Whether no packet could be made at the last tick.
    pub is_stuck: AtomicBool,
}

impl Engine {
    pub(crate) fn new(
        packets: Box<dyn PacketCodec>,
        destination: Destination,
        source: Source,
        period: Period,
        randomness: Randomness,
        tally: Arc<Tally>,
    ) -> Self {
        let surb = vec![0; packets.geometry().surb_len()];
        let (messages, waiting) = (VecDeque::new(), HashMap::new());
        let (clock, rng) = (ClientClock::new(), randomness.rng());
        Self { packets, destination, source, period, clock, randomness, rng, messages, waiting, surb, tally }
    }

    /// Sets the rates of a consensus; `None` stops sending.
    pub(crate) fn set_rates(&mut self, now: Instant, rates: Option<Rates>) {
        let rate = |of: fn(&Rates) -> f64| rates.as_ref().and_then(|rates| Rate::published(of(rates)).ok().flatten());
        let (lambda_p, lambda_l) = (rate(|rates| rates.lambda_p), rate(|rates| rates.lambda_l));
        self.tally.has_consensus.store(lambda_p.is_some(), Relaxed);
        self.clock.set_rates(now, lambda_p, lambda_l, &mut self.rng);
    }

    /// Notes that the connection is up.
    pub(crate) fn connected(&mut self, now: Instant) {
        self.tally.connections.fetch_add(1, Relaxed);
        self.tally.is_connected.store(true, Relaxed);
        self.clock.set_link(now, true, &mut self.rng);
    }

    /// Whether there has ever been a connection.
    pub(crate) fn was_connected(&self) -> bool {
        self.tally.connections.load(Relaxed) > 0
    }

    /// Notes that the connection is down: replies to its queue cannot be received any more.
    pub(crate) fn disconnected(&mut self, now: Instant) {
        self.tally.is_connected.store(false, Relaxed);
        self.clock.set_link(now, false, &mut self.rng);
        for (_, waiting) in self.waiting.drain() {
            self.tally.lost.fetch_add(1, Relaxed);
            waiting.tell(Err(Unanswered::Disconnected));
        }
    }

    /// The application's next message, for [`queue`](Self::queue). `None` when nobody can send one
    /// any more.
    pub(crate) async fn next_request(&mut self) -> Option<Request> {
        self.source.recv().await
    }

    /// Whether another message can be queued; if not, the caller has to wait.
    pub(crate) fn has_room(&self) -> bool {
        self.messages.len() < MAX_WAITING
    }

    /// Queues a message for a tick of its own.
    pub(crate) fn queue(&mut self, request: Request) {
        if request.payload.len() > self.packets.geometry().user_forward_payload_len() {
            // the application may have dropped the receiver
            let _ = request.answer.send(Err(Unanswered::TooLong));
        } else {
            self.messages.push_back(request);
        }
    }

    /// When to call [`Engine::poll`] and [`Engine::expire`] again.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let deadline = self.waiting.values().map(|waiting| waiting.deadline).min();
        self.clock.poll_timeout().into_iter().chain(deadline).min()
    }

    /// Writes the packet that is due now, if there is one, to `packet`: a message, or a decoy with
    /// the same kind of route and the same length. Call it until it returns false.
    ///
    /// # Errors
    /// If the consensus has no route; the message stays the first of its queue.
    pub(crate) fn poll(
        &mut self,
        now: Instant,
        (unix, document, gateway): (Duration, Document<'_>, Node<'_>),
        owner: RecipientId,
        packet: &mut [u8],
    ) -> Result<bool, ComposeError> {
        let Some(tick) = self.clock.poll(now, &mut self.rng) else { return Ok(false) };
        self.rng = self.randomness.rng();
        self.tally.is_stuck.store(true, Relaxed);
        if tick == Tick::MessageOrDecoy
            && self.messages.is_empty()
            && let Some(message) = self.source.for_tick()
        {
            self.queue(message);
        }
        let message = if tick == Tick::MessageOrDecoy { self.messages.front() } else { None };
        let (service, endpoint) = match &self.destination {
            Destination::AnyService(capability) => compose::service(&document, capability, &mut self.rng)?,
            Destination::Rendezvous(capability) => compose::meeting_place(&document, capability)?,
        };
        let surb_id = SurbId(compose::random(&mut self.rng));
        let payload = message.map_or(&[][..], |message| &message.payload);
        let draft = MessageSpec { sender: Sender::ClientOf(gateway), service, endpoint, owner, surb_id, payload };
        let view = RoutingView { document, period: self.period, departure: unix };
        let mut buffers = Buffers { surb: &mut self.surb, packet };
        let written = compose::compose(&*self.packets, view, &draft, &mut buffers, &mut self.rng)?;

        let answer = message.is_some().then(|| self.messages.pop_front()).flatten().map(|message| message.answer);
        let sent = if answer.is_some() { &self.tally.messages } else { &self.tally.decoys };
        sent.fetch_add(1, Relaxed);
        let patience = written.delays.saturating_add(GRACE);
        let deadline = now.plus_nanos(u64::try_from(patience.as_nanos()).unwrap_or(u64::MAX));
        let waiting = Waiting { keys: written.keys, answer, sent: now, delays: written.delays, deadline };
        self.waiting.insert(surb_id, waiting);
        self.tally.is_stuck.store(false, Relaxed);
        Ok(true)
    }

    /// Decrypts a reply with its tag, and passes it to its receiver.
    pub(crate) fn reply(&mut self, now: Instant, surb_id: SurbId, payload: &mut [u8]) {
        let Some(Waiting { keys, answer, sent, delays, .. }) = self.waiting.remove(&surb_id) else {
            self.tally.unknown.fetch_add(1, Relaxed);
            return;
        };
        let opened = keys.open(payload).map(|payload| &*payload);
        let came = match (&answer, opened) {
            (None, Ok(payload)) if payload.iter().all(|byte| *byte == 0) => &self.tally.returned,
            (Some(_), Ok(_)) => &self.tally.replies,
            _ => &self.tally.changed,
        };
        came.fetch_add(1, Relaxed);
        let round_trip = Duration::from_nanos(now.nanos_since(sent));
        let reply = opened.map(|payload| Reply { payload: payload.to_vec(), round_trip, delays });
        if let Some(answer) = answer {
            // the application may have dropped the receiver
            let _ = answer.send(reply.map_err(|_| Unanswered::Changed));
        }
    }

    /// Length of a packet in bytes.
    pub(crate) fn packet_len(&self) -> usize {
        self.packets.geometry().packet_len()
    }

    /// The codec of the network's packets.
    pub(crate) fn packets(&self) -> &dyn PacketCodec {
        &*self.packets
    }

    /// Gives up on packets whose replies have not arrived in time.
    pub(crate) fn expire(&mut self, now: Instant) {
        let late = self.waiting.extract_if(|_, waiting| waiting.deadline <= now);
        for (_, waiting) in late {
            self.tally.lost.fetch_add(1, Relaxed);
            waiting.tell(Err(Unanswered::Late));
        }
    }
}

impl Waiting {
    fn tell(self, what: Result<Reply, Unanswered>) {
        if let Some(answer) = self.answer {
            // the application may have dropped the receiver
            let _ = answer.send(what);
        }
    }
}

impl core::error::Error for Unanswered {}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Late => "no reply in time",
            Self::Changed => "the reply was changed in transit",
            Self::TooLong => "the message does not fit a packet",
            Self::Disconnected => "the connection ended",
        })
    }
}

/// Maximum number of messages that wait for their ticks.
const MAX_WAITING: usize = 256;

/// Time for links, unwrapping and the gateway, besides the delays.
const GRACE: Duration = Duration::from_secs(if cfg!(test) { 8 } else { 20 });

#[cfg(test)]
mod tests;
