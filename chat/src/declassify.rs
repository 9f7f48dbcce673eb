//! Secrets that become public on purpose.

use core::hint::black_box;

/// Declares bytes public, because this side branches on them from now on or returns them to the
/// caller.
///
/// Does nothing, except in the constant-time check (`--cfg mixwell_check="constant-time"`):
/// there each bit is replaced by a branch on it, so that valgrind forgets its origin.
pub(crate) fn declassify(bytes: &mut [u8]) {
    if !cfg!(mixwell_check = "constant-time") {
        return;
    }
    for byte in bytes {
        let mut public = 0;
        for bit in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80] {
            // declassified: the content of an opened box or history entry; the draw that decides
            // which box a tick writes
            if black_box(*byte) & bit != 0 {
                public = black_box(public | bit);
            }
        }
        *byte = public;
    }
}
