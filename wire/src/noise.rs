//! The parts of the Noise Protocol Framework, revision 34, that pqXX needs
//! (`docs/spec/wire.md#handshake-pattern`): ChaChaPoly and BLAKE2b.

mod chacha_poly;
mod cipher_state;
mod hkdf;
mod symmetric_state;
mod wiped;

pub(crate) use cipher_state::{CipherError, CipherState};
pub(crate) use symmetric_state::{Keyed, Unkeyed};

/// Length of a ChaChaPoly tag.
pub(crate) const TAG_LEN: usize = 16;
