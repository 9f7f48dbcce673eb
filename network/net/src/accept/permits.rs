//! The connections of an acceptor by stage, and the choice of the one to evict for a new one.

#[cfg(test)]
mod tests;

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
