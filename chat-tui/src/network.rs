//! The interface to a client of the rendezvous service.

use mixwell_chat::BoxLen;
use tokio::sync::mpsc;

/// A network that is not connected yet.
pub trait Network {
    /// The network's connection.
    type Connection: Connection;

    /// The length of the network's boxes.
    fn box_len(&self) -> BoxLen;

    /// Starts to send a request at every tick of its own clock. `next` returns the request of a
    /// tick, numbered from 0, and must not block. An empty request is replaced by random bytes.
    /// Each request is answered, in any order.
    ///
    /// # Errors
    /// The reason why there can be no connection.
    fn connect(
        self,
        next: impl FnMut(u64) -> Vec<u8> + Send + 'static,
    ) -> Result<(Self::Connection, mpsc::UnboundedReceiver<Answer>), String>;
}

/// A connection that is maintained until it is closed.
pub trait Connection {
    /// The connection's status.
    fn status(&self) -> ConnectionStatus;

    /// Closes the connection, and waits until its tasks have ended.
    fn close(self) -> impl Future<Output = ()>;
}

/// The status of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "who matches or makes one has to handle a new one")]
pub enum ConnectionStatus {
    /// No gateway is connected.
    Connecting,
    /// Packets can be sent to the rendezvous service.
    Connected,
    /// A gateway is connected, but has no consensus of this epoch.
    NoConsensus,
    /// This machine's clock is wrong; the difference, for people.
    ClockOff(String),
    /// The network has no rendezvous service that can be reached.
    NoService,
    /// Packets can't be sent, and the network's configuration has changed since the start.
    Outdated,
}

/// The answer to the request of a tick.
#[derive(Debug)]
pub struct Answer {
    /// The number of the request, from 0.
    pub number: u64,
    /// The outcome.
    pub outcome: Outcome,
}

#[derive(Debug)]
/// The outcome of a request.
#[expect(clippy::exhaustive_enums, reason = "who matches or makes one has to handle a new one")]
pub enum Outcome {
    /// The box that was read.
    Box(Vec<u8>),
    /// There was no box under the id.
    Empty,
    /// The request or its reply was lost; whether the box was stored is unknown.
    Lost,
}
