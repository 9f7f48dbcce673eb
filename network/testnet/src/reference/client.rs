//! A client of the reference at its gateway (`docs/spec/network.md#clients-and-gateways`).

mod consensus;

use super::{
    command::{Action, OwnedCommand},
    times::Times,
};
use chacha20::ChaCha20Rng;
use consensus::{Download, Requests};
use core::time::Duration;
use mixwell_mixdelay::Rate;
use mixwell_net::{
    authorities::Authorities,
    clock::Clock,
    codec::PacketCodec,
    compose::{self, Buffers, MessageSpec, RoutingView, Sender},
    consensus::Consensus,
    directory::Consensuses,
};
use mixwell_pki_types::KeyHash;
use mixwell_sphinx::{RecipientId, SurbId, SurbKeys};
use mixwell_wire::Command;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// A client and its current connection.
pub struct Client {
    clock: Clock,
    times: Times,
    authorities: Arc<Authorities>,
    codec: Box<dyn PacketCodec>,
    rng: ChaCha20Rng,
    gateway: KeyHash,
    known: Consensuses,
    requests: Requests,
    download: Option<Download>,
    /// The queue id of this connection.
    queue: RecipientId,
    heard_at: Duration,
    tick_at: Option<Duration>,
    messages: VecDeque<Vec<u8>>,
    waiting: BTreeMap<SurbId, SurbKeys>,
    replies: Vec<Vec<u8>>,
}

impl Client {
    /// A client of one gateway, without a consensus.
    pub fn new(
        clock: Clock,
        times: Times,
        authorities: Arc<Authorities>,
        codec: Box<dyn PacketCodec>,
        gateway: KeyHash,
        rng: ChaCha20Rng,
    ) -> Self {
        Self {
            clock,
            times,
            authorities,
            codec,
            rng,
            gateway,
            known: Consensuses::default(),
            requests: Requests::new(clock),
            download: None,
            queue: RecipientId([0; 32]),
            heard_at: Duration::ZERO,
            tick_at: None,
            messages: VecDeque::new(),
            waiting: BTreeMap::new(),
            replies: Vec::new(),
        }
    }

    /// The `ad` of a new connection: a fresh queue id.
    pub fn begin(&mut self) -> [u8; 32] {
        let random: [u8; 16] = compose::random(&mut self.rng);
        let digits = format!("{:032x}", u128::from_be_bytes(random));
        self.queue = RecipientId(digits.as_bytes().try_into().unwrap());
        self.queue.0
    }

    /// The handshake is over. The first command asks for the current epoch's consensus.
    pub fn connected(&mut self, now: Duration) -> Vec<Action> {
        (self.heard_at, self.download, self.tick_at) = (now, None, None);
        // replies to packets of an earlier connection go to its queue
        self.waiting.clear();
        self.advance(now);
        let epoch = self.requests.connected(now);
        self.download = Some(Download::new(epoch));
        vec![Action::Send(OwnedCommand::GetConsensus2 { epoch: epoch.0 })]
    }

    /// Takes a command of the gateway.
    pub fn handle(&mut self, now: Duration, command: &Command<'_>) -> Vec<Action> {
        self.heard_at = now;
        match command {
            Command::NoOp => Vec::new(),
            Command::Message { sequence, surb_id, payload } => {
                self.open(SurbId(**surb_id), payload);
                vec![Action::Send(OwnedCommand::MessageDelivered { sequence: *sequence })]
            }
            Command::Consensus2 { code, chunk, total, payload } => {
                let Some(download) = &mut self.download else { return vec![Action::Close] };
                if download.push(*code, *chunk, *total, payload).is_none() {
                    return vec![Action::Close];
                }
                if download.is_over() {
                    self.finish_download(now);
                }
                Vec::new()
            }
            _ => vec![Action::Close],
        }
    }

    /// Sends what is due, or gives a silent gateway up.
    pub fn poll(&mut self, now: Duration) -> Vec<Action> {
        if now >= self.heard_at + self.times.gateway_silence {
            return vec![Action::Close];
        }
        self.advance(now);
        let mut actions = Vec::new();
        if self.download.is_none()
            && let Some(epoch) = self.requests.due(now, &self.known)
        {
            self.download = Some(Download::new(epoch));
            actions.push(Action::Send(OwnedCommand::GetConsensus2 { epoch: epoch.0 }));
        }
        if self.tick_at.is_some_and(|at| now >= at) {
            self.tick_at = None;
            actions.extend(self.packet(now).map(|packet| Action::Send(OwnedCommand::SendPacket(packet))));
        }
        self.set_tick(now);
        actions
    }

    /// When to call [`poll`](Self::poll) again.
    pub fn next_poll(&self, now: Duration) -> Duration {
        let request = self.requests.next_look(now, &self.known);
        let silent_at = self.heard_at + self.times.gateway_silence;
        self.tick_at.into_iter().chain([request, silent_at]).min().unwrap_or(now)
    }

    /// Sends a message to the echo service, at one of the next ticks.
    pub fn queue_message(&mut self, message: Vec<u8>) {
        self.messages.push_back(message);
    }

    /// The replies that came since the last call.
    pub fn take_replies(&mut self) -> Vec<Vec<u8>> {
        core::mem::take(&mut self.replies)
    }

    /// The consensuses that the gateway gave.
    pub const fn known(&self) -> &Consensuses {
        &self.known
    }

    fn advance(&mut self, now: Duration) {
        let epoch = self.clock.time_at(now).epoch;
        if epoch != self.known.epoch {
            self.known = self.known.at(epoch);
        }
    }

    fn finish_download(&mut self, now: Duration) {
        let Some((epoch, certificate)) = self.download.take().and_then(Download::finish) else { return };
        let hash = self.codec.geometry().hash();
        let epochs = (epoch, self.clock.time_at(now).epoch);
        if let Ok(consensus) = Consensus::verify(certificate, &self.authorities, epochs, Some(&hash)) {
            self.known = core::mem::take(&mut self.known).with(Arc::new(consensus));
        }
    }

    /// Draws the next tick of the Poisson process.
    fn set_tick(&mut self, now: Duration) {
        let Some(consensus) = &self.known.current else { return };
        let rate = consensus.document().unwrap().rates().lambda_p;
        if self.tick_at.is_none()
            && let Ok(rate) = Rate::per_milli(rate)
        {
            self.tick_at = Some(now + Duration::from_nanos(rate.sample_nanos(&mut self.rng)));
        }
    }

    /// The packet of a tick: a message, or a decoy with an empty one.
    fn packet(&mut self, now: Duration) -> Option<Vec<u8>> {
        let consensus = Arc::clone(self.known.current.as_ref()?);
        let document = consensus.document().unwrap();
        let gateway = document.gateways().by_hash(self.gateway)?;
        let (service, endpoint) = compose::service(&document, "echo", &mut self.rng).ok()?;
        let surb_id = SurbId(compose::random(&mut self.rng));
        let payload = self.messages.pop_front().unwrap_or_default();
        let sender = Sender::ClientOf(gateway);
        let message = MessageSpec { sender, service, endpoint, owner: self.queue, surb_id, payload: &payload };
        let view = RoutingView { document, period: self.clock.period(), departure: now };
        let geometry = self.codec.geometry();
        let (mut surb, mut packet) = (vec![0; geometry.surb_len()], vec![0; geometry.packet_len()]);
        let mut buffers = Buffers { surb: &mut surb, packet: &mut packet };
        let composed = compose::compose(&*self.codec, view, &message, &mut buffers, &mut self.rng).ok()?;
        if !payload.is_empty() {
            self.waiting.insert(surb_id, composed.keys);
        }
        Some(packet)
    }

    fn open(&mut self, surb_id: SurbId, payload: &[u8]) {
        let Some(keys) = self.waiting.remove(&surb_id) else { return };
        let mut payload = payload.to_vec();
        if let Ok(reply) = keys.open(&mut payload) {
            self.replies.push(reply.to_vec());
        }
    }
}
