//! Encapsulation with randomness chosen by the caller, for test vectors. Reused or predictable
//! randomness reveals the secret.

use crate::{
    ByteArray, Kem,
    kem::{Ciphertext, KeyError, PublicKey, SharedSecret},
};
use core::convert::Infallible;
use rand_core::{TryCryptoRng, TryRng};

/// Limits X25519 in this process to the given back ends, so that each can be tested and measured.
/// Back ends that the processor lacks stay unused, and
/// [`X25519Backend::Portable`](crate::X25519Backend::Portable) is left if none is given.
#[cfg(feature = "x25519")]
pub fn limit_x25519(backends: &[crate::X25519Backend]) {
    crate::x25519::limit(backends);
}

/// A KEM whose encapsulation draws a fixed number of bytes.
///
/// ```
/// use mixwell_pq_kem::{MlKem768, hazmat::DeterministicKem, kem::{Ciphertext, PrivateKey, SharedSecret}};
///
/// let public = PrivateKey::<MlKem768>::generate(&mut rand::rng()).public_key()?;
/// let (mut ciphertext, mut secret) = (Ciphertext::default(), SharedSecret::default());
/// MlKem768::encapsulate_deterministic(&public, &[7; 32], &mut ciphertext, &mut secret)?;
/// # Ok::<(), mixwell_pq_kem::kem::KeyError>(())
/// ```
pub trait DeterministicKem: Kem {
    /// The bytes that an encapsulation draws, in order.
    type RandomBytes: ByteArray;

    /// Encapsulates as [`Kem::encapsulate`] does with a random number generator that returns these
    /// bytes.
    ///
    /// # Errors
    /// [`KeyError`] if the public key is malformed; the content of `ciphertext` and `secret` is
    /// then meaningless.
    fn encapsulate_deterministic(
        public: &PublicKey<Self>,
        random: &Self::RandomBytes,
        ciphertext: &mut Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), KeyError> {
        Self::encapsulate(public, &mut Given(random.as_ref()), ciphertext, secret)
    }
}

/// The ephemeral private key.
#[cfg(any(feature = "x25519", feature = "x448"))]
impl<N: crate::Nike> DeterministicKem for crate::Adapter<N> {
    type RandomBytes = N::PrivateBytes;
}

/// The message m.
#[cfg(feature = "mlkem768")]
impl DeterministicKem for crate::MlKem768 {
    type RandomBytes = [u8; 32];
}

/// ML-KEM's message, then the ephemeral X25519 key: the draft's `eseed`.
#[cfg(feature = "xwing")]
impl DeterministicKem for crate::XWing {
    type RandomBytes = [u8; 64];
}

/// The ephemeral X25519 key, then ML-KEM's message.
#[cfg(feature = "mlkem768-x25519")]
impl DeterministicKem for crate::MlKem768X25519 {
    type RandomBytes = [u8; 64];
}

/// The ephemeral X448 key, then ML-KEM's message.
#[cfg(feature = "mlkem768-x448")]
impl DeterministicKem for crate::MlKem768X448 {
    type RandomBytes = [u8; 88];
}

/// A random number generator that returns these bytes, and then zeros (which no KEM here reaches).
struct Given<'a>(&'a [u8]);

impl TryRng for Given<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes).map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes).map(|()| u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.fill(0);
        for (byte, given) in out.iter_mut().zip(self.0) {
            *byte = *given;
        }
        self.0 = self.0.get(out.len()..).unwrap_or_default();
        Ok(())
    }
}

impl TryCryptoRng for Given<'_> {}
