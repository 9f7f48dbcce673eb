//! The chat's network: this tool's client of the rendezvous service.

use crate::network_error::NetworkError;
use core::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};
use mixwell_chat::BoxLen;
use mixwell_chat_tui::network::{Answer, Connection, ConnectionStatus, Network, Outcome};
use mixwell_client::{
    rendezvous_client,
    rendezvous_client::{Carrier, Standing},
};
use mixwell_net::{network, randomness::Randomness, rendezvous::Shape};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
};
use tokio::{sync::mpsc, task::spawn_blocking, time::sleep};

/// A client that is not connected yet.
#[derive(Debug)]
pub(crate) struct RendezvousClient {
    configuration: network::Network,
    /// Where the configuration was read from.
    path: PathBuf,
    gateway: Option<String>,
    randomness: Randomness,
    box_len: BoxLen,
}

/// A client that is connected, or tries to be.
#[derive(Debug)]
pub(crate) struct RendezvousConnection {
    carrier: Carrier,
    is_outdated: Arc<AtomicBool>,
}

/// How often the configuration is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// The longest configuration that is compared.
const MAX_BYTES: u64 = 1 << 20;

impl RendezvousClient {
    /// # Errors
    /// If the configuration is wrong, or the network's packets have no room for boxes.
    pub(crate) fn read(
        path: &Path,
        epoch_seconds: Option<u64>,
        gateway: Option<String>,
        randomness: Randomness,
    ) -> Result<Self, NetworkError> {
        let configuration = mixwell_config::read_client(path, epoch_seconds)?;
        let no_room = || NetworkError::Client("the packets of this network have no room for boxes".to_owned());
        let shape = Shape::of(&configuration.geometry).ok_or_else(no_room)?;
        let box_len = BoxLen::new(shape.box_len()).map_err(|error| NetworkError::Client(error.to_string()))?;
        Ok(Self { configuration, path: path.to_path_buf(), gateway, randomness, box_len })
    }
}

impl Network for RendezvousClient {
    type Connection = RendezvousConnection;

    fn box_len(&self) -> BoxLen {
        self.box_len
    }

    fn connect(
        self,
        next: impl FnMut(u64) -> Vec<u8> + Send + 'static,
    ) -> Result<(RendezvousConnection, mpsc::UnboundedReceiver<Answer>), String> {
        let started = Carrier::start(&self.configuration, self.gateway, &self.randomness, next);
        let (carrier, mut answered) = started.map_err(|error| error.to_string())?;
        let (answers, receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(rendezvous_client::Answered { number, outcome }) = answered.recv().await {
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
        tokio::spawn(watch(self.path, Arc::downgrade(&is_outdated)));
        Ok((RendezvousConnection { carrier, is_outdated }, receiver))
    }
}

/// Looks whether a file changes, as long as anybody wants to know. A network that was set up anew has other keys.
async fn watch(path: PathBuf, is_changed: Weak<AtomicBool>) {
    let Some(original) = content(&path).await else { return };
    loop {
        sleep(LOOK).await;
        let now = content(&path).await;
        let Some(is_changed) = is_changed.upgrade() else { return };
        is_changed.store(now.is_some_and(|now| now != original), Relaxed);
    }
}

/// A file's content, read apart from the loop. None if it can't be read, as while it is replaced.
async fn content(path: &Path) -> Option<Vec<u8>> {
    let path = path.to_path_buf();
    let read = move || {
        let metadata = fs::metadata(&path).ok()?;
        (metadata.is_file() && metadata.len() <= MAX_BYTES).then(|| fs::read(&path).ok())?
    };
    spawn_blocking(read).await.ok()?
}

impl Connection for RendezvousConnection {
    fn status(&self) -> ConnectionStatus {
        match self.carrier.standing() {
            Standing::Connected => ConnectionStatus::Connected,
            Standing::Connecting | Standing::NoWay if self.is_outdated.load(Relaxed) => ConnectionStatus::Outdated,
            Standing::Connecting => ConnectionStatus::Connecting,
            Standing::NoConsensus => ConnectionStatus::NoConsensus,
            Standing::ClockOff(offset) => ConnectionStatus::ClockOff(offset.to_string()),
            Standing::NoWay => ConnectionStatus::NoService,
        }
    }

    async fn close(self) {
        self.carrier.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_configuration_that_changes_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client.toml");
        fs::write(&path, "old").unwrap();
        let is_changed = Arc::new(AtomicBool::new(false));
        let watching = tokio::spawn(watch(path.clone(), Arc::downgrade(&is_changed)));
        let seen = async |wanted: bool| {
            for _ in 0..1000 {
                sleep(LOOK).await;
                if is_changed.load(Relaxed) == wanted {
                    return true;
                }
            }
            false
        };
        sleep(LOOK.saturating_mul(3)).await;
        assert!(!is_changed.load(Relaxed));
        fs::write(&path, "new").unwrap();
        assert!(seen(true).await);
        fs::remove_file(&path).unwrap();
        assert!(seen(false).await, "while it is replaced nothing is known");
        drop(is_changed);
        watching.await.unwrap();
    }
}
