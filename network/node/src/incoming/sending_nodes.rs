//! The nodes with links to this one.

use core::time::Duration;
use mixwell_sphinx::NodeId;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::time::Instant;

/// Nodes that have a link to this one, or had one recently.
#[derive(Debug, Default)]
pub(crate) struct SendingNodes(Mutex<HashMap<NodeId, Presence>>);

#[derive(Debug)]
struct Presence {
    links: usize,
    /// When a link of the node was last opened or closed.
    changed: Instant,
}

/// An open link of a node.
pub(crate) struct LinkGuard<'n> {
    nodes: &'n SendingNodes,
    id: NodeId,
}

impl Drop for LinkGuard<'_> {
    fn drop(&mut self) {
        self.nodes.leave(self.id);
    }
}

impl SendingNodes {
    /// A link of a node was opened.
    pub(crate) fn enter(&self, id: NodeId) {
        let mut nodes = self.lock();
        let presence = nodes.entry(id).or_insert(Presence { links: 0, changed: Instant::now() });
        presence.links += 1;
        presence.changed = Instant::now();
    }

    /// A link of a node was closed.
    pub(crate) fn leave(&self, id: NodeId) {
        if let Some(presence) = self.lock().get_mut(&id) {
            presence.links = presence.links.saturating_sub(1);
            presence.changed = Instant::now();
        }
    }

    /// Opens a link that is closed when the guard is dropped.
    pub(crate) fn enter_guarded(&self, id: NodeId) -> LinkGuard<'_> {
        self.enter(id);
        LinkGuard { nodes: self, id }
    }

    /// Number of open links.
    pub(crate) fn links(&self) -> usize {
        self.lock().values().map(|presence| presence.links).sum()
    }

    /// Whether a node had a link within this time.
    pub(crate) fn was_here(&self, id: NodeId, within: Duration) -> bool {
        self.lock().get(&id).is_some_and(|presence| presence.links > 0 || presence.changed.elapsed() <= within)
    }

    /// Forgets nodes that have had no link for this time.
    pub(crate) fn forget(&self, after: Duration) {
        self.lock().retain(|_, presence| presence.links > 0 || presence.changed.elapsed() <= after);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<NodeId, Presence>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_link_that_was_closed_counts_for_a_while() {
        let (nodes, id, second) = (SendingNodes::default(), NodeId([1; 32]), Duration::from_secs(1));
        assert!(!nodes.was_here(id, second));
        nodes.enter(id);
        nodes.enter(id);
        nodes.leave(id);
        tokio::time::advance(second * 10).await;
        assert!(nodes.was_here(id, second) && nodes.links() == 1);
        nodes.leave(id);
        tokio::time::advance(second).await;
        nodes.forget(second);
        assert!(nodes.was_here(id, second) && nodes.links() == 0);
        tokio::time::advance(second).await;
        assert!(!nodes.was_here(id, second));
        nodes.forget(second);
        assert!(!nodes.was_here(id, second * 100));
    }
}
