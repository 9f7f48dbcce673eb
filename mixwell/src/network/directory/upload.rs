//! A task that uploads a node's descriptor for each epoch to every authority.

use crate::network::{
    clock::Clock,
    error::NetworkError,
    keys::{Identity, LinkKey},
    mix_keys::{MixKeys, MixScheme},
    pki_client::PkiClient,
    randomness::Randomness,
};
use mixwell_pki_types::{
    Epoch, Upload, UploadError,
    build::{Addresses, Capabilities, DescriptorBuilder},
};
use mixwell_wire::DescriptorStatus;
use std::{collections::BTreeSet, sync::Arc};

/// What a node says of itself, but for its keys.
#[derive(Debug, Clone)]
pub(crate) struct NodeDescription {
    pub(crate) name: String,
    pub(crate) addresses: Addresses,
    /// The services of a service node.
    pub(crate) kaetzchen: Option<Capabilities>,
    pub(crate) is_gateway: bool,
    pub(crate) is_service: bool,
}

impl NodeDescription {
    /// The descriptor for an epoch.
    pub(crate) fn descriptor<S: MixScheme>(
        &self,
        epoch: Epoch,
        identity: &Identity,
        link: &LinkKey,
        keys: &MixKeys<S>,
    ) -> Vec<u8> {
        let builder = DescriptorBuilder {
            name: self.name.clone(),
            epoch,
            identity_key: identity.public().to_vec(),
            link_key: link.public().to_vec(),
            mix_keys: Some(keys.public(epoch)),
            addresses: Some(self.addresses.clone()),
            kaetzchen: self.kaetzchen.clone(),
            advertised: None,
            is_gateway: self.is_gateway,
            is_service: self.is_service,
            load_weight: 0,
            authentication_type: String::new(),
            version: String::from("v0"),
        };
        builder.encode()
    }
}

/// Uploads for the next epoch in the first eighth of each one, and on start for the current epoch as well; again each
/// sixteenth to those authorities that could not be reached or did not take it. Advances the mix keys with each epoch.
/// Does not end, unless a key can't be made or stored.
pub(crate) async fn upload<S: MixScheme>(
    client: PkiClient,
    clock: Clock,
    description: NodeDescription,
    identity: Arc<Identity>,
    link: LinkKey,
    keys: Arc<MixKeys<S>>,
    randomness: Randomness,
) -> Result<(), NetworkError> {
    let mut rng = randomness.rng();
    let mut is_first = true;
    loop {
        let epoch = clock.epoch();
        keys.advance(epoch, &mut rng)?;
        let next = epoch.plus(1);
        // at the end of an epoch nobody waits for descriptors of it any more
        let epochs = if core::mem::take(&mut is_first) { vec![epoch, next] } else { vec![next] };
        let mut uploads = Vec::new();
        for of in epochs {
            let descriptor = description.descriptor(of, &identity, &link, &keys);
            uploads.push((of, sign(&descriptor, &identity, &mut rng)?, BTreeSet::new()));
        }
        while clock.epoch() == epoch {
            for (of, bytes, done) in &mut uploads {
                for authority in client.authorities().iter() {
                    if done.contains(&authority.id) {
                        continue;
                    }
                    match client.post_descriptor(authority, *of, bytes).await {
                        Ok(status) => {
                            done.insert(authority.id);
                            if status == DescriptorStatus::Ok {
                                tracing::debug!(authority = authority.identifier, epoch = %of, "descriptor accepted");
                            } else {
                                tracing::warn!(authority = authority.identifier, epoch = %of, ?status, "descriptor refused");
                            }
                        }
                        Err(error) => {
                            tracing::debug!(authority = authority.identifier, epoch = %of, %error, "descriptor not posted");
                        }
                    }
                }
            }
            let end = clock.eighths_into(next, 0);
            let all = uploads.iter().all(|(_, _, done)| done.len() == client.authorities().len());
            let retry = clock.now().saturating_add(clock.sixteenth());
            clock.sleep_until(if all { end } else { retry.min(end) }).await;
        }
    }
}

/// The signed upload of a descriptor.
pub(crate) fn sign(
    descriptor: &[u8],
    identity: &Identity,
    rng: &mut dyn rand_core::CryptoRng,
) -> Result<Vec<u8>, NetworkError> {
    let key = identity.signing()?;
    // an empty buffer measures
    let len = match Upload::sign(descriptor, None, &key, rng, &mut []) {
        Err(UploadError::Buffer(error)) => error.need,
        Err(UploadError::Scheme(error)) => return Err(error.into()),
        _ => 0,
    };
    let mut upload = vec![0; len];
    match Upload::sign(descriptor, None, &key, rng, &mut upload) {
        Err(UploadError::Scheme(error)) => Err(error.into()),
        _ => Ok(upload),
    }
}
