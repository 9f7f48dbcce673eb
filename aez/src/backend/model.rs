//! A model of the AES instructions in plain Rust, for unit tests. With it, the code built on the
//! instructions runs on every machine and is compared with the vectors and the portable back end.
//! Where the processor has the instructions, the model is compared with them.

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

/// Not inlined, so that each engine is compiled once.
#[inline(never)]
fn run<S: Simd, const N: usize>(simd: S, key: &Key, nonce: &[u8; 16], direction: Direction, message: &mut [u8]) {
    encipher(&Lanes::<S, N>::new(simd, key), nonce, direction, message);
}

fn check_vectors<S: Simd, const N: usize>(simd: S) {
    for vector in load::<Short>("aez") {
        let Short { key, iv, plaintext: Some(plaintext), ciphertext: Some(ciphertext) } = vector.test else { continue };
        let key = Key::new(&key.array());
        let mut message = plaintext.to_vec();
        run::<S, N>(simd, &key, &iv.array(), Direction::Encrypt, &mut message);
        assert_eq!(message, *ciphertext, "{}", vector.name);
        run::<S, N>(simd, &key, &iv.array(), Direction::Decrypt, &mut message);
        assert_eq!(message, *plaintext, "{}", vector.name);
    }
}

fn is_as_portable<S: Simd, const N: usize>(simd: S) -> bool {
    enciphers_as_portable(&|key: &Key, nonce: &[u8; 16], direction, message: &mut [u8]| {
        run::<S, N>(simd, key, nonce, direction, message);
    })
}

type Encipher<'a> = &'a dyn Fn(&Key, &[u8; 16], Direction, &mut [u8]);

/// Whether messages of every length up to three times eight pairs are encrypted and decrypted as by
/// the portable back end. (An interpreter takes only some lengths.)
pub(super) fn enciphers_as_portable(ours: Encipher<'_>) -> bool {
    let key = Key::new(&core::array::from_fn(|i| byte(i, 41)));
    let nonce = core::array::from_fn(|i| byte(i, 97));
    let whole: [u8; 800] = core::array::from_fn(|i| byte(i, 29));
    let portable = Portable::new(&key);
    [Direction::Encrypt, Direction::Decrypt].into_iter().all(|direction| {
        // the interpreter takes some
        (0..=whole.len()).step_by(if cfg!(miri) { 89 } else { 1 }).all(|length| {
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

/// The passes of AES-NI itself.
type AesNi = One<Faulty<Model>>;
/// The generic passes of all widths, which AES-NI uses for the last pairs.
type AesNiTail = Faulty<One<Model>>;
type Vaes = Faulty<Two<Model>>;
type Vaes512 = Faulty<Four<Faulty<Model>>>;
type Armv8 = Faulty<Neon<Model>>;

const fn aes_ni(within: Fault) -> AesNi {
    One(Faulty(Model, within))
}

const fn aes_ni_tail(around: Fault) -> AesNiTail {
    Faulty(One(Model), around)
}

const fn vaes(around: Fault) -> Vaes {
    Faulty(Two(Model), around)
}

/// AVX-512 with a fault around the registers and a fault in the instructions.
const fn vaes512(around: Fault, within: Fault) -> Vaes512 {
    Faulty(Four(Faulty(Model, within)), around)
}

const fn armv8(around: Fault) -> Armv8 {
    Faulty(Neon(Model), around)
}

#[test]
fn vectors_by_aes_ni() {
    check_vectors::<AesNi, 8>(aes_ni(Fault::None));
    assert!(is_as_portable::<AesNi, 8>(aes_ni(Fault::None)));
    assert!(is_as_portable::<AesNiTail, 8>(aes_ni_tail(Fault::None)));
}

#[test]
fn vectors_by_vaes() {
    check_vectors::<Vaes, 4>(vaes(Fault::None));
    assert!(is_as_portable::<Vaes, 4>(vaes(Fault::None)));
}

#[test]
fn vectors_by_vaes512() {
    check_vectors::<Vaes512, 2>(vaes512(Fault::None, Fault::None));
    assert!(is_as_portable::<Vaes512, 2>(vaes512(Fault::None, Fault::None)));
}

#[test]
fn vectors_by_armv8() {
    check_vectors::<Armv8, 8>(armv8(Fault::None));
    assert!(is_as_portable::<Armv8, 8>(armv8(Fault::None)));
}

/// The tests detect each deliberate fault.
#[test]
fn each_fault_is_found() {
    for fault in Fault::OF_ALL {
        assert!(!is_as_portable::<AesNiTail, 8>(aes_ni_tail(fault)), "AES-NI: {fault:?}");
        assert!(!is_as_portable::<Vaes, 4>(vaes(fault)), "VAES: {fault:?}");
        assert!(!is_as_portable::<Vaes512, 2>(vaes512(fault, Fault::None)), "VAES-512: {fault:?}");
        assert!(!is_as_portable::<Armv8, 8>(armv8(fault)), "ARMv8: {fault:?}");
    }
    for fault in Fault::OF_WIDE {
        assert!(!is_as_portable::<Vaes, 4>(vaes(fault)), "VAES: {fault:?}");
        assert!(!is_as_portable::<Vaes512, 2>(vaes512(fault, Fault::None)), "VAES-512: {fault:?}");
    }
    for fault in Fault::OF_AES_NI {
        assert!(!is_as_portable::<AesNi, 8>(aes_ni(fault)), "AES-NI: {fault:?}");
    }
    for fault in Fault::OF_LANES {
        assert!(!is_as_portable::<Vaes512, 2>(vaes512(Fault::None, fault)), "VAES-512: {fault:?}");
    }
}
