//! A task that keeps a directory up to date from the authorities.

use super::{Consensuses, Directory, FetchTime, Follower};
use crate::{clock::Clock, directory_client::DirectoryClient};
use std::sync::Arc;
use tokio::sync::watch;

/// A directory, and the task that updates it by the rules of a [`Follower`]. The task ends with the
/// last receiver of the directory.
pub fn follow(client: DirectoryClient, clock: Clock) -> (Directory, impl Future<Output = ()> + Send) {
    let follower = Follower::new(clock, FetchTime::OnPublication, clock.now());
    let (sender, directory) = watch::channel(Arc::new(follower.known().clone()));
    let task = async move {
        tokio::select! {
            () = sender.closed() => {}
            () = update(&client, follower, clock, &sender) => {}
        }
    };
    (directory, task)
}

async fn update(
    client: &DirectoryClient,
    mut follower: Follower,
    clock: Clock,
    sender: &watch::Sender<Arc<Consensuses>>,
) {
    loop {
        let now = clock.now();
        if follower.advance(now) {
            sender.send_replace(Arc::new(follower.known().clone()));
        }
        for epoch in follower.due(now) {
            match client.fetch(epoch, follower.known().epoch).await {
                Ok(consensus) => {
                    tracing::info!(%epoch, signers = consensus.signers().len(), "fetched consensus");
                    follower.insert(Arc::new(consensus));
                    sender.send_replace(Arc::new(follower.known().clone()));
                }
                Err(errors) => tracing::debug!(%epoch, %errors, "no consensus yet"),
            }
        }
        clock.sleep_until(follower.wake_at()).await;
    }
}
