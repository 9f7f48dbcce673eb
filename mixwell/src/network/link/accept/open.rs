//! The connections that are open: one for each peer, and how many clients have which address.

use super::Who;
use core::net::IpAddr;
use std::collections::HashMap;
use tokio::task::AbortHandle;

/// Connections by their peers.
#[derive(Default)]
pub(super) struct Open {
    pub(super) by_peer: HashMap<Who, (AbortHandle, IpAddr)>,
    pub(super) clients: usize,
    clients_of: HashMap<IpAddr, usize>,
}

impl Open {
    /// Forgets a connection that has ended, unless a newer one is there.
    pub(super) fn close(&mut self, id: tokio::task::Id) {
        let found = self.by_peer.iter().find(|(_, (handle, _))| handle.id() == id);
        if let Some((who, address)) = found.map(|(who, (_, address))| (*who, *address)) {
            self.by_peer.remove(&who);
            self.uncount(who, address);
        }
    }

    pub(super) fn clients_of(&self, address: IpAddr) -> usize {
        self.clients_of.get(&address).copied().unwrap_or_default()
    }

    pub(super) fn count(&mut self, who: Who, address: IpAddr) {
        if let Who::Client(_) = who {
            self.clients = self.clients.saturating_add(1);
            let of = self.clients_of.entry(address).or_default();
            *of = of.saturating_add(1);
        }
    }

    pub(super) fn uncount(&mut self, who: Who, address: IpAddr) {
        if let Who::Client(_) = who {
            self.clients = self.clients.saturating_sub(1);
            let left = self.clients_of(address).saturating_sub(1);
            if left == 0 {
                self.clients_of.remove(&address);
            } else {
                self.clients_of.insert(address, left);
            }
        }
    }
}
