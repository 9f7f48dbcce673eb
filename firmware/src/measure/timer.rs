//! The board's TIMER0 (CMSDK APB timer): counts down at 25 MHz.

use core::ptr::with_exposed_provenance_mut;

const CONTROL: *mut u32 = with_exposed_provenance_mut(0x4000_0000);
const VALUE: *mut u32 = with_exposed_provenance_mut(0x4000_0004);
const RELOAD: *mut u32 = with_exposed_provenance_mut(0x4000_0008);

/// Nanoseconds per instruction under `-icount shift=6`.
const NANOS_PER_INSTRUCTION: u64 = 64;
const NANOS_PER_TICK: u64 = 40;

/// Starts the timer.
pub(crate) fn start() {
    // SAFETY: registers of the board, which no other code uses
    unsafe {
        CONTROL.write_volatile(0);
        RELOAD.write_volatile(u32::MAX);
        VALUE.write_volatile(u32::MAX);
        CONTROL.write_volatile(1);
    }
}

/// Ticks since an arbitrary moment; wraps after 171 s, or 2.7 billion instructions.
#[inline]
pub(super) fn ticks() -> u32 {
    // SAFETY: as above; reading changes nothing
    u32::MAX - unsafe { VALUE.read_volatile() }
}

/// Converts ticks to instructions.
pub(super) fn instructions(ticks: u32) -> u64 {
    u64::from(ticks) * NANOS_PER_TICK / NANOS_PER_INSTRUCTION
}
