//! The nodes' part: write a descriptor and sign it with the identity key.

use crate::Result;
use mixwell_pki_types::{
    Ed25519, Epoch, SignatureScheme as _, SigningKey, Upload, VerifyingKey, build::DescriptorBuilder,
};

/// Six mixes, two gateways and two service nodes, each as the bytes of its upload.
pub(crate) fn upload_all(epoch: Epoch) -> Result<Vec<Vec<u8>>> {
    let mut uploads = Vec::new();
    for (role, count) in [("mix", 6), ("gateway", 2), ("service", 2)] {
        for number in 1..=count {
            uploads.push(upload(role, number, epoch)?);
        }
    }
    Ok(uploads)
}

fn upload(role: &str, number: usize, epoch: Epoch) -> Result<Vec<u8>> {
    let mut rng = rand::rng();
    let (mut private, mut public) = ([0; 64], [0; 32]);
    Ed25519.generate(&mut rng, &mut private, &mut public)?;
    let key = SigningKey::new(&private, VerifyingKey::new(&Ed25519, &public)?)?;

    // The link key and the mix keys come from `mixwell-pq-kem`; the mix keys of three epochs are
    // published.
    let mix_keys = (0..3).map(|ahead| (epoch.plus(ahead), vec![9; 32])).collect();
    let echo = [("echo".into(), [("endpoint".into(), "+echo".into())].into())];
    let descriptor = DescriptorBuilder {
        name: format!("{role}{number}"),
        epoch,
        identity_key: public.to_vec(),
        link_key: vec![7; 1216],
        mix_keys: Some(mix_keys),
        addresses: Some([("tcp4".into(), vec![format!("tcp4://192.0.2.{number}:30001")])].into()),
        is_gateway: role == "gateway",
        is_service: role == "service",
        kaetzchen: (role == "service").then(|| echo.into()),
        ..DescriptorBuilder::default()
    }
    .encode();
    let mut upload = vec![0; descriptor.len() + 300];
    let len = Upload::sign(&descriptor, None, &key, &mut rng, &mut upload)?;
    upload.truncate(len);
    Ok(upload)
}
