//! A task that uploads a node's descriptor for each epoch to every authority.

use crate::mix_keys::MixKeys;
use core::{convert::Infallible, time::Duration};
use mixwell_net::{
    address::PublicAddresses,
    clock::Clock,
    codec::MixScheme,
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
    pub name: String,
    pub addresses: Addresses,
    /// The services of a service node.
    pub kaetzchen: Option<Capabilities>,
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
    pub fn listing(&self, identity: &Identity) -> String {
        let table = self.kind.table();
        format!("[[{table}]] with Identifier = {:?} and the identity key of hash {}", self.name, identity.id())
    }
}

/// What uploads a node's descriptors.
pub(crate) struct Uploader<S: MixScheme> {
    pub client: DirectoryClient,
    pub clock: Clock,
    /// Its addresses are replaced by `addresses`, once these are resolved.
    pub description: NodeDescription,
    pub addresses: PublicAddresses,
    pub identity: Arc<Identity>,
    pub link: LinkKey,
    pub keys: Arc<MixKeys<S>>,
    pub randomness: Randomness,
}

impl<S: MixScheme> Uploader<S> {
    /// Uploads for the next epoch early in each one, and on start for the current epoch as well, to all authorities at a
    /// time, so that none waits for another that hangs. Ends only if the identity key can't sign.
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

/// Resolves the names in a node's addresses, which may change while it runs. Says whether there are any to publish; those of
/// the last time are good enough.
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

/// A moment in the first 1/32 of an epoch: not all nodes come at once, and not before a clock that is a little behind has
/// turned.
fn soon(clock: Clock, epoch: Epoch, randomness: &Randomness) -> Duration {
    let part = randomness.rng().next_u32() >> 16;
    let wait = clock.eighths(1).saturating_mul(part).checked_div(4 << 16).unwrap_or_default();
    clock.eighths_into(epoch, 0).saturating_add(wait)
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
            let pause = clock.sixteenth().checked_div(if is_early { 4 } else { 1 }).unwrap_or_default();
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

/// Whether asking again is no use. It is of use after `Invalid`: the authority's clock may be in the epoch before.
const fn is_final(status: DescriptorStatus) -> bool {
    !matches!(status, DescriptorStatus::Invalid)
}

/// How long names may take to be resolved, and when to try again if there is nothing to publish yet.
const MAX_RESOLVE: Duration = Duration::from_secs(10);
const RESOLVE_AGAIN: Duration = Duration::from_secs(5);

/// How long one authority may take: an eighth of the epoch, within these.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_net::{
        address::Address,
        authorities::{Authorities, Authority},
        directory_client::{encoded_bound, pki_sizes},
        keys::LinkKem,
    };
    use mixwell_pki_types::{Ed25519, Period};
    use mixwell_pq_kem::X25519;
    use mixwell_wire::{
        Ad, Command, Link, Timeouts,
        tokio::{Reader, Writer, await_proof},
    };
    use tokio::{net::TcpListener, sync::mpsc};

    /// An authority that says `Invalid` to the first upload, as one would whose clock is behind, and takes others.
    async fn behind(listener: TcpListener, own: (KeyHash, LinkKey), link: Link, seen: mpsc::Sender<Epoch>) {
        let (mut rng, timeouts) = (Randomness::from_seed(2).rng(), Timeouts::default());
        let mut status = DescriptorStatus::Invalid;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; own.1.handshake_len()];
            let ad = Ad::node(&own.0.0);
            let session = own.1.respond(&mut stream, ad, &mut rng, &mut buffer, &timeouts, |_| Some(link));
            let session = session.await.unwrap();
            let session = await_proof(&mut stream, session, &timeouts).await.unwrap();
            let (from, to) = stream.split();
            let mut reader = Reader::new(from, session.receiver, vec![0; 1 << 17], &timeouts);
            let Command::PostDescriptor { epoch, .. } = reader.receive().await.unwrap() else { panic!("an upload") };
            seen.send(Epoch(epoch)).await.unwrap();
            let answer = Command::PostDescriptorStatus(status);
            status = DescriptorStatus::Ok;
            let mut writer = Writer::new(to, session.sender, vec![0; encoded_bound(&answer)], &timeouts);
            writer.send(&answer).await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_hangs_keeps_nothing_from_others_and_who_is_behind_is_asked_again() {
        let randomness = Randomness::from_seed(1);
        let mut rng = randomness.rng();
        let (mut list, mut sockets) = (Vec::new(), Vec::new());
        for identifier in ["hangs", "behind"] {
            let identity = Identity::generate(&Ed25519, &mut rng).unwrap();
            let link = LinkKey::generate(LinkKem::default(), &mut rng).unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addresses = vec![Address::of(listener.local_addr().unwrap())];
            let (name, link_key) = (identifier.to_owned(), link.public().to_vec());
            list.push(Authority::new(name, identity.public().to_vec(), link_key, addresses));
            sockets.push((listener, (identity.id(), link)));
        }
        let authorities = Arc::new(Authorities::new(&Ed25519, LinkKem::default(), list));
        let (seen, mut uploads) = mpsc::channel(10);
        let (listener, own) = sockets.pop().unwrap();
        tokio::spawn(behind(listener, own, Link::authority(pki_sizes(&authorities)), seen));

        // not at the end of an epoch, when all begins anew
        let periods = [64, 65, 67].map(|seconds| Clock::new(Period::new(Duration::from_secs(seconds)).unwrap()));
        let clock = *periods.iter().max_by_key(|clock| clock.time().left).unwrap();
        let identity = Arc::new(Identity::generate(&Ed25519, &mut rng).unwrap());
        let link = LinkKey::generate(LinkKem::default(), &mut rng).unwrap();
        let client = DirectoryClient::new(authorities, link.clone(), Some(identity.id()), randomness.branch());
        let description = NodeDescription {
            name: "mix".to_owned(),
            addresses: Addresses::new(),
            kaetzchen: None,
            kind: NodeKind::Mix,
        };
        let keys = Arc::new(MixKeys::<X25519>::in_memory());
        keys.advance(clock.epoch(), time::Instant::now(), &mut rng).unwrap();
        let randomness = randomness.branch();
        let addresses = PublicAddresses::new(vec!["tcp://127.0.0.1:1".parse().unwrap()]);
        let uploader = Uploader { client, clock, description, addresses, identity, link, keys, randomness };
        let uploading = tokio::spawn(uploader.run());
        // the first two come at once, one of which is refused, and comes again
        let mut epochs = Vec::new();
        for _ in 0..3 {
            epochs.push(time::timeout(Duration::from_secs(30), uploads.recv()).await.unwrap().unwrap());
        }
        assert_eq!(epochs[2], epochs[0], "the one that was refused");
        assert_ne!(epochs[0], epochs[1]);
        assert!(
            time::timeout(Duration::from_secs(1), uploads.recv()).await.is_err(),
            "what was taken is not asked again"
        );
        uploading.abort();
        drop(sockets);
    }
}
