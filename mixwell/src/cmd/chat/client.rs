//! The chat's network: this tool's client of the rendezvous service.

use crate::{cmd::chat::outdated, network_error::NetworkError};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use mixwell_chat::BoxLen;
use mixwell_chat_tui::network::{Answer, Connection, ConnectionStatus, Network, Outcome};
use mixwell_client::rendezvous_client::{Answered, RendezvousClient, Status};
use mixwell_net::{network, randomness::Randomness, rendezvous::Shape};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::mpsc;

/// A network that the chat has not connected to yet.
#[derive(Debug)]
pub(crate) struct ChatNetwork {
    configuration: network::Network,
    /// The path of the configuration.
    path: PathBuf,
    gateway: Option<String>,
    randomness: Randomness,
    box_len: BoxLen,
}

/// A connection of the chat, re-established whenever it breaks.
#[derive(Debug)]
pub(crate) struct ChatConnection {
    client: RendezvousClient,
    is_outdated: Arc<AtomicBool>,
}

impl ChatNetwork {
    /// # Errors
    /// If the configuration is invalid, or the network's packets are too short for boxes.
    pub(crate) fn read(
        path: &Path,
        epoch_seconds: Option<u64>,
        gateway: Option<String>,
        randomness: Randomness,
    ) -> Result<Self, NetworkError> {
        let configuration = mixwell_config::read_client(path, epoch_seconds)?;
        let no_room = || NetworkError::Client("the packets of this network are too short for boxes".to_owned());
        let shape = Shape::of(&configuration.geometry).ok_or_else(no_room)?;
        let box_len = BoxLen::new(shape.box_len()).map_err(|error| NetworkError::Client(error.to_string()))?;
        Ok(Self { configuration, path: path.to_path_buf(), gateway, randomness, box_len })
    }
}

impl Network for ChatNetwork {
    type Connection = ChatConnection;

    fn box_len(&self) -> BoxLen {
        self.box_len
    }

    fn connect(
        self,
        next: impl FnMut(u64) -> Vec<u8> + Send + 'static,
    ) -> Result<(ChatConnection, mpsc::UnboundedReceiver<Answer>), String> {
        let started = RendezvousClient::start(&self.configuration, self.gateway, &self.randomness, next);
        let (client, mut answered) = started.map_err(|error| error.to_string())?;
        let (answers, receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(Answered { number, outcome }) = answered.recv().await {
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
        let is_outdated = Arc::new(AtomicBool::new(false));
        tokio::spawn(outdated::watch(self.path, Arc::downgrade(&is_outdated)));
        Ok((ChatConnection { client, is_outdated }, receiver))
    }
}

impl Connection for ChatConnection {
    fn status(&self) -> ConnectionStatus {
        match self.client.status() {
            Status::Connected => ConnectionStatus::Connected,
            Status::Connecting | Status::NoService if self.is_outdated.load(Relaxed) => ConnectionStatus::Outdated,
            Status::Connecting => ConnectionStatus::Connecting,
            Status::NoConsensus => ConnectionStatus::NoConsensus,
            Status::ClockOff(offset) => ConnectionStatus::ClockOff(offset.to_string()),
            Status::NoService => ConnectionStatus::NoService,
        }
    }

    async fn close(self) {
        self.client.stop().await;
    }
}
