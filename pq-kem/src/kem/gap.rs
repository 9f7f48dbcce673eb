//! What fills a value up to its alignment. For [`combiner!`](crate::combiner).

use core::alloc::Layout;

/// The size in bytes of a value that holds these parts, and a filler behind them.
#[must_use]
pub const fn filled(mut parts: &[Layout]) -> usize {
    let (mut size, mut align) = (0_usize, 1);
    while let Some((part, rest)) = parts.split_first() {
        size = size.saturating_add(part.size());
        align = if part.align() > align { part.align() } else { align };
        parts = rest;
    }
    size.next_multiple_of(align)
}

/// The length in bytes of the filler.
#[must_use]
pub const fn gap(mut parts: &[Layout]) -> usize {
    let mut gap = filled(parts);
    while let Some((part, rest)) = parts.split_first() {
        gap = gap.saturating_sub(part.size());
        parts = rest;
    }
    gap
}
