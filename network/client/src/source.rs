//! The source of a client's messages and their destination.

use crate::Request;
use core::future;
use tokio::sync::mpsc;

/// Where messages and decoys go. Both go to the same place, so that they look the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "made by whoever starts a client")]
pub enum Destination {
    /// Any service that descriptors list by this capability, drawn anew for each packet.
    AnyService(String),
    /// The service of this capability where all clients meet: of those in the consensus the one
    /// with the lowest id.
    Rendezvous(String),
}

/// The packet to send at a tick of messages.
pub(crate) enum Source {
    /// The application's messages as they come; a tick without one sends a decoy.
    Queue(mpsc::Receiver<Request>),
    /// A message made for every tick.
    EveryTick(Box<dyn FnMut() -> Request + Send>),
}

impl Source {
    /// The application's next message. `None` when nobody can send one any more; pending if ticks
    /// make their own.
    pub(crate) async fn recv(&mut self) -> Option<Request> {
        match self {
            Self::Queue(requests) => requests.recv().await,
            Self::EveryTick(_) => future::pending().await,
        }
    }

    /// The message of a tick for which none is queued, unless that is a decoy's tick.
    pub(crate) fn for_tick(&mut self) -> Option<Request> {
        match self {
            Self::Queue(_) => None,
            Self::EveryTick(make) => Some(make()),
        }
    }
}
