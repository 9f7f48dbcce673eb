//! The implementations of X25519, and which of them this processor has.

#[cfg(feature = "hazmat")]
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// An implementation of X25519.
///
/// ```
/// use mixwell_pq_kem::X25519Backend;
///
/// for backend in X25519Backend::available() {
///     println!("{backend:?}: {} exchanges at once", backend.lanes());
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum X25519Backend {
    /// 64-bit words and their 128-bit products; on other than 64-bit processors `curve25519-dalek`.
    /// Every processor has it.
    Portable,
    /// MULX, ADCX and ADOX of x86-64 (BMI2 and ADX), with table lookups by AVX2.
    Adx,
    /// Four exchanges at once in AVX2.
    Avx2,
    /// Eight exchanges at once in AVX-512F.
    Avx512f,
    /// Eight exchanges at once by the 52-bit multiplications of AVX-512 IFMA.
    Avx512Ifma,
}

impl X25519Backend {
    const ALL: [Self; 5] = [Self::Avx512Ifma, Self::Avx512f, Self::Avx2, Self::Adx, Self::Portable];

    /// The backends of this processor, the fastest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|backend| match backend {
            Self::Portable => true,
            Self::Adx => super::single::has_adx(),
            Self::Avx2 | Self::Avx512f | Self::Avx512Ifma => super::lanes::has(*backend),
        })
    }

    /// The backend of a single exchange.
    pub(super) fn of_one() -> Self {
        if super::single::has_adx() { Self::Adx } else { Self::Portable }
    }

    /// The number of exchanges that it does at once.
    #[must_use]
    pub const fn lanes(self) -> usize {
        match self {
            Self::Portable | Self::Adx => 1,
            Self::Avx2 => 4,
            Self::Avx512f | Self::Avx512Ifma => 8,
        }
    }

    #[cfg(feature = "hazmat")]
    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The backends that may be used: a bit for each.
#[cfg(feature = "hazmat")]
static ALLOWED: AtomicU8 = AtomicU8::new(u8::MAX);

/// See [`limit_x25519`](crate::hazmat::limit_x25519).
#[cfg(feature = "hazmat")]
pub(crate) fn limit(backends: &[X25519Backend]) {
    ALLOWED.store(backends.iter().fold(0, |bits, backend| bits | backend.bit()), Relaxed);
}

/// Whether a backend that the processor has may be used.
#[cfg_attr(
    any(not(target_pointer_width = "64"), mixwell_x25519 = "dalek"),
    expect(dead_code, reason = "there is but one")
)]
pub(super) fn is_allowed(backend: X25519Backend) -> bool {
    #[cfg(feature = "hazmat")]
    return ALLOWED.load(Relaxed) & backend.bit() != 0;
    #[cfg(not(feature = "hazmat"))]
    {
        let _ = backend;
        true
    }
}
