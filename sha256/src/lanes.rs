//! The operations of SHA-256 (FIPS 180-4, section 4.1.2) on W words side by side, and the
//! instructions that they are built on.

/// W words of 32 bits side by side. `self` is the proof that the processor has the instructions.
pub(crate) trait Lanes<const W: usize>: Copy {
    type Register: Copy;

    fn load(self, words: &[u32; W]) -> Self::Register;

    fn store(self, register: Self::Register, words: &mut [u32; W]);

    /// One word in every lane.
    fn splat(self, word: u32) -> Self::Register;

    fn add(self, a: Self::Register, b: Self::Register) -> Self::Register;

    /// ROTR^N. M is 32 − N.
    fn rotate_right<const N: i32, const M: i32>(self, x: Self::Register) -> Self::Register;

    /// SHR^N.
    fn shift_right<const N: i32>(self, x: Self::Register) -> Self::Register;

    fn xor3(self, a: Self::Register, b: Self::Register, c: Self::Register) -> Self::Register;

    /// Ch(e, f, g) = (e ∧ f) ⊕ (¬e ∧ g).
    fn choose(self, e: Self::Register, f: Self::Register, g: Self::Register) -> Self::Register;

    /// Maj(a, b, c) = (a ∧ b) ⊕ (a ∧ c) ⊕ (b ∧ c).
    fn majority(self, a: Self::Register, b: Self::Register, c: Self::Register) -> Self::Register;
}

/// Instructions on W words that all processors with such registers have.
pub(crate) trait Common<const W: usize>: Copy {
    type Register: Copy;

    fn loadu(self, words: &[u32; W]) -> Self::Register;

    fn storeu(self, register: Self::Register, words: &mut [u32; W]);

    fn set1(self, word: u32) -> Self::Register;

    fn add_epi32(self, a: Self::Register, b: Self::Register) -> Self::Register;

    fn srli_epi32<const N: i32>(self, x: Self::Register) -> Self::Register;
}

/// AVX2's further instructions.
pub(crate) trait Shifts<const W: usize>: Common<W> {
    fn slli_epi32<const N: i32>(self, x: Self::Register) -> Self::Register;

    fn and(self, a: Self::Register, b: Self::Register) -> Self::Register;

    fn xor(self, a: Self::Register, b: Self::Register) -> Self::Register;
}

/// AVX-512's further instructions.
pub(crate) trait Ternary<const W: usize>: Common<W> {
    fn ror_epi32<const N: i32>(self, x: Self::Register) -> Self::Register;

    /// For each bit, bit 4a + 2b + c of `TABLE`.
    fn ternarylogic<const TABLE: i32>(self, a: Self::Register, b: Self::Register, c: Self::Register) -> Self::Register;
}

/// Lanes of AVX2.
#[derive(Clone, Copy)]
pub(crate) struct ByShifts<I>(pub(crate) I);

/// Lanes of AVX-512.
#[derive(Clone, Copy)]
pub(crate) struct ByTernary<I>(pub(crate) I);

impl<const W: usize, I: Shifts<W>> Lanes<W> for ByShifts<I> {
    type Register = I::Register;

    #[inline(always)]
    fn load(self, words: &[u32; W]) -> I::Register {
        self.0.loadu(words)
    }

    #[inline(always)]
    fn store(self, register: I::Register, words: &mut [u32; W]) {
        self.0.storeu(register, words);
    }

    #[inline(always)]
    fn splat(self, word: u32) -> I::Register {
        self.0.set1(word)
    }

    #[inline(always)]
    fn add(self, a: I::Register, b: I::Register) -> I::Register {
        self.0.add_epi32(a, b)
    }

    #[inline(always)]
    fn rotate_right<const N: i32, const M: i32>(self, x: I::Register) -> I::Register {
        self.0.xor(self.0.srli_epi32::<N>(x), self.0.slli_epi32::<M>(x))
    }

    #[inline(always)]
    fn shift_right<const N: i32>(self, x: I::Register) -> I::Register {
        self.0.srli_epi32::<N>(x)
    }

    #[inline(always)]
    fn xor3(self, a: I::Register, b: I::Register, c: I::Register) -> I::Register {
        self.0.xor(self.0.xor(a, b), c)
    }

    #[inline(always)]
    fn choose(self, e: I::Register, f: I::Register, g: I::Register) -> I::Register {
        self.0.xor(self.0.and(e, self.0.xor(f, g)), g)
    }

    #[inline(always)]
    fn majority(self, a: I::Register, b: I::Register, c: I::Register) -> I::Register {
        // b, where a and b are equal, and else c
        self.0.xor(self.0.and(self.0.xor(a, b), self.0.xor(b, c)), b)
    }
}

impl<const W: usize, I: Ternary<W>> Lanes<W> for ByTernary<I> {
    type Register = I::Register;

    #[inline(always)]
    fn load(self, words: &[u32; W]) -> I::Register {
        self.0.loadu(words)
    }

    #[inline(always)]
    fn store(self, register: I::Register, words: &mut [u32; W]) {
        self.0.storeu(register, words);
    }

    #[inline(always)]
    fn splat(self, word: u32) -> I::Register {
        self.0.set1(word)
    }

    #[inline(always)]
    fn add(self, a: I::Register, b: I::Register) -> I::Register {
        self.0.add_epi32(a, b)
    }

    #[inline(always)]
    fn rotate_right<const N: i32, const M: i32>(self, x: I::Register) -> I::Register {
        self.0.ror_epi32::<N>(x)
    }

    #[inline(always)]
    fn shift_right<const N: i32>(self, x: I::Register) -> I::Register {
        self.0.srli_epi32::<N>(x)
    }

    #[inline(always)]
    fn xor3(self, a: I::Register, b: I::Register, c: I::Register) -> I::Register {
        self.0.ternarylogic::<0b1001_0110>(a, b, c)
    }

    #[inline(always)]
    fn choose(self, e: I::Register, f: I::Register, g: I::Register) -> I::Register {
        self.0.ternarylogic::<0b1100_1010>(e, f, g)
    }

    #[inline(always)]
    fn majority(self, a: I::Register, b: I::Register, c: I::Register) -> I::Register {
        self.0.ternarylogic::<0b1110_1000>(a, b, c)
    }
}

/// One word in plain Rust, which the compiler turns into BMI1 and BMI2 instructions where they are
/// enabled.
#[derive(Clone, Copy)]
pub(crate) struct Scalar;

impl Lanes<1> for Scalar {
    type Register = u32;

    #[inline(always)]
    fn load(self, [word]: &[u32; 1]) -> u32 {
        *word
    }

    #[inline(always)]
    fn store(self, register: u32, [word]: &mut [u32; 1]) {
        *word = register;
    }

    #[inline(always)]
    fn splat(self, word: u32) -> u32 {
        word
    }

    #[inline(always)]
    fn add(self, a: u32, b: u32) -> u32 {
        a.wrapping_add(b)
    }

    #[inline(always)]
    fn rotate_right<const N: i32, const M: i32>(self, x: u32) -> u32 {
        x.rotate_right(N.cast_unsigned())
    }

    #[inline(always)]
    fn shift_right<const N: i32>(self, x: u32) -> u32 {
        x.wrapping_shr(N.cast_unsigned())
    }

    #[inline(always)]
    fn xor3(self, a: u32, b: u32, c: u32) -> u32 {
        a ^ b ^ c
    }

    #[inline(always)]
    fn choose(self, e: u32, f: u32, g: u32) -> u32 {
        (e & f) ^ (!e & g)
    }

    #[inline(always)]
    fn majority(self, a: u32, b: u32, c: u32) -> u32 {
        (a & b) ^ (c & (a ^ b))
    }
}
