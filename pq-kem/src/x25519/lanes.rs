//! Several exchanges at once, in the lanes of vector registers.
//!
//! The ladder (`ladder`) and the arithmetic of its numbers (`radix25`, `radix52`) are written for
//! any processor's vectors (`vector`): those of x86-64 (`x86`), and in tests a model of them that
//! runs everywhere.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::inline_always,
    reason = "limbs and lanes have constant indices, and their bounds are stated where they are needed"
)]
#![expect(clippy::many_single_char_names, reason = "limbs and lanes in order, and the names of RFC 7748")]

// the algorithms are compiled where there are vectors, and for the model of them
#[cfg(any(test, all(target_arch = "x86_64", not(mixwell_backend = "portable"))))]
mod ladder;
#[cfg(test)]
mod model;
#[cfg(any(test, all(target_arch = "x86_64", not(mixwell_backend = "portable"))))]
mod radix25;
#[cfg(any(test, all(target_arch = "x86_64", not(mixwell_backend = "portable"))))]
mod radix52;
#[cfg(test)]
mod tests;
#[cfg(any(test, all(target_arch = "x86_64", not(mixwell_backend = "portable"))))]
mod vector;
#[cfg_attr(not(all(target_arch = "x86_64", not(mixwell_backend = "portable"))), path = "lanes/other.rs")]
mod x86;

use self::x86::{HasAvx2, HasAvx512f, HasIfma};
use super::{
    backend::{X25519Backend, is_allowed},
    single,
};
use zeroize::{Zeroize, Zeroizing, zeroize_stack};

/// Maximum number of exchanges at once.
pub(super) const MAX: usize = 8;

/// Bytes of stack below the caller that are wiped after the ladders: more than any of them uses.
const STACK_LEN: usize = 16_384;

/// Whether the processor has the vector instructions of a backend, and the backend is allowed.
pub(super) fn has(backend: X25519Backend) -> bool {
    let found = match backend {
        X25519Backend::Avx512Ifma => HasIfma::find().is_some(),
        X25519Backend::Avx512f => HasAvx512f::find().is_some(),
        X25519Backend::Avx2 => HasAvx2::find().is_some(),
        X25519Backend::Portable | X25519Backend::Adx => false,
    };
    found && is_allowed(backend)
}

/// The fastest backend for `count` exchanges, or for as many of them as it has lanes.
///
/// However many lanes are used, all of them take the time of 1.7 single exchanges with IFMA, 3.9
/// with AVX-512F and 2.9 with AVX2. (Single exchanges by ADX; portable ones are slower, so that
/// lanes pay off earlier.)
pub(super) fn best(count: usize) -> X25519Backend {
    let worth_it = [(X25519Backend::Avx512Ifma, 2), (X25519Backend::Avx512f, 5), (X25519Backend::Avx2, 4)];
    let found = worth_it.into_iter().find(|(backend, least)| count >= *least && has(*backend));
    found.map_or_else(X25519Backend::of_one, |(backend, _)| backend)
}

/// X25519 (RFC 7748, section 5) of each private key and u, for as many as the backend has lanes;
/// the rest are zeros.
pub(super) fn multiply(backend: X25519Backend, keys: [(&[u8; 32], &[u8; 32]); MAX]) -> Zeroizing<[[u8; 32]; MAX]> {
    let found = match backend {
        X25519Backend::Avx512Ifma => {
            HasIfma::find().map(|has| products(&keys, |scalars, us| has.multiply(scalars, us)))
        }
        X25519Backend::Avx512f => {
            HasAvx512f::find().map(|has| products(&keys, |scalars, us| has.multiply(scalars, us)))
        }
        X25519Backend::Avx2 => HasAvx2::find().and_then(|has| {
            let mut all = Zeroizing::new([[0; 32]; MAX]);
            let (first, _) = all.split_first_chunk_mut()?;
            *first = *products::<4>(keys.first_chunk()?, |scalars, us| has.multiply(scalars, us));
            Some(all)
        }),
        X25519Backend::Portable | X25519Backend::Adx => None,
    };
    found.unwrap_or_else(|| {
        let mut all = Zeroizing::new([[0; 32]; MAX]);
        let [(private, u), ..] = keys;
        all[0] = *single::multiply(private, u);
        all
    })
}

/// The four words of a number in each lane, least significant first.
type Words<const LANES: usize> = [[u64; LANES]; 4];

/// A fraction in each lane: numerators and denominators.
type Fractions<const LANES: usize> = (Words<LANES>, Words<LANES>);

fn products<const LANES: usize>(
    keys: &[(&[u8; 32], &[u8; 32]); LANES],
    ladders: impl FnOnce(&Words<LANES>, &Words<LANES>) -> Fractions<LANES>,
) -> Zeroizing<[[u8; 32]; LANES]> {
    let (mut scalars, mut us) = (Zeroizing::new([[0; LANES]; 4]), Zeroizing::new([[0; LANES]; 4]));
    for (lane, (private, u)) in keys.iter().enumerate() {
        let (scalar, u) = (single::clamped(private), Zeroizing::new(single::words(u)));
        for i in 0..4 {
            (scalars[i][lane], us[i][lane]) = (scalar[i], u[i]);
        }
    }
    let (mut numerators, mut denominators) = ladders(&scalars, &us);
    zeroize_stack::<STACK_LEN>();
    let mut fractions = Zeroizing::new([([0; 4], [0; 4]); LANES]);
    for (lane, (numerator, denominator)) in fractions.iter_mut().enumerate() {
        for i in 0..4 {
            (numerator[i], denominator[i]) = (numerators[i][lane], denominators[i][lane]);
        }
    }
    numerators.zeroize();
    denominators.zeroize();
    single::divide_each(&fractions)
}
