//! Peak stack: the free stack is painted, and the deepest word that has changed shows how far an
//! operation reached.

use core::{
    arch::asm,
    ptr::addr_of,
    sync::atomic::{AtomicU32, Ordering},
};
use cortex_m_semihosting::hprintln;

const PAINT: u32 = 0xa5a5_5a5a;
/// Bytes below the stack pointer that are painted. The board has 4 MiB of RAM, all of it stack.
const DEPTH: u32 = 256 * 1024;

/// Paint from `low` up to the stack pointer of [`paint`]'s caller.
pub(super) struct Painted {
    low: u32,
    top: u32,
}

/// Paints the stack below its caller's frame.
#[expect(clippy::inline_always, reason = "a frame of its own would be painted and measured")]
#[inline(always)]
pub(super) fn paint() -> Painted {
    let (low, top): (u32, u32);
    // SAFETY: assembly may use the stack below the stack pointer, and the board has more than DEPTH
    // bytes of it
    unsafe {
        asm!(
            "mov {top}, sp",
            "mov {low}, sp",
            "2:",
            "str {paint}, [{low}, #-4]!",
            "subs {left}, #4",
            "bne 2b",
            low = out(reg) low,
            top = out(reg) top,
            paint = in(reg) PAINT,
            left = inout(reg) DEPTH => _,
        );
    }
    Painted { low, top }
}

impl Painted {
    /// Bytes from the deepest touched word to the top.
    #[expect(clippy::inline_always, reason = "as above")]
    #[inline(always)]
    pub(super) fn touched(self) -> usize {
        let deepest: u32;
        // SAFETY: reads the stack that was painted and no further
        unsafe {
            asm!(
                "2:",
                "cmp {at}, {top}",
                "bhs 3f",
                "ldr {word}, [{at}]",
                "cmp {word}, {paint}",
                "bne 3f",
                "adds {at}, #4",
                "b 2b",
                "3:",
                at = inout(reg) self.low => deepest,
                top = in(reg) self.top,
                paint = in(reg) PAINT,
                word = out(reg) _,
                options(readonly),
            );
        }
        assert!(deepest > self.low, "more stack was used than painted");
        DEEPEST.fetch_min(deepest, Ordering::Relaxed);
        (self.top - deepest) as usize
    }
}

/// The deepest address that any measured operation has touched so far.
static DEEPEST: AtomicU32 = AtomicU32::new(u32::MAX);

/// Prints the memory of the whole image so far: static data, and the deepest stack including all
/// callers' frames.
pub(crate) fn print_ram() {
    // SAFETY: the linker script defines these symbols, and only their addresses are taken
    unsafe extern "C" {
        static _stack_start: u32;
        static __sdata: u32;
        static __ebss: u32;
    }
    let statics = addr_of!(__ebss).addr() - addr_of!(__sdata).addr();
    let stack = addr_of!(_stack_start).addr() - DEEPEST.load(Ordering::Relaxed) as usize;
    hprintln!("  {:<24} {:>10} bytes = {} static + {} of stack", "RAM in all", statics + stack, statics, stack);
}
