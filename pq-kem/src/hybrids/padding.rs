//! The padding of an expanded key as bytes of its own: a move would copy what the stack held into
//! padding that the compiler inserts.

use core::alloc::Layout;

/// Size in bytes of a structure of these parts and explicit padding behind them.
pub(super) const fn padded_len(mut parts: &[Layout]) -> usize {
    let (mut size, mut align) = (0_usize, 1);
    while let Some((part, rest)) = parts.split_first() {
        size = size.saturating_add(part.size());
        align = if part.align() > align { part.align() } else { align };
        parts = rest;
    }
    size.next_multiple_of(align)
}

/// Length in bytes of the explicit padding.
pub(super) const fn len(mut parts: &[Layout]) -> usize {
    let mut len = padded_len(parts);
    while let Some((part, rest)) = parts.split_first() {
        len = len.saturating_sub(part.size());
        parts = rest;
    }
    len
}
