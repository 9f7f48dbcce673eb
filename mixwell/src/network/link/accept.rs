//! The called end of links: handshakes, a bounded number at a time, and one connection for each peer.

mod open;

use super::{pace::Pace, shares::Shares, stopped};
use crate::network::{keys::LinkKey, randomness::Randomness};
use core::{
    future::{Future, poll_fn},
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    task::Poll,
    time::Duration,
};
use mixwell_sphinx::{NodeId, RecipientId};
use mixwell_wire::{
    Ad, Link, Timeouts,
    tokio::{Reader, Writer},
};
use open::Open;
use std::{collections::VecDeque, io, sync::Arc};
use tokio::{
    io::BufReader,
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::{AbortHandle, JoinSet},
    time,
};
use tracing::{debug, warn};

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// A node of the consensus.
    Node(NodeId),
    /// A client, by its queue.
    Client(RecipientId),
}

/// A connection whose peer is known.
pub(crate) struct Accepted {
    /// What the peer sends.
    pub(crate) reader: Reader<BufReader<OwnedReadHalf>, Vec<u8>>,
    /// What it gets.
    pub(crate) writer: Writer<OwnedWriteHalf, Vec<u8>>,
    /// Its link public key, that of a client too.
    pub(crate) link_key: Vec<u8>,
}

/// What came of connections.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// Accepted by the socket.
    pub(crate) accepted: AtomicU64,
    /// Ended before their peer was known: junk, strangers, silence.
    pub(crate) refused: AtomicU64,
    /// Given up for newer ones while too many handshakes were under way.
    pub(crate) crowded_out: AtomicU64,
    /// Of strangers, whose handshakes were begun at their pace.
    pub(crate) paced: AtomicU64,
    /// Open now.
    pub(crate) open: AtomicU64,
}

/// Takes calls.
pub(crate) struct Acceptor {
    /// The node's own link key.
    pub(crate) key: LinkKey,
    /// The node's own id.
    pub(crate) id: NodeId,
    /// This end of links that nodes have called.
    pub(crate) to_nodes: Link,
    /// This end of links that clients have called, whose frames are as long or longer.
    pub(crate) to_clients: Link,
    /// How long to wait for a peer.
    pub(crate) timeouts: Timeouts,
    /// For handshakes.
    pub(crate) randomness: Randomness,
    /// So many handshakes at a time; a new one ends the oldest of a stranger.
    pub(crate) most_handshakes: usize,
    /// So many clients at a time.
    pub(crate) most_clients: usize,
    /// So many of one address, that no one takes all places.
    pub(crate) most_clients_per_address: usize,
    /// Whether an address is that of a node that may connect: its handshakes wait for no stranger's, nor give way to them.
    pub(crate) is_node: Box<dyn Fn(IpAddr) -> bool + Send + Sync>,
    /// Who a peer of this `ad` and link key is, if it may connect.
    #[expect(clippy::type_complexity, reason = "a function of two byte strings")]
    pub(crate) judge: Box<dyn Fn(&[u8], &[u8]) -> Option<Who> + Send + Sync>,
    /// What came of connections.
    pub(crate) calls: Arc<Calls>,
    /// Turns true when no more calls are taken.
    pub(crate) stop: watch::Receiver<bool>,
    /// Turns true when the connections are to end.
    pub(crate) hang_up: watch::Receiver<bool>,
}

/// A handshake.
struct UnderWay {
    task: AbortHandle,
    caller: Caller,
}

/// Who has called, as far as an address tells.
#[derive(Clone)]
struct Caller {
    address: IpAddr,
    is_node: bool,
    /// Whether anything has come from it.
    spoke: Arc<AtomicBool>,
}

impl Acceptor {
    /// Takes calls until the node stops, and has each connection served by a task that ends when its peer calls again. Ends when
    /// it is time to hang up and all have done so.
    pub(crate) async fn run<F>(self: Arc<Self>, mut listeners: Vec<TcpListener>, serve: impl Fn(Who, Accepted) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (mut stop, mut hang_up) = (self.stop.clone(), self.hang_up.clone());
        let (mut shares, pace) = (Shares::new(self.most_clients_per_address), Arc::new(Pace::new()));
        let mut handshakes = JoinSet::new();
        let mut oldest_first: VecDeque<UnderWay> = VecDeque::new();
        let mut connections: JoinSet<Who> = JoinSet::new();
        let mut open = Open::default();
        loop {
            tokio::select! {
                call = accept(&listeners) => match call {
                    Ok((stream, address)) => {
                        self.calls.accepted.fetch_add(1, Ordering::Relaxed);
                        // so that none of them has to wait for another
                        listeners.rotate_left(1);
                        if !shares.take(address.ip(), time::Instant::now()) {
                            self.calls.refused.fetch_add(1, Ordering::Relaxed);
                            continue;
                        }
                        let is_node = (self.is_node)(address.ip().to_canonical());
                        if !self.make_room(&mut oldest_first, is_node) {
                            self.calls.refused.fetch_add(1, Ordering::Relaxed);
                            continue;
                        }
                        let caller = Caller { address: address.ip(), is_node, spoke: Arc::default() };
                        let answer = Arc::clone(&self).answer(stream, caller.clone(), Arc::clone(&pace));
                        oldest_first.push_back(UnderWay { task: handshakes.spawn(answer), caller });
                    }
                    Err(error) => {
                        warn!(%error, "can't take a call");
                        time::sleep(PAUSE).await;
                    }
                },
                Some(answered) = handshakes.join_next() => {
                    // an aborted handshake was counted when it was
                    if let Ok(Some((who, address, accepted))) = answered {
                        self.open((who, address), serve(who, accepted), &mut open, &mut connections);
                    }
                }
                Some(ended) = connections.join_next_with_id() => {
                    let id = match &ended {
                        Ok((id, _)) => *id,
                        Err(error) => error.id(),
                    };
                    open.close(id);
                    self.calls.open.store(connections.len() as u64, Ordering::Relaxed);
                }
                () = stopped(&mut stop), if !listeners.is_empty() => listeners.clear(),
                () = stopped(&mut hang_up) => break,
            }
        }
        handshakes.abort_all();
        while connections.join_next().await.is_some() {}
    }

    /// While too many handshakes are under way, the oldest of a stranger that has said nothing ends, or else the oldest of a
    /// stranger: a silent one keeps nobody out, and nodes give way to nodes alone. Says whether there is room for one more.
    fn make_room(&self, oldest_first: &mut VecDeque<UnderWay>, for_node: bool) -> bool {
        while oldest_first.front().is_some_and(|handshake| handshake.task.is_finished()) {
            oldest_first.pop_front();
        }
        if oldest_first.len() >= self.most_handshakes {
            oldest_first.retain(|handshake| !handshake.task.is_finished());
        }
        if oldest_first.len() < self.most_handshakes {
            return true;
        }
        let oldest = |of_node: bool| {
            let of = |handshake: &UnderWay| handshake.caller.is_node == of_node;
            let silent = |handshake: &UnderWay| of(handshake) && !handshake.caller.spoke.load(Ordering::Relaxed);
            oldest_first.iter().position(silent).or_else(|| oldest_first.iter().position(of))
        };
        let gives_way = oldest(false).or_else(|| oldest(true).filter(|_| for_node));
        let Some(oldest) = gives_way.and_then(|place| oldest_first.remove(place)) else { return false };
        oldest.task.abort();
        self.calls.crowded_out.fetch_add(1, Ordering::Relaxed);
        true
    }

    /// The handshake of a call.
    async fn answer(
        self: Arc<Self>,
        mut stream: TcpStream,
        Caller { address, is_node, spoke }: Caller,
        pace: Arc<Pace>,
    ) -> Option<(Who, IpAddr, Accepted)> {
        let turn = async {
            // who hangs up takes no turn of others
            if !matches!(stream.peek(&mut [0]).await, Ok(1..)) {
                return false;
            }
            spoke.store(true, Ordering::Relaxed);
            if !is_node {
                pace.turn().await;
                self.calls.paced.fetch_add(1, Ordering::Relaxed);
            }
            true
        };
        if !time::timeout(self.timeouts.handshake, turn).await.unwrap_or(false) {
            debug!("refused a call: nothing came, or there are too many strangers");
            self.calls.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let (mut rng, mut buffer) = (self.randomness.rng(), vec![0; self.key.buffer_len(&self.to_clients)]);
        let (mut who, mut link_key) = (None, Vec::new());
        let judge = |ad: &[u8], key: &[u8]| {
            who = (self.judge)(ad, key);
            link_key = key.to_vec();
            who.map(|who| self.link_to(who))
        };
        let own = Ad::node(self.id.as_bytes());
        let done = match stream.set_nodelay(true) {
            Ok(()) => self.key.respond(&mut stream, own, &mut rng, &mut buffer, &self.timeouts, judge).await,
            Err(error) => Err(mixwell_wire::StreamError::Io(error)),
        };
        match (done, who) {
            (Ok(session), Some(who)) => {
                let (read, write) = stream.into_split();
                let room = vec![0; self.link_to(who).buffer_len()];
                // a node's packets come many at a time
                let at_once = if let Who::Node(_) = who { NODE_BYTES } else { CLIENT_BYTES };
                let read = BufReader::with_capacity(at_once, read);
                let reader = Reader::new(read, session.receiver, room, &self.timeouts);
                let writer = Writer::new(write, session.sender, buffer, &self.timeouts);
                Some((who, address, Accepted { reader, writer, link_key }))
            }
            (Err(error), _) => {
                debug!(%error, "refused a call");
                self.calls.refused.fetch_add(1, Ordering::Relaxed);
                None
            }
            (Ok(_), None) => None,
        }
    }

    /// Which commands may come, and how long they may be: a node has nothing to say that only clients do.
    const fn link_to(&self, who: Who) -> Link {
        match who {
            Who::Node(_) => self.to_nodes,
            Who::Client(_) => self.to_clients,
        }
    }

    /// Serves a connection; an older one of the same peer ends.
    fn open(
        &self,
        (who, address): (Who, IpAddr),
        serve: impl Future<Output = ()> + Send + 'static,
        open: &mut Open,
        connections: &mut JoinSet<Who>,
    ) {
        if let Who::Client(_) = who
            && !open.by_peer.contains_key(&who)
            && (open.clients >= self.most_clients || open.clients_of(address) >= self.most_clients_per_address)
        {
            self.calls.refused.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let handle = connections.spawn(async move {
            serve.await;
            who
        });
        if let Some((older, its_address)) = open.by_peer.insert(who, (handle, address)) {
            older.abort();
            open.uncount(who, its_address);
        }
        open.count(who, address);
        self.calls.open.store(connections.len() as u64, Ordering::Relaxed);
    }
}

/// The next call to any of them.
async fn accept(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|context| {
        let mut calls = listeners.iter().map(|listener| listener.poll_accept(context));
        calls.find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

/// As much is read from a socket at a time.
const NODE_BYTES: usize = 1 << 16;
const CLIENT_BYTES: usize = 1 << 13;

/// After an error of the listening socket, which mostly means that there are too many.
const PAUSE: Duration = Duration::from_millis(50);
