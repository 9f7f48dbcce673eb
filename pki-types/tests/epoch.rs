//! Epochs and the shared random value, as in the reference.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::integer_division_remainder_used,
    clippy::struct_field_names,
    reason = "a test"
)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use core::time::Duration;
use mixwell_pki_types::{BeforeZero, Epoch, KeyHash, Period, Reveal, SharedRandomError, shared_random_value};
use mixwell_vectors::{Hex, ReplayRng, load};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EpochTest {
    unix: u64,
    epoch: u64,
    elapsed_s: u64,
    till_s: u64,
}

#[test]
fn epoch_vectors() {
    for vector in load::<EpochTest>("epoch") {
        let (name, test) = (vector.name, vector.test);
        let time = Period::default().at(Duration::from_secs(test.unix)).unwrap();
        assert_eq!(time.epoch, Epoch(test.epoch), "{name}");
        assert_eq!(time.elapsed, Duration::from_secs(test.elapsed_s), "{name}");
        assert_eq!(time.left, Duration::from_secs(test.till_s), "{name}");
        let start = Period::default().start(time.epoch);
        assert_eq!(start + time.elapsed, Duration::from_secs(test.unix), "{name}");
    }
}

#[test]
fn before_zero() {
    let unix = Duration::from_nanos(1_496_275_199_999_999_999);
    assert_eq!(Period::default().at(unix), Err(BeforeZero { unix_secs: 1_496_275_199 }));
    assert_eq!(Period::default().at(Duration::ZERO), Err(BeforeZero { unix_secs: 0 }));
    assert_eq!(Period::new(Duration::from_micros(999)), None);
    assert_eq!(Period::new(Duration::MAX), None);
}

proptest! {
    #[test]
    fn times_add_up(secs in 1_496_275_200..=u64::MAX, nanos in 0_u32..1_000_000_000, millis in 1_u64..=u64::MAX) {
        let period = Period::new(Duration::from_millis(millis)).unwrap();
        let unix = Duration::new(secs, nanos);
        let time = period.at(unix).unwrap();
        prop_assert_eq!(time.elapsed + time.left, period.duration());
        prop_assert!(time.elapsed < period.duration());
        if time.epoch.0 < u64::MAX {
            prop_assert_eq!(period.start(time.epoch) + time.elapsed, unix);
        }
    }
}

/// A number, as text where JSON would lose digits.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u64),
    Text(String),
}

impl Number {
    fn get(&self) -> u64 {
        match self {
            Self::Number(n) => *n,
            Self::Text(text) => text.parse().unwrap(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SharedRandomTest {
    epoch: Number,
    commit: Hex,
    reveal: Hex,
}

#[test]
fn shared_random_vectors() {
    for vector in load::<SharedRandomTest>("shared_random") {
        let (name, test) = (vector.name, vector.test);
        let reveal = Reveal::parse(&test.reveal).unwrap();
        let commit = mixwell_pki_types::Commit::parse(&test.commit).unwrap();
        assert_eq!(reveal.epoch(), Epoch(test.epoch.get()), "{name}");
        assert_eq!(commit.epoch(), Epoch(test.epoch.get()), "{name}");
        assert_eq!(reveal.commit().as_bytes(), &test.commit[..], "{name}");
        assert_eq!(commit.check(&reveal), Ok(()), "{name}");

        for byte in 0..40 {
            let mut other = test.reveal.0.clone();
            other[byte] ^= 1;
            let other = Reveal::parse(&other).unwrap();
            let want = if byte < 8 {
                SharedRandomError::Epoch { commit: commit.epoch(), reveal: other.epoch() }
            } else {
                SharedRandomError::Mismatch
            };
            assert_eq!(commit.check(&other), Err(want), "{name}");
        }
        assert_eq!(Reveal::parse(&test.reveal[1..]).unwrap_err(), SharedRandomError::Length { got: 39 }, "{name}");
    }
}

#[test]
fn reveals_hide_their_randomness() {
    let mut rng = ReplayRng::new(&[&[7; 32]]);
    let reveal = Reveal::generate(Epoch(5), &mut rng);
    rng.finish();
    assert_eq!(&reveal.as_bytes()[..8], 5_u64.to_be_bytes());
    assert_eq!(&reveal.as_bytes()[8..], KeyHash::of(&[7; 32]).0);
    assert_eq!(format!("{reveal:?}"), "Reveal(5, ..)");
}

/// The formula as specified: no vector confirms it.
///
/// The values in the documents of `document.json` are random, and the one in `document_live.json`
/// is from a genesis epoch whose reveals are missing. The following were tried on five of them,
/// without a match: reveals as listed or sorted either way by reveal, key hash, commit or
/// certificate; each as its 40 bytes, its 32-byte value alone, hashed again or as the whole
/// certificate, with the key hash before, after or omitted; the epoch of the document or up to two
/// off, as 8 bytes in either byte order, 4 bytes, digits or omitted; as the previous value, either
/// prior value, both, the value itself, zeros or nothing; six orders of the four parts; with and
/// without the prefix; BLAKE2b-256, SHA-256, SHA-512/256 cut, SHA3-256, BLAKE2s.
#[test]
fn shared_value_takes_reveals_in_descending_order() {
    let reveal = |first: u8| Reveal::parse(&[&[0; 8][..], &[first; 32]].concat()).unwrap();
    let (low, high) = ((KeyHash([9; 32]), reveal(1)), (KeyHash([3; 32]), reveal(2)));
    let previous = [6; 32];
    let formula = [
        &b"shared-random"[..],
        &77_u64.to_be_bytes(),
        &[3; 32],
        high.1.as_bytes(),
        &[9; 32],
        low.1.as_bytes(),
        &previous,
    ]
    .concat();
    let mut reveals = [low, high];
    for _ in 0..2 {
        // ascending at first, then in the order that the call left
        assert_eq!(shared_random_value(Epoch(77), &mut reveals, Some(&previous)), KeyHash::of(&formula).0);
    }
    let first = [&b"shared-random"[..], &77_u64.to_be_bytes(), &[0; 32]].concat();
    assert_eq!(shared_random_value(Epoch(77), &mut [], None), KeyHash::of(&first).0);
}
