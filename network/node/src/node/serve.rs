//! Connections of proven peers: those of other nodes, and which task serves a client.

use crate::{
    counters::{Flow, Loss},
    mix::Reply,
    node::{
        Node,
        arrivals::Debt,
        client_connection,
        incoming::{NodeConnection, PeerIdentity},
        neighbours::NodeStatus,
    },
};
use core::time::Duration;
use mixwell_net::runtime::stopped;
use mixwell_sphinx::NodeId;
use mixwell_wire::{Command, StreamError, tokio::Reader};
use std::{io, sync::Arc};
use tokio::{io::BufReader, net::tcp::OwnedReadHalf, sync::watch, task::yield_now, time};
use tracing::debug;

/// Bytes read from a node's socket at once: its packets come many at a time.
const READ_AHEAD: usize = 1 << 16;

/// Time to read the packets that a node had sent before it learnt that its link ends.
const LAST_PACKETS: Duration = Duration::from_millis(500);

/// How a connection ends.
pub(super) type Ended = Result<(), StreamError<io::Error>>;

/// When a node's connections end.
#[derive(Debug, Clone)]
pub(super) struct ServeUntil {
    /// Turns true when the node stops: it takes no more packets.
    pub(super) stop: watch::Receiver<bool>,
    /// Turns true when clients have got the last replies.
    pub(super) hang_up: watch::Receiver<bool>,
}

/// Serves a connection until it ends.
pub(super) async fn serve(node: Arc<Node>, connection: NodeConnection, until: ServeUntil) {
    let ended = match connection.identity {
        PeerIdentity::Node(id) => serve_node(&node, id, connection, until.stop).await,
        PeerIdentity::Client(id) => client_connection::serve(&node, id, connection, until).await,
    };
    if let Err(error) = ended {
        debug!(%error, "connection ended");
    }
}

/// Takes packets of a node until its link ends, the node is no longer listed, its newer link supersedes this one, or this node
/// stops. In the last two cases the packets that were sent before are read: the peer learns of the end by the end of the
/// stream, as a reference initiator does not expect a further command.
async fn serve_node(
    node: &Arc<Node>,
    id: NodeId,
    connection: NodeConnection,
    mut stop: watch::Receiver<bool>,
) -> Ended {
    let _sending = SendingNode::new(node, id);
    let NodeConnection { stream, session, link_key, end, .. } = connection;
    let (read, write) = stream.into_split();
    let room = vec![0; session.receiver.link().buffer_len()];
    let read = BufReader::with_capacity(READ_AHEAD, read);
    let mut reader = Reader::new(read, session.receiver, room, &node.sizes.timeouts);
    tokio::select! {
        ended = take_packets(node, id, &link_key, &mut reader) => return ended,
        () = stopped(&mut stop) => {}
        () = end.superseded() => {}
    }
    // no byte more comes from this side
    drop(write);
    let last = time::timeout(LAST_PACKETS, take_packets(node, id, &link_key, &mut reader)).await;
    last.unwrap_or(Ok(()))
}

async fn take_packets(
    node: &Node,
    id: NodeId,
    link_key: &[u8],
    reader: &mut Reader<BufReader<OwnedReadHalf>, Vec<u8>>,
) -> Ended {
    let mut debt = Debt::new(node);
    let mut known_nodes = node.known_nodes.changed();
    loop {
        tokio::select! {
            // as many packets as have come, for a whole batch
            biased;
            command = reader.receive(), if !debt.is_due() => {
                let status = node.known_nodes.status(id, node.clock.now());
                match command? {
                    _ if status == NodeStatus::Unlisted => return Ok(()),
                    Command::NoOp => {}
                    Command::SendPacket(packet) if status == NodeStatus::Listed => debt.bring(packet),
                    Command::SendPacket(_) => node.refuse(Loss::Early),
                    _ => return Ok(()),
                }
            }
            // other tasks enqueue their packets meanwhile
            () = yield_now(), if !debt.is_none() => debt.pay(),
            changed = known_nodes.changed() => {
                if changed.is_err() || !node.known_nodes.may_connect(id, link_key) {
                    return Ok(());
                }
            }
        }
    }
}

/// A node whose link may bring packets.
struct SendingNode(Arc<Node>, NodeId);

impl SendingNode {
    fn new(node: &Arc<Node>, id: NodeId) -> Self {
        node.sending.enter(id);
        Self(Arc::clone(node), id)
    }
}

impl Drop for SendingNode {
    fn drop(&mut self) {
        self.0.sending.leave(self.1);
    }
}

impl Node {
    /// Counts dropped packets.
    pub(super) fn lose(&self, reason: Loss, number: usize) {
        (0..number).for_each(|_| self.mix.counters().lose(reason));
    }

    /// Counts a packet that was received and dropped at once.
    pub(super) fn refuse(&self, reason: Loss) {
        self.mix.counters().count(Flow::Received);
        self.mix.counters().lose(reason);
    }

    /// Stores a reply for its client.
    pub(super) fn store(&self, reply: Reply) {
        match self.mailboxes.store(self.stopwatch.now(), reply) {
            Ok(dropped) => {
                self.lose(Loss::MailboxFull, dropped);
                self.mix.counters().count(Flow::Stored);
            }
            Err(reason) => self.mix.counters().lose(reason),
        }
    }
}
