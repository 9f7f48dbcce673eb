//! The Montgomery ladder of RFC 7748.

use crate::field::Field448;
use subtle::Choice;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Multiplies the point with coordinate `u` by `scalar`, little-endian, times 2^`shift`.
///
/// Constant time in `u` and `scalar`, not in `shift`.
pub(super) fn multiply(u: &[u8; 56], scalar: &[u8; 56], shift: u32) -> [u8; 56] {
    let u = Field448::from_bytes(u);
    let mut pair = Pair { x2: Field448::ONE, z2: Field448::ZERO, x3: u, z3: Field448::ONE };
    let mut swapped = 0;
    let mut step = |bit: u8| {
        pair.swap(Choice::from(swapped ^ bit));
        swapped = bit;
        pair.step(&u);
    };
    // loops over public counts: an iterator over bits may branch on a bit to see whether it has
    // ended
    for byte in scalar.iter().rev() {
        for place in (0..8).rev() {
            step((byte >> place) & 1);
        }
    }
    for _ in 0..shift {
        step(0);
    }
    pair.swap(Choice::from(swapped));
    swapped.zeroize();
    pair.x2.mul(&pair.z2.invert()).to_bytes()
}

/// Two points that differ by the ladder's point, as X : Z.
struct Pair {
    x2: Field448,
    z2: Field448,
    x3: Field448,
    z3: Field448,
}

impl Pair {
    fn swap(&mut self, choice: Choice) {
        Field448::swap(choice, &mut self.x2, &mut self.x3);
        Field448::swap(choice, &mut self.z2, &mut self.z3);
    }

    #[expect(clippy::many_single_char_names, reason = "as in RFC 7748")]
    /// Doubles the first point and adds it to the second.
    fn step(&mut self, u: &Field448) {
        let (a, b) = (self.x2.add(&self.z2), self.x2.sub(&self.z2));
        let (c, d) = (self.x3.add(&self.z3), self.x3.sub(&self.z3));
        let (aa, bb) = (Field448::square_of(&a), Field448::square_of(&b));
        let (da, cb) = (Field448::product(&d, &a), Field448::product(&c, &b));
        let e = aa.sub(&bb);
        self.x3 = Field448::square_of(&da.add(&cb));
        self.z3 = Field448::square_of(&da.sub(&cb)).mul(u);
        self.x2 = aa.mul(&bb);
        self.z2 = Field448::product(&e, &aa.add(&Field448::product(&e, &A24.loose())));
    }
}

/// (156326 − 2) / 4.
const A24: Field448 = Field448::small(39_081);

impl Drop for Pair {
    fn drop(&mut self) {
        self.x2.zeroize();
        self.z2.zeroize();
        self.x3.zeroize();
        self.z3.zeroize();
    }
}

impl ZeroizeOnDrop for Pair {}
