//! All vectors of the family `aez`, encrypted and decrypted, on every backend of this machine.

use mixwell_aez::{Aez, Backend};
use mixwell_vectors::{Hex, load};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// Short messages are written out, long ones described by a pattern.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    key: Hex,
    iv: Hex,
    len: usize,
    plaintext: Option<Hex>,
    plaintext_pattern: Option<Pattern>,
    ciphertext: Option<Hex>,
    ciphertext_sha256: Option<Hex>,
}

#[derive(Deserialize)]
enum Pattern {
    #[serde(rename = "byte i = i mod 251")]
    Mod251,
}

impl Test {
    fn plaintext(&self) -> Vec<u8> {
        match (&self.plaintext, &self.plaintext_pattern) {
            (Some(bytes), None) => bytes.to_vec(),
            (None, Some(Pattern::Mod251)) => (0..=250).cycle().take(self.len).collect(),
            _ => panic!("a test has either a plaintext or its pattern"),
        }
    }

    fn check_ciphertext(&self, found: &[u8], name: &str) {
        match (&self.ciphertext, &self.ciphertext_sha256) {
            (Some(bytes), None) => assert_eq!(found, &**bytes, "{name}"),
            (None, Some(hash)) => assert_eq!(&Sha256::digest(found)[..], &**hash, "{name}"),
            _ => panic!("a test has either a ciphertext or its hash"),
        }
    }
}

#[test]
fn every_vector_on_every_backend() {
    for vector in load::<Test>("aez") {
        let test = &vector.test;
        let plaintext = test.plaintext();
        assert_eq!(plaintext.len(), test.len, "{}", vector.name);
        for backend in Backend::available() {
            let name = format!("{} on {backend:?}", vector.name);
            let aez = Aez::with_backend(&test.key.array(), backend).unwrap();
            let mut message = plaintext.clone();
            aez.encrypt(&test.iv.array(), &mut message);
            test.check_ciphertext(&message, &name);
            aez.decrypt(&test.iv.array(), &mut message);
            assert_eq!(message, plaintext, "{name}");
        }
    }
}
