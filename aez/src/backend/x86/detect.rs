//! The features that the processor has and whose registers the operating system saves. Looked up
//! once: `CPUID` is slow.

use core::{
    arch::x86_64::{__cpuid_count, CpuidResult},
    sync::atomic::{AtomicU8, Ordering::Relaxed},
};

cpufeatures::new!(cpu_aes, "aes");
cpufeatures::new!(cpu_avx, "avx");
cpufeatures::new!(cpu_avx2, "avx2");
cpufeatures::new!(cpu_vaes512, "aes", "avx2", "avx512f", "vaes");

#[inline]
pub(super) fn aes() -> bool {
    cpu_aes::get()
}

#[inline]
pub(super) fn avx() -> bool {
    cpu_avx::get()
}

/// VAES with 256-bit registers, and AES-NI and AVX2. (`cpufeatures` reports VAES only where there
/// are 512-bit registers.)
#[inline]
pub(super) fn vaes() -> bool {
    static FOUND: AtomicU8 = AtomicU8::new(UNKNOWN);
    if cfg!(target_feature = "vaes") {
        return aes() && cpu_avx2::get();
    }
    if !aes() || !cpu_avx2::get() || cfg!(target_env = "sgx") {
        return false;
    }
    match FOUND.load(Relaxed) {
        UNKNOWN => {
            let found = extended_features().ecx >> 9 & 1;
            FOUND.store(u8::from(found == 1), Relaxed);
            found == 1
        }
        found => found == 1,
    }
}

#[inline]
pub(super) fn vaes512() -> bool {
    cpu_vaes512::get()
}

/// Leaf 7 of `CPUID`, which a processor with AVX2 has.
fn extended_features() -> CpuidResult {
    // SAFETY: every x86-64 processor has the instruction (and Rust 1.94 lets it be called as a safe
    // function).
    #[allow(unsafe_code, unused_unsafe, reason = "Rust before 1.94 wants the block, later versions call it unused")]
    unsafe {
        __cpuid_count(7, 0)
    }
}

const UNKNOWN: u8 = u8::MAX;
