//! Whether authorities permit a node, asked without publishing anything.

use crate::upload::NodeDescription;
use mixwell_net::{
    clock::Clock,
    directory_client::{DirectoryClient, ExchangeError},
    keys::{Identity, LinkKey},
    randomness::Randomness,
};
use mixwell_pki_types::{Epoch, SchemeError, build::EpochKeys};
use mixwell_wire::DescriptorStatus;
use std::sync::Arc;
use tokio::task::JoinSet;

/// A node that is not running, whose permission is checked.
#[derive(Debug)]
pub struct PermissionCheck<'a> {
    /// A client of the network's authorities with the node's own link key and id.
    pub client: &'a DirectoryClient,
    /// The network's clock.
    pub clock: Clock,
    /// The node's name and kind, by which authorities list it.
    pub description: &'a NodeDescription,
    /// The node's identity.
    pub identity: &'a Identity,
    /// The node's link key.
    pub link_key: &'a LinkKey,
    /// Randomness for the signature.
    pub randomness: &'a Randomness,
}

/// An authority's answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum Permission {
    /// The authority's configuration lists the node with this name, kind and identity key.
    Permitted,
    /// The authority's configuration does not list it so.
    Forbidden,
    /// No answer. The reference's authorities end the connection of a node that they do not list.
    Unanswered(ExchangeError),
}

impl PermissionCheck<'_> {
    /// Uploads a descriptor that no authority can accept to each of them: it has no mix keys, and
    /// its epoch is over. An authority that permits the node answers that the descriptor is
    /// invalid; the others answer that it is forbidden. Returns the answers in the order of the
    /// authorities, each with the authority's name.
    ///
    /// # Errors
    /// [`SchemeError`] if the identity key can't sign.
    pub async fn run(&self) -> Result<Vec<(String, Permission)>, SchemeError> {
        let epoch = self.clock.epoch();
        let over = Epoch(epoch.0.saturating_sub(1));
        let descriptor = self.description.descriptor(over, self.identity, self.link_key, EpochKeys::new());
        let upload: Arc<[u8]> = self.identity.sign_upload(&descriptor, &mut self.randomness.rng())?.into();
        let mut asked = JoinSet::new();
        for (number, authority) in self.client.authorities().iter().enumerate() {
            let (client, authority, upload) = (self.client.clone(), authority.clone(), Arc::clone(&upload));
            asked.spawn(async move {
                let permission = match client.post_descriptor(&authority, epoch.plus(1), &upload).await {
                    Ok(DescriptorStatus::Forbidden) => Permission::Forbidden,
                    Ok(_) => Permission::Permitted,
                    Err(error) => Permission::Unanswered(error),
                };
                (number, (authority.peer.name, permission))
            });
        }
        let mut answers = asked.join_all().await;
        answers.sort_by_key(|(number, _)| *number);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }
}
