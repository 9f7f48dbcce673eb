//! Accepting connections without letting anyone take more than their share.

use core::{net::IpAddr, time::Duration};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// How much a listener takes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListenerLimits {
    /// Connections in all.
    pub(crate) connections: usize,
    /// Connections of one address.
    pub(crate) per_address: usize,
    /// Handshakes at once: each costs cryptography before the peer has shown who it is.
    pub(crate) handshakes: usize,
    /// Handshakes at once of one address.
    pub(crate) handshakes_per_address: usize,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self { connections: 2048, per_address: 512, handshakes: 512, handshakes_per_address: 64 }
    }
}

/// A listener with limits: what exceeds them is closed at once.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    limits: ListenerLimits,
    connections: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    addresses: Arc<Mutex<HashMap<IpAddr, Share>>>,
}

/// What one address has of the limits.
#[derive(Debug)]
struct Share {
    connections: usize,
    handshakes: Arc<Semaphore>,
}

/// A connection that was accepted. It counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) stream: TcpStream,
    /// To be held as long as the connection lives.
    pub(crate) place: Place,
    handshakes: Arc<Semaphore>,
    own_handshakes: Arc<Semaphore>,
}

/// A connection's place among the others.
#[derive(Debug)]
pub(crate) struct Place {
    address: IpAddr,
    addresses: Arc<Mutex<HashMap<IpAddr, Share>>>,
    _permit: OwnedSemaphorePermit,
}

impl Listener {
    /// Limits what a listener accepts.
    pub(crate) fn new(listener: TcpListener, limits: ListenerLimits) -> Self {
        Self {
            socket: listener,
            limits,
            connections: Arc::new(Semaphore::new(limits.connections)),
            handshakes: Arc::new(Semaphore::new(limits.handshakes)),
            addresses: Arc::default(),
        }
    }

    /// The next connection within the limits. Cancel-safe.
    pub(crate) async fn accept(&self) -> Accepted {
        loop {
            let (stream, address) = match self.socket.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // out of descriptors, mostly: to try again at once would be a busy loop
                    tracing::warn!(%error, "can't accept a connection");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let Ok(permit) = Arc::clone(&self.connections).try_acquire_owned() else { continue };
            let Some((place, own_handshakes)) = self.place(address.ip(), permit) else { continue };
            if stream.set_nodelay(true).is_ok() {
                return Accepted { stream, place, handshakes: Arc::clone(&self.handshakes), own_handshakes };
            }
        }
    }

    fn place(&self, address: IpAddr, permit: OwnedSemaphorePermit) -> Option<(Place, Arc<Semaphore>)> {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let handshakes = || Arc::new(Semaphore::new(self.limits.handshakes_per_address));
        let share = addresses.entry(address).or_insert_with(|| Share { connections: 0, handshakes: handshakes() });
        if share.connections >= self.limits.per_address {
            return None;
        }
        share.connections = share.connections.saturating_add(1);
        let place = Place { address, addresses: Arc::clone(&self.addresses), _permit: permit };
        Some((place, Arc::clone(&share.handshakes)))
    }
}

impl Accepted {
    /// Waits until the peer says something and then for a turn to shake hands; `None` if either takes too long. Who is silent
    /// takes no turn, and the many of one address take theirs from each other. The turn ends when the permits are dropped.
    pub(crate) async fn turn(&self) -> Option<[OwnedSemaphorePermit; 2]> {
        let turn = async {
            if self.stream.peek(&mut [0]).await.ok()? == 0 {
                return None;
            }
            // first among those of the address, so that nobody waits with a turn that all want
            let own = Arc::clone(&self.own_handshakes).acquire_owned().await.ok()?;
            Some([own, Arc::clone(&self.handshakes).acquire_owned().await.ok()?])
        };
        tokio::time::timeout(TURN_TIMEOUT, turn).await.ok()?
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = addresses.get_mut(&self.address) {
            share.connections = share.connections.saturating_sub(1);
            if share.connections == 0 {
                addresses.remove(&self.address);
            }
        }
    }
}

const PAUSE: Duration = Duration::from_millis(100);
/// A peer waits no longer than this for the whole handshake.
const TURN_TIMEOUT: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn what_exceeds_the_limits_is_closed() {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let limits = ListenerLimits { connections: 3, per_address: 2, handshakes: 9, handshakes_per_address: 1 };
        let listener = Listener::new(socket, limits);
        let mut peers = Vec::new();
        for _ in 0..3 {
            peers.push(TcpStream::connect(address).await.unwrap());
        }
        let first = listener.accept().await;
        let second = listener.accept().await;
        let third = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
        assert!(third.is_err(), "the address has two already");
        assert_eq!(peers[2].read(&mut [0]).await.unwrap(), 0);

        assert!(tokio::time::timeout(Duration::from_millis(100), first.turn()).await.is_err(), "it is silent");
        for peer in &mut peers[..2] {
            peer.write_all(&[3]).await.unwrap();
        }
        let turn = first.turn().await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(100), second.turn()).await.is_err());
        drop(turn);
        assert!(second.turn().await.is_some());

        drop(first);
        let _more = TcpStream::connect(address).await.unwrap();
        tokio::time::timeout(Duration::from_secs(5), listener.accept()).await.unwrap();
    }
}
