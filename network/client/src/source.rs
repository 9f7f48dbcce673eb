//! The source of a client's messages and their destination.

use crate::Request;
use core::future;
use tokio::sync::mpsc;

/// Destination of messages and decoys. It is the same for both, so that they look the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "made by whoever starts a client")]
pub enum Destination {
    /// Any service that descriptors list by this capability, drawn anew for each packet.
    AnyService(String),
    /// The service of this capability at which all clients meet: the one in the consensus with the
    /// lowest id.
    Rendezvous(String),
}

/// The source of the packet for a tick.
pub(crate) enum Source {
    /// A queue of the application's messages. If the queue is empty at a tick, a decoy is sent.
    Queue(mpsc::Receiver<Request>),
    /// A message made for every tick.
    EveryTick(Box<dyn FnMut() -> Request + Send>),
}

impl Source {
    /// The application's next message. `None` once nobody can send one any more; pending forever if
    /// each tick makes its own.
    pub(crate) async fn recv(&mut self) -> Option<Request> {
        match self {
            Self::Queue(requests) => requests.recv().await,
            Self::EveryTick(_) => future::pending().await,
        }
    }

    /// The message for a tick at which the queue is empty; `None` if a decoy is sent.
    pub(crate) fn for_tick(&mut self) -> Option<Request> {
        match self {
            Self::Queue(_) => None,
            Self::EveryTick(make) => Some(make()),
        }
    }
}
