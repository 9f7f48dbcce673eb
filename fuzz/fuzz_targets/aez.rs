//! AEZ: every backend agrees with the portable one, and decrypting is the inverse of encrypting.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_aez::{Aez, Backend};

fuzz_target!(|input: ([[u8; 16]; 3], [u8; 16], &[u8])| {
    let (key, nonce, message) = input;
    let key = key.as_flattened().try_into().unwrap();
    let mut expected = message.to_vec();
    Aez::with_backend(key, Backend::Portable).unwrap().encrypt(&nonce, &mut expected);
    for backend in Backend::available() {
        let aez = Aez::with_backend(key, backend).unwrap();
        let mut bytes = message.to_vec();
        aez.encrypt(&nonce, &mut bytes);
        assert_eq!(bytes, expected, "{backend:?}");
        aez.decrypt(&nonce, &mut bytes);
        assert_eq!(bytes, message, "{backend:?}");
    }
});
