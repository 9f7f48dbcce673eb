//! Synthetic networks of any size.

use mixwell_pki_types::{
    Certificate, Ed25519, Epoch, KeyHash, LIFETIME, Rates, SignatureScheme, SigningKey, VerifyingKey,
    build::{DescriptorBuilder, DocumentBuilder},
    certify,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

/// The documents' epoch.
pub(crate) const EPOCH: Epoch = Epoch(249_256);

/// A document of three layers of mixes, with one gateway and one service node per twenty nodes or
/// part thereof.
pub(crate) fn document(nodes: usize) -> DocumentBuilder {
    let others = nodes.div_ceil(20);
    let mixes: Vec<_> = (0..nodes - 2 * others).map(|n| descriptor(n, "mix").encode()).collect();
    let gateways = (0..others).map(|n| {
        let gateway = DescriptorBuilder { is_gateway: true, ..descriptor(100_000 + n, "gateway") };
        gateway.encode()
    });
    let services = (0..others).map(|n| {
        let echo = [("endpoint".to_owned(), "+echo".into())].into();
        let kaetzchen = Some([("echo".to_owned(), echo)].into());
        let service = DescriptorBuilder { is_service: true, kaetzchen, ..descriptor(200_000 + n, "service") };
        service.encode()
    });
    DocumentBuilder {
        epoch: EPOCH,
        genesis_epoch: Epoch(EPOCH.0 - 100),
        rates: Rates { mu: 0.005, lambda_p: 0.001, lambda_l: 0.0005, lambda_m: 0.0005, lambda_g: 0.25, lambda_r: 0.1 },
        topology: Some((0..3).map(|layer| mixes.iter().skip(layer).step_by(3).cloned().collect()).collect()),
        gateways: Some(gateways.collect()),
        services: Some(services.collect()),
        prior_shared_random: Some(vec![[1; 32], [2; 32]]),
        version: "v1".to_owned(),
        signature_scheme: "Ed25519".to_owned(),
        ..DocumentBuilder::default()
    }
}

/// A descriptor with keys of realistic lengths, for the document's epoch and the next two.
pub(crate) fn descriptor(number: usize, role: &str) -> DescriptorBuilder {
    let key = |usage: &str| KeyHash::of(format!("{role} {number} {usage}").as_bytes()).0.to_vec();
    DescriptorBuilder {
        name: format!("{role}{number}"),
        epoch: EPOCH,
        identity_key: key("identity"),
        link_key: key("link").repeat(38),
        mix_keys: Some((0..3).map(|n| (EPOCH.plus(n), key(&format!("epoch {n}")))).collect()),
        addresses: Some([("tcp4".to_owned(), vec!["tcp4://192.0.2.1:30001".to_owned()])].into()),
        version: "v0".to_owned(),
        ..DescriptorBuilder::default()
    }
}

/// An Ed25519 key pair.
pub(crate) struct Pair {
    private: [u8; 64],
    public: [u8; 32],
}

impl Pair {
    pub(crate) fn new(seed: u8) -> Self {
        let mut pair = Self { private: [0; 64], public: [0; 32] };
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        Ed25519.generate(&mut rng, &mut pair.private, &mut pair.public).unwrap();
        pair
    }

    pub(crate) fn verifying(&self) -> VerifyingKey<'_> {
        VerifyingKey::new(&Ed25519, &self.public).unwrap()
    }

    pub(crate) fn signing(&self) -> SigningKey<'_> {
        SigningKey::new(&self.private, self.verifying()).unwrap()
    }
}

/// A document's certificate, signed by each signer.
pub(crate) fn certificate(document: &[u8], signers: &[Pair]) -> Vec<u8> {
    let mut signed: Vec<u8> = Vec::new();
    let mut rng = ChaCha20Rng::from_seed([0; 32]);
    for signer in signers {
        let mut out = vec![0; document.len() + 200 * signers.len() + 200];
        let key = signer.signing();
        let len = match &signed[..] {
            [] => certify(document, EPOCH.plus(LIFETIME), &key, &mut rng, &mut out),
            signed => Certificate::parse(signed).unwrap().add_own_signature(&key, EPOCH, &mut rng, &mut out),
        };
        out.truncate(len.unwrap());
        signed = out;
    }
    signed
}
