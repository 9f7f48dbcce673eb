//! A network in this process: a consensus of five nodes, and the nodes themselves, which skip the
//! delays.

use crate::Failure;
use mixwell_pki_types::{
    Ed25519, Epoch, KeyHash, LIFETIME, Rates, SignatureScheme, SigningKey, VerifyingKey,
    build::{DescriptorBuilder, DocumentBuilder},
    certify,
};
use mixwell_pq_kem::{X25519, nike::PrivateKey};
use mixwell_sphinx::{Action, Geometry, Message, NodeId, RecipientId, Sphinx, SurbId};
use rand_chacha::{ChaCha20Rng, rand_core::CryptoRng};
use std::collections::HashMap;

/// The lengths of this network's packets: five hops, 2,000 bytes for the user, room for a SURB.
pub(crate) fn geometry() -> Result<Geometry, Failure> {
    Ok(Geometry::of::<X25519>(5, 2000, true)?)
}

pub(crate) struct Network {
    pub(crate) consensus: Vec<u8>,
    /// The identity public keys of the authorities.
    pub(crate) authorities: Vec<[u8; 32]>,
    mix_keys: HashMap<NodeId, PrivateKey<X25519>>,
}

impl Network {
    pub(crate) fn new(epoch: Epoch, rng: &mut ChaCha20Rng) -> Result<Self, Failure> {
        let mut mix_keys = HashMap::new();
        let mut node = |name: &str, is_gateway: bool, is_service: bool| {
            let key = PrivateKey::<X25519>::generate(rng);
            let identity_key = KeyHash::of(name.as_bytes()).0.to_vec();
            let echo = ("echo".into(), [("endpoint".into(), "+echo".into())].into());
            let descriptor = DescriptorBuilder {
                name: name.into(),
                epoch,
                link_key: vec![7; 1216],
                mix_keys: Some((0..3).map(|n| (epoch.plus(n), key.public_key().as_bytes().to_vec())).collect()),
                addresses: Some([("tcp4".into(), vec!["tcp://192.0.2.1:30001".into()])].into()),
                kaetzchen: is_service.then(|| [echo].into()),
                is_gateway,
                is_service,
                identity_key,
                ..DescriptorBuilder::default()
            };
            mix_keys.insert(KeyHash::of(&descriptor.identity_key).into(), key);
            descriptor.encode()
        };
        let document = DocumentBuilder {
            epoch,
            genesis_epoch: epoch,
            rates: Rates { mu: 0.005, ..Default::default() },
            topology: Some(vec![
                vec![node("mix1", false, false)],
                vec![node("mix2", false, false)],
                vec![node("mix3", false, false)],
            ]),
            gateways: Some(vec![node("gateway1", true, false)]),
            services: Some(vec![node("service1", false, true)]),
            sphinx_geometry_hash: geometry()?.hash(),
            version: "v1".into(),
            signature_scheme: "Ed25519".into(),
            ..DocumentBuilder::default()
        };
        let (consensus, authority) = sign(&document.encode(), epoch, rng)?;
        Ok(Self { consensus, authorities: vec![authority], mix_keys })
    }

    /// Carries a packet from hop to hop; the service node echoes its text through the SURB. Returns
    /// the payload that the gateway then hands to the client.
    pub(crate) fn carry(&self, mut packet: Vec<u8>) -> Result<(RecipientId, SurbId, Vec<u8>), Failure> {
        let sphinx = Sphinx::<X25519>::new(geometry()?)?;
        let mut reply = vec![0; packet.len()];
        // the packet goes to the node that has the key for it: no other can open it
        for _ in 0..20 {
            let key = self.mix_keys.values().find(|key| sphinx.open(&mut packet, key).is_ok()).ok_or("no such key")?;
            match sphinx.open(&mut packet, key)?.finish()? {
                Action::Forward { .. } => {}
                Action::Deliver { payload, .. } => {
                    let message = Message::parse(sphinx.geometry(), payload)?;
                    let surb = message.surb.ok_or("no way back")?;
                    sphinx.wrap_reply(surb, message.user_payload, &mut reply)?;
                    packet.clone_from(&reply);
                }
                Action::Reply { recipient, surb_id, payload, .. } => return Ok((recipient, surb_id, payload.to_vec())),
                _ => return Err("an action that this network does not know".into()),
            }
        }
        Err("the packet goes in circles".into())
    }
}

/// The document's certificate by a new authority, and the authority's public key.
fn sign(document: &[u8], epoch: Epoch, rng: &mut impl CryptoRng) -> Result<(Vec<u8>, [u8; 32]), Failure> {
    let (mut private, mut public) = ([0; 64], [0; 32]);
    Ed25519.generate(rng, &mut private, &mut public)?;
    let key = SigningKey::new(&private, VerifyingKey::new(&Ed25519, &public)?)?;
    let mut certificate = vec![0; document.len() + 1000];
    let length = certify(document, epoch.plus(LIFETIME), &key, rng, &mut certificate)?;
    certificate.truncate(length);
    Ok((certificate, public))
}
