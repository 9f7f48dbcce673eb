//! A task that uploads a node's descriptor for each epoch to every authority.

#[cfg(test)]
mod tests;

use crate::mix_keys::MixKeys;
use core::{convert::Infallible, time::Duration};
use mixwell_net::{
    address::PublicAddresses,
    clock::Clock,
    directory_client::DirectoryClient,
    keys::{Identity, LinkKey},
    node_kind::NodeKind,
    randomness::Randomness,
};
use mixwell_pki_types::build::EpochKeys;
use mixwell_pki_types::{
    Epoch, KeyHash, SchemeError,
    build::{Addresses, Capabilities, DescriptorBuilder},
};
use mixwell_wire::DescriptorStatus;
use rand_core::Rng as _;
use std::sync::Arc;
use tokio::{task::JoinSet, time};

/// The parts of a node's descriptor that are not keys.
#[derive(Debug, Clone)]
pub struct NodeDescription {
    /// The node's name, by which authorities list it.
    pub name: String,
    /// The addresses at which other nodes and clients reach the node.
    pub addresses: Addresses,
    /// The services of a service node.
    pub kaetzchen: Option<Capabilities>,
    /// Mix, gateway or service node.
    pub kind: NodeKind,
}

impl NodeDescription {
    /// The descriptor for an epoch, with the public mix keys of that epoch and the following ones.
    #[must_use]
    pub fn descriptor(&self, epoch: Epoch, identity: &Identity, link: &LinkKey, mix_keys: EpochKeys) -> Vec<u8> {
        let builder = DescriptorBuilder {
            name: self.name.clone(),
            epoch,
            identity_key: identity.public().to_vec(),
            link_key: link.public().to_vec(),
            mix_keys: Some(mix_keys),
            addresses: Some(self.addresses.clone()),
            kaetzchen: self.kaetzchen.clone(),
            advertised: None,
            is_gateway: self.kind == NodeKind::Gateway,
            is_service: self.kind == NodeKind::Service,
            load_weight: 0,
            authentication_type: String::new(),
            version: String::from("v0"),
        };
        builder.encode()
    }

    /// The entry of an authority's configuration that permits the node, for log lines.
    #[must_use]
    pub fn listing(&self, identity: &Identity) -> String {
        let table = self.kind.table();
        format!("[[{table}]] with Identifier = {:?} and the identity key of hash {}", self.name, identity.id())
    }
}

/// Uploads a node's descriptors.
pub(crate) struct Uploader {
    pub client: DirectoryClient,
    pub clock: Clock,
    /// Its addresses are replaced by `addresses` as soon as their names are resolved.
    pub description: NodeDescription,
    pub addresses: PublicAddresses,
    pub identity: Arc<Identity>,
    pub link: LinkKey,
    pub keys: Arc<MixKeys>,
    pub randomness: Randomness,
}

impl Uploader {
    /// Uploads the descriptor for the next epoch early in each epoch, and at the start the one for
    /// the current epoch too. All authorities are asked at the same time, so that one that hangs
    /// does not delay the others. Returns only if the identity key can't sign.
    pub(crate) async fn run(self) -> Result<Infallible, SchemeError> {
        let Self { client, clock, mut description, addresses, identity, link, keys, randomness } = self;
        let listing: Arc<str> = description.listing(&identity).into();
        let mut changes = keys.changes();
        let mut is_first = true;
        loop {
            let epoch = clock.epoch();
            let next = epoch.plus(1);
            if !resolve(&addresses, &mut description).await {
                clock.sleep_until(clock.now().saturating_add(RESOLVE_AGAIN)).await;
                continue;
            }
            // a descriptor for the current epoch is useful only at the start: a vote may still
            // include it
            let epochs = if is_first { vec![epoch, next] } else { vec![next] };
            let mut posts = JoinSet::new();
            for of in epochs {
                // another task makes mix keys
                while !keys.cover(of) && clock.epoch() == epoch && changes.changed().await.is_ok() {}
                let descriptor = description.descriptor(of, &identity, &link, keys.public(of));
                let bytes: Arc<[u8]> = identity.sign_upload(&descriptor, &mut randomness.rng())?.into();
                for authority in client.authorities() {
                    let begin = if is_first { clock.now() } else { soon(clock, epoch, &randomness) };
                    let post = Post {
                        authority: authority.peer.id,
                        of,
                        bytes: Arc::clone(&bytes),
                        begin,
                        listing: Arc::clone(&listing),
                    };
                    posts.spawn(post.run(client.clone(), clock, epoch));
                }
            }
            is_first = false;
            clock.sleep_within(epoch, clock.eighths_into(next, 0)).await;
            // uploads that have not succeeded by now are too late: drop them
        }
    }
}

/// Resolves the host names in a node's addresses, which may change while it runs. Returns whether
/// there are addresses to publish; if resolving fails, the previous ones stay.
async fn resolve(addresses: &PublicAddresses, description: &mut NodeDescription) -> bool {
    let failure = match time::timeout(MAX_RESOLVE, addresses.publish()).await {
        Ok(Ok(resolved)) => {
            description.addresses = resolved;
            return true;
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    };
    tracing::warn!(error = failure, "could not resolve the node's Addresses, which its descriptor lists; trying again");
    !description.addresses.is_empty()
}

/// A random time in the first 1/32 of an epoch. This spreads the uploads of all nodes, and gives
/// authorities with slightly slow clocks time to enter the epoch.
fn soon(clock: Clock, epoch: Epoch, randomness: &Randomness) -> Duration {
    let part = randomness.rng().next_u32() >> 16;
    let wait = clock.eighths(1) * part / (4 << 16);
    clock.eighths_into(epoch, 0) + wait
}

/// The upload of a descriptor to one authority.
struct Post {
    authority: KeyHash,
    of: Epoch,
    bytes: Arc<[u8]>,
    begin: Duration,
    /// The entry that an authority's configuration needs, for log lines.
    listing: Arc<str>,
}

impl Post {
    /// Repeats the upload until the authority has decided or the epoch is over.
    async fn run(self, client: DirectoryClient, clock: Clock, now: Epoch) {
        let Some(authority) = client.authorities().by_id(self.authority) else { return };
        let (name, epoch) = (&authority.peer.name, self.of);
        let patience = clock.eighths(1).clamp(SHORTEST_PATIENCE, LONGEST_PATIENCE);
        let mut was_refused = false;
        clock.sleep_within(now, self.begin).await;
        while clock.epoch() == now {
            match time::timeout(patience, client.post_descriptor(authority, epoch, &self.bytes)).await {
                Ok(Ok(DescriptorStatus::Ok)) => {
                    tracing::debug!(authority = name, %epoch, "descriptor accepted");
                    return;
                }
                Ok(Ok(status)) => {
                    if !core::mem::replace(&mut was_refused, true) {
                        self.explain(name, status);
                    }
                    if is_final(status) {
                        return;
                    }
                }
                Ok(Err(error)) => tracing::debug!(authority = name, %epoch, %error, "descriptor not posted"),
                Err(_) => tracing::debug!(authority = name, %epoch, "no answer to a descriptor in time"),
            }
            // authorities vote after the first eighth
            let is_early = clock.now() < clock.eighths_into(now, 1);
            let pause = clock.sixteenth() / if is_early { 4 } else { 1 };
            clock.sleep_until(clock.now().saturating_add(pause)).await;
        }
    }

    /// Logs the reason why an authority did not accept a descriptor, and what the operator can do.
    fn explain(&self, authority: &str, status: DescriptorStatus) {
        let epoch = self.of;
        match status {
            // authorities of the reference give this answer to a repeated upload, even of the same
            // bytes
            DescriptorStatus::Conflict => tracing::info!(
                authority,
                %epoch,
                "the authority already has a descriptor of this node for the epoch, as it does after a restart"
            ),
            DescriptorStatus::Forbidden => tracing::warn!(
                authority,
                %epoch,
                "descriptor refused: the authority's configuration does not allow this node; have its operator add {}",
                self.listing
            ),
            _ => tracing::warn!(
                authority,
                %epoch,
                "descriptor refused as invalid: compare this machine's clock, EpochSeconds, the Sphinx geometry and the \
                 key schemes with those of the authority; its log may tell more"
            ),
        }
    }
}

/// Whether the answer is final. `Invalid` is not: the authority's clock may still be in the
/// previous epoch.
const fn is_final(status: DescriptorStatus) -> bool {
    !matches!(status, DescriptorStatus::Invalid)
}

/// Time limit for resolving names, and the pause before the next attempt while there is nothing to
/// publish.
const MAX_RESOLVE: Duration = Duration::from_secs(10);
const RESOLVE_AGAIN: Duration = Duration::from_secs(5);

/// Time limit for one authority: an eighth of the epoch, but within these bounds.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_PATIENCE: Duration = Duration::from_secs(10);
