//! Measures instructions with the board's timer, and peak stack by painting the stack.

mod stack;
mod timer;

#[cfg(feature = "client")]
pub(crate) use stack::print_ram;
pub(crate) use timer::start;

use core::{arch::asm, hint::black_box};
use cortex_m_semihosting::hprintln;

/// Runs an operation and prints its instructions and its stack below the caller's frame.
///
/// A function that is never inlined calls another, so that no stack of the operation is above the
/// measuring point. The operation's result is in the caller's frame.
pub(crate) fn measure<T>(name: &str, operation: impl FnOnce() -> T) -> T {
    let (mut operation, mut result) = (Some(operation), None);
    print(name, &mut || result = operation.take().map(|operation| operation()));
    result.expect("it has run")
}

#[inline(never)]
fn print(name: &str, operation: &mut dyn FnMut()) {
    let (instructions, stack) = count(operation);
    hprintln!("  {:<24} {:>10} instructions {:>7} bytes of stack", name, instructions, stack);
}

/// Checks the measurement itself.
pub(crate) fn check() {
    const LOOPS: u32 = 500_000;
    const ARRAY: usize = 10_000;

    let (instructions, _) = count(&mut || {
        // SAFETY: it touches nothing but its own register and the flags
        unsafe { asm!("2:", "subs {0}, #1", "bne 2b", inout(reg) LOOPS => _, options(nomem, nostack)) }
    });
    let off = instructions.abs_diff(2 * u64::from(LOOPS));
    assert!(off < 100, "counted {instructions} instructions for {LOOPS} turns of two");

    let (_, stack) = count(&mut || _ = black_box(&[black_box(1_u8); ARRAY]));
    assert!((ARRAY..ARRAY + 100).contains(&stack), "{stack} bytes of stack for an array of {ARRAY}");
}

#[inline(never)]
fn count(operation: &mut dyn FnMut()) -> (u64, usize) {
    let painted = stack::paint();
    let before = timer::ticks();
    operation();
    let ticks = timer::ticks().wrapping_sub(before);
    (timer::instructions(ticks), painted.touched())
}
