//! Numbers modulo p = 2²⁵⁵ − 19 in numbered registers, and a notation for formulas over them.
//!
//! Each formula names its registers by constants and is written with [`compute!`], so that it reads
//! as in the papers. All intermediate values live in the registers, which are wiped on drop.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A number below 2²⁵⁶, least significant word first, as a representative of its residue modulo p.
pub(in super::super) type Limbs = [u64; 4];

/// The number of registers.
pub(super) const COUNT: usize = 20;

/// The contents of the registers.
pub(super) type Contents = [Limbs; COUNT];

/// The field arithmetic of one instruction set. A value of an implementing type proves that the
/// processor has it.
///
/// A number is *tight* if it is below 2²⁵⁵ + 2²³, *loose* if it may be any 256-bit number. Products
/// are tight whatever their factors are. A sum or difference is loose; its second operand must be
/// tight.
pub(super) trait Arithmetic: Copy {
    /// O = A · B.
    fn mul<const O: usize, const A: usize, const B: usize>(self, registers: &mut Contents);

    /// O = A².
    fn square<const O: usize, const A: usize>(self, registers: &mut Contents);

    /// O = A + B, where B must be tight.
    fn add<const O: usize, const A: usize, const B: usize>(self, registers: &mut Contents);

    /// O = A − B, where B must be tight.
    fn sub<const O: usize, const A: usize, const B: usize>(self, registers: &mut Contents);

    /// O = A + 121665 · B, tight.
    fn add_121665_times<const O: usize, const A: usize, const B: usize>(self, registers: &mut Contents);

    /// O = A if `choice` is 0, B if it is 1, in constant time.
    fn select<const O: usize, const A: usize, const B: usize>(self, choice: u64, registers: &mut Contents);

    /// Loads an entry of a table, counted from 0, into O and the registers after it, or zeros if
    /// the table has no such entry. In constant time.
    #[cfg_attr(mixwell_tables = "none", expect(dead_code, reason = "for the tables of points"))]
    fn look_up<const O: usize, const WIDTH: usize, const ENTRIES: usize>(
        self,
        table: &[[Limbs; WIDTH]; ENTRIES],
        index: u64,
        registers: &mut Contents,
    );
}

/// The registers with the arithmetic that works on them. Wiped on drop.
pub(super) struct Machine<F> {
    pub(super) arithmetic: F,
    pub(super) registers: Contents,
}

impl<F: Arithmetic> Machine<F> {
    pub(super) const fn new(arithmetic: F) -> Self {
        Self { arithmetic, registers: [ZERO; COUNT] }
    }

    #[inline(always)]
    pub(super) fn set<const O: usize>(&mut self, number: &Limbs) {
        const { assert!(O < COUNT) }
        self.registers[O] = *number;
    }

    #[inline(always)]
    pub(super) const fn get<const A: usize>(&self) -> &Limbs {
        const { assert!(A < COUNT) }
        &self.registers[A]
    }

    /// O = A^(2^`times`).
    pub(super) fn square_times<const O: usize, const A: usize>(&mut self, times: u32) {
        self.arithmetic.square::<O, A>(&mut self.registers);
        for _ in 1..times {
            self.arithmetic.square::<O, O>(&mut self.registers);
        }
    }
}

impl<F> Drop for Machine<F> {
    fn drop(&mut self) {
        self.registers.zeroize();
    }
}

impl<F> ZeroizeOnDrop for Machine<F> {}

pub(super) const ZERO: Limbs = [0; 4];
pub(super) const ONE: Limbs = [1, 0, 0, 0];

/// Runs a formula on a [`Machine`]: `compute!(machine; A = X + Z; B = X - Z; AA = A ^ 2; …)`.
macro_rules! compute {
    ($m:ident;) => {};
    ($m:ident; $o:ident = $a:ident + 121665 * $b:ident; $($rest:tt)*) => {
        $m.arithmetic.add_121665_times::<$o, $a, $b>(&mut $m.registers);
        compute!($m; $($rest)*);
    };
    ($m:ident; $o:ident = $a:ident + $b:ident; $($rest:tt)*) => {
        $m.arithmetic.add::<$o, $a, $b>(&mut $m.registers);
        compute!($m; $($rest)*);
    };
    ($m:ident; $o:ident = $a:ident - $b:ident; $($rest:tt)*) => {
        $m.arithmetic.sub::<$o, $a, $b>(&mut $m.registers);
        compute!($m; $($rest)*);
    };
    ($m:ident; $o:ident = $a:ident * $b:ident; $($rest:tt)*) => {
        $m.arithmetic.mul::<$o, $a, $b>(&mut $m.registers);
        compute!($m; $($rest)*);
    };
    ($m:ident; $o:ident = $a:ident ^ 2; $($rest:tt)*) => {
        $m.arithmetic.square::<$o, $a>(&mut $m.registers);
        compute!($m; $($rest)*);
    };
    // the choice is a variable: 0 or 1
    ($m:ident; $o:ident = if $choice:ident { $b:ident } else { $a:ident }; $($rest:tt)*) => {
        $m.arithmetic.select::<$o, $a, $b>($choice, &mut $m.registers);
        compute!($m; $($rest)*);
    };
}
pub(super) use compute;
