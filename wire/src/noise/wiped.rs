//! Secret bytes.

use core::ops::{Deref, DerefMut};
use zeroize::Zeroize;

/// Bytes that are wiped on drop, as one slice: `Zeroizing` of an array would write them one by one.
pub(crate) struct Wiped<const N: usize>([u8; N]);

impl<const N: usize> Wiped<N> {
    pub(crate) const fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn zeros() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Deref for Wiped<N> {
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> DerefMut for Wiped<N> {
    fn deref_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Drop for Wiped<N> {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use mixwell_vectors::memory::survivors;

    #[test]
    fn nothing_survives() {
        let secret = core::array::from_fn(|i| u8::try_from(i).unwrap() ^ 0x5a);
        assert_eq!(survivors(Wiped::<200>::new(secret), &[]), 0);
    }
}
