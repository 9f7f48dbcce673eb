//! A client's connection to its gateway: one method for each command, and the replies that are
//! pushed.

use crate::{
    counters::{DropReason, PacketEvent},
    gateway::{Gateway, bucket::Bucket, open_mailbox::OpenMailbox},
    incoming::Ended,
    mix::{Reply, reply_payload},
};
use core::{ops::ControlFlow, time::Duration};
use mixwell_net::{directory_client::encoded_bound, stopwatch::after};
use mixwell_pki_types::{Chunk, Epoch};
use mixwell_wire::{Command, ConsensusStatus, tokio::Writer};
use std::sync::Arc;
use tokio::{net::tcp::OwnedWriteHalf, sync::watch, task::yield_now, time};

/// Consensuses that a connection may fetch at once. It may fetch one more in each 32nd of an epoch.
const CONSENSUS_BURST: u32 = 8;

/// The state of a client's connection.
pub(super) struct ClientConnection<'c> {
    gateway: &'c Gateway,
    writer: &'c mut Writer<OwnedWriteHalf, Vec<u8>>,
    mailbox: Option<&'c OpenMailbox<'c>>,
    /// The node stops: packets are dropped.
    stop: watch::Receiver<bool>,
    pushed: Pushed,
    rate: Bucket,
    consensuses: ConsensusAllowance,
    last_received: time::Instant,
    last_sent: time::Instant,
}

/// Pushing of replies: one at a time, each acknowledged.
enum Pushed {
    /// All pushed replies are acknowledged; the next gets this sequence number.
    Acknowledged { next: u32 },
    /// This reply awaits its acknowledgement.
    Waiting { reply: Arc<Reply>, sequence: u32, since: time::Instant },
    /// The acknowledgement did not arrive in time: neither replies nor keep-alives are sent any
    /// more.
    Overdue { reply: Arc<Reply>, sequence: u32 },
}

pub(super) type Served = Result<ControlFlow<()>, mixwell_wire::StreamError<std::io::Error>>;

impl<'c> ClientConnection<'c> {
    pub(super) fn new(
        gateway: &'c Gateway,
        writer: &'c mut Writer<OwnedWriteHalf, Vec<u8>>,
        mailbox: Option<&'c OpenMailbox<'c>>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        let now = time::Instant::now();
        Self {
            gateway,
            writer,
            mailbox,
            stop,
            pushed: Pushed::Acknowledged { next: 1 },
            rate: Bucket::new(gateway.stopwatch.now(), gateway.rates.client()),
            consensuses: ConsensusAllowance::new(now, gateway.clock.eighths(1) / 4),
            last_received: now,
            last_sent: now,
        }
    }

    /// Serves a command, or closes the connection.
    pub(super) async fn receive(&mut self, command: Command<'_>) -> Served {
        self.last_received = time::Instant::now();
        match command {
            Command::NoOp => {}
            Command::SendPacket(packet) => self.send_packet(packet).await,
            Command::SendRetrievePacket(_) => self.send_retrieve_packet().await?,
            Command::MessageDelivered { sequence } => self.message_delivered(sequence),
            Command::GetConsensus2 { epoch } => return self.get_consensus2(Epoch(epoch)).await,
            Command::GetConsensus { epoch, .. } => return self.get_consensus(Epoch(epoch)).await,
            // disconnect, and retrieve_message, which gateways do not serve
            _ => return Ok(ControlFlow::Break(())),
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn send_packet(&mut self, packet: &[u8]) {
        let Gateway { queue, rates, stopwatch, .. } = self.gateway;
        self.rate.set_rate(rates.client());
        let mut batch = queue.batch_guard();
        if *self.stop.borrow() {
            queue.counters().count_rejected(DropReason::Stopped);
        } else if self.rate.take(stopwatch.now()) {
            batch.push(packet);
        } else {
            queue.counters().count_rejected(DropReason::RateLimit);
        }
        // other tasks enqueue their packets meanwhile
        yield_now().await;
        batch.flush();
    }

    /// Answers a polling client with an empty reply, as Katzenpost's gateways do.
    async fn send_retrieve_packet(&mut self) -> Ended {
        self.send(&Command::SendRetrievePacketReply { surb_id: &[0; 16], payload: &[] }).await
    }

    /// Removes the pushed reply if its sequence number is acknowledged; ignores any other
    /// acknowledgement.
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
            && self.gateway.mailboxes.remove_first(&mailbox.mailbox, reply)
        {
            self.gateway.queue.counters().count(PacketEvent::Delivered);
        }
        if !is_overdue {
            self.pushed = Pushed::Acknowledged { next: sequence.wrapping_add(1) };
        }
    }

    /// Sends a consensus in chunks.
    async fn get_consensus2(&mut self, epoch: Epoch) -> Served {
        let compressed = match self.gateway.consensuses.compressed(epoch).await {
            Ok(_) if !self.consensuses.take(time::Instant::now()) => return Ok(ControlFlow::Break(())),
            Ok(compressed) => compressed,
            Err(code) => {
                self.send(&Command::Consensus2 { code, chunk: 0, total: 1, payload: &[] }).await?;
                return Ok(ControlFlow::Continue(()));
            }
        };
        for Chunk { number, total, bytes } in Chunk::cut(&compressed, self.gateway.link.down_len()) {
            let code = ConsensusStatus::Ok;
            self.send(&Command::Consensus2 { code, chunk: number, total, payload: bytes }).await?;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Sends a consensus in one piece, unpadded.
    async fn get_consensus(&mut self, epoch: Epoch) -> Served {
        let consensus = self.gateway.consensuses.get(epoch);
        let (code, payload) = match &consensus {
            Ok(_) if !self.consensuses.take(time::Instant::now()) => return Ok(ControlFlow::Break(())),
            Ok(consensus) => (ConsensusStatus::Ok, consensus.certificate()),
            Err(code) => (*code, &[][..]),
        };
        let command = Command::Consensus { code, payload };
        // longer than any other command and rarely requested, so it gets a separate buffer
        let usual = self.writer.buffer_mut().len();
        self.writer.buffer_mut().resize(usual.max(encoded_bound(&command)), 0);
        self.send(&command).await?;
        self.writer.buffer_mut().truncate(usual);
        self.writer.buffer_mut().shrink_to_fit();
        Ok(ControlFlow::Continue(()))
    }

    /// Waits for the next reply to push, once the previous one is acknowledged.
    pub(super) async fn next_reply(&self) -> Arc<Reply> {
        match (self.mailbox, &self.pushed) {
            (Some(mailbox), Pushed::Acknowledged { .. }) => mailbox.mailbox.first().await,
            _ => core::future::pending().await,
        }
    }

    pub(super) async fn push(&mut self, reply: Arc<Reply>) -> Ended {
        let Pushed::Acknowledged { next: sequence } = self.pushed else { return Ok(()) };
        let payload = reply_payload(&self.gateway.geometry, &reply.packet);
        self.send(&Command::Message { sequence, surb_id: reply.surb_id.as_bytes(), payload }).await?;
        self.pushed = Pushed::Waiting { reply, sequence, since: self.last_sent };
        Ok(())
    }

    /// Time of the next event: keep-alive due, acknowledgement overdue, or client silent for too
    /// long.
    pub(super) fn deadline(&self) -> time::Instant {
        let Gateway { timeouts, keep_alive, acknowledgement, .. } = self.gateway;
        let silent = after(self.last_received, timeouts.read);
        let keep_alive = after(self.last_sent, *keep_alive);
        match &self.pushed {
            Pushed::Acknowledged { .. } => silent.min(keep_alive),
            Pushed::Waiting { since, .. } => silent.min(keep_alive).min(after(*since, *acknowledgement)),
            Pushed::Overdue { .. } => silent,
        }
    }

    pub(super) async fn at_deadline(&mut self) -> Served {
        let now = time::Instant::now();
        let Gateway { timeouts, keep_alive, acknowledgement, .. } = self.gateway;
        if after(self.last_received, timeouts.read) <= now {
            return Ok(ControlFlow::Break(()));
        }
        if let Pushed::Waiting { reply, sequence, since } = &self.pushed
            && after(*since, *acknowledgement) <= now
        {
            self.pushed = Pushed::Overdue { reply: Arc::clone(reply), sequence: *sequence };
        }
        if !matches!(self.pushed, Pushed::Overdue { .. }) && after(self.last_sent, *keep_alive) <= now {
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

/// Limits the rate at which a client may fetch consensuses, which are long.
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
            self.left += 1;
        }
        if self.left == CONSENSUS_BURST {
            self.refilled = now;
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }
}
