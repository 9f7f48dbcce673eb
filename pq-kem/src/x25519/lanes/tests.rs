//! The ladders on the processor's vectors, and on models of these vectors, against another
//! implementation of X25519.
#![expect(clippy::integer_division_remainder_used, clippy::cast_possible_truncation, reason = "a test")]

extern crate std;

use super::{
    Fractions, Words,
    ladder::{self, Field},
    model::{self, Anywhere, Model},
    products,
    radix25::Radix25,
    radix52::Radix52,
    vector::Vector,
};
use crate::x25519::single::tests::{remarkable as remarkable_numbers, residue, wide};
use crypto_bigint::U512;
use proptest::prelude::*;
use std::vec::Vec;

type Key = [u8; 32];
type Ladders<const LANES: usize> = fn(&Words<LANES>, &Words<LANES>) -> Fractions<LANES>;

/// The first pair of keys, if any, for which the ladders differ from `x25519-dalek`. The other
/// lanes hold other pairs.
fn first_difference<const LANES: usize>(ladders: Ladders<LANES>, pairs: &[(Key, Key)]) -> Option<(Key, Key)> {
    for at in (0..pairs.len()).step_by(LANES) {
        let pair = |lane: usize| &pairs[(at + lane) % pairs.len()];
        let keys = core::array::from_fn(|lane| (&pair(lane).0, &pair(lane).1));
        let found = products(&keys, ladders);
        for lane in 0..LANES {
            let (private, u) = *pair(lane);
            if found[lane] != x25519_dalek::x25519(private, u) {
                return Some((private, u));
            }
        }
    }
    None
}

/// Points of small order on the curve and its twist, non-canonical encodings, and the extreme
/// values of limbs; with private keys of all zeros, all ones, and other patterns.
fn remarkable() -> Vec<(Key, Key)> {
    let small_order = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let mut us: Vec<Key> = small_order.iter().map(|u| hex::decode(u).unwrap().try_into().unwrap()).collect();
    for low in 0xd0..=0xff {
        // 2²⁵⁵ − 48 to 2²⁵⁵ − 1, of which the last 19 are p or more
        let mut u = [0xff; 32];
        (u[0], u[31]) = (low, 0x7f);
        us.push(u);
    }
    us.extend((0..40).map(|low| core::array::from_fn(|i| if i == 0 { low } else { 0 })));
    for pattern in [0x55, 0xaa, 0x0f, 0xf0] {
        us.push([pattern; 32]);
    }
    us.extend((0..256).map(|bit| core::array::from_fn(|i| if i == bit / 8 { 1 << (bit % 8) } else { 0 })));
    // the top bit is ignored
    us.extend(us.clone().into_iter().map(|mut u| {
        u[31] ^= 0x80;
        u
    }));
    let privates = [[0; 32], [0xff; 32], [0x55; 32], core::array::from_fn(|i| (i as u8).wrapping_mul(37))];
    us.iter().enumerate().map(|(i, u)| (privates[i % 4], *u)).chain(privates.map(|key| (key, [0x42; 32]))).collect()
}

fn radix52<const FAULT: u8>(scalars: &Words<8>, us: &Words<8>) -> Fractions<8> {
    ladder::multiply::<Radix52<Model<8, FAULT>>>(Anywhere, scalars, us)
}

fn radix25_of_eight<const FAULT: u8>(scalars: &Words<8>, us: &Words<8>) -> Fractions<8> {
    ladder::multiply::<Radix25<Model<8, FAULT>>>(Anywhere, scalars, us)
}

fn radix25_of_four<const FAULT: u8>(scalars: &Words<4>, us: &Words<4>) -> Fractions<4> {
    ladder::multiply::<Radix25<Model<4, FAULT>>>(Anywhere, scalars, us)
}

/// Sums, differences and products of two numbers in each lane, as in the ladder, and of their
/// results.
fn check_field<F: Field>(proof: <F::Vector as Vector>::Proof) {
    let (numbers, lanes) = (remarkable_numbers(), F::Vector::ZEROS.as_ref().len());
    let load = |at: &dyn Fn(usize) -> usize| {
        let mut words = [F::Vector::ZEROS; 4];
        for lane in 0..lanes {
            for (word, limb) in words.iter_mut().zip(numbers[at(lane) % numbers.len()]) {
                word.as_mut()[lane] = limb;
            }
        }
        words
    };
    // 2²⁵⁵ ≡ 19 mod p, and RFC 7748 ignores the top bit
    let of = |words: &[_; 4], lane: usize| {
        let [a, b, c, d] = words.each_ref().map(|word: &<F::Vector as Vector>::Words| word.as_ref()[lane]);
        wide(&[a, b, c, d])
    };
    let one = F::small(proof, 1);
    let masked = |number: U512| number.bitand(&U512::MAX.shr(257));
    let p = wide(&[u64::MAX - 18, u64::MAX, u64::MAX, u64::MAX >> 1]);
    for first in (0..numbers.len()).step_by(lanes) {
        for distance in (0..numbers.len()).step_by(29) {
            let words = [load(&|lane| first + lane), load(&|lane| first + lane + distance)];
            let [a, b] = words.each_ref().map(|words| F::from_words(proof, words));
            let (sum, difference, product) = (a.add(b), a.sub(b), a.mul(b));
            let found = [
                product,
                sum.mul(difference),
                difference.mul(sum),
                sum.square(),
                difference.square(),
                a.add_121665_times(difference).mul(one),
                product.add_121665_times(sum).mul(one),
                a.add_121665_times(difference).mul(b.add_121665_times(sum)),
                product.add(a).mul(product.sub(b)),
                product.sub(product).square(),
            ]
            .map(Field::to_words);
            for lane in 0..lanes {
                let [a, b] = words.each_ref().map(|words| masked(of(words, lane)));
                let product = wide(&residue(&a.wrapping_mul(&b)));
                let (sum, difference) = (a.wrapping_add(&b), a.wrapping_add(&p).wrapping_add(&p).wrapping_sub(&b));
                let times_121665 = |number: &U512| number.wrapping_mul(&U512::from(121_665_u32));
                let want = [
                    product,
                    sum.wrapping_mul(&wide(&residue(&difference))),
                    sum.wrapping_mul(&wide(&residue(&difference))),
                    sum.wrapping_mul(&wide(&residue(&sum))),
                    difference.wrapping_mul(&wide(&residue(&difference))),
                    a.wrapping_add(&times_121665(&difference)),
                    product.wrapping_add(&times_121665(&sum)),
                    wide(&residue(&a.wrapping_add(&times_121665(&difference))))
                        .wrapping_mul(&wide(&residue(&b.wrapping_add(&times_121665(&sum))))),
                    product
                        .wrapping_add(&a)
                        .wrapping_mul(&wide(&residue(&product.wrapping_add(&p).wrapping_add(&p).wrapping_sub(&b)))),
                    U512::ZERO,
                ];
                for (formula, (found, want)) in found.iter().zip(&want).enumerate() {
                    assert_eq!(residue(&of(found, lane)), residue(want), "formula {formula} of {a} and {b}");
                }
            }
        }
    }
}

#[test]
fn fields_of_models() {
    check_field::<Radix52<Model<8, { model::RIGHT }>>>(Anywhere);
    check_field::<Radix25<Model<8, { model::RIGHT }>>>(Anywhere);
    check_field::<Radix25<Model<4, { model::RIGHT }>>>(Anywhere);
}

#[test]
fn models_on_remarkable_points() {
    let pairs = remarkable();
    assert_eq!(first_difference(radix52::<{ model::RIGHT }>, &pairs), None);
    assert_eq!(first_difference(radix25_of_eight::<{ model::RIGHT }>, &pairs), None);
    assert_eq!(first_difference(radix25_of_four::<{ model::RIGHT }>, &pairs), None);
}

/// Asserts that each fault is detected.
fn assert_found<const LANES: usize>(code: &str, faults: &[(&str, Ladders<LANES>)]) {
    let pairs = remarkable();
    for (fault, ladders) in faults {
        assert!(first_difference(*ladders, &pairs).is_some(), "{code}: {fault}");
    }
}

#[test]
fn faults_of_the_instructions_are_found() {
    assert_found(
        "52 bits",
        &[
            ("fold", radix52::<{ model::FOLD }>),
            ("lane of a mask", radix52::<{ model::LANE_OF_MASK }>),
            ("choice", radix52::<{ model::CHOICE }>),
            ("carry", radix52::<{ model::CARRY }>),
            ("shift", radix52::<{ model::SHIFT }>),
            ("width", radix52::<{ model::WIDTH }>),
            ("halves", radix52::<{ model::HALVES }>),
            ("upper half", radix52::<{ model::UPPER_HALF }>),
            ("sign", radix52::<{ model::SIGN }>),
        ],
    );
    assert_found(
        "26 and 25 bits",
        &[
            ("fold", radix25_of_eight::<{ model::FOLD }>),
            ("lane of a mask", radix25_of_eight::<{ model::LANE_OF_MASK }>),
            ("choice", radix25_of_eight::<{ model::CHOICE }>),
            ("carry", radix25_of_eight::<{ model::CARRY }>),
            ("long carry", radix25_of_eight::<{ model::LONG_CARRY }>),
            ("shift", radix25_of_eight::<{ model::SHIFT }>),
            ("width", radix25_of_eight::<{ model::WIDTH }>),
        ],
    );
    assert_found(
        "26 and 25 bits, four lanes",
        &[
            ("fold", radix25_of_four::<{ model::FOLD }>),
            ("lane of a mask", radix25_of_four::<{ model::LANE_OF_MASK }>),
            ("shift", radix25_of_four::<{ model::SHIFT }>),
        ],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Random bytes are points of the curve or of its twist, in about equal parts.
    #[test]
    fn models_on_random_keys(pairs in prop::collection::vec(any::<(Key, Key)>(), 8)) {
        prop_assert_eq!(first_difference(radix52::<{ model::RIGHT }>, &pairs), None);
        prop_assert_eq!(first_difference(radix25_of_eight::<{ model::RIGHT }>, &pairs), None);
        prop_assert_eq!(first_difference(radix25_of_four::<{ model::RIGHT }>, &pairs), None);
    }
}

#[cfg(all(target_arch = "x86_64", not(mixwell_backend = "portable")))]
mod processor {
    use super::*;
    use crate::x25519::lanes::vector::Multiply52;
    use crate::x25519::lanes::x86::{Avx2, Avx512, HasAvx2, HasAvx512f, HasIfma};

    fn ifma(scalars: &Words<8>, us: &Words<8>) -> Fractions<8> {
        HasIfma::find().unwrap().multiply(scalars, us)
    }

    fn avx512f(scalars: &Words<8>, us: &Words<8>) -> Fractions<8> {
        HasAvx512f::find().unwrap().multiply(scalars, us)
    }

    fn avx2(scalars: &Words<4>, us: &Words<4>) -> Fractions<4> {
        HasAvx2::find().unwrap().multiply(scalars, us)
    }

    /// Checks the ladders that this processor supports; the test `x25519` reports which.
    fn check(pairs: &[(Key, Key)]) {
        if HasIfma::find().is_some() {
            assert_eq!(first_difference(ifma, pairs), None);
        }
        if HasAvx512f::find().is_some() {
            assert_eq!(first_difference(avx512f, pairs), None);
        }
        if HasAvx2::find().is_some() {
            assert_eq!(first_difference(avx2, pairs), None);
        }
    }

    #[test]
    fn remarkable_points() {
        check(&remarkable());
    }

    #[test]
    fn fields() {
        if let Some(has) = HasIfma::find() {
            check_field::<Radix52<Avx512<HasIfma>>>(has);
        }
        if let Some(has) = HasAvx512f::find() {
            check_field::<Radix25<Avx512<HasAvx512f>>>(has);
        }
        if let Some(has) = HasAvx2::find() {
            check_field::<Radix25<Avx2>>(has);
        }
    }

    /// The result of each operation on these words.
    fn results<V: Vector>(proof: V::Proof, a: V::Words, b: V::Words) -> Vec<V::Words> {
        let (x, y) = (V::load(proof, &a), V::load(proof, &b));
        let (odd, even) = (x.and(V::splat(proof, 1)).is_not_zero(), y.and(V::splat(proof, 1)).is_not_zero());
        let one = V::splat(proof, a.as_ref()[0]);
        [
            x,
            one,
            x.add(y),
            x.sub(y),
            x.and(y),
            x.shift_right::<25>(),
            x.shift_right::<26>(),
            x.shift_right::<47>(),
            x.shift_right::<52>(),
            x.shift_left::<1>(),
            x.shift_left::<4>(),
            x.mul_32(y),
            x.select(y, odd),
            x.select(y, V::xor_mask(odd, even)),
            x.select(y, x.is_not_zero()),
        ]
        .map(V::store)
        .to_vec()
    }

    fn results_52<V: Multiply52>(proof: V::Proof, a: V::Words, b: V::Words, c: V::Words) -> [V::Words; 3] {
        let [x, y, z] = [a, b, c].map(|words| V::load(proof, &words));
        [x.add_low(y, z), x.add_high(y, z), x.shift_right_signed::<52>()].map(V::store)
    }

    /// Arbitrary words, and the extreme values of limbs and half words.
    fn word() -> impl Strategy<Value = u64> {
        let end = prop_oneof![Just(0_u64), Just(1 << 32), Just(1 << 52), Just(1 << 63)];
        prop_oneof![any::<u64>(), (end, 0_u64..2).prop_map(|(end, less)| end.wrapping_sub(less))]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn random_keys(pairs in prop::collection::vec(any::<(Key, Key)>(), 8)) {
            check(&pairs);
        }
    }

    proptest! {
        /// The model matches the instructions.
        #[test]
        fn instructions_are_as_the_model(words in [(); 3].map(|()| prop::array::uniform8(word()))) {
            let [a, b, c] = words;
            let of_eight = results::<Model<8, { model::RIGHT }>>(Anywhere, a, b);
            if let Some(has) = HasAvx512f::find() {
                prop_assert_eq!(&results::<Avx512<HasAvx512f>>(has, a, b), &of_eight);
            }
            if let Some(has) = HasIfma::find() {
                prop_assert_eq!(&results::<Avx512<HasIfma>>(has, a, b), &of_eight);
                let of_52 = results_52::<Model<8, { model::RIGHT }>>(Anywhere, a, b, c);
                prop_assert_eq!(results_52::<Avx512<HasIfma>>(has, a, b, c), of_52);
            }
            if let Some(has) = HasAvx2::find() {
                let [a, b] = [a, b].map(|words| [words[0], words[1], words[2], words[3]]);
                let of_four = results::<Model<4, { model::RIGHT }>>(Anywhere, a, b);
                prop_assert_eq!(results::<Avx2>(has, a, b), of_four);
            }
        }
    }
}
