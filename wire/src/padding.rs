//! Zero padding (`docs/spec/wire.md#command-format`).

use subtle::ConstantTimeEq;

/// Whether all bytes are zero, in time that depends only on their number.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |any, byte| any | byte).ct_eq(&0).into()
}
