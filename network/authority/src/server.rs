//! The connections that an authority accepts: one command, one answer.

use crate::{
    complaints,
    complaints::RefusedDescriptors,
    keeper::Keeper,
    message::{Peer, Reply},
    policy::Policy,
};
use core::{net::IpAddr, time::Duration};
use mixwell_net::{
    accept::{
        AcceptLimits, AcceptPolicy, AcceptUntil, Acceptor, AcceptorConfig, Authorization, Connection, Places, WhenFull,
    },
    address::Address,
    authorities::Authorities,
    clock::Clock,
    directory_client::{encoded_bound, pki_sizes},
    keys::{LinkKey, PeerClaim},
    randomness::Randomness,
};
use mixwell_pki_types::{Epoch, KeyHash};
use mixwell_wire::{
    Command, DescriptorStatus, FRAME_HEADER_LEN, Link, PkiSizes, StreamError, Timeouts,
    tokio::{Reader, Writer},
};
use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{Arc, Mutex as StdMutex, PoisonError},
};
use tokio::{
    net::TcpListener,
    sync::{Mutex, Semaphore, watch},
    time,
};
use tracing::trace;

/// Answers commands from an authority's state.
pub(super) struct Server {
    authorities: Arc<Authorities>,
    clock: Clock,
    policy: Policy,
    state: Arc<Mutex<Keeper>>,
    authority_addresses: HashSet<IpAddr>,
    /// IP address that each permitted node last uploaded a descriptor from.
    node_addresses: StdMutex<HashMap<KeyHash, IpAddr>>,
    answers: AnswerMemory,
    refused: RefusedDescriptors,
    limits: ServerLimits,
}

/// Limits of an authority's connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerLimits {
    pub(super) accept: AcceptLimits,
    /// Time from the handshake to the first command, and for receiving the command.
    pub(super) command_timeout: Duration,
}

/// Memory for answers being sent, in KiB, separately for known addresses and for all others, so
/// that strangers who read slowly keep no known node waiting.
#[derive(Debug)]
struct AnswerMemory {
    known: Semaphore,
    others: Semaphore,
}

/// Accepts connections until it is dropped.
pub(super) async fn listen(
    server: Arc<Server>,
    link: LinkKey,
    id: KeyHash,
    listeners: Vec<TcpListener>,
    randomness: Randomness,
) {
    let acceptor = Acceptor::new(AcceptorConfig {
        buffer_len: link.handshake_len(),
        key: link,
        id,
        policy: ServerPolicy(Arc::clone(&server)),
        limits: server.limits.accept,
        randomness,
        stats: Arc::default(),
    });
    // the acceptor stops when the sender is dropped
    let (_until_dropped, never) = watch::channel(false);
    let until = AcceptUntil { stop: never.clone(), hang_up: never };
    let serve = move |connection| Arc::clone(&server).serve(connection);
    acceptor.run(listeners, until, serve).await;
}

struct ServerPolicy(Arc<Server>);

impl AcceptPolicy for ServerPolicy {
    type Identity = Peer;

    fn is_known_node(&self, address: IpAddr) -> bool {
        self.0.is_known_address(address)
    }

    fn authorize(&self, claim: &PeerClaim<'_>) -> Option<Authorization<Peer>> {
        let peer = self.0.peer_of(claim)?;
        let is_known = matches!(peer, Peer::Authority(_));
        Some(Authorization {
            identity: peer,
            link: self.0.link_for(peer),
            is_known,
            max_connections: if is_known { MAX_CONNECTIONS_OF_AUTHORITY } else { usize::MAX },
            proof_timeout: self.0.limits.command_timeout,
        })
    }
}

impl Server {
    pub(super) fn new(clock: Clock, policy: Policy, state: Arc<Mutex<Keeper>>, limits: ServerLimits) -> Arc<Self> {
        let authorities = Arc::clone(&policy.authorities);
        let addresses = authorities.iter().flat_map(|authority| &authority.peer.addresses);
        let authority_addresses = addresses.filter_map(Address::ip).collect();
        let answers = AnswerMemory { known: Semaphore::new(ANSWER_KIB), others: Semaphore::new(ANSWER_KIB) };
        let node_addresses = StdMutex::default();
        Arc::new(Self {
            authorities,
            clock,
            policy,
            state,
            authority_addresses,
            node_addresses,
            answers,
            refused: RefusedDescriptors::default(),
            limits,
        })
    }

    async fn serve(self: Arc<Self>, connection: Connection<Peer>) {
        let Connection { identity, address, mut stream, session, end, .. } = connection;
        let timeouts = Timeouts { read: self.limits.command_timeout, write: ANSWER_TIMEOUT, ..Timeouts::default() };
        let exchange = async {
            let (from, to) = stream.split();
            // just long enough for the command that has begun: no other follows
            let length = session.receiver.pending_len().unwrap_or_default().max(FRAME_HEADER_LEN);
            let mut reader = Reader::new(from, session.receiver, vec![0; length], &timeouts);
            let command = reader.receive().await?;
            let reply = if may_ask(identity, &command) { self.reply(identity, &command).await } else { Reply::Close };
            if let (Peer::Node(id), Reply::Descriptor(DescriptorStatus::Ok | DescriptorStatus::Conflict)) =
                (identity, &reply)
            {
                self.remember(id, address);
            }
            drop(reader);
            let Some(answer) = reply.command() else { return Ok(()) };
            if let Peer::Authority(id) = identity
                && let Some(authority) = self.authorities.by_id(id)
            {
                complaints::log_refused(&authority.peer.name, &answer);
            }
            let length = encoded_bound(&answer);
            let memory =
                if self.is_known_address(address.to_canonical()) { &self.answers.known } else { &self.answers.others };
            let permits = u32::try_from(length.div_ceil(1024).min(ANSWER_KIB)).unwrap_or(u32::MAX);
            let acquired = time::timeout(ANSWER_TIMEOUT, memory.acquire_many(permits)).await;
            let _permits = acquired.map_err(|_| StreamError::Timeout)?;
            Writer::new(to, session.sender, vec![0; length], &timeouts).send(&answer).await
        };
        let ended: Result<(), StreamError<io::Error>> = tokio::select! {
            ended = exchange => ended,
            () = end.superseded() => Ok(()),
        };
        if let Err(error) = ended {
            // not a warning: clients hang up on all authorities but the first to answer
            trace!(%address, %error, "connection ended");
        }
    }

    async fn reply(&self, peer: Peer, command: &Command<'_>) -> Reply {
        let now = self.clock.now();
        let Command::PostDescriptor { epoch, payload } = command else {
            return self.state.lock().await.handle(now, peer, command);
        };
        // without the lock: verification takes long
        let epoch = Epoch(*epoch);
        Reply::Descriptor(match self.policy.accept(peer, epoch, self.clock.time_at(now).epoch, payload) {
            Ok(descriptor) => self.state.lock().await.insert_descriptor(now, epoch, &descriptor),
            Err(status) => {
                self.refused.log(self.clock.time_at(now).epoch, payload, &self.policy.nodes, status);
                status
            }
        })
    }

    /// The peer that makes a claim; `None` if it claims an authority's id with another link key.
    pub(super) fn peer_of(&self, claim: &PeerClaim<'_>) -> Option<Peer> {
        let Ok(id) = claim.ad.try_into().map(KeyHash) else { return Some(Peer::Client) };
        match self.authorities.by_id(id) {
            Some(authority) => (authority.peer.link_key == claim.link_key).then_some(Peer::Authority(id)),
            None => Some(Peer::Node(id)),
        }
    }

    /// The link with a peer: all peers may send the same commands, of different maximum lengths.
    pub(super) fn link_for(&self, peer: Peer) -> Link {
        let sizes = pki_sizes(&self.authorities);
        Link::authority(match peer {
            Peer::Authority(_) => sizes,
            Peer::Node(_) => PkiSizes { document: MAX_UPLOAD, ..sizes },
            Peer::Client => PkiSizes { document: MAX_QUERY, ..sizes },
        })
    }

    /// Whether an authority, or a node whose descriptor was accepted, has this address.
    fn is_known_address(&self, address: IpAddr) -> bool {
        let node_addresses = || self.node_addresses.lock().unwrap_or_else(PoisonError::into_inner);
        self.authority_addresses.contains(&address) || node_addresses().values().any(|known| *known == address)
    }

    /// Remembers the address of a node that has uploaded a valid descriptor.
    fn remember(&self, node: KeyHash, address: IpAddr) {
        let mut addresses = self.node_addresses.lock().unwrap_or_else(PoisonError::into_inner);
        addresses.insert(node, address.to_canonical());
    }
}

/// Whether a peer may send this command. Any other command closes the connection without an answer.
const fn may_ask(peer: Peer, command: &Command<'_>) -> bool {
    match peer {
        Peer::Client => matches!(command, Command::GetConsensus { .. }),
        Peer::Node(_) => matches!(
            command,
            Command::GetConsensus { .. } | Command::PostDescriptor { .. } | Command::PostReplicaDescriptor { .. }
        ),
        Peer::Authority(_) => matches!(
            command,
            Command::GetConsensus { .. }
                | Command::Vote(_)
                | Command::GetVote { .. }
                | Command::Reveal(_)
                | Command::Cert(_)
                | Command::Sig(_)
        ),
    }
}

impl Default for ServerLimits {
    /// At most 2,048 connections, besides those of proven authorities. A connection takes a few KiB
    /// until its peer is proven; then it takes the length of its command, up to 128 KiB, or 8 MiB
    /// from an authority.
    fn default() -> Self {
        let accept = AcceptLimits {
            handshakes: Places { max: 512, max_per_address: 256 },
            unproven: Places { max: 512, max_per_address: 256 },
            strangers: Places { max: 1024, max_per_address: 256 },
            when_full: WhenFull::EvictOldest,
            handshake_timeout: Duration::from_secs(3),
        };
        Self { accept, command_timeout: Duration::from_secs(30) }
    }
}

/// An authority opens a connection for each of its statements.
const MAX_CONNECTIONS_OF_AUTHORITY: usize = 16;

/// Maximum length of an uploaded descriptor, so that a connection takes at most 128 KiB.
const MAX_UPLOAD: usize = 127 << 10;

/// Maximum length of a client's query, which may be padded.
const MAX_QUERY: usize = 4 << 10;

/// KiB of memory for answers to known addresses, and the same again for all others.
pub(super) const ANSWER_KIB: usize = 64 << 10;

/// Time for sending an answer, and the same again for waiting for its memory.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);
