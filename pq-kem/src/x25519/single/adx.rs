//! Field arithmetic by x86-64's MULX, ADCX and ADOX. In inline assembly, because compilers do not
//! interleave two carry chains.
//!
//! Memory is written only in the registers of the [`Machine`](super::registers::Machine). The only
//! branch counts a table's entries, and no address depends on a number.
#![expect(unsafe_code, reason = "inline assembly")]

use super::registers::{Arithmetic, COUNT, Contents, Limbs};
use core::arch::asm;

cpufeatures::new!(cpu_adx, "adx", "avx2", "bmi2");

/// Proof that the processor has BMI2, ADX and AVX2.
#[derive(Clone, Copy)]
pub(super) struct Adx(());

impl Adx {
    #[inline]
    pub(super) fn find() -> Option<Self> {
        if cpu_adx::get() { Some(Self(())) } else { None }
    }
}

/// Adds a factor times RDX to two neighbouring words, the low half by the chain of CF, the high
/// half by that of OF.
macro_rules! step {
    ($factor:literal, $low:literal, $high:literal) => {
        concat!("mulx rcx, rax, ", $factor, "\nadcx ", $low, ", rax\nadox ", $high, ", rcx\n")
    };
}

/// Adds a word of B times A: `$r0` to `$r4`, of which the last one is new.
macro_rules! row {
    ($b:literal; $r0:literal, $r1:literal, $r2:literal, $r3:literal, $r4:literal) => {
        concat!(
            "mov rdx, [rdi + {b} + ",
            $b,
            "]\nxor esi, esi\n",
            step!("[rdi + {a}]", $r0, $r1),
            step!("[rdi + {a} + 8]", $r1, $r2),
            step!("[rdi + {a} + 16]", $r2, $r3),
            "mulx ",
            $r4,
            ", rax, [rdi + {a} + 24]\nadcx ",
            $r3,
            ", rax\nadox ",
            $r4,
            ", rsi\nadcx ",
            $r4,
            ", rsi\n",
        )
    };
}

/// Reduces R8 to R15 to RCX · 2²⁵⁶ and R8 to R11, by 2²⁵⁶ = 38 modulo 2p. RCX is then at most 38.
macro_rules! reduce {
    () => {
        concat!(
            "mov edx, 38\nxor esi, esi\n",
            step!("r12", "r8", "r9"),
            step!("r13", "r9", "r10"),
            step!("r14", "r10", "r11"),
            "mulx rcx, rax, r15\nadcx r11, rax\nadox rcx, rsi\nadcx rcx, rsi\n",
        )
    };
}

/// Reduces RCX · 2²⁵⁶ and R8 to R11, and stores the result in O: the number is q · 2²⁵⁵ + r, and
/// 2²⁵⁵ = 19. The result is r + 19 q, below 2²⁵⁵ + 19 q.
macro_rules! fold {
    () => {
        concat!(
            "shld rcx, r11, 1\nbtr r11, 63\nimul rcx, rcx, 19\n",
            "add r8, rcx\nmov [rdi + {o}], r8\nadc r9, 0\nmov [rdi + {o} + 8], r9\n",
            "adc r10, 0\nmov [rdi + {o} + 16], r10\nadc r11, 0\nmov [rdi + {o} + 24], r11",
        )
    };
}

/// Stores R8 to R11, a sum or difference with its carry or borrow in CF, in O: 2²⁵⁶ = 38 is added
/// or subtracted if CF is set.
macro_rules! carry {
    ($add:literal, $adc:literal) => {
        concat!(
            "sbb eax, eax\nand eax, 38\n",
            $add,
            " r8, rax\nmov [rdi + {o}], r8\n",
            $adc,
            " r9, 0\nmov [rdi + {o} + 8], r9\n",
            $adc,
            " r10, 0\nmov [rdi + {o} + 16], r10\n",
            $adc,
            " r11, 0\nmov [rdi + {o} + 24], r11",
        )
    };
}

/// A plus or minus B.
macro_rules! sum {
    ($add:literal, $adc:literal) => {
        concat!(
            "mov r8, [rdi + {a}]\nmov r9, [rdi + {a} + 8]\nmov r10, [rdi + {a} + 16]\nmov r11, [rdi + {a} + 24]\n",
            $add,
            " r8, [rdi + {b}]\n",
            $adc,
            " r9, [rdi + {b} + 8]\n",
            $adc,
            " r10, [rdi + {b} + 16]\n",
            $adc,
            " r11, [rdi + {b} + 24]\n",
            carry!($add, $adc),
        )
    };
}

/// Offset of a register in bytes.
const fn at(register: usize) -> usize {
    register * 32
}

impl Arithmetic for Adx {
    #[inline(always)]
    fn mul<const O: usize, const A: usize, const B: usize>(self, registers: &mut Contents) {
        const { assert!(O < COUNT && A < COUNT && B < COUNT) }
        // SAFETY: reads A and B and writes O, which are in bounds; the processor has MULX, ADCX and
        // ADOX, as `self` proves
        unsafe {
            asm!(
                "mov rdx, [rdi + {b}]",
                "mulx r9, r8, [rdi + {a}]",
                "mulx r10, rax, [rdi + {a} + 8]",
                "add r9, rax",
                "mulx r11, rax, [rdi + {a} + 16]",
                "adc r10, rax",
                "mulx r12, rax, [rdi + {a} + 24]",
                "adc r11, rax",
                "adc r12, 0",
                row!("8"; "r9", "r10", "r11", "r12", "r13"),
                row!("16"; "r10", "r11", "r12", "r13", "r14"),
                row!("24"; "r11", "r12", "r13", "r14", "r15"),
                reduce!(),
                fold!(),
                o = const at(O), a = const at(A), b = const at(B),
                in("rdi") registers.as_mut_ptr(),
                out("rax") _, out("rcx") _, out("rdx") _, out("rsi") _, out("r8") _, out("r9") _, out("r10") _,
                out("r11") _, out("r12") _, out("r13") _, out("r14") _, out("r15") _,
                options(nostack),
            );
        }
    }

    #[inline(always)]
    fn square<const O: usize, const A: usize>(self, registers: &mut Contents) {
        const { assert!(O < COUNT && A < COUNT) }
        // SAFETY: reads A and writes O, which are in bounds; the processor has the instructions, as
        // `self` proves
        unsafe {
            asm!(
                // the products of different words, in R9 to R14
                "mov rdx, [rdi + {a}]",
                "mulx r10, r9, [rdi + {a} + 8]",
                "mulx r11, rax, [rdi + {a} + 16]",
                "add r10, rax",
                "mulx r12, rax, [rdi + {a} + 24]",
                "adc r11, rax",
                "adc r12, 0",
                "mov rdx, [rdi + {a} + 8]",
                "xor esi, esi",
                "mulx rcx, rax, [rdi + {a} + 16]",
                "adcx r11, rax",
                "adox r12, rcx",
                "mulx r13, rax, [rdi + {a} + 24]",
                "adcx r12, rax",
                "adox r13, rsi",
                "mov rdx, [rdi + {a} + 24]",
                "mulx r14, rax, [rdi + {a} + 16]",
                "adcx r13, rax",
                "adcx r14, rsi",
                // twice (by CF), and the squares of the words (by OF)
                "mov rdx, [rdi + {a}]",
                "xor r15d, r15d",
                "mulx rax, r8, rdx",
                "adcx r9, r9",
                "adox r9, rax",
                "mov rdx, [rdi + {a} + 8]",
                "mulx rcx, rax, rdx",
                "adcx r10, r10",
                "adox r10, rax",
                "adcx r11, r11",
                "adox r11, rcx",
                "mov rdx, [rdi + {a} + 16]",
                "mulx rcx, rax, rdx",
                "adcx r12, r12",
                "adox r12, rax",
                "adcx r13, r13",
                "adox r13, rcx",
                "mov rdx, [rdi + {a} + 24]",
                "mulx rcx, rax, rdx",
                "adcx r14, r14",
                "adox r14, rax",
                "adcx r15, r15",
                "adox r15, rcx",
                reduce!(),
                fold!(),
                o = const at(O), a = const at(A),
                in("rdi") registers.as_mut_ptr(),
                out("rax") _, out("rcx") _, out("rdx") _, out("rsi") _, out("r8") _, out("r9") _, out("r10") _,
                out("r11") _, out("r12") _, out("r13") _, out("r14") _, out("r15") _,
                options(nostack),
            );
        }
    }

    #[inline(always)]
    fn add<const O: usize, const A: usize, const B: usize>(self, registers: &mut Contents) {
        const { assert!(O < COUNT && A < COUNT && B < COUNT) }
        // SAFETY: reads A and B and writes O, which are in bounds
        unsafe {
            asm!(
                sum!("add", "adc"),
                o = const at(O), a = const at(A), b = const at(B),
                in("rdi") registers.as_mut_ptr(),
                out("rax") _, out("r8") _, out("r9") _, out("r10") _, out("r11") _,
                options(nostack),
            );
        }
    }

    #[inline(always)]
    fn sub<const O: usize, const A: usize, const B: usize>(self, registers: &mut Contents) {
        const { assert!(O < COUNT && A < COUNT && B < COUNT) }
        // SAFETY: reads A and B and writes O, which are in bounds
        unsafe {
            asm!(
                sum!("sub", "sbb"),
                o = const at(O), a = const at(A), b = const at(B),
                in("rdi") registers.as_mut_ptr(),
                out("rax") _, out("r8") _, out("r9") _, out("r10") _, out("r11") _,
                options(nostack),
            );
        }
    }

    #[inline(always)]
    fn add_121665_times<const O: usize, const A: usize, const B: usize>(self, registers: &mut Contents) {
        const { assert!(O < COUNT && A < COUNT && B < COUNT) }
        // SAFETY: reads A and B and writes O, which are in bounds; the processor has MULX, as
        // `self` proves
        unsafe {
            asm!(
                "mov edx, 121665",
                "mulx r9, r8, [rdi + {b}]",
                "mulx r10, rax, [rdi + {b} + 8]",
                "add r9, rax",
                "mulx r11, rax, [rdi + {b} + 16]",
                "adc r10, rax",
                "mulx rcx, rax, [rdi + {b} + 24]",
                "adc r11, rax",
                "adc rcx, 0",
                "add r8, [rdi + {a}]",
                "adc r9, [rdi + {a} + 8]",
                "adc r10, [rdi + {a} + 16]",
                "adc r11, [rdi + {a} + 24]",
                "adc rcx, 0",
                fold!(),
                o = const at(O), a = const at(A), b = const at(B),
                in("rdi") registers.as_mut_ptr(),
                out("rax") _, out("rcx") _, out("rdx") _, out("r8") _, out("r9") _, out("r10") _, out("r11") _,
                options(nostack),
            );
        }
    }

    #[inline(always)]
    fn select<const O: usize, const A: usize, const B: usize>(self, choice: u64, registers: &mut Contents) {
        const { assert!(O < COUNT && A < COUNT && B < COUNT) }
        // SAFETY: reads A and B and writes O, which are in bounds
        unsafe {
            asm!(
                "mov r8, [rdi + {a}]",
                "mov r9, [rdi + {a} + 8]",
                "mov r10, [rdi + {a} + 16]",
                "mov r11, [rdi + {a} + 24]",
                "test rsi, rsi",
                "cmovnz r8, [rdi + {b}]",
                "cmovnz r9, [rdi + {b} + 8]",
                "cmovnz r10, [rdi + {b} + 16]",
                "cmovnz r11, [rdi + {b} + 24]",
                "mov [rdi + {o}], r8",
                "mov [rdi + {o} + 8], r9",
                "mov [rdi + {o} + 16], r10",
                "mov [rdi + {o} + 24], r11",
                o = const at(O), a = const at(A), b = const at(B),
                in("rdi") registers.as_mut_ptr(), in("rsi") choice,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _,
                options(nostack),
            );
        }
    }

    #[inline(always)]
    fn look_up<const O: usize, const WIDTH: usize, const ENTRIES: usize>(
        self,
        table: &[[Limbs; WIDTH]; ENTRIES],
        index: u64,
        registers: &mut Contents,
    ) {
        const { assert!(O + WIDTH <= COUNT && (WIDTH == 3 || WIDTH == 4) && ENTRIES > 0 && ENTRIES.trailing_zeros() >= 2) }
        let (table, found) = (table.as_flattened(), &mut registers[O..O + WIDTH]);
        // SAFETY: the functions are compiled for AVX2, which the processor has, as `self` proves
        unsafe { if WIDTH == 3 { look_up_3(table, index, found) } else { look_up_4(table, index, found) } }
    }
}

/// ORs the next entry of a table into the `$found` registers, masked by whether its number is the
/// one looked up.
macro_rules! entry {
    ($number:literal, $($found:literal at $offset:literal),+) => {
        concat!(
            "vpcmpeqq ymm3, ymm2, ymm0\nvpaddq ymm2, ymm2, ymm1\n",
            $("vpand ymm8, ymm3, [{table} + ", $number, " * {entry} + ", $offset, "]\n",
            "vpor ", $found, ", ", $found, ", ymm8\n",)+
        )
    };
}

/// Defines a function that reads every entry of a table, and writes the one with this index, or
/// zeros, to `found`.
macro_rules! look_up {
    ($name:ident, $width:literal; $($register:literal at $offset:literal),+) => {
        #[target_feature(enable = "avx2")]
        fn $name(table: &[Limbs], index: u64, found: &mut [Limbs]) {
            let (entries, []) = table.as_chunks::<$width>() else { return };
            let (fours, []) = entries.as_chunks::<4>() else { return };
            let (Some(found), false) = (found.first_chunk_mut::<$width>(), fours.is_empty()) else { return };
            // SAFETY: reads `fours` and writes `found`; the function is compiled for AVX2
            unsafe {
                asm!(
                    // ymm0: the number to look up; ymm1: 1; ymm2: the number of the current entry
                    "vmovq xmm0, {index}\nvpbroadcastq ymm0, xmm0",
                    "vpcmpeqq ymm1, ymm1, ymm1\nvpsrlq ymm1, ymm1, 63",
                    "vpxor ymm2, ymm2, ymm2",
                    $(concat!("vpxor ", $register, ", ", $register, ", ", $register),)+
                    "2:",
                    entry!("0", $($register at $offset),+),
                    entry!("1", $($register at $offset),+),
                    entry!("2", $($register at $offset),+),
                    entry!("3", $($register at $offset),+),
                    "add {table}, 4 * {entry}",
                    "dec {fours}",
                    "jnz 2b",
                    $(concat!("vmovdqu [{found} + ", $offset, "], ", $register),)+
                    // clears the upper halves of ymm0 to ymm15, so that SSE code runs at full speed
                    "vzeroupper",
                    entry = const 32 * $width,
                    table = inout(reg) fours.as_ptr() => _, fours = inout(reg) fours.len() => _,
                    found = in(reg) found.as_mut_ptr(), index = in(reg) index,
                    out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _, out("ymm4") _, out("ymm5") _,
                    out("ymm6") _, out("ymm7") _, out("ymm8") _, out("ymm9") _, out("ymm10") _, out("ymm11") _,
                    out("ymm12") _, out("ymm13") _, out("ymm14") _, out("ymm15") _,
                    options(nostack),
                );
            }
        }
    };
}

look_up!(look_up_3, 3; "ymm4" at "0", "ymm5" at "32", "ymm6" at "64");
look_up!(look_up_4, 4; "ymm4" at "0", "ymm5" at "32", "ymm6" at "64", "ymm7" at "96");
