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

/// What a node says of itself, but for its keys.
#[derive(Debug, Clone)]
pub struct NodeDescription {
    /// Its name, as authorities list it.
    pub name: String,
    /// Where other nodes and clients reach it.
    pub addresses: Addresses,
    /// The services of a service node.
    pub kaetzchen: Option<Capabilities>,
    /// Mix, gateway or service node.
    pub kind: NodeKind,
}

impl NodeDescription {
    /// The descriptor for an epoch, with the public mix keys of it and those after it.
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

    /// How an authority's configuration lists the node.
    #[must_use]
    pub fn listing(&self, identity: &Identity) -> String {
        let table = self.kind.table();
        format!("[[{table}]] with Identifier = {:?} and the identity key of hash {}", self.name, identity.id())
    }
}

/// What uploads a node's descriptors.
pub(crate) struct Uploader {
    pub client: DirectoryClient,
    pub clock: Clock,
    /// Its addresses are replaced by `addresses`, once these are resolved.
    pub description: NodeDescription,
    pub addresses: PublicAddresses,
    pub identity: Arc<Identity>,
    pub link: LinkKey,
    pub keys: Arc<MixKeys>,
    pub randomness: Randomness,
}

impl Uploader {
    /// Uploads for the next epoch early in each one, and on start for the current epoch as well, to
    /// all authorities at a time, so that none waits for another that hangs. Ends only if the
    /// identity key can't sign.
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
            // at the end of an epoch nobody waits for descriptors of it any more
            let epochs = if is_first { vec![epoch, next] } else { vec![next] };
            let mut posts = JoinSet::new();
            for of in epochs {
                // made meanwhile by another task
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
            // what was not taken by now is of no use: dropped
        }
    }
}

/// Resolves the names in a node's addresses, which may change while it runs. Says whether there are
/// any to publish; those of the last time are good enough.
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

/// A moment in the first 1/32 of an epoch: not all nodes come at once, and not before a clock that
/// is a little behind has turned.
fn soon(clock: Clock, epoch: Epoch, randomness: &Randomness) -> Duration {
    let part = randomness.rng().next_u32() >> 16;
    let wait = clock.eighths(1) * part / (4 << 16);
    clock.eighths_into(epoch, 0) + wait
}

/// A descriptor on its way to one authority.
struct Post {
    authority: KeyHash,
    of: Epoch,
    bytes: Arc<[u8]>,
    begin: Duration,
    /// How an authority's configuration has to list the node.
    listing: Arc<str>,
}

impl Post {
    /// Asks again until the authority has decided or the epoch is over.
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
            // the votes of the first eighth are those that count
            let is_early = clock.now() < clock.eighths_into(now, 1);
            let pause = clock.sixteenth() / if is_early { 4 } else { 1 };
            clock.sleep_until(clock.now().saturating_add(pause)).await;
        }
    }

    /// Tells the operator why an authority did not accept a descriptor, and what to do.
    fn explain(&self, authority: &str, status: DescriptorStatus) {
        let epoch = self.of;
        match status {
            // what is the same to the byte is answered so too
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

/// Whether asking again is no use. It is of use after `Invalid`: the authority's clock may be in
/// the epoch before.
const fn is_final(status: DescriptorStatus) -> bool {
    !matches!(status, DescriptorStatus::Invalid)
}

/// How long names may take to be resolved, and when to try again if there is nothing to publish
/// yet.
const MAX_RESOLVE: Duration = Duration::from_secs(10);
const RESOLVE_AGAIN: Duration = Duration::from_secs(5);

/// How long one authority may take: an eighth of the epoch, within these.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_PATIENCE: Duration = Duration::from_secs(10);
