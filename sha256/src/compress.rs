//! SHA-256's compression function (FIPS 180-4, section 6.2.2) in W lanes.
#![expect(clippy::indexing_slicing, clippy::integer_division_remainder_used, reason = "indices modulo constants")]

use crate::{lanes::Lanes, state::State};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The words of a block of each lane. Wiped on drop.
#[repr(align(64))]
struct Words<const W: usize>([[u32; W]; 16]);

impl<const W: usize> Drop for Words<W> {
    #[inline]
    fn drop(&mut self) {
        self.0.as_flattened_mut().zeroize();
    }
}

impl<const W: usize> ZeroizeOnDrop for Words<W> {}

/// Compresses the blocks of each lane; all lanes have the same number of blocks.
#[inline(always)]
pub(crate) fn compress<const W: usize>(lanes: impl Lanes<W>, state: &mut State<W>, blocks: [&[[u8; 64]]; W]) {
    let mut words = Words([[0; W]; 16]);
    for n in 0..blocks[0].len() {
        for (lane, blocks) in blocks.iter().enumerate() {
            let Some(block) = blocks.get(n) else { continue };
            for (words, bytes) in words.0.iter_mut().zip(block.as_chunks().0) {
                words[lane] = u32::from_be_bytes(*bytes);
            }
        }
        compress_one(lanes, state, &words);
    }
}

#[inline(always)]
fn compress_one<const W: usize, L: Lanes<W>>(lanes: L, state: &mut State<W>, words: &Words<W>) {
    let mut w = [lanes.splat(0); 16];
    for (w, words) in w.iter_mut().zip(&words.0) {
        *w = lanes.load(words);
    }
    let mut h = [lanes.splat(0); 8];
    for (h, words) in h.iter_mut().zip(&state.0) {
        *h = lanes.load(words);
    }

    let sixteen: &[[u32; 16]; 4] = &CONSTANTS;
    let mut s = h;
    rounds(lanes, &mut s, &w, &sixteen[0]);
    for constants in &sixteen[1..] {
        // W_t = σ1(W_t−2) + W_t−7 + σ0(W_t−15) + W_t−16, modulo 16
        macro_rules! schedule {
            ($($t:literal)*) => {$(
                let sum = lanes.add(w[$t], w[($t + 9) % 16]);
                let sum = lanes.add(sum, small_sigma0(lanes, w[($t + 1) % 16]));
                w[$t] = lanes.add(sum, small_sigma1(lanes, w[($t + 14) % 16]));
            )*};
        }
        schedule!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        rounds(lanes, &mut s, &w, constants);
    }

    for ((place, h), s) in state.0.iter_mut().zip(h).zip(s) {
        lanes.store(lanes.add(h, s), place);
    }
}

/// Sixteen rounds.
#[inline(always)]
fn rounds<const W: usize, L: Lanes<W>>(lanes: L, s: &mut [L::Register; 8], w: &[L::Register; 16], k: &[u32; 16]) {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *s;
    // Rotate the names instead of the registers: after eight rounds each is back in its place.
    macro_rules! round {
        ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident $t:expr) => {
            // T1 = h + Σ1(e) + Ch(e, f, g) + K_t + W_t      T2 = Σ0(a) + Maj(a, b, c)
            let t1 = lanes.add($h, lanes.add(w[$t], lanes.splat(k[$t])));
            let t1 = lanes.add(t1, lanes.choose($e, $f, $g));
            let t1 = lanes.add(t1, big_sigma1(lanes, $e));
            let t2 = lanes.add(big_sigma0(lanes, $a), lanes.majority($a, $b, $c));
            $d = lanes.add($d, t1);
            $h = lanes.add(t1, t2);
        };
    }
    macro_rules! eight_rounds {
        ($t:literal) => {
            round!(a b c d e f g h $t);
            round!(h a b c d e f g $t + 1);
            round!(g h a b c d e f $t + 2);
            round!(f g h a b c d e $t + 3);
            round!(e f g h a b c d $t + 4);
            round!(d e f g h a b c $t + 5);
            round!(c d e f g h a b $t + 6);
            round!(b c d e f g h a $t + 7);
        };
    }
    eight_rounds!(0);
    eight_rounds!(8);
    *s = [a, b, c, d, e, f, g, h];
}

#[inline(always)]
fn big_sigma0<const W: usize, L: Lanes<W>>(lanes: L, x: L::Register) -> L::Register {
    lanes.xor3(lanes.rotate_right::<2, 30>(x), lanes.rotate_right::<13, 19>(x), lanes.rotate_right::<22, 10>(x))
}

#[inline(always)]
fn big_sigma1<const W: usize, L: Lanes<W>>(lanes: L, x: L::Register) -> L::Register {
    lanes.xor3(lanes.rotate_right::<6, 26>(x), lanes.rotate_right::<11, 21>(x), lanes.rotate_right::<25, 7>(x))
}

#[inline(always)]
fn small_sigma0<const W: usize, L: Lanes<W>>(lanes: L, x: L::Register) -> L::Register {
    lanes.xor3(lanes.rotate_right::<7, 25>(x), lanes.rotate_right::<18, 14>(x), lanes.shift_right::<3>(x))
}

#[inline(always)]
fn small_sigma1<const W: usize, L: Lanes<W>>(lanes: L, x: L::Register) -> L::Register {
    lanes.xor3(lanes.rotate_right::<17, 15>(x), lanes.rotate_right::<19, 13>(x), lanes.shift_right::<10>(x))
}

/// K_t (FIPS 180-4, §4.2.2).
const CONSTANTS: [[u32; 16]; 4] = [
    [
        0x428a_2f98,
        0x7137_4491,
        0xb5c0_fbcf,
        0xe9b5_dba5,
        0x3956_c25b,
        0x59f1_11f1,
        0x923f_82a4,
        0xab1c_5ed5,
        0xd807_aa98,
        0x1283_5b01,
        0x2431_85be,
        0x550c_7dc3,
        0x72be_5d74,
        0x80de_b1fe,
        0x9bdc_06a7,
        0xc19b_f174,
    ],
    [
        0xe49b_69c1,
        0xefbe_4786,
        0x0fc1_9dc6,
        0x240c_a1cc,
        0x2de9_2c6f,
        0x4a74_84aa,
        0x5cb0_a9dc,
        0x76f9_88da,
        0x983e_5152,
        0xa831_c66d,
        0xb003_27c8,
        0xbf59_7fc7,
        0xc6e0_0bf3,
        0xd5a7_9147,
        0x06ca_6351,
        0x1429_2967,
    ],
    [
        0x27b7_0a85,
        0x2e1b_2138,
        0x4d2c_6dfc,
        0x5338_0d13,
        0x650a_7354,
        0x766a_0abb,
        0x81c2_c92e,
        0x9272_2c85,
        0xa2bf_e8a1,
        0xa81a_664b,
        0xc24b_8b70,
        0xc76c_51a3,
        0xd192_e819,
        0xd699_0624,
        0xf40e_3585,
        0x106a_a070,
    ],
    [
        0x19a4_c116,
        0x1e37_6c08,
        0x2748_774c,
        0x34b0_bcb5,
        0x391c_0cb3,
        0x4ed8_aa4a,
        0x5b9c_ca4f,
        0x682e_6ff3,
        0x748f_82ee,
        0x78a5_636f,
        0x84c8_7814,
        0x8cc7_0208,
        0x90be_fffa,
        0xa450_6ceb,
        0xbef9_a3f7,
        0xc671_78f2,
    ],
];
