//! Several exchanges one after the other, where there are no lanes for them.

use super::{backend::X25519Backend, single};
use zeroize::Zeroizing;

pub(super) const MAX: usize = 1;

pub(super) const fn has(_: X25519Backend) -> bool {
    false
}

pub(super) fn best(_: usize) -> X25519Backend {
    X25519Backend::of_one()
}

pub(super) fn multiply(_: X25519Backend, [(private, u)]: [(&[u8; 32], &[u8; 32]); MAX]) -> Zeroizing<[[u8; 32]; MAX]> {
    Zeroizing::new([*single::multiply(private, u)])
}
