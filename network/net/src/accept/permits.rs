//! The connections of an acceptor by stage, and the choice of the one to evict for a new one.

use super::{
    ConnectionStats,
    policy::{AcceptLimits, Authorization, Places, WhenFull},
};
use core::{hash::Hash, net::IpAddr, sync::atomic::Ordering::Relaxed};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// All connections of an acceptor.
#[derive(Debug)]
pub(super) struct ConnectionTable<I> {
    limits: AcceptLimits,
    stats: Arc<ConnectionStats>,
    connections: Mutex<Connections<I>>,
}

/// Connections by their number: the oldest is the first.
#[derive(Debug)]
struct Connections<I> {
    next: u64,
    handshakes: BTreeMap<u64, Unproven>,
    unproven: BTreeMap<u64, Unproven>,
    proven: BTreeMap<u64, Proven<I>>,
}

/// A connection whose peer has not proved its identity.
#[derive(Debug, Clone)]
struct Unproven {
    origin: Origin,
    /// Whether the peer has sent anything in the current stage.
    has_spoken: bool,
    end: Arc<Notify>,
}

/// A connection whose peer has proved its identity.
#[derive(Debug)]
struct Proven<I> {
    origin: Origin,
    identity: I,
    is_known: bool,
    end: Arc<Notify>,
}

/// The origin of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    /// The address prefix to which limits apply.
    pub(super) prefix: IpAddr,
    /// Whether a known node has this address.
    pub(super) is_known: bool,
}

/// A connection's slot in the table, freed on drop.
#[derive(Debug)]
pub(super) struct ConnectionPermit<I: Copy + Eq + Hash> {
    table: Arc<ConnectionTable<I>>,
    number: u64,
    origin: Origin,
    end: Arc<Notify>,
}

impl<I: Copy + Eq + Hash> ConnectionTable<I> {
    pub(super) fn new(limits: AcceptLimits, stats: Arc<ConnectionStats>) -> Arc<Self> {
        let connections =
            Connections { next: 0, handshakes: BTreeMap::new(), unproven: BTreeMap::new(), proven: BTreeMap::new() };
        Arc::new(Self { limits, stats, connections: Mutex::new(connections) })
    }

    /// Whether a known peer is connected from this address, however its own address is listed.
    pub(super) fn has_known_peer_at(&self, prefix: IpAddr) -> bool {
        self.lock().proven.values().any(|proven| proven.is_known && proven.origin.prefix == prefix)
    }

    /// A permit for a new connection, which may evict another one. `None` if the new one is a
    /// stranger's and no other stranger's can be evicted.
    pub(super) fn begin(self: &Arc<Self>, origin: Origin) -> Option<ConnectionPermit<I>> {
        let mut connections = self.lock();
        self.make_room(&mut connections.handshakes, self.limits.handshakes, origin).then_some(())?;
        let number = connections.next;
        connections.next = number.wrapping_add(1);
        let end = Arc::new(Notify::new());
        connections.handshakes.insert(number, Unproven { origin, has_spoken: false, end: Arc::clone(&end) });
        Some(ConnectionPermit { table: Arc::clone(self), number, origin, end })
    }

    /// Makes room for one more connection of a stage. If its address has reached its limit, the
    /// oldest silent connection of that address is evicted, or else its oldest. If all slots are
    /// taken, the oldest silent stranger is evicted, or else the oldest stranger; a known node's
    /// connection is evicted only for another known node.
    fn make_room(&self, stage: &mut BTreeMap<u64, Unproven>, places: Places, newcomer: Origin) -> bool {
        let of_address = |other: &Unproven| other.origin.prefix == newcomer.prefix;
        let evicted = if stage.values().filter(|other| of_address(other)).count() >= places.max_per_address {
            oldest(stage, of_address)
        } else if stage.len() < places.max {
            return true;
        } else {
            let stranger = oldest(stage, |other| !other.origin.is_known);
            stranger.or_else(|| oldest(stage, |_| newcomer.is_known))
        };
        let Some(evicted) = evicted.and_then(|number| stage.remove(&number)) else { return false };
        evicted.end.notify_one();
        self.stats.evicted.fetch_add(1, Relaxed);
        true
    }

    fn lock(&self) -> MutexGuard<'_, Connections<I>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of the oldest eligible connection that is silent, or else of the oldest eligible one.
fn oldest(stage: &BTreeMap<u64, Unproven>, eligible: impl Fn(&Unproven) -> bool) -> Option<u64> {
    let mut all = stage.iter().filter(|(_, connection)| eligible(connection));
    let first = all.clone().next();
    all.find(|(_, connection)| !connection.has_spoken).or(first).map(|(number, _)| *number)
}

impl<I: Copy + Eq + Hash> ConnectionPermit<I> {
    /// Waits until the connection has to end, because it is evicted or superseded by a newer one of
    /// its peer.
    pub(super) async fn ended(&self) {
        self.end.notified().await;
    }

    /// Notes that the peer has begun its handshake.
    pub(super) fn set_spoken(&self) {
        if let Some(connection) = self.table.lock().handshakes.get_mut(&self.number) {
            connection.has_spoken = true;
        }
    }

    /// Moves the connection to the unproven stage after its handshake. False if there is no slot
    /// for it.
    pub(super) fn await_proof(&self) -> bool {
        let table = &self.table;
        let mut connections = table.lock();
        // the connection was evicted meanwhile
        let Some(mut connection) = connections.handshakes.remove(&self.number) else { return false };
        if !table.make_room(&mut connections.unproven, table.limits.unproven, self.origin) {
            return false;
        }
        connection.has_spoken = false;
        connections.unproven.insert(self.number, connection);
        table.stats.unproven.store(connections.unproven.len() as u64, Relaxed);
        true
    }

    /// Moves the connection to the proven stage. The peer's oldest connection is superseded if it
    /// has too many; a stranger may evict another one, or be refused.
    pub(super) fn admit(&self, authorization: &Authorization<I>) -> bool {
        let Authorization { identity, is_known, max_connections, .. } = *authorization;
        let table = &self.table;
        let mut connections = table.lock();
        let Some(Unproven { origin, end, .. }) = connections.unproven.remove(&self.number) else { return false };
        table.stats.unproven.store(connections.unproven.len() as u64, Relaxed);
        let of_peer = connections.proven.iter().filter(|(_, other)| other.identity == identity);
        let of_peer: Vec<u64> = of_peer.map(|(number, _)| *number).collect();
        let too_many = of_peer.len().saturating_add(1).saturating_sub(max_connections);
        let superseded = of_peer.into_iter().take(too_many).filter_map(|number| connections.proven.remove(&number));
        superseded.for_each(|superseded| superseded.end.notify_one());
        if !is_known && !table.make_room_for_stranger(&mut connections.proven, origin) {
            return false;
        }
        connections.proven.insert(self.number, Proven { origin, identity, is_known, end });
        table.stats.open.store(connections.proven.len() as u64, Relaxed);
        true
    }
}

impl<I: Copy + Eq + Hash> ConnectionTable<I> {
    fn make_room_for_stranger(&self, proven: &mut BTreeMap<u64, Proven<I>>, newcomer: Origin) -> bool {
        let Places { max, max_per_address } = self.limits.strangers;
        let strangers = proven.iter().filter(|(_, other)| !other.is_known);
        let mut of_address = strangers.clone().filter(|(_, other)| other.origin.prefix == newcomer.prefix);
        let oldest = if of_address.clone().count() >= max_per_address {
            of_address.next()
        } else if strangers.clone().count() >= max {
            strangers.clone().next()
        } else {
            return true;
        };
        let oldest = oldest.map(|(number, _)| *number);
        let evicted = oldest.filter(|_| self.limits.when_full == WhenFull::EvictOldest);
        let Some(evicted) = evicted.and_then(|number| proven.remove(&number)) else { return false };
        evicted.end.notify_one();
        self.stats.evicted.fetch_add(1, Relaxed);
        true
    }
}

impl<I: Copy + Eq + Hash> Drop for ConnectionPermit<I> {
    fn drop(&mut self) {
        let mut connections = self.table.lock();
        connections.handshakes.remove(&self.number);
        connections.unproven.remove(&self.number);
        connections.proven.remove(&self.number);
        self.table.stats.unproven.store(connections.unproven.len() as u64, Relaxed);
        self.table.stats.open.store(connections.proven.len() as u64, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use mixwell_wire::{Link, PkiSizes};

    const FEW: Places = Places { max: 4, max_per_address: 3 };

    fn table(when_full: WhenFull) -> Arc<ConnectionTable<u8>> {
        let limits = AcceptLimits {
            handshakes: FEW,
            unproven: FEW,
            strangers: FEW,
            when_full,
            handshake_timeout: Duration::from_secs(3),
        };
        ConnectionTable::new(limits, Arc::default())
    }

    fn origin(last: u8, is_known: bool) -> Origin {
        Origin { prefix: [192, 0, 2, last].into(), is_known }
    }

    fn authorization(identity: u8, is_known: bool, max_connections: usize) -> Authorization<u8> {
        let link = Link::authority(PkiSizes { public_key: 32, document: 100 });
        Authorization { identity, link, is_known, max_connections, proof_timeout: Duration::from_secs(30) }
    }

    /// Whether a connection was told to end.
    fn is_ended(permit: &ConnectionPermit<u8>) -> bool {
        use core::task::{Context, Waker};
        let mut ended = core::pin::pin!(permit.ended());
        ended.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn the_oldest_silent_stranger_gives_way() {
        let table = table(WhenFull::Refuse);
        let strangers: Vec<_> = (1..4).map(|last| table.begin(origin(last, false)).unwrap()).collect();
        let known = table.begin(origin(9, true)).unwrap();
        strangers[0].set_spoken();
        // the first has spoken, so the second is evicted
        let fifth = table.begin(origin(5, false)).unwrap();
        assert_eq!(strangers.iter().map(is_ended).collect::<Vec<_>>(), [false, true, false]);
        strangers[2].set_spoken();
        fifth.set_spoken();
        // all have spoken: the oldest is evicted, and never a known node for a stranger
        let sixth = table.begin(origin(6, false)).unwrap();
        assert!(is_ended(&strangers[0]) && !is_ended(&known));
        // a known node is admitted in place of a stranger while there is one, and then in place of
        // a known node
        let others: Vec<_> = (10..14).map(|last| table.begin(origin(last, true)).unwrap()).collect();
        assert!(is_ended(&strangers[2]) && is_ended(&fifth) && is_ended(&sixth) && is_ended(&known));
        assert!(table.begin(origin(7, false)).is_none(), "all are known nodes");
        assert_eq!(table.stats.evicted.load(Relaxed), 6);
        drop(others);
        assert!(table.begin(origin(7, false)).is_some());
    }

    #[test]
    fn an_address_has_its_share_and_no_more() {
        let table = table(WhenFull::Refuse);
        // whether the address is a known node's or not
        for (last, is_known) in [(1, false), (2, true)] {
            let shared: Vec<_> = (0..3).map(|_| table.begin(origin(last, is_known)).unwrap()).collect();
            shared[0].set_spoken();
            let newest = table.begin(origin(last, is_known)).unwrap();
            assert_eq!(shared.iter().map(is_ended).collect::<Vec<_>>(), [false, true, false]);
            let other = table.begin(origin(3, false)).unwrap();
            assert!(!is_ended(&newest) && !is_ended(&other));
        }
    }

    #[test]
    fn a_claim_supersedes_nothing_until_it_is_proven() {
        let table = table(WhenFull::Refuse);
        let connect = |authorization| {
            let permit = table.begin(origin(1, true)).unwrap();
            permit.set_spoken();
            assert!(permit.await_proof() && permit.admit(authorization));
            permit
        };
        let node = authorization(1, true, 1);
        let first = connect(&node);
        let claim = table.begin(origin(2, false)).unwrap();
        assert!(claim.await_proof());
        assert!(!is_ended(&first));
        assert_eq!((table.stats.open.load(Relaxed), table.stats.unproven.load(Relaxed)), (1, 1));
        let second = connect(&node);
        assert!(is_ended(&first) && !is_ended(&claim));
        drop(first);
        assert_eq!(table.stats.open.load(Relaxed), 1);
        // a superseded permit is no longer counted, and its drop does not affect the newer one
        let third = connect(&authorization(1, true, 2));
        assert!(!is_ended(&second) && !is_ended(&third));
        assert_eq!(table.stats.open.load(Relaxed), 2);
    }

    #[test]
    fn claims_have_few_places_and_take_none_of_known_nodes() {
        let table = table(WhenFull::Refuse);
        let known = table.begin(origin(9, true)).unwrap();
        assert!(known.await_proof());
        let claims: Vec<_> = (1..20)
            .map(|last| {
                let claim = table.begin(origin(last, false)).unwrap();
                assert!(claim.await_proof());
                claim
            })
            .collect();
        assert_eq!(claims.iter().filter(|claim| !is_ended(claim)).count(), 3, "one slot is the known node's");
        assert!(!is_ended(&known));
        assert!(known.admit(&authorization(1, true, 1)));
        assert!(!claims[0].admit(&authorization(1, true, 1)), "evicted");
        assert_eq!(table.stats.open.load(Relaxed), 1);
    }

    #[test]
    fn proven_strangers_take_no_place_of_known_peers() {
        for when_full in [WhenFull::Refuse, WhenFull::EvictOldest] {
            let table = table(when_full);
            let admit = |last, authorization: &Authorization<u8>| {
                let permit = table.begin(origin(last, false)).unwrap();
                assert!(permit.await_proof());
                permit.admit(authorization).then_some(permit)
            };
            let stranger = authorization(0, false, usize::MAX);
            let first: Vec<_> = (0..3).filter_map(|_| admit(1, &stranger)).collect();
            assert_eq!(first.len(), 3);
            let fourth = admit(1, &stranger);
            assert_eq!(fourth.is_some(), when_full == WhenFull::EvictOldest);
            assert_eq!(is_ended(&first[0]), when_full == WhenFull::EvictOldest);
            let fifth = admit(2, &stranger);
            assert!(fifth.is_some());
            assert_eq!(admit(3, &stranger).is_some(), when_full == WhenFull::EvictOldest);
            // known peers, by their keys
            let known: Vec<_> = (1..10).filter_map(|peer| admit(1, &authorization(peer, true, 1))).collect();
            assert_eq!(known.len(), 9);
            assert!(known.iter().all(|permit| !is_ended(permit)));
            assert!(
                table.has_known_peer_at(origin(1, false).prefix) && !table.has_known_peer_at(origin(2, false).prefix)
            );
        }
    }
}
