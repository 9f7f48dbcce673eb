//! The receiving end of links from other nodes.

use crate::{
    counters::DropReason,
    incoming::{Ended, NodeConnection, SendingNodes},
    neighbours::{KnownNodes, NodeStatus},
    unwrap_queue::UnwrapQueue,
};
use core::time::Duration;
use mixwell_net::{clock::Clock, runtime::stopped};
use mixwell_sphinx::NodeId;
use mixwell_wire::{Command, Timeouts, tokio::Reader};
use std::sync::Arc;
use tokio::{io::BufReader, net::tcp::OwnedReadHalf, sync::watch, task::yield_now, time};

/// Bytes read from a node's socket at once: its packets come many at a time.
const READ_AHEAD: usize = 1 << 16;

/// Time to read the packets that a node had sent before it learnt that its link ends.
const LAST_PACKETS: Duration = Duration::from_millis(500);

/// Reads packets from links of other nodes into the unwrap queue.
pub(crate) struct IncomingLinks {
    pub(crate) queue: Arc<UnwrapQueue>,
    pub(crate) known_nodes: Arc<KnownNodes>,
    pub(crate) sending: Arc<SendingNodes>,
    pub(crate) clock: Clock,
    pub(crate) timeouts: Timeouts,
}

impl IncomingLinks {
    /// Receives packets of a node until its link ends, the node is no longer listed, a newer link
    /// supersedes this one, or this node stops. In the last two cases the packets sent before that
    /// are still read. The peer is told of the end by the end of the stream, because an initiator
    /// of the reference does not expect a further command.
    pub(super) async fn serve(&self, id: NodeId, connection: NodeConnection, mut stop: watch::Receiver<bool>) -> Ended {
        let _presence = self.sending.enter_guarded(id);
        let NodeConnection { stream, session, link_key, end, .. } = connection;
        let (read, write) = stream.into_split();
        let room = vec![0; session.receiver.link().buffer_len()];
        let read = BufReader::with_capacity(READ_AHEAD, read);
        let mut reader = Reader::new(read, session.receiver, room, &self.timeouts);
        tokio::select! {
            ended = self.take_packets(id, &link_key, &mut reader) => return ended,
            () = stopped(&mut stop) => {}
            () = end.superseded() => {}
        }
        // nothing more is sent on this side
        drop(write);
        let last = time::timeout(LAST_PACKETS, self.take_packets(id, &link_key, &mut reader)).await;
        last.unwrap_or(Ok(()))
    }

    async fn take_packets(
        &self,
        id: NodeId,
        link_key: &[u8],
        reader: &mut Reader<BufReader<OwnedReadHalf>, Vec<u8>>,
    ) -> Ended {
        let mut batch = self.queue.batch_guard();
        let mut known_nodes = self.known_nodes.changed();
        loop {
            tokio::select! {
                // the packets that have arrived, up to a whole batch
                biased;
                command = reader.receive(), if !batch.is_full() => {
                    let status = self.known_nodes.status(id, self.clock.now());
                    match command? {
                        _ if status == NodeStatus::Unlisted => return Ok(()),
                        Command::NoOp => {}
                        Command::SendPacket(packet) if status == NodeStatus::Listed => batch.push(packet),
                        Command::SendPacket(_) => self.queue.counters().count_rejected(DropReason::Early),
                        _ => return Ok(()),
                    }
                }
                // other tasks enqueue their packets meanwhile
                () = yield_now(), if !batch.is_empty() => batch.flush(),
                changed = known_nodes.changed() => {
                    if changed.is_err() || !self.known_nodes.may_connect(id, link_key) {
                        return Ok(());
                    }
                }
            }
        }
    }
}
