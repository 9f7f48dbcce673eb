//! The interface to a client of the rendezvous service.

use mixwell_chat::BoxLen;
use tokio::sync::mpsc;

/// A network that is not connected yet.
pub trait Network {
    /// A connection that is kept up.
    type Connection: Connection;

    /// The length of the network's boxes.
    fn box_len(&self) -> BoxLen;

    /// Starts to send a request at every tick of a clock of its own. `next` gives the request of a
    /// tick, whose number counts from 0; it must not wait. For an empty one random bytes are sent.
    /// An answer for each request follows, in any order.
    ///
    /// # Errors
    /// Why there can be no connection.
    fn connect(
        self,
        next: impl FnMut(u64) -> Vec<u8> + Send + 'static,
    ) -> Result<(Self::Connection, mpsc::UnboundedReceiver<Answer>), String>;
}

/// A connection that is kept up until it is closed.
pub trait Connection {
    /// How it stands.
    fn status(&self) -> ConnectionStatus;

    /// Hangs up, and waits until nothing runs any more.
    fn close(self) -> impl Future<Output = ()>;
}

/// Whether a connection works.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "who matches or makes one has to handle a new one")]
pub enum ConnectionStatus {
    /// No gateway is connected.
    Connecting,
    /// Packets can leave for the rendezvous service.
    Connected,
    /// A gateway is connected, but has no consensus of this epoch.
    NoConsensus,
    /// This machine's clock is off: by how much, for people.
    ClockOff(String),
    /// The network has no rendezvous service that can be reached.
    NoService,
    /// Packets can't leave, and the network's configuration has changed since the start.
    Outdated,
}

/// The answer to the request of a tick.
#[derive(Debug)]
pub struct Answer {
    /// Which request: they are numbered from 0.
    pub number: u64,
    /// What became of it.
    pub outcome: Outcome,
}

#[derive(Debug)]
/// What became of a request.
#[expect(clippy::exhaustive_enums, reason = "who matches or makes one has to handle a new one")]
pub enum Outcome {
    /// The box that was read.
    Box(Vec<u8>),
    /// There was no box under the id.
    Empty,
    /// The request or its reply was lost; whether the box was stored is unknown.
    Lost,
}
