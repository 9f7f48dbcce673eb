//! The authorities' part: check uploads, agree on a shared random value, sign one document. Real
//! ones do this over a network and tolerate each other's faults: see
//! `docs/spec/authority.md#statements` in the repository.

use crate::Result;
use mixwell_pki_types::{
    Certificate, Ed25519, Epoch, KeyHash, LIFETIME, Rates, Reveal, SignatureScheme as _, SigningKey, Upload,
    VerifyingKey, build::DocumentBuilder, certify, shared_random_value,
};

pub(crate) struct Authority {
    private: [u8; 64],
    pub(crate) public: [u8; 32],
}

impl Authority {
    pub(crate) fn new() -> Result<Self> {
        let mut authority = Self { private: [0; 64], public: [0; 32] };
        Ed25519.generate(&mut rand::rng(), &mut authority.private, &mut authority.public)?;
        Ok(authority)
    }

    fn key(&self) -> Result<SigningKey<'_>> {
        Ok(SigningKey::new(&self.private, VerifyingKey::new(&Ed25519, &self.public)?)?)
    }
}

/// The consensus on `uploads`, signed by every authority.
pub(crate) fn agree(authorities: &[Authority], uploads: &[Vec<u8>], epoch: Epoch) -> Result<Vec<u8>> {
    let (mut mixes, mut gateways, mut services) = (Vec::new(), Vec::new(), Vec::new());
    for upload in uploads {
        let upload = Upload::parse(upload)?;
        let descriptor = upload.verify(&Ed25519)?;
        descriptor.check(epoch)?;
        let list = if descriptor.is_gateway() {
            &mut gateways
        } else if descriptor.is_service() {
            &mut services
        } else {
            &mut mixes
        };
        list.push(descriptor.encoded().to_vec());
    }

    // Every authority commits to a random value before any reveals its own.
    let reveals: Vec<_> = authorities.iter().map(|_| Reveal::generate(epoch, &mut rand::rng())).collect();
    let commits: Vec<_> = reveals.iter().map(Reveal::commit).collect();
    let mut revealed = Vec::new();
    for ((authority, reveal), commit) in authorities.iter().zip(reveals).zip(&commits) {
        commit.check(&reveal)?;
        revealed.push((KeyHash::of(&authority.public), reveal));
    }

    let document = DocumentBuilder {
        epoch,
        genesis_epoch: epoch,
        rates: Rates { mu: 0.005, lambda_p: 0.001, lambda_l: 0.0005, ..Rates::default() },
        topology: Some((0..3).map(|layer| mixes.iter().skip(layer).step_by(3).cloned().collect()).collect()),
        gateways: Some(gateways),
        services: Some(services),
        shared_random_value: shared_random_value(epoch, &mut revealed, None),
        version: "v1".into(),
        signature_scheme: "Ed25519".into(),
        ..DocumentBuilder::default()
    }
    .encode();
    sign_all(&document, authorities, epoch)
}

/// Each authority adds its signature to the certificate of the one before.
fn sign_all(document: &[u8], authorities: &[Authority], epoch: Epoch) -> Result<Vec<u8>> {
    let mut rng = rand::rng();
    let mut signed: Vec<u8> = Vec::new();
    for authority in authorities {
        let mut out = vec![0; document.len() + 1000];
        let len = if signed.is_empty() {
            certify(document, epoch.plus(LIFETIME), &authority.key()?, &mut rng, &mut out)?
        } else {
            Certificate::parse(&signed)?.add_own_signature(&authority.key()?, epoch, &mut rng, &mut out)?
        };
        out.truncate(len);
        signed = out;
    }
    Ok(signed)
}
