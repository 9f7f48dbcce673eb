//! The sending end of a link between nodes.

use crate::{
    counters::{Counters, DropReason, PacketEvent},
    outgoing::{backoff::Backoff, send_queue::SendQueue},
};
use core::time::Duration;
use mixwell_net::{
    connect::{Connected, Connector, LinkTarget},
    runtime::stopped,
    stopwatch::Stopwatch,
};
use mixwell_sphinx::NodeId;
use mixwell_wire::{
    Ad, Command, Link, StreamError, Timeouts,
    tokio::{Reader, Writer},
};
use rand_core::Rng as _;
use std::{io, sync::Arc};
use tokio::{io::BufReader, sync::watch, time};
use tracing::{debug, info, warn};

/// Maintains a node's links to others.
pub(crate) struct Dialer {
    pub connector: Connector,
    /// The node's own id.
    pub id: NodeId,
    /// This end of links.
    pub link: Link,
    /// Length of an epoch: pauses are fractions of it.
    pub period: Duration,
    /// Counts packets that are sent or dropped.
    pub counters: Arc<Counters>,
    /// The clock of packets.
    pub stopwatch: Stopwatch,
    /// Turns true when the node stops.
    pub stop: watch::Receiver<bool>,
}

/// Keep-alive interval of a link without packets.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// A responder sends nothing after its first `no_op`: a read only waits for the end of the link.
const NO_TIMEOUT: Duration = Duration::from_hours(24 * 365);

impl Dialer {
    /// Maintains a link until the node stops. Abort the task when the link is no longer wanted.
    pub(crate) async fn run(&self, peer: &LinkTarget, queue: &SendQueue) {
        let mut backoff = Backoff::new(self.period);
        let mut stop = self.stop.clone();
        if peer.addresses.is_empty() {
            // a consensus with other addresses ends this task
            warn!(
                peer = peer.name,
                transports = ?peer.other_transports,
                "neighbour lists no TCP address and is not dialled: its packets are dropped; its operator can list one"
            );
            return stopped(&mut stop).await;
        }
        while !*stop.borrow() {
            let connected = tokio::select! {
                connected = self.connector.connect(peer, Ad::node(self.id.as_bytes()), self.link) => connected,
                () = stopped(&mut stop) => return,
            };
            let pause = match connected {
                Ok(connected) => {
                    info!(peer = peer.name, "link up");
                    queue.set_up(true);
                    let since = time::Instant::now();
                    let ended = self.send_packets(connected, queue, &mut stop).await;
                    queue.set_up(false);
                    match ended {
                        Ok(()) => info!(peer = peer.name, "link closed"),
                        Err(error) => info!(peer = peer.name, %error, "link lost"),
                    }
                    backoff.after_link(since.elapsed())
                }
                Err(error) => {
                    debug!(peer = peer.name, %error, "link failed");
                    backoff.after_failure()
                }
            };
            tokio::select! {
                () = time::sleep(self.with_jitter(pause)) => {}
                () = stopped(&mut stop) => {}
            }
        }
    }

    /// Shortens a pause by up to a quarter at random, so that nodes that lost the same peer do not
    /// all dial it at the same moment.
    fn with_jitter(&self, pause: Duration) -> Duration {
        let part = self.connector.randomness.rng().next_u32() >> 16;
        pause.saturating_sub(pause * part / (4 << 16))
    }

    /// Sends packets until the link fails, the peer closes it or the node stops.
    async fn send_packets(
        &self,
        connected: Connected,
        queue: &SendQueue,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), StreamError<io::Error>> {
        let Connected { stream, session, buffer, .. } = connected;
        let (read, write) = stream.into_split();
        let timeouts = Timeouts { read: NO_TIMEOUT, ..self.connector.timeouts };
        let reader_buffer = vec![0; self.link.buffer_len()];
        let mut reader = Reader::new(BufReader::new(read), session.receiver, reader_buffer, &timeouts);
        let mut writer = Writer::new(write, session.sender, buffer, &timeouts);
        loop {
            tokio::select! {
                (since, packet) = queue.pop() => {
                    if queue.is_late(self.stopwatch.now(), since) {
                        self.counters.count_drop(DropReason::WriteWait);
                    } else {
                        let sent = writer.send(&Command::SendPacket(&packet)).await;
                        sent.inspect_err(|_| self.counters.count_drop(DropReason::LinkDown))?;
                        self.counters.count(PacketEvent::Sent);
                    }
                }
                command = reader.receive() => match command {
                    Ok(Command::NoOp) => {}
                    // the peer stops, or has a newer link of this node
                    Ok(_) | Err(StreamError::Closed) => return Ok(()),
                    Err(error) => return Err(error),
                },
                () = time::sleep(KEEP_ALIVE) => writer.send(&Command::NoOp).await?,
                // no disconnect command, which the reference does not expect here: the stream just
                // ends
                () = stopped(stop) => return Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_net::{
        keys::{LinkKem, LinkKey},
        randomness::Randomness,
    };
    use mixwell_pki_types::KeyHash;
    use mixwell_pq_kem::X25519;
    use mixwell_sphinx::Geometry;
    use mixwell_wire::PacketSizes;

    #[tokio::test(start_paused = true)]
    async fn a_peer_without_a_tcp_address_is_not_dialled() {
        let geometry = Geometry::of::<X25519>(5, 500, true).unwrap();
        let key = LinkKey::generate(LinkKem::default(), &mut Randomness::from_seed(1).rng()).unwrap();
        let randomness = Randomness::from_seed(2);
        let timeouts = Timeouts::default();
        let (running, stop) = watch::channel(false);
        let dialer = Dialer {
            connector: Connector { key, timeouts, randomness: randomness.clone(), clock_watch: None },
            id: NodeId([1; 32]),
            link: Link::node(PacketSizes::from(&geometry)),
            period: Duration::from_mins(20),
            counters: Arc::default(),
            stopwatch: Stopwatch::start(),
            stop,
        };
        let transports = vec!["quic".to_owned()];
        let peer = LinkTarget {
            name: "quic".to_owned(),
            id: KeyHash([2; 32]),
            link_key: Vec::new(),
            addresses: Vec::new(),
            other_transports: transports,
        };
        let queue = SendQueue::new(1, Duration::from_secs(1));
        let run = time::timeout(Duration::from_hours(1), dialer.run(&peer, &queue));
        assert!(run.await.is_err(), "it waits until the node stops or a consensus ends the task");
        // each attempt draws the jitter of the pause after it
        assert_eq!(randomness.rng().next_u64(), Randomness::from_seed(2).rng().next_u64());
        running.send(true).unwrap();
        dialer.run(&peer, &queue).await;
    }
}
