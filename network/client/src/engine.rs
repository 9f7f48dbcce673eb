//! What a client sends and awaits: no socket, no task, no clock.

use crate::Request;
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
    /// What the services can do that messages and decoys go to; one for both, so that they look the same.
    capability: String,
    period: Period,
    clock: ClientClock,
    randomness: Randomness,
    /// A new one for each packet, so that nobody finds the keys of those before in it.
    rng: ChaCha20Rng,
    messages: VecDeque<Request>,
    /// Makes the message of a tick for which there is none.
    next: Option<Next>,
    waiting: HashMap<SurbId, Waiting>,
    surb: Vec<u8>,
    tally: Arc<Tally>,
}

/// A reply that is awaited.
struct Waiting {
    keys: SurbKeys,
    /// Whom to tell; a decoy's reply tells nobody.
    answer: Option<oneshot::Sender<Result<Reply, Unanswered>>>,
    sent: Instant,
    delays: Duration,
    deadline: Instant,
}

/// A reply.
#[derive(Debug)]
pub struct Reply {
    /// What the service said, zeros behind it.
    pub payload: Vec<u8>,
    /// From the message's leaving to its reply's coming.
    pub round_trip: Duration,
    /// How much of that the hops were asked to hold it.
    pub delays: Duration,
}

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unanswered {
    /// None came in time.
    Late,
    /// What came was changed on its way.
    Changed,
    /// The message does not fit a packet; it was not sent.
    TooLong,
    /// The connection ended, and with it the queue that the reply was for.
    Disconnected,
}

/// What has happened to a client's packets.
#[derive(Debug, Default)]
pub struct Tally {
    /// Messages that have left.
    pub messages: AtomicU64,
    /// Loop decoys that have left.
    pub decoys: AtomicU64,
    /// Replies to messages.
    pub replies: AtomicU64,
    /// Decoys that have come back.
    pub returned: AtomicU64,
    /// Messages and decoys whose reply has not come in time.
    pub lost: AtomicU64,
    /// Replies that were changed on their way.
    pub changed: AtomicU64,
    /// Replies that nobody awaits: second ones, or late ones.
    pub unknown: AtomicU64,
    /// Times that a connection was made.
    pub connections: AtomicU64,
    /// Whether there is one now.
    pub is_connected: AtomicBool,
    /// Whether the consensus of the epoch is known, and lets messages leave.
    pub has_consensus: AtomicBool,
    /// Whether at the last tick no packet could be made.
    pub is_stuck: AtomicBool,
}

type Next = Box<dyn FnMut() -> Request + Send>;

impl Engine {
    pub(crate) fn new(
        packets: Box<dyn PacketCodec>,
        (capability, next): (String, Option<Next>),
        period: Period,
        randomness: Randomness,
        tally: Arc<Tally>,
    ) -> Self {
        let surb = vec![0; packets.geometry().surb_len()];
        let (messages, waiting) = (VecDeque::new(), HashMap::new());
        let (clock, rng) = (ClientClock::new(), randomness.rng());
        Self { packets, capability, period, clock, randomness, rng, messages, next, waiting, surb, tally }
    }

    /// Takes the rates of a consensus.
    pub(crate) fn set_rates(&mut self, now: Instant, rates: Option<Rates>) {
        let rate = |of: fn(&Rates) -> f64| rates.as_ref().and_then(|rates| Rate::published(of(rates)).ok().flatten());
        let (lambda_p, lambda_l) = (rate(|rates| rates.lambda_p), rate(|rates| rates.lambda_l));
        self.tally.has_consensus.store(lambda_p.is_some(), Relaxed);
        self.clock.set_rates(now, lambda_p, lambda_l, &mut self.rng);
    }

    /// The connection is up.
    pub(crate) fn connected(&mut self, now: Instant) {
        self.tally.connections.fetch_add(1, Relaxed);
        self.tally.is_connected.store(true, Relaxed);
        self.clock.set_link(now, true, &mut self.rng);
    }

    /// Whether it ever was.
    pub(crate) fn was_connected(&self) -> bool {
        self.tally.connections.load(Relaxed) > 0
    }

    /// The connection is down: replies to its queue will not be seen.
    pub(crate) fn disconnected(&mut self, now: Instant) {
        self.tally.is_connected.store(false, Relaxed);
        self.clock.set_link(now, false, &mut self.rng);
        for (_, waiting) in self.waiting.drain() {
            self.tally.lost.fetch_add(1, Relaxed);
            waiting.tell(Err(Unanswered::Disconnected));
        }
    }

    /// Whether there is room for another message: whoever sends more has to wait.
    pub(crate) fn has_room(&self) -> bool {
        self.messages.len() < MAX_WAITING
    }

    /// A message for the next tick that is free.
    pub(crate) fn queue(&mut self, request: Request) {
        if request.payload.len() > self.packets.geometry().user_forward_payload_len() {
            // who asked may have lost interest
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

    /// Makes the packet that is due now in `packet`, if one is: a message, or a decoy that goes the same kind of way and
    /// carries as much. Call it until it says no.
    ///
    /// # Errors
    /// If there is no way for a packet; a message that could not leave is the next to leave.
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
            && let Some(next) = &mut self.next
        {
            let message = next();
            self.queue(message);
        }
        let message = if tick == Tick::MessageOrDecoy { self.messages.front() } else { None };
        let (service, endpoint) = match &self.next {
            // those who meet there have to agree where that is
            Some(_) => compose::meeting_place(&document, &self.capability)?,
            None => compose::service(&document, &self.capability, &mut self.rng)?,
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

    /// Takes a reply, tag included.
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
            // who asked may have lost interest
            let _ = answer.send(reply.map_err(|_| Unanswered::Changed));
        }
    }

    /// The lengths of packets.
    pub(crate) fn packet_len(&self) -> usize {
        self.packets.geometry().packet_len()
    }

    /// What can be done with packets.
    pub(crate) fn packets(&self) -> &dyn PacketCodec {
        &*self.packets
    }

    /// Gives up what has not come in time.
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
            // who asked may have lost interest
            let _ = answer.send(what);
        }
    }
}

impl core::error::Error for Unanswered {}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Late => "no reply in time",
            Self::Changed => "the reply was changed on its way",
            Self::TooLong => "the message does not fit a packet",
            Self::Disconnected => "the connection ended",
        })
    }
}

/// So many messages wait for their ticks.
const MAX_WAITING: usize = 256;

/// What the links, the unwraps and the gateway may take besides the delays.
const GRACE: Duration = Duration::from_secs(if cfg!(test) { 8 } else { 20 });

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_net::codec;
    use mixwell_pq_kem::X25519;
    use mixwell_sphinx::Geometry;
    use mixwell_testnet::{Plan, RATES};

    /// With a clock of another epoch than the consensus a message waits, or leaves by the keys that the consensus has; it is never lost.
    #[test]
    fn a_clock_that_steps_loses_no_message() {
        let geometry = Geometry::of::<X25519>(5, 500, true).unwrap();
        let plan = Plan::new(geometry, (1, &[1]), RATES);
        let consensus = plan.known.current.as_ref().unwrap();
        let document = consensus.document().unwrap();
        let gateway = document.gateways().next().unwrap();
        let begin = plan.clock.eighths_into(consensus.epoch(), 0);
        let (second, period) = (Duration::from_secs(1), plan.clock.period().duration());
        let tally = Arc::new(Tally::default());
        let sealer = codec::packet_codec(geometry).unwrap();
        let service = ("echo".to_owned(), None);
        let mut client =
            Engine::new(sealer, service, plan.clock.period(), plan.randomness.branch(), Arc::clone(&tally));
        let mut now = Instant::from_millis(1);
        client.set_rates(now, Some(RATES));
        client.connected(now);
        let (answer, mut reply) = oneshot::channel();
        client.queue(Request { payload: b"here".to_vec(), answer });
        let mut packet = vec![0; client.packet_len()];
        let mut poll = |client: &mut Engine, unix: Duration| {
            now = now.plus_millis(1000);
            client.poll(now, (unix, document, gateway), RecipientId([7; 32]), &mut packet)
        };
        let before = begin.checked_sub(second).unwrap();
        for unix in [Duration::ZERO, before, begin.saturating_add(period.saturating_mul(1000)), Duration::MAX] {
            for _ in 0..20 {
                let sent = tally.messages.load(Relaxed);
                let polled = poll(&mut client, unix);
                assert!(polled.is_ok() || tally.messages.load(Relaxed) == sent, "{polled:?}");
            }
        }
        assert!(
            matches!(reply.try_recv(), Err(oneshot::error::TryRecvError::Empty)),
            "nobody was told that it is lost"
        );
        for _ in 0..50 {
            assert!(poll(&mut client, begin.saturating_add(second)).is_ok());
        }
        assert_eq!(tally.messages.load(Relaxed), 1);
    }
}
