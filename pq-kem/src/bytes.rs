//! Plain byte arrays, whatever their length.

use core::fmt::Debug;
use zeroize::Zeroize;

/// A plain byte array, `[u8; N]`.
///
/// A scheme's sizes are associated types bounded by this trait, since stable Rust cannot write
/// `[u8; Scheme::LEN]`.
///
/// ```
/// use mixwell_pq_kem::ByteArray;
///
/// let bytes: &[u8] = &[7; 32];
/// assert_eq!(<[u8; 32]>::from_slice(bytes), Some(&[7; 32]));
/// assert_eq!(<[u8; 56]>::from_slice(bytes), None);
/// ```
pub trait ByteArray:
    sealed::Sealed + AsRef<[u8]> + AsMut<[u8]> + Copy + Eq + Debug + Zeroize + Send + Sync + 'static
{
    /// The length in bytes.
    const LEN: usize;

    /// All bytes zero.
    const ZERO: Self;

    /// The bytes as an array, if their number is right.
    fn from_slice(bytes: &[u8]) -> Option<&Self>;

    /// The bytes as an array to write to, if their number is right.
    fn from_slice_mut(bytes: &mut [u8]) -> Option<&mut Self>;
}

impl<const N: usize> ByteArray for [u8; N]
where
    Self: AsRef<[u8]> + AsMut<[u8]> + Zeroize,
{
    const LEN: usize = N;
    const ZERO: Self = [0; N];

    fn from_slice(bytes: &[u8]) -> Option<&Self> {
        bytes.try_into().ok()
    }

    fn from_slice_mut(bytes: &mut [u8]) -> Option<&mut Self> {
        bytes.try_into().ok()
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "this is what seals the trait above")]
    pub trait Sealed {}
    impl<const N: usize> Sealed for [u8; N] {}
}
