//! Accepts connections: it bounds the number of concurrent handshakes and their rate, and spawns
//! one task per connection, which is served once its peer has proved its identity.
//!
//! A connection passes three stages: handshake, unproven, proven. Until its first command has
//! begun, it belongs to nobody: the initiator may be anyone who knows the claimed public key.

mod connection;
mod handshake_limiter;
mod per_address;
mod permits;
mod policy;
mod stats;

pub use connection::{Connection, ConnectionEnd};
pub use handshake_limiter::HandshakeRate;
pub use policy::{AcceptLimits, AcceptPolicy, Authorization, Places, WhenFull};
pub use stats::ConnectionStats;

use crate::runtime::stopped;
use crate::{
    keys::{LinkKey, PeerClaim},
    randomness::Randomness,
};
use core::{
    fmt,
    future::{Future, poll_fn},
    net::{IpAddr, SocketAddr},
    sync::atomic::Ordering::Relaxed,
    task::Poll,
    time::Duration,
};
use handshake_limiter::HandshakeLimiter;
use mixwell_pki_types::KeyHash;
use mixwell_wire::{Ad, Session, StreamError, Timeouts, tokio::await_proof};
use per_address::{PerAddressLimiter, prefix};
use permits::{ConnectionPermit, ConnectionTable, Origin};
use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time,
};
use tracing::{debug, trace, warn};

/// The signals that end an acceptor.
#[derive(Debug, Clone)]
pub struct AcceptUntil {
    /// Turns true when no more connections are accepted.
    pub stop: watch::Receiver<bool>,
    /// Turns true when the open connections are to end.
    pub hang_up: watch::Receiver<bool>,
}

/// Accepts connections on behalf of a node or authority.
pub struct Acceptor<P: AcceptPolicy> {
    key: LinkKey,
    id: KeyHash,
    policy: P,
    limits: AcceptLimits,
    /// Bytes for a handshake and the first `no_op`.
    buffer_len: usize,
    randomness: Randomness,
    stats: Arc<ConnectionStats>,
    table: Arc<ConnectionTable<P::Identity>>,
    strangers: HandshakeLimiter,
    per_address: Mutex<PerAddressLimiter>,
    known_addresses: Mutex<HashMap<IpAddr, Arc<HandshakeLimiter>>>,
}

/// The parts of an acceptor that its owner supplies.
pub struct AcceptorConfig<P> {
    /// The owner's link key.
    pub key: LinkKey,
    /// The owner's id, its name in handshakes.
    pub id: KeyHash,
    /// The policy, which decides who may connect.
    pub policy: P,
    /// Bounds of connections.
    pub limits: AcceptLimits,
    /// Bytes for a handshake and a `no_op`: [`LinkKey::buffer_len`] of a link that pads, else
    /// [`LinkKey::handshake_len`].
    pub buffer_len: usize,
    /// Randomness for handshakes.
    pub randomness: Randomness,
    /// Counters of connections.
    pub stats: Arc<ConnectionStats>,
}

impl<P: AcceptPolicy> fmt::Debug for Acceptor<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Acceptor({}, {:?})", self.id, self.stats)
    }
}

impl<P> fmt::Debug for AcceptorConfig<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AcceptorConfig({}, {:?})", self.id, self.limits)
    }
}

impl<P: AcceptPolicy> Acceptor<P> {
    /// An acceptor with no connections.
    pub fn new(config: AcceptorConfig<P>) -> Arc<Self> {
        let AcceptorConfig { key, id, policy, limits, buffer_len, randomness, stats } = config;
        Arc::new(Self {
            key,
            id,
            policy,
            limits,
            buffer_len,
            randomness,
            table: ConnectionTable::new(limits, Arc::clone(&stats)),
            stats,
            strangers: HandshakeLimiter::new(HandshakeRate::STRANGERS),
            per_address: Mutex::new(PerAddressLimiter::new(limits.strangers.max_per_address)),
            known_addresses: Mutex::default(),
        })
    }

    /// Accepts connections until told to stop, and serves each one in a separate task once its peer
    /// is proven. Returns after the hang-up signal, when all served connections have ended.
    pub async fn run<F>(
        self: Arc<Self>,
        mut listeners: Vec<TcpListener>,
        until: AcceptUntil,
        serve: impl Fn(Connection<P::Identity>) -> F + Clone + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let AcceptUntil { mut stop, mut hang_up } = until;
        let mut tasks = JoinSet::new();
        let mut is_failing = false;
        loop {
            tokio::select! {
                accepted = accept(&listeners) => match accepted {
                    Ok((stream, address)) => {
                        is_failing = false;
                        // accept the next connection from another listener, if one is waiting there
                        listeners.rotate_left(1);
                        self.stats.accepted.fetch_add(1, Relaxed);
                        let origin = self.origin(address.ip());
                        let Some(permit) = self.table.begin(origin) else {
                            self.stats.count_refused();
                            continue;
                        };
                        let (acceptor, serve) = (Arc::clone(&self), serve.clone());
                        let mut hang_up = hang_up.clone();
                        tasks.spawn(async move {
                            let proven = tokio::select! {
                                proven = acceptor.prove(stream, address.ip(), origin, permit) => proven,
                                () = stopped(&mut hang_up) => None,
                            };
                            match proven {
                                Some(connection) => serve(connection).await,
                                None => acceptor.stats.count_refused(),
                            }
                        });
                    }
                    Err(error) => {
                        if !core::mem::replace(&mut is_failing, true) {
                            warn!(%error, "cannot accept connections; if files are used up, raise their limit (ulimit -n)");
                        }
                        time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = tasks.join_next() => {}
                () = stopped(&mut stop), if !listeners.is_empty() => listeners.clear(),
                () = stopped(&mut hang_up) => break,
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    fn origin(&self, address: IpAddr) -> Origin {
        let prefix = prefix(address);
        let is_known = self.policy.is_known_node(address.to_canonical()) || self.table.has_known_peer_at(prefix);
        Origin { prefix, is_known }
    }

    /// Runs the handshake and waits for the peer's proof. `None` if the connection is closed
    /// instead.
    async fn prove(
        &self,
        stream: TcpStream,
        address: IpAddr,
        origin: Origin,
        permit: ConnectionPermit<P::Identity>,
    ) -> Option<Connection<P::Identity>> {
        let result = tokio::select! {
            result = self.handshake_and_proof(stream, origin, &permit) => result,
            () = permit.ended() => {
                trace!(%address, "evicted a connection that was not proven");
                return None;
            }
        };
        match result {
            Ok(Proof { identity, ad, link_key, stream, session }) => {
                let end = ConnectionEnd(permit);
                Some(Connection { identity, ad, link_key, address, stream, session, end })
            }
            Err(error) => {
                debug!(%address, %error, "refused a connection");
                None
            }
        }
    }

    async fn handshake_and_proof(
        &self,
        mut stream: TcpStream,
        origin: Origin,
        permit: &ConnectionPermit<P::Identity>,
    ) -> Result<Proof<P::Identity>, StreamError<io::Error>> {
        let (mut ad, mut link_key, mut authorized) = (Vec::new(), Vec::new(), None);
        let handshake = async {
            self.begin_handshake(&stream, origin, permit).await?;
            stream.set_nodelay(true).map_err(StreamError::Io)?;
            let (mut rng, mut buffer) = (self.randomness.rng(), vec![0; self.buffer_len]);
            let own = Ad::node(&self.id.0);
            let timeouts = Timeouts { handshake: self.limits.handshake_timeout, ..Timeouts::default() };
            let link_for = |claim: &PeerClaim<'_>| {
                authorized = self.policy.authorize(claim);
                (ad, link_key) = (claim.ad.to_vec(), claim.link_key.to_vec());
                authorized.map(|authorization| authorization.link)
            };
            self.key.respond(&mut stream, own, &mut rng, &mut buffer, &timeouts, link_for).await
        };
        let unproven = time::timeout(self.limits.handshake_timeout, handshake).await;
        let unproven = unproven.map_err(|_| StreamError::Timeout)??;
        let claimed = authorized.filter(|_| permit.await_proof()).ok_or(StreamError::Refused)?;
        let timeouts = Timeouts { read: claimed.proof_timeout, ..Timeouts::default() };
        let session = await_proof(&mut stream, unproven, &timeouts).await?;
        // authorize again: the proof may have taken long, and the peer may no longer be listed
        let claim = PeerClaim { ad: &ad, link_key: &link_key };
        let authorization = self.policy.authorize(&claim).filter(|now| now.identity == claimed.identity);
        let authorization = authorization.filter(|now| permit.admit(now)).ok_or(StreamError::Refused)?;
        Ok(Proof { identity: authorization.identity, ad, link_key, stream, session })
    }

    /// Waits for the first byte and then for a permit to start the handshake, so that a silent or
    /// closed connection uses no permit.
    async fn begin_handshake(
        &self,
        stream: &TcpStream,
        origin: Origin,
        permit: &ConnectionPermit<P::Identity>,
    ) -> Result<(), StreamError<io::Error>> {
        if stream.peek(&mut [0]).await.map_err(StreamError::Io)? == 0 {
            return Err(StreamError::Closed);
        }
        permit.set_spoken();
        if origin.is_known {
            self.limiter_of(origin.prefix).acquire().await;
            return Ok(());
        }
        let has_token = {
            let mut per_address = self.per_address.lock().unwrap_or_else(PoisonError::into_inner);
            per_address.take(origin.prefix, time::Instant::now())
        };
        if !has_token {
            return Err(StreamError::Refused);
        }
        self.strangers.acquire().await;
        self.stats.paced.fetch_add(1, Relaxed);
        Ok(())
    }

    /// The limiter of a known node's address, shared by everyone at that address and by nobody
    /// else.
    fn limiter_of(&self, prefix: IpAddr) -> Arc<HandshakeLimiter> {
        let mut limiters = self.known_addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if limiters.len() >= MAX_LIMITERS {
            limiters.retain(|_, limiter| Arc::strong_count(limiter) > 1);
        }
        let new = || Arc::new(HandshakeLimiter::new(HandshakeRate::KNOWN_ADDRESS));
        Arc::clone(limiters.entry(prefix).or_insert_with(new))
    }
}

/// A proven peer and its session.
struct Proof<I> {
    identity: I,
    ad: Vec<u8>,
    link_key: Vec<u8>,
    stream: TcpStream,
    session: Session,
}

/// The next connection of any listener.
async fn accept(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|context| {
        let mut accepted = listeners.iter().map(|listener| listener.poll_accept(context));
        accepted.find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

/// Number of known addresses' limiters from which idle ones are dropped.
const MAX_LIMITERS: usize = 1024;

/// Pause after an error of the listening socket, which mostly means that the process is out of file
/// descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
