//! A client's connection to its gateway: one method for each command, and the replies that are pushed.

use crate::{
    counters::{Flow, Loss},
    gateway,
    gateway::{Bucket, ClientId, Mailbox, MailboxError},
    mix::{Reply, reply_payload},
    node::{
        Node,
        arrivals::Debt,
        incoming::NodeConnection,
        serve::{Ended, ServeUntil},
    },
};
use core::{ops::ControlFlow, sync::atomic::Ordering::Relaxed, time::Duration};
use mixwell_net::{
    consensus::Consensus,
    directory_client::encoded_bound,
    runtime::{pass_on, stopped},
    stopwatch::after,
};
use mixwell_pki_types::{Chunk, Epoch};
use mixwell_sphinx::RecipientId;
use mixwell_wire::{
    Command, ConsensusStatus, Timeouts,
    tokio::{Reader, Writer},
};
use std::sync::{Arc, PoisonError};
use tokio::{
    io::BufReader,
    net::tcp::OwnedWriteHalf,
    sync::watch,
    task::{spawn_blocking, yield_now},
    time,
};

/// Bytes read from a client's socket at once.
const READ_AHEAD: usize = 1 << 13;

/// Consensuses sent at once on one connection. Later on there is one more in each 32nd of an epoch.
const CONSENSUS_BURST: u32 = 8;

/// Serves a client until its connection ends, or until it is time to hang up.
pub(super) async fn serve(
    node: &Arc<Node>,
    client: ClientId,
    connection: NodeConnection,
    mut until: ServeUntil,
) -> Ended {
    let mailbox = match <[u8; 32]>::try_from(&*connection.ad) {
        Ok(queue) => match OpenMailbox::open(node, RecipientId(queue), client) {
            Ok(mailbox) => Some(mailbox),
            // the queue is another client's; this one can send packets and fetch a consensus
            Err(MailboxError::InUse) => None,
            Err(MailboxError::Full) => {
                node.connections.refused.fetch_add(1, Relaxed);
                return Ok(());
            }
        },
        // no packet can name it
        Err(_) => None,
    };
    let NodeConnection { stream, session, end, .. } = connection;
    let (read, write) = stream.into_split();
    let room = || vec![0; node.link.buffer_len()];
    // silence is measured here: a command that began to come is none yet
    let timeouts = Timeouts { read: Duration::MAX, ..node.sizes.timeouts };
    let mut reader = Reader::new(BufReader::with_capacity(READ_AHEAD, read), session.receiver, room(), &timeouts);
    let mut writer = Writer::new(write, session.sender, room(), &timeouts);
    let mut connection = ClientConnection::new(node, &mut writer, mailbox.as_ref(), until.stop);
    let run = async {
        loop {
            let deadline = connection.deadline();
            tokio::select! {
                command = reader.receive() => {
                    if connection.receive(command?).await?.is_break() {
                        return Ok(());
                    }
                }
                reply = connection.next_reply() => connection.push(reply).await?,
                () = time::sleep_until(deadline) => {
                    if connection.at_deadline().await?.is_break() {
                        return Ok(());
                    }
                }
            }
        }
    };
    tokio::select! {
        ended = run => return ended,
        () = end.superseded() => return Ok(()),
        () = stopped(&mut until.hang_up) => {}
    }
    writer.send(&Command::Disconnect).await
}

/// What a gateway knows of a client's connection.
struct ClientConnection<'c> {
    node: &'c Node,
    writer: &'c mut Writer<OwnedWriteHalf, Vec<u8>>,
    mailbox: Option<&'c OpenMailbox>,
    /// The node stops: packets are refused.
    stop: watch::Receiver<bool>,
    pushed: Pushed,
    rate: Bucket,
    consensuses: ConsensusAllowance,
    last_received: time::Instant,
    last_sent: time::Instant,
}

/// The replies that were pushed to a client.
enum Pushed {
    /// All are acknowledged; the next one has this sequence number.
    Acknowledged { next: u32 },
    /// This reply waits for its acknowledgement.
    Waiting { reply: Arc<Reply>, sequence: u32, since: time::Instant },
    /// The acknowledgement has not come in time: no more replies, and no more keep-alives.
    Overdue { reply: Arc<Reply>, sequence: u32 },
}

type Served = Result<ControlFlow<()>, mixwell_wire::StreamError<std::io::Error>>;

impl<'c> ClientConnection<'c> {
    fn new(
        node: &'c Node,
        writer: &'c mut Writer<OwnedWriteHalf, Vec<u8>>,
        mailbox: Option<&'c OpenMailbox>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let now = time::Instant::now();
        Self {
            node,
            writer,
            mailbox,
            stop,
            pushed: Pushed::Acknowledged { next: 1 },
            rate: Bucket::new(node.stopwatch.now(), node.client_rate()),
            consensuses: ConsensusAllowance::new(now, node.clock.eighths(1).checked_div(4).unwrap_or_default()),
            last_received: now,
            last_sent: now,
        }
    }

    /// Serves a command, or ends the connection.
    async fn receive(&mut self, command: Command<'_>) -> Served {
        self.last_received = time::Instant::now();
        match command {
            Command::NoOp => {}
            Command::SendPacket(packet) => self.send_packet(packet).await,
            Command::SendRetrievePacket(_) => self.send_retrieve_packet().await?,
            Command::MessageDelivered { sequence } => self.message_delivered(sequence),
            Command::GetConsensus2 { epoch } => return self.get_consensus2(Epoch(epoch)).await,
            Command::GetConsensus { epoch, .. } => return self.get_consensus(Epoch(epoch)).await,
            // disconnect; retrieve_message, which gateways do not serve
            _ => return Ok(ControlFlow::Break(())),
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn send_packet(&mut self, packet: &[u8]) {
        let node = self.node;
        self.rate.set_rate(node.client_rate());
        let mut debt = Debt::new(node);
        if *self.stop.borrow() {
            node.refuse(Loss::Stopped);
        } else if self.rate.take(node.stopwatch.now()) {
            debt.bring(packet);
        } else {
            node.refuse(Loss::RateLimit);
        }
        // other tasks enqueue their packets meanwhile
        yield_now().await;
        debt.pay();
    }

    /// Clients that poll are not served: they get an empty reply, as from a gateway of the reference.
    async fn send_retrieve_packet(&mut self) -> Ended {
        self.send(&Command::SendRetrievePacketReply { surb_id: &[0; 16], payload: &[] }).await
    }

    /// Removes the pushed reply if it is the acknowledged one; any other acknowledgement is ignored.
    fn message_delivered(&mut self, acknowledged: u32) {
        let (reply, sequence, is_overdue) = match &self.pushed {
            Pushed::Waiting { reply, sequence, .. } => (reply, *sequence, false),
            Pushed::Overdue { reply, sequence } => (reply, *sequence, true),
            Pushed::Acknowledged { .. } => return,
        };
        if acknowledged != sequence {
            return;
        }
        if let Some(mailbox) = self.mailbox
            && self.node.mailboxes.remove_first(&mailbox.mailbox, reply)
        {
            self.node.mix.counters().count(Flow::Delivered);
        }
        if !is_overdue {
            self.pushed = Pushed::Acknowledged { next: sequence.wrapping_add(1) };
        }
    }

    /// Sends a consensus in chunks.
    async fn get_consensus2(&mut self, epoch: Epoch) -> Served {
        let zipped = match self.node.zipped(epoch).await {
            Ok(_) if !self.consensuses.take(time::Instant::now()) => return Ok(ControlFlow::Break(())),
            Ok(zipped) => zipped,
            Err(code) => {
                self.send(&Command::Consensus2 { code, chunk: 0, total: 1, payload: &[] }).await?;
                return Ok(ControlFlow::Continue(()));
            }
        };
        for Chunk { number, total, bytes } in Chunk::cut(&zipped, self.node.link.down_len()) {
            let code = ConsensusStatus::Ok;
            self.send(&Command::Consensus2 { code, chunk: number, total, payload: bytes }).await?;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Sends a consensus in one piece, unpadded.
    async fn get_consensus(&mut self, epoch: Epoch) -> Served {
        let consensus = self.node.consensus(epoch);
        let (code, payload) = match &consensus {
            Ok(_) if !self.consensuses.take(time::Instant::now()) => return Ok(ControlFlow::Break(())),
            Ok(consensus) => (ConsensusStatus::Ok, consensus.certificate()),
            Err(code) => (*code, &[][..]),
        };
        let command = Command::Consensus { code, payload };
        // it is longer than any other command, and seldom asked for
        let usual = self.writer.buffer_mut().len();
        self.writer.buffer_mut().resize(usual.max(encoded_bound(&command)), 0);
        self.send(&command).await?;
        self.writer.buffer_mut().truncate(usual);
        self.writer.buffer_mut().shrink_to_fit();
        Ok(ControlFlow::Continue(()))
    }

    /// The next reply to push, when there is one and the one before is acknowledged.
    async fn next_reply(&self) -> Arc<Reply> {
        match (self.mailbox, &self.pushed) {
            (Some(mailbox), Pushed::Acknowledged { .. }) => mailbox.mailbox.first().await,
            _ => core::future::pending().await,
        }
    }

    async fn push(&mut self, reply: Arc<Reply>) -> Ended {
        let Pushed::Acknowledged { next: sequence } = self.pushed else { return Ok(()) };
        let payload = reply_payload(self.node.mix.geometry(), &reply.packet);
        self.send(&Command::Message { sequence, surb_id: reply.surb_id.as_bytes(), payload }).await?;
        self.pushed = Pushed::Waiting { reply, sequence, since: self.last_sent };
        Ok(())
    }

    /// When a keep-alive is due, an acknowledgement overdue, or the client silent for too long.
    fn deadline(&self) -> time::Instant {
        let sizes = &self.node.sizes;
        let silent = after(self.last_received, sizes.timeouts.read);
        let keep_alive = after(self.last_sent, sizes.keep_alive);
        match &self.pushed {
            Pushed::Acknowledged { .. } => silent.min(keep_alive),
            Pushed::Waiting { since, .. } => silent.min(keep_alive).min(after(*since, sizes.acknowledgement)),
            Pushed::Overdue { .. } => silent,
        }
    }

    async fn at_deadline(&mut self) -> Served {
        let (now, sizes) = (time::Instant::now(), &self.node.sizes);
        if after(self.last_received, sizes.timeouts.read) <= now {
            return Ok(ControlFlow::Break(()));
        }
        if let Pushed::Waiting { reply, sequence, since } = &self.pushed
            && after(*since, sizes.acknowledgement) <= now
        {
            self.pushed = Pushed::Overdue { reply: Arc::clone(reply), sequence: *sequence };
        }
        if !matches!(self.pushed, Pushed::Overdue { .. }) && after(self.last_sent, sizes.keep_alive) <= now {
            self.send(&Command::NoOp).await?;
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn send(&mut self, command: &Command<'_>) -> Ended {
        self.writer.send(command).await?;
        self.last_sent = time::Instant::now();
        Ok(())
    }
}

/// A connected client's mailbox.
struct OpenMailbox {
    node: Arc<Node>,
    queue: RecipientId,
    mailbox: Arc<Mailbox>,
}

impl OpenMailbox {
    fn open(node: &Arc<Node>, queue: RecipientId, client: ClientId) -> Result<Self, MailboxError> {
        let (mailbox, dropped) = node.mailboxes.connect(queue, client)?;
        node.lose(Loss::MailboxFull, dropped);
        Ok(Self { node: Arc::clone(node), queue, mailbox })
    }
}

impl Drop for OpenMailbox {
    fn drop(&mut self) {
        self.node.mailboxes.disconnect(self.queue, self.node.stopwatch.now());
    }
}

/// Bounds how often a client gets a consensus, which is long: who has it need not ask again and again.
#[derive(Debug)]
struct ConsensusAllowance {
    left: u32,
    refill: Duration,
    refilled: time::Instant,
}

impl ConsensusAllowance {
    const fn new(now: time::Instant, refill: Duration) -> Self {
        Self { left: CONSENSUS_BURST, refill, refilled: now }
    }

    fn take(&mut self, now: time::Instant) -> bool {
        while self.left < CONSENSUS_BURST && after(self.refilled, self.refill) <= now {
            self.refilled = after(self.refilled, self.refill);
            self.left = self.left.saturating_add(1);
        }
        if self.left == CONSENSUS_BURST {
            self.refilled = now;
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }
}

impl Node {
    /// Packets a millisecond of one client.
    fn client_rate(&self) -> f64 {
        self.rates().map_or(0.0, |rates| rates.lambda_p + rates.lambda_l)
    }

    fn consensus(&self, epoch: Epoch) -> Result<Arc<Consensus>, ConsensusStatus> {
        let known = self.directory.borrow().clone();
        let missing = if epoch < known.epoch { ConsensusStatus::Gone } else { ConsensusStatus::NotFound };
        known.of(epoch).map(Arc::clone).ok_or(missing)
    }

    /// The compressed consensus of an epoch. Compression takes long, and is done once.
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
