//! A Montgomery ladder (RFC 7748, §5) in each of the eight 64-bit lanes of AVX-512 registers, by its 52-bit integer
//! multiply-add (IFMA).
#![expect(unsafe_code, reason = "a function with target features is called where they have been found")]
#![expect(clippy::many_single_char_names, reason = "the names of RFC 7748, and lanes in order")]
#![expect(clippy::unused_self, reason = "`self` is the proof that the processor has the instructions")]

mod field;

use self::field::Fe;
use super::LANES;
use core::{
    arch::x86_64::{__m512i, _mm512_set_epi64, _mm512_set1_epi64, _mm512_test_epi64_mask},
    array::from_fn,
};

cpufeatures::new!(cpu_ifma, "avx512f", "avx512ifma");

/// Proof that the processor has AVX-512 with IFMA.
#[derive(Clone, Copy)]
pub(super) struct HasIfma(());

impl HasIfma {
    #[inline]
    pub(super) fn find() -> Option<Self> {
        if cpu_ifma::get() { Some(Self(())) } else { None }
    }

    #[inline]
    pub(super) fn multiply(self, scalars: [&[u8; 32]; LANES], us: [&[u8; 32]; LANES]) -> [[u8; 32]; LANES] {
        // SAFETY: the processor has both features, as `self` proves
        unsafe { multiply(scalars, us) }
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn multiply(scalars: [&[u8; 32]; LANES], us: [&[u8; 32]; LANES]) -> [[u8; 32]; LANES] {
    let scalars = Scalars::clamp(scalars);
    let u = Fe::from_bytes(us);
    let [mut x2, mut z2, mut x3, mut z3] = [Fe::one(), Fe::zero(), u, Fe::one()];
    let mut swapped = 0;
    for bit in (0..255).rev() {
        let swap = scalars.bit(bit);
        (x2, x3) = x2.swap(x3, swap ^ swapped);
        (z2, z3) = z2.swap(z3, swap ^ swapped);
        swapped = swap;

        let (a, b) = (x2.add(z2), x2.sub(z2));
        let (c, d) = (x3.add(z3), x3.sub(z3));
        let (aa, bb) = (a.square(), b.square());
        let (da, cb) = (d.mul(a), c.mul(b));
        let e = aa.sub(bb);
        x3 = da.add(cb).square();
        z3 = u.mul(da.sub(cb).square());
        x2 = aa.mul(bb);
        z2 = e.mul(e.mul_121665_add(aa));
    }
    (x2, _) = x2.swap(x3, swapped);
    (z2, _) = z2.swap(z3, swapped);
    x2.mul(z2.invert()).to_bytes()
}

/// A clamped scalar in each lane, its lowest 64 bits first.
struct Scalars([__m512i; 4]);

impl Scalars {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn clamp(scalars: [&[u8; 32]; LANES]) -> Self {
        let [a, b, c, d] = transposed(scalars);
        Self([lanes(a.map(|low| low & !7)), lanes(b), lanes(c), lanes(d.map(|high| high & (u64::MAX >> 1) | 1 << 62))])
    }

    /// That bit of each lane's scalar.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn bit(&self, bit: u8) -> u8 {
        let [a, b, c, d] = self.0;
        let word = match bit >> 6 {
            0 => a,
            1 => b,
            2 => c,
            _ => d,
        };
        _mm512_test_epi64_mask(word, _mm512_set1_epi64(1 << (bit & 63)))
    }
}

/// The four 64-bit words of each lane's bytes, those of one place together.
fn transposed(bytes: [&[u8; 32]; LANES]) -> [[u64; LANES]; 4] {
    let words = bytes.map(|bytes| {
        let (words, _) = bytes.as_chunks::<8>();
        from_fn(|i| words.get(i).map_or(0, |word| u64::from_le_bytes(*word)))
    });
    from_fn(|i| words.map(|words: [u64; 4]| words.get(i).copied().unwrap_or(0)))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn lanes(words: [u64; LANES]) -> __m512i {
    let [a, b, c, d, e, f, g, h] = words.map(u64::cast_signed);
    _mm512_set_epi64(h, g, f, e, d, c, b, a)
}
