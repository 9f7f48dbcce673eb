//! The hash values of W messages.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// The hash value H of each lane: for each word, the values of all lanes. Wiped on drop.
#[derive(Clone)]
#[repr(align(64))]
pub(crate) struct State<const W: usize>(pub(crate) [[u32; W]; 8]);

impl<const W: usize> State<W> {
    /// H(0) (FIPS 180-4, §5.3.3).
    pub(crate) fn initial() -> Self {
        Self(INITIAL.map(|word| [word; W]))
    }
}

impl<const W: usize> Drop for State<W> {
    #[inline]
    fn drop(&mut self) {
        // A slice is wiped many bytes at a time, an array word by word.
        self.0.as_flattened_mut().zeroize();
    }
}

impl<const W: usize> ZeroizeOnDrop for State<W> {}

const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
