//! A gateway of the reference and one of its clients (`docs/spec/network.md#clients-and-gateways`).

mod limiter;

use super::{
    command::{Action, OwnedCommand},
    times::Times,
};
use core::time::Duration;
use limiter::Limiter;
use mixwell_net::directory::Consensuses;
use mixwell_node::gzip;
use mixwell_pki_types::{Chunk, Epoch};
use mixwell_wire::{Command, CommandError, ConsensusStatus, Link};
use std::collections::{BTreeMap, VecDeque};

/// Replies that wait for clients, by queue id.
#[derive(Debug, Default)]
pub struct Mailboxes(BTreeMap<[u8; 32], VecDeque<StoredReply>>);

#[derive(Debug, Clone)]
struct StoredReply {
    surb_id: [u8; 16],
    payload: Vec<u8>,
}

impl Mailboxes {
    /// Stores a reply.
    pub fn store(&mut self, queue: [u8; 32], surb_id: [u8; 16], payload: Vec<u8>) {
        self.0.entry(queue).or_default().push_back(StoredReply { surb_id, payload });
    }
}

/// A client's connection.
#[derive(Debug)]
pub struct ClientLink {
    times: Times,
    /// The client's queue, if its `ad` can name one.
    queue: Option<[u8; 32]>,
    /// The sequence number of the last message of this connection.
    sequence: u32,
    /// When the message that is not acknowledged yet was pushed.
    pushed_at: Option<Duration>,
    /// An acknowledgement did not come in time: nothing more is pushed, no `no_op` either.
    is_mute: bool,
    /// When the last command was sent, and when the last whole command came.
    sent_at: Duration,
    heard_at: Duration,
    limiter: Limiter,
}

impl ClientLink {
    /// The connection of a client whose handshake is over. Any `ad` passes.
    pub fn new(now: Duration, ad: &[u8], times: Times) -> Self {
        let queue = ad.try_into().ok();
        let limiter = Limiter::new(now);
        Self { times, queue, sequence: 0, pushed_at: None, is_mute: false, sent_at: now, heard_at: now, limiter }
    }

    /// Takes a command.
    pub fn handle(
        &mut self,
        now: Duration,
        command: &Command<'_>,
        mailboxes: &mut Mailboxes,
        known: &Consensuses,
        link: &Link,
    ) -> Vec<Action> {
        self.heard_at = now;
        let actions = match command {
            Command::NoOp => Vec::new(),
            Command::SendPacket(packet) => self.take_packet(now, packet, known).into_iter().collect(),
            Command::SendRetrievePacket(packet) => {
                // answered at once, with nothing
                let answer = Action::Send(OwnedCommand::SendRetrievePacketReply);
                self.take_packet(now, packet, known).into_iter().chain([answer]).collect()
            }
            Command::MessageDelivered { sequence } => {
                self.acknowledge(*sequence, mailboxes);
                Vec::new()
            }
            Command::GetConsensus { epoch, .. } => {
                let (code, payload) = consensus(known, Epoch(*epoch));
                vec![Action::Send(OwnedCommand::Consensus { code, payload })]
            }
            Command::GetConsensus2 { epoch } => {
                chunks(consensus(known, Epoch(*epoch)), link.down_len()).into_iter().map(Action::Send).collect()
            }
            // `retrieve_message`, `disconnect`
            _ => vec![Action::Close],
        };
        self.note_sent(now, &actions);
        actions
    }

    /// Takes bytes that are no command of a client: `get_vote` ends the process, everything else
    /// the connection.
    pub const fn handle_other(error: CommandError) -> Action {
        match error {
            CommandError::Role(GET_VOTE) => Action::Crash,
            _ => Action::Close,
        }
    }

    /// Pushes the next message, keeps the connection alive, or cuts the client off.
    pub fn poll(&mut self, now: Duration, mailboxes: &Mailboxes) -> Vec<Action> {
        if now >= self.heard_at + self.times.client_silence {
            return vec![Action::Close];
        }
        self.is_mute |= self.pushed_at.is_some_and(|pushed_at| now >= pushed_at + self.times.acknowledgement);
        if self.is_mute {
            return Vec::new();
        }
        let waiting = self.queue.and_then(|queue| mailboxes.0.get(&queue)?.front());
        let actions = match waiting.filter(|_| self.pushed_at.is_none()) {
            Some(StoredReply { surb_id, payload }) => {
                self.sequence += 1;
                self.pushed_at = Some(now);
                let (sequence, surb_id, payload) = (self.sequence, *surb_id, payload.clone());
                vec![Action::Send(OwnedCommand::Message { sequence, surb_id, payload })]
            }
            None if now >= self.sent_at + self.times.keep_alive => vec![Action::Send(OwnedCommand::NoOp)],
            None => Vec::new(),
        };
        self.note_sent(now, &actions);
        actions
    }

    /// When to call [`poll`](Self::poll) again, unless a reply or a command comes before.
    pub fn next_poll(&self) -> Duration {
        let cut_off = self.heard_at + self.times.client_silence;
        if self.is_mute { cut_off } else { cut_off.min(self.sent_at + self.times.keep_alive) }
    }

    fn take_packet(&mut self, now: Duration, packet: &[u8], known: &Consensuses) -> Option<Action> {
        let rates = known.current.as_ref().map(|consensus| consensus.document().unwrap().rates());
        let per_milli = rates.map_or(0.0, |rates| rates.lambda_p + rates.lambda_l);
        self.limiter.take(now, per_milli).then(|| Action::Unwrap(packet.to_vec()))
    }

    /// An acknowledgement of any other sequence is ignored.
    fn acknowledge(&mut self, sequence: u32, mailboxes: &mut Mailboxes) {
        if self.pushed_at.is_some() && sequence == self.sequence {
            self.pushed_at = None;
            let queue = self.queue.and_then(|queue| mailboxes.0.get_mut(&queue));
            queue.and_then(VecDeque::pop_front);
        }
    }

    fn note_sent(&mut self, now: Duration, actions: &[Action]) {
        if actions.iter().any(|action| matches!(action, Action::Send(_))) {
            self.sent_at = now;
        }
    }
}

/// The certificate of an epoch's consensus, or the reason why there is none: not found for this and
/// later epochs, gone for past ones.
fn consensus(known: &Consensuses, epoch: Epoch) -> (ConsensusStatus, Vec<u8>) {
    match known.of(epoch) {
        Some(consensus) => (ConsensusStatus::Ok, consensus.certificate().to_vec()),
        None if epoch >= known.epoch => (ConsensusStatus::NotFound, Vec::new()),
        None => (ConsensusStatus::Gone, Vec::new()),
    }
}

/// The answer in chunks of the down size; an error is one empty chunk.
fn chunks((code, certificate): (ConsensusStatus, Vec<u8>), size: usize) -> Vec<OwnedCommand> {
    if code != ConsensusStatus::Ok {
        return vec![OwnedCommand::Consensus2 { code, chunk: 0, total: 1, payload: Vec::new() }];
    }
    let zipped = gzip(&certificate);
    let command = |Chunk { number, total, bytes }: Chunk<'_>| OwnedCommand::Consensus2 {
        code,
        chunk: number,
        total,
        payload: bytes.to_vec(),
    };
    Chunk::cut(&zipped, size).map(command).collect()
}

/// The id of `get_vote` (`docs/spec/wire.md#commands`).
const GET_VOTE: u8 = 24;
