//! The chat's network: this tool's client of the rendezvous service.

use super::tui::network::{Answer, Connection, ConnectionStatus, Network, Outcome};
use crate::network::{
    carrier::{self, Carrier, Standing},
    config::ClientConfiguration,
    error::NetworkError,
    randomness::Randomness,
    rendezvous::Shape,
};
use mixwell_chat::BoxLen;
use tokio::sync::mpsc;

/// A client that is not connected yet.
#[derive(Debug)]
pub(crate) struct RendezvousClient {
    configuration: ClientConfiguration,
    gateway: Option<String>,
    randomness: Randomness,
    box_len: BoxLen,
}

impl RendezvousClient {
    /// # Errors
    /// If the network's packets have no room for boxes.
    pub(crate) fn new(
        configuration: ClientConfiguration,
        gateway: Option<String>,
        randomness: Randomness,
    ) -> Result<Self, NetworkError> {
        let no_room = || NetworkError::Client("the packets of this network have no room for boxes".to_owned());
        let shape = Shape::of(&configuration.geometry).ok_or_else(no_room)?;
        let box_len = BoxLen::new(shape.box_len()).map_err(|error| NetworkError::Client(error.to_string()))?;
        Ok(Self { configuration, gateway, randomness, box_len })
    }
}

impl Network for RendezvousClient {
    type Connection = Carrier;

    fn box_len(&self) -> BoxLen {
        self.box_len
    }

    fn connect(
        self,
        next: impl FnMut(u64) -> Vec<u8> + Send + 'static,
    ) -> Result<(Carrier, mpsc::UnboundedReceiver<Answer>), String> {
        let started = Carrier::start(&self.configuration, self.gateway, &self.randomness, next);
        let (carrier, mut answered) = started.map_err(|error| error.to_string())?;
        let (answers, receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(carrier::Answered { number, outcome }) = answered.recv().await {
                let outcome = match outcome {
                    Ok(Some(boxed)) => Outcome::Box(boxed),
                    Ok(None) => Outcome::Empty,
                    Err(_) => Outcome::Lost,
                };
                if answers.send(Answer { number, outcome }).is_err() {
                    break;
                }
            }
        });
        Ok((carrier, receiver))
    }
}

impl Connection for Carrier {
    fn status(&self) -> ConnectionStatus {
        match self.standing() {
            Standing::Connecting => ConnectionStatus::Connecting,
            Standing::Connected => ConnectionStatus::Connected,
            Standing::NoWay => ConnectionStatus::NoService,
        }
    }

    async fn close(self) {
        self.stop().await;
    }
}
