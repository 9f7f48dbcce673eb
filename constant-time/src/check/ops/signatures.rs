//! Signatures: the private key's seeds and the random bytes are secret.

use super::Operation;
use crate::memcheck::{SecretRng, assert_secret, public};
use mixwell_pki_types::{Ed25519, Epoch, Reveal, SignatureScheme, Sphincs};

pub(super) fn all() -> Vec<Operation> {
    vec![
        Operation::new("signature Ed25519: generate", || drop(generate(&Ed25519))),
        Operation::new("signature Ed25519: sign", || sign(&Ed25519, 32)),
        Operation::new("signature Sphincs+: generate", || drop(generate(&Sphincs))),
        Operation::new("signature Sphincs+: sign", || sign(&Sphincs, 64)),
        Operation::new("shared random: reveal", || {
            assert_secret(Reveal::generate(Epoch(1), &mut SecretRng::new(1)).as_bytes());
        }),
    ]
}

fn generate(scheme: &dyn SignatureScheme) -> (Vec<u8>, Vec<u8>) {
    let (mut private, mut public) = (vec![0; scheme.private_len()], vec![0; scheme.public_len()]);
    scheme.generate(&mut SecretRng::new(1), &mut private, &mut public).expect("buffers of the right lengths");
    assert_secret(&public);
    (private, public)
}

/// The public half follows the first `secret` bytes of a private key.
fn sign(scheme: &dyn SignatureScheme, secret: usize) {
    let (mut private, mut public_key) = generate(scheme);
    public(&mut private[secret..]);
    public(&mut public_key[..]);
    // declassified: whether the keys are a pair
    scheme.check_pair(&private, &public_key).expect("a pair");
    let mut signature = vec![0; scheme.signature_len()];
    let message: [&[u8]; 2] = [b"a consensus", b"in two parts"];
    scheme.sign(&private, &message, &mut SecretRng::new(2), &mut signature).expect("a good key");
    assert_secret(&signature);
    public(&mut signature[..]);
    scheme.verify(&public_key, &message, &signature).expect("a good signature");
}
