//! A model of the AES instructions in plain Rust, for unit tests: by it, the code that is made of the instructions runs on every
//! machine, against the vectors and beside the portable back end. Where the processor has the instructions, the model is
//! compared with them.

mod faults;
mod instructions;
mod round;
mod same;

use self::{
    faults::{Fault, Faulty},
    instructions::Model,
};
extern crate std;

use super::{
    aese::Neon,
    aesenc::{Four, One, Two},
    portable::Portable,
    simd::{Lanes, Simd},
};
use crate::{direction::Direction, encipher::encipher, offsets::Key};
use mixwell_vectors::{Hex, load};

#[expect(unused_imports, reason = "each processor has some of them")]
pub(super) use self::same::{same_aes_ni, same_aese, same_vaes, same_vaes512};

/// The fields of a vector that holds a whole message.
#[derive(serde::Deserialize)]
struct Short {
    key: Hex,
    iv: Hex,
    plaintext: Option<Hex>,
    ciphertext: Option<Hex>,
}

fn check_vectors<S: Simd, const N: usize>(simd: S) {
    for vector in load::<Short>("aez") {
        let Short { key, iv, plaintext: Some(plaintext), ciphertext: Some(ciphertext) } = vector.test else { continue };
        let engine = Lanes::<S, N>::new(simd, &Key::new(&key.array()));
        let mut message = plaintext.to_vec();
        encipher(&engine, &iv.array(), Direction::Encrypt, &mut message);
        assert_eq!(message, *ciphertext, "{}", vector.name);
        encipher(&engine, &iv.array(), Direction::Decrypt, &mut message);
        assert_eq!(message, *plaintext, "{}", vector.name);
    }
}

fn is_as_portable<S: Simd, const N: usize>(simd: S) -> bool {
    enciphers_as_portable(|key, nonce, direction, message| {
        encipher(&Lanes::<S, N>::new(simd, key), nonce, direction, message);
    })
}

/// Whether messages of every length up to three times eight pairs become what they become by the portable back end.
pub(super) fn enciphers_as_portable(ours: impl Fn(&Key, &[u8; 16], Direction, &mut [u8])) -> bool {
    let key = Key::new(&core::array::from_fn(|i| byte(i, 41)));
    let nonce = core::array::from_fn(|i| byte(i, 97));
    let whole: [u8; 800] = core::array::from_fn(|i| byte(i, 29));
    let portable = Portable::new(&key);
    [Direction::Encrypt, Direction::Decrypt].into_iter().all(|direction| {
        (0..=whole.len()).all(|length| {
            let (mut found, mut want) = (whole, whole);
            ours(&key, &nonce, direction, &mut found[..length]);
            encipher(&portable, &nonce, direction, &mut want[..length]);
            found == want
        })
    })
}

#[expect(clippy::cast_possible_truncation, reason = "made-up bytes")]
fn byte(i: usize, factor: usize) -> u8 {
    (i.wrapping_mul(factor) ^ (i >> 3)) as u8
}

#[test]
fn vectors_by_aes_ni() {
    check_vectors::<_, 8>(One(Model));
    assert!(is_as_portable::<_, 8>(One(Model)));
}

#[test]
fn vectors_by_vaes() {
    check_vectors::<_, 4>(Two(Model));
    assert!(is_as_portable::<_, 4>(Two(Model)));
}

#[test]
fn vectors_by_vaes512() {
    check_vectors::<_, 2>(Four(Model));
    assert!(is_as_portable::<_, 2>(Four(Model)));
}

#[test]
fn vectors_by_armv8() {
    check_vectors::<_, 8>(Neon(Model));
    assert!(is_as_portable::<_, 8>(Neon(Model)));
}

/// Each mistake that this code could have is one that these tests find.
#[test]
fn each_fault_is_found() {
    for fault in Fault::OF_ALL {
        assert!(!is_as_portable::<_, 8>(Faulty(One(Model), fault)), "AES-NI: {fault:?}");
        assert!(!is_as_portable::<_, 4>(Faulty(Two(Model), fault)), "VAES: {fault:?}");
        assert!(!is_as_portable::<_, 2>(Faulty(Four(Model), fault)), "VAES-512: {fault:?}");
        assert!(!is_as_portable::<_, 8>(Faulty(Neon(Model), fault)), "ARMv8: {fault:?}");
    }
    for fault in Fault::OF_WIDE {
        assert!(!is_as_portable::<_, 4>(Faulty(Two(Model), fault)), "VAES: {fault:?}");
        assert!(!is_as_portable::<_, 2>(Faulty(Four(Model), fault)), "VAES-512: {fault:?}");
    }
    for fault in Fault::OF_AES_NI {
        assert!(!is_as_portable::<_, 8>(One(Faulty(Model, fault))), "AES-NI: {fault:?}");
    }
    for fault in Fault::OF_LANES {
        assert!(!is_as_portable::<_, 2>(Four(Faulty(Model, fault))), "VAES-512: {fault:?}");
    }
    assert!(is_as_portable::<_, 2>(Faulty(Four(Faulty(Model, Fault::None)), Fault::None)), "by itself it is right");
}
