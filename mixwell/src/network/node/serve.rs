//! What comes in over links that others have called.

use super::{Node, arrivals::Debt, neighbours::Standing};
use crate::network::{
    counters::{Flow, Loss},
    directory::Consensus,
    gateway::{self, Bucket, Mailbox},
    link::{Accepted, Who, after, stopped},
    mix::{Reply, reply_payload},
    runtime::pass_on,
};
use core::{sync::atomic::Ordering, time::Duration};
use mixwell_pki_types::{Chunk, Epoch};
use mixwell_sphinx::{NodeId, RecipientId};
use mixwell_wire::{Command, ConsensusStatus, StreamError};
use std::{
    io,
    sync::{Arc, PoisonError},
};
use tokio::{
    sync::watch,
    task::{spawn_blocking, yield_now},
    time,
};
use tracing::debug;

/// In quiet times a client gets a sign of life this often.
const QUIET: Duration = Duration::from_millis(if cfg!(test) { 100 } else { 10_000 });

/// A client that has not acknowledged a message for so long is cut off.
const ACKNOWLEDGE: Duration = Duration::from_mins(1);

/// A node that was told to hang up does so within this.
const LAST_PACKETS: Duration = Duration::from_millis(500);

type Ended = Result<(), StreamError<io::Error>>;

/// Serves a connection until it ends, or until it is time to hang up. A node that stops hangs up on nodes at once, and takes what
/// they had sent before they heard of that; clients get what is for them until the end.
pub(super) async fn serve(
    node: Arc<Node>,
    who: Who,
    mut accepted: Accepted,
    (stop, end): (watch::Receiver<bool>, watch::Receiver<bool>),
) {
    let _bringing = Bringing::new(&node, who);
    let mut hang_up = if let Who::Node(_) = who { stop.clone() } else { end };
    let ended = tokio::select! {
        () = serve_any(&node, who, &mut accepted, &stop) => return,
        () = stopped(&mut hang_up) => accepted.writer.send(&Command::Disconnect).await,
    };
    let ended = match (ended, who) {
        (Ok(()), Who::Node(id)) => {
            let last = time::timeout(LAST_PACKETS, serve_node(&node, id, &mut accepted)).await;
            last.unwrap_or(Err(StreamError::Timeout))
        }
        (ended, _) => ended,
    };
    if let Err(error) = ended {
        debug!(%error, "a connection has ended");
    }
}

/// A node that may bring packets.
struct Bringing(Arc<Node>);

impl Bringing {
    fn new(node: &Arc<Node>, who: Who) -> Option<Self> {
        matches!(who, Who::Node(_)).then(|| {
            node.bringing.fetch_add(1, Ordering::Relaxed);
            Self(Arc::clone(node))
        })
    }
}

impl Drop for Bringing {
    fn drop(&mut self) {
        self.0.bringing.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn serve_any(node: &Arc<Node>, who: Who, accepted: &mut Accepted, stop: &watch::Receiver<bool>) {
    let ended = match who {
        Who::Node(id) => serve_node(node, id, accepted).await,
        Who::Client(queue) => {
            let Some((mailbox, dropped)) = node.mailboxes.connect(queue) else {
                node.calls.refused.fetch_add(1, Ordering::Relaxed);
                return;
            };
            node.lose(Loss::MailboxFull, dropped);
            let gone = Gone(Arc::clone(node), queue);
            let ended = serve_client(node, &mailbox, accepted, stop).await;
            drop(gone);
            ended
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended");
    }
}

/// Tells the mailboxes that a client has left, however its task ends.
struct Gone(Arc<Node>, RecipientId);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.mailboxes.disconnect(self.1, self.0.stopwatch.now());
    }
}

/// Takes packets of a node.
async fn serve_node(node: &Node, id: NodeId, accepted: &mut Accepted) -> Ended {
    let mut debt = Debt::new(node);
    let mut turned = node.callers.turned();
    loop {
        tokio::select! {
            // as many as have come
            biased;
            command = accepted.reader.receive(), if !debt.is_due() => match command? {
                // a sign of life of who is listed no more
                Command::NoOp if node.callers.standing(id, node.clock.now()) == Standing::Gone => return Ok(()),
                Command::NoOp => {}
                Command::SendPacket(packet) => match node.callers.standing(id, node.clock.now()) {
                    Standing::Listed => debt.bring(packet),
                    Standing::Early => node.refuse(Loss::Early),
                    Standing::Gone => return Ok(()),
                },
                _ => return Ok(()),
            },
            // others bring theirs meanwhile
            () = yield_now(), if !debt.is_none() => debt.pay(),
            // by a new consensus it may be another node, or none
            turned = turned.changed() => if turned.is_err() || !node.callers.may_connect(id, &accepted.link_key) {
                return Ok(());
            },
        }
    }
}

/// Takes packets of a client, until told to stop, and brings it what is in its mailbox.
async fn serve_client(node: &Node, mailbox: &Mailbox, accepted: &mut Accepted, stop: &watch::Receiver<bool>) -> Ended {
    let Accepted { reader, writer, .. } = accepted;
    let mut bucket = Bucket::new(node.stopwatch.now(), node.client_rate());
    // the reply that waits for its acknowledgement, and until when
    let mut unacknowledged: Option<(Arc<Reply>, time::Instant)> = None;
    let mut sequence: u32 = 0;
    let mut debt = Debt::new(node);
    let (mut given, again) = (None, node.clock.eighths(1).checked_div(4).unwrap_or_default());
    let mut quiet = time::Instant::now();
    // who says nothing is cut off, though it takes what it gets: its place is for others
    let (mut heard, silence) = (quiet, node.sizes.timeouts.read);
    loop {
        let quiet_until = after(quiet, QUIET).min(after(heard, silence));
        let deadline = unacknowledged.as_ref().map_or(quiet_until, |(_, until)| quiet_until.min(*until));
        tokio::select! {
            command = reader.receive() => match command.inspect(|_| heard = time::Instant::now())? {
                Command::NoOp => {}
                Command::SendPacket(packet) => {
                    bucket.set_rate(node.client_rate());
                    let stops = *stop.borrow();
                    if stops {
                        node.refuse(Loss::Stopped);
                    } else if bucket.take(node.stopwatch.now()) {
                        debt.bring(packet);
                    } else {
                        node.refuse(Loss::RateLimit);
                    }
                    yield_now().await;
                    debt.pay();
                }
                Command::MessageDelivered { sequence: got } => {
                    // an acknowledgement of anything else changes nothing
                    if got == sequence && let Some((reply, _)) = unacknowledged.take() {
                        if node.mailboxes.remove_first(mailbox, &reply) {
                            node.mix.counters().count(Flow::Delivered);
                        }
                        sequence = sequence.wrapping_add(1);
                    }
                }
                Command::GetConsensus2 { epoch } => {
                    let zipped = node.zipped(Epoch(epoch)).await;
                    if zipped.is_ok() {
                        let before = given.replace((epoch, time::Instant::now()));
                        // it is long: who has it need not ask for it all the time
                        if before.is_some_and(|(of, when)| of == epoch && when.elapsed() < again) {
                            return Ok(());
                        }
                    }
                    let (code, zipped) = zipped.as_ref().map_err(|code| *code).map_or_else(
                        |code| (code, &[][..]), |zipped| (ConsensusStatus::Ok, &zipped[..]));
                    let size = node.link.down_len();
                    if zipped.is_empty() {
                        writer.send(&Command::Consensus2 { code, chunk: 0, total: 1, payload: &[] }).await?;
                    }
                    for Chunk { number, total, bytes } in Chunk::cut(zipped, size) {
                        let command = Command::Consensus2 { code, chunk: number, total, payload: bytes };
                        writer.send(&command).await?;
                    }
                    quiet = time::Instant::now();
                }
                Command::GetConsensus { epoch, .. } => {
                    // what is there is longer than a frame of this link: `get_consensus2` brings it in pieces
                    let code = node.consensus(Epoch(epoch)).map_or_else(|code| code, |_| ConsensusStatus::NotFound);
                    writer.send(&Command::Consensus { code, payload: &[] }).await?;
                    quiet = time::Instant::now();
                }
                // retrieve_message is an error today
                _ => return Ok(()),
            },
            reply = mailbox.first(), if unacknowledged.is_none() => {
                let payload = reply_payload(node.mix.geometry(), &reply.packet);
                writer.send(&Command::Message { sequence, surb_id: reply.surb_id.as_bytes(), payload }).await?;
                quiet = time::Instant::now();
                unacknowledged = Some((reply, after(quiet, ACKNOWLEDGE)));
            }
            () = time::sleep_until(deadline) => {
                let now = time::Instant::now();
                if after(heard, silence) <= now || unacknowledged.as_ref().is_some_and(|(_, until)| *until <= now) {
                    return Err(StreamError::Timeout);
                }
                writer.send(&Command::NoOp).await?;
                quiet = time::Instant::now();
            }
        }
    }
}

impl Node {
    /// Counts packets that were dropped.
    pub(super) fn lose(&self, reason: Loss, number: usize) {
        (0..number).for_each(|_| self.mix.counters().lose(reason));
    }

    /// Counts a packet that has come and goes no further.
    pub(super) fn refuse(&self, reason: Loss) {
        self.mix.counters().count(Flow::Received);
        self.mix.counters().lose(reason);
    }

    /// Puts a reply into its client's mailbox.
    pub(super) fn store(&self, reply: Reply) {
        match self.mailboxes.store(self.stopwatch.now(), reply) {
            Ok(dropped) => {
                self.lose(Loss::MailboxFull, dropped);
                self.mix.counters().count(Flow::Stored);
            }
            Err(reason) => self.mix.counters().lose(reason),
        }
    }

    /// Packets a millisecond of one client.
    fn client_rate(&self) -> f64 {
        self.rates().map_or(0.0, |rates| rates.lambda_p + rates.lambda_l)
    }

    fn consensus(&self, epoch: Epoch) -> Result<Arc<Consensus>, ConsensusStatus> {
        let known = self.directory.borrow().clone();
        let gone = epoch.plus(1) < known.epoch;
        let missing = if gone { ConsensusStatus::Gone } else { ConsensusStatus::NotFound };
        known.of(epoch).map(Arc::clone).ok_or(missing)
    }

    /// The consensus of an epoch as it is sent, zipped once, which takes long.
    async fn zipped(&self, epoch: Epoch) -> Result<Arc<[u8]>, ConsensusStatus> {
        let consensus = self.consensus(epoch)?;
        let cell = {
            let mut zipped = self.zipped.lock().unwrap_or_else(PoisonError::into_inner);
            zipped.retain(|had, _| had.plus(2) > epoch);
            Arc::clone(zipped.entry(epoch).or_default())
        };
        let zip = || async {
            let zipped = spawn_blocking(move || gateway::gzip(consensus.certificate())).await;
            // there is none if the process ends
            pass_on(zipped).map(Arc::from).ok_or(ConsensusStatus::NotFound)
        };
        cell.get_or_try_init(zip).await.map(Arc::clone)
    }
}
