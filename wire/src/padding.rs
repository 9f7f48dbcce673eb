//! Zero padding (`docs/spec/wire.md#command-format`).

use subtle::ConstantTimeEq;

/// Whether all bytes are zero, in a time that depends on their number alone.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |any, byte| any | byte).ct_eq(&0).into()
}
