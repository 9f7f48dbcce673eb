//! AEZ, on every backend: key, nonce and message are secret.

use super::{Operation, Outcome};
use crate::memcheck::{assert_secret, secrets};
use mixwell_aez::{Aez, Backend};

/// Lengths for every path of the cipher: each number of rounds of AEZ-tiny, whole and partial
/// blocks, eight pairs and more.
const LENGTHS: [usize; 14] = [1, 2, 3, 15, 16, 31, 32, 33, 47, 48, 63, 255, 300, 2122];

pub(super) fn all() -> Vec<Operation> {
    let native = [(Backend::AesNi, "AES-NI"), (Backend::Vaes, "VAES"), (Backend::Vaes512, "VAES-512")];
    let native = native.into_iter().filter(|_| !cfg!(mixwell_backend = "portable"));
    let operations = [(Backend::Portable, "portable")].into_iter().chain(native).flat_map(|(backend, name)| {
        [("encrypt", true), ("decrypt", false)].map(|(way, encrypt)| Operation {
            name: format!("AEZ, {name}: {way}"),
            run: Box::new(move || encipher(backend, encrypt)),
            leaks: false,
        })
    });
    operations.collect()
}

fn encipher(backend: Backend, encrypt: bool) -> Outcome {
    for len in LENGTHS {
        let Some(aez) = Aez::with_backend(&secrets(1), backend) else { return Outcome::NotRun };
        let mut message = secrets::<2122>(2);
        let message = &mut message[..len];
        if encrypt {
            aez.encrypt(&secrets(3), message);
        } else {
            aez.decrypt(&secrets(3), message);
        }
        assert_secret(message);
    }
    Outcome::Done
}
