//! The handle to a running node.

use crate::{error::NodeError, node::Node};
use mixwell_net::runtime::pass_on;
use std::sync::Arc;
use tokio::{sync::watch, task::JoinHandle};

/// A running node. Dropping the handle stops the node as [`stop`](Self::stop) does.
#[derive(Debug)]
pub struct RunningNode {
    node: Arc<Node>,
    stop: watch::Sender<bool>,
    /// `None` once the node has ended.
    work: Option<JoinHandle<Result<(), NodeError>>>,
}

impl RunningNode {
    pub(crate) const fn new(
        node: Arc<Node>,
        stop: watch::Sender<bool>,
        work: JoinHandle<Result<(), NodeError>>,
    ) -> Self {
        Self { node, stop, work: Some(work) }
    }

    /// A view of the node: counters, links, queues.
    #[must_use]
    pub const fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Waits until the node ends, which happens on its own only after a failure. May be cancelled
    /// and called again.
    ///
    /// # Errors
    /// If the identity key can't sign, or mix keys can't be generated.
    ///
    /// # Panics
    /// If a task of the node has panicked.
    pub async fn ended(&mut self) -> Result<(), NodeError> {
        let Some(work) = &mut self.work else { return Ok(()) };
        let ended = work.await;
        self.work = None;
        pass_on(ended).unwrap_or(Ok(()))
    }

    /// Stops the node: it accepts no more packets, forwards those that it holds for at most four
    /// seconds, and ends.
    ///
    /// # Errors
    /// As of [`ended`](Self::ended).
    ///
    /// # Panics
    /// If a task of the node has panicked.
    pub async fn stop(mut self) -> Result<(), NodeError> {
        self.stop.send_replace(true);
        self.ended().await
    }
}
