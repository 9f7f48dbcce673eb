//! The calling end of a link between nodes.

use super::{Outgoing, Stopwatch, stopped};
use crate::network::{
    address::Address,
    counters::{Counters, Flow, Loss},
    keys::LinkKey,
    randomness::Randomness,
};
use core::time::Duration;
use mixwell_sphinx::NodeId;
use mixwell_wire::{
    Ad, Command, Link, StreamError, Timeouts,
    tokio::{Reader, Writer},
};
use rand_core::Rng as _;
use std::{io, sync::Arc};
use tokio::{io::BufReader, sync::watch, time};
use tracing::{debug, info};

/// A node to call, as the consensus lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The node.
    pub(crate) id: NodeId,
    /// Its name.
    pub(crate) name: String,
    /// Its link public key.
    pub(crate) link_key: Vec<u8>,
    /// Where it is reached; tried in order.
    pub(crate) addresses: Vec<Address>,
}

/// What all calls of a node have in common.
pub(crate) struct Dialer {
    /// The node's own link key.
    pub(crate) key: LinkKey,
    /// The node's own id.
    pub(crate) id: NodeId,
    /// This end of links.
    pub(crate) link: Link,
    /// How long to wait for a peer.
    pub(crate) timeouts: Timeouts,
    /// The epoch's length, by which back-off grows.
    pub(crate) period: Duration,
    /// Where packets are counted.
    pub(crate) counters: Arc<Counters>,
    /// Time for packets.
    pub(crate) stopwatch: Stopwatch,
    /// For handshakes.
    pub(crate) randomness: Randomness,
    /// Turns true when the node stops.
    pub(crate) stop: watch::Receiver<bool>,
}

/// After so long without a packet, a sign of life.
const QUIET: Duration = Duration::from_secs(20);

const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The called end sends nothing but a farewell, so nothing is awaited: that it is gone shows in writing.
const NO_TIMEOUT: Duration = Duration::from_hours(24 * 365);

impl Dialer {
    /// Keeps a link up until the node stops. Abort the task when the peer is to be called no more.
    pub(crate) async fn run(&self, peer: &Peer, out: &Outgoing) {
        let mut failures: u32 = 0;
        let mut stop = self.stop.clone();
        while !*stop.borrow() {
            let mut up_since = None;
            let ended = self.link(peer, out, &mut stop, &mut up_since).await;
            out.set_up(false);
            match ended {
                Ok(()) => info!(peer = peer.name, "link closed"),
                Err(error) => debug!(peer = peer.name, %error, "link failed"),
            }
            // a link that was up for a while is called again at once
            failures = if up_since.is_some_and(|since: time::Instant| since.elapsed() > self.part(8)) {
                0
            } else {
                failures.saturating_add(1)
            };
            // nodes that lost the same peer do not all call it at the same moment
            let part = self.randomness.rng().next_u32() >> 16;
            let pause = self.pause(failures);
            let pause = pause.saturating_sub(pause.saturating_mul(part).checked_div(4 << 16).unwrap_or_default());
            tokio::select! {
                () = time::sleep(pause) => {}
                () = stopped(&mut stop) => {}
            }
        }
    }

    /// How long to wait after so many failures: it grows by 1/64 of an epoch up to 1/8. The first few calls come sooner, since a
    /// peer that starts at the same time as this node may be some seconds behind.
    fn pause(&self, failures: u32) -> Duration {
        let soon = FIRST_PAUSE.saturating_mul(1 << failures.min(20));
        self.part(64).saturating_mul(failures).min(self.part(8)).min(soon)
    }

    /// A part of an epoch.
    fn part(&self, of: u32) -> Duration {
        self.period.checked_div(of).unwrap_or_default()
    }

    /// Calls, and carries packets until the link fails or the node stops.
    async fn link(
        &self,
        peer: &Peer,
        out: &Outgoing,
        stop: &mut watch::Receiver<bool>,
        up_since: &mut Option<time::Instant>,
    ) -> Result<(), StreamError<io::Error>> {
        let mut stream = time::timeout(self.timeouts.handshake, connect(peer))
            .await
            .map_err(|_| StreamError::Timeout)?
            .map_err(StreamError::Io)?;
        let mut buffer = vec![0; self.key.buffer_len(&self.link)];
        let session = {
            let mut rng = self.randomness.rng();
            let wanted = |ad: &[u8], key: &[u8]| ad == peer.id.as_bytes() && key == peer.link_key;
            let own = (Ad::node(self.id.as_bytes()), self.link);
            self.key.initiate(&mut stream, own, &mut rng, &mut buffer, &self.timeouts, wanted).await?.session
        };
        let (read, write) = stream.into_split();
        let read_timeouts = Timeouts { read: NO_TIMEOUT, ..self.timeouts };
        let reader_buffer = vec![0; self.link.buffer_len()];
        let mut reader = Reader::new(BufReader::new(read), session.receiver, reader_buffer, &read_timeouts);
        let mut writer = Writer::new(write, session.sender, buffer, &self.timeouts);
        info!(peer = peer.name, "link up");
        out.set_up(true);
        *up_since = Some(time::Instant::now());
        loop {
            tokio::select! {
                (since, packet) = out.pop() => {
                    if out.is_late(self.stopwatch.now(), since) {
                        self.counters.lose(Loss::WriteWait);
                    } else {
                        let sent = writer.send(&Command::SendPacket(&packet)).await;
                        sent.inspect_err(|_| self.counters.lose(Loss::LinkDown))?;
                        self.counters.count(Flow::Sent);
                    }
                }
                command = reader.receive() => match command? {
                    Command::NoOp => {}
                    _ => return Ok(()),
                },
                () = time::sleep(QUIET) => writer.send(&Command::NoOp).await?,
                () = stopped(stop) => {
                    return writer.send(&Command::Disconnect).await;
                }
            }
        }
    }
}

async fn connect(peer: &Peer) -> io::Result<tokio::net::TcpStream> {
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in &peer.addresses {
        match address.connect().await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
