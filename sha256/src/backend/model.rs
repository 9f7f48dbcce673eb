//! A model of the instructions in plain Rust, for unit tests, so that the code built on them runs
//! on every machine.

use crate::{
    backend::Engine,
    compress::compress,
    lanes::{ByShifts, ByTernary, Common, Lanes, Scalar, Shifts, Ternary},
    state::State,
};
use core::array::from_fn;
use sha2::block_api::compress256;

/// A processor with all instructions, on registers of any width.
#[derive(Clone, Copy)]
struct Model(Fault);

/// A deliberate mistake in an instruction or its operands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// A shift or rotation by one bit less.
    ShiftRight,
    ShiftLeft,
    Rotate,
    /// The first two operands exchanged.
    Table,
    /// One lane that is not added to.
    Lane,
    /// Lanes in the wrong order.
    Order,
}

impl Model {
    fn amount<const N: i32>(self, fault: Fault) -> u32 {
        N.cast_unsigned().wrapping_sub(u32::from(self.0 == fault))
    }
}

impl<const W: usize> Common<W> for Model {
    type Register = [u32; W];

    fn loadu(self, words: &[u32; W]) -> [u32; W] {
        *words
    }

    fn storeu(self, mut register: [u32; W], words: &mut [u32; W]) {
        if self.0 == Fault::Order {
            register.rotate_left(1);
        }
        *words = register;
    }

    fn set1(self, word: u32) -> [u32; W] {
        [word; W]
    }

    fn add_epi32(self, a: [u32; W], b: [u32; W]) -> [u32; W] {
        from_fn(|n| if self.0 == Fault::Lane && n == 3 { a[n] } else { a[n].wrapping_add(b[n]) })
    }

    fn srli_epi32<const N: i32>(self, x: [u32; W]) -> [u32; W] {
        x.map(|word| word.unbounded_shr(self.amount::<N>(Fault::ShiftRight)))
    }
}

impl<const W: usize> Shifts<W> for Model {
    fn slli_epi32<const N: i32>(self, x: [u32; W]) -> [u32; W] {
        x.map(|word| word.unbounded_shl(self.amount::<N>(Fault::ShiftLeft)))
    }

    fn and(self, a: [u32; W], b: [u32; W]) -> [u32; W] {
        from_fn(|n| a[n] & b[n])
    }

    fn xor(self, a: [u32; W], b: [u32; W]) -> [u32; W] {
        from_fn(|n| a[n] ^ b[n])
    }
}

impl<const W: usize> Ternary<W> for Model {
    fn ror_epi32<const N: i32>(self, x: [u32; W]) -> [u32; W] {
        x.map(|word| word.rotate_right(self.amount::<N>(Fault::Rotate)))
    }

    fn ternarylogic<const TABLE: i32>(self, a: [u32; W], b: [u32; W], c: [u32; W]) -> [u32; W] {
        let (a, b) = if self.0 == Fault::Table { (b, a) } else { (a, b) };
        from_fn(|n| {
            (0..32).fold(0, |word, bit| {
                let [a, b, c] = [a[n], b[n], c[n]].map(|word: u32| word >> bit & 1);
                word | (TABLE.cast_unsigned() >> (a << 2 | b << 1 | c) & 1) << bit
            })
        })
    }
}

/// Whether three blocks in each of W lanes are compressed as by `sha2`.
fn is_as_sha2<const W: usize>(run: impl Fn(&mut State<W>, [&[[u8; 64]]; W])) -> bool {
    let mut word = 0x9e37_79b9_u32;
    let mut byte = || {
        word = word.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
        word.to_be_bytes()[0]
    };
    let messages: [[[u8; 64]; 3]; W] = from_fn(|_| from_fn(|_| from_fn(|_| byte())));
    let mut state = State::<W>::initial();
    let initial = state.0.map(|words| words[0]);
    run(&mut state, messages.each_ref().map(|blocks| &blocks[..]));
    messages.iter().enumerate().all(|(lane, blocks)| {
        let mut want = initial;
        compress256(&mut want, blocks);
        want == state.0.map(|words| words[lane])
    })
}

fn by_shifts(fault: Fault) -> bool {
    is_as_sha2::<8>(|state, blocks| compress(ByShifts(Model(fault)), state, blocks))
}

fn by_ternary<const W: usize>(fault: Fault) -> bool {
    is_as_sha2::<W>(|state, blocks| compress(ByTernary(Model(fault)), state, blocks))
}

#[test]
fn the_models_hash_as_sha2() {
    assert!(is_as_sha2::<1>(|state, blocks| compress(Scalar, state, blocks)), "plain Rust");
    assert!(by_shifts(Fault::None), "AVX2");
    assert!(by_ternary::<8>(Fault::None), "AVX-512, eight lanes");
    assert!(by_ternary::<16>(Fault::None), "AVX-512, sixteen lanes");
}

#[test]
fn each_fault_is_found() {
    for fault in [Fault::ShiftRight, Fault::ShiftLeft, Fault::Lane, Fault::Order] {
        assert!(!by_shifts(fault), "AVX2: {fault:?}");
    }
    for fault in [Fault::ShiftRight, Fault::Rotate, Fault::Table, Fault::Lane, Fault::Order] {
        assert!(!by_ternary::<8>(fault), "AVX-512, eight lanes: {fault:?}");
        assert!(!by_ternary::<16>(fault), "AVX-512, sixteen lanes: {fault:?}");
    }
}

/// Asserts that an engine on the processor's instructions agrees with the model.
pub(super) fn same_engine<const W: usize>(engine: impl Engine<W>) {
    assert!(is_as_sha2::<W>(|state, blocks| engine.compress(state, blocks)));
}

/// Asserts that operations on lanes agree with the model.
pub(super) fn same_lanes<const W: usize, R>(
    real: impl Lanes<W, Register = R>,
    model: impl Lanes<W, Register = [u32; W]>,
) {
    fn all<const W: usize, L: Lanes<W>>(lanes: L) -> [[u32; W]; 9] {
        let words = |mut word: u32| {
            [(); W].map(|()| {
                word = word.wrapping_mul(0x9e37_79b9).rotate_left(5);
                word
            })
        };
        let [a, b, c] = [5, 17, 23].map(|seed| lanes.load(&words(seed)));
        let results = [
            lanes.splat(0x0123_4567),
            lanes.add(a, b),
            lanes.rotate_right::<7, 25>(a),
            lanes.rotate_right::<22, 10>(b),
            lanes.shift_right::<3>(a),
            lanes.shift_right::<10>(c),
            lanes.xor3(a, b, c),
            lanes.choose(a, b, c),
            lanes.majority(a, b, c),
        ];
        results.map(|register| {
            let mut words = [0; W];
            lanes.store(register, &mut words);
            words
        })
    }
    assert_eq!(all(real), all(model));
}

pub(super) fn same_as_shifts<R>(real: impl Lanes<8, Register = R>) {
    same_lanes(real, ByShifts(Model(Fault::None)));
}

pub(super) fn same_as_ternary<const W: usize, R>(real: impl Lanes<W, Register = R>) {
    same_lanes(real, ByTernary(Model(Fault::None)));
}
