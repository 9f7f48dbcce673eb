//! X-Wing with its one encapsulation replaced by the recorded one.

use super::vectors::{ENCAPSULATED, ENCAPSULATED_SECRET};
use core::{hint::black_box, ptr};
use mixwell_pq_kem::{
    Kem, XWing,
    kem::{Ciphertext, DecapsulateError, KeyError, KeySource, PrivateKey, PublicKey, Seed, SharedSecret},
};
use rand_core::CryptoRng;

/// Performs every operation of X-Wing, including the encapsulation, but then returns the recorded
/// ciphertext and secret, whose randomness was not recorded. Keys and ciphertexts are not copied
/// between the types, so the measured stack is X-Wing's.
#[derive(Debug)]
pub(super) struct Replay;

impl Kem for Replay {
    const NAME: &'static str = XWing::NAME;

    type PublicBytes = <XWing as Kem>::PublicBytes;
    type PrivateBytes = <XWing as Kem>::PrivateBytes;
    type SeedBytes = <XWing as Kem>::SeedBytes;
    type CiphertextBytes = <XWing as Kem>::CiphertextBytes;
    type SecretBytes = <XWing as Kem>::SecretBytes;
    type Expanded = <XWing as Kem>::Expanded;

    fn from_seed(seed: &Seed<Self>) -> PrivateKey<Self> {
        PrivateKey::from_bytes(*XWing::from_seed(as_own(seed)).as_bytes())
    }

    fn expand_into(
        source: KeySource<'_, Self>,
        public: Option<&mut PublicKey<Self>>,
        key: &mut Self::Expanded,
    ) -> Result<(), KeyError> {
        let source = match source {
            KeySource::Seed(seed) => KeySource::Seed(as_own(seed)),
            KeySource::Private(private) => KeySource::Private(as_own(private)),
        };
        XWing::expand_into(source, public.map(as_own_mut), key)
    }

    fn encapsulate<R: CryptoRng + ?Sized>(
        public: &PublicKey<Self>,
        rng: &mut R,
        ciphertext: &mut Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), KeyError> {
        XWing::encapsulate(as_own(public), rng, as_own_mut(ciphertext), as_own_mut(secret))?;
        black_box((&ciphertext, &secret));
        *ciphertext.as_bytes_mut() = ENCAPSULATED;
        *secret.as_bytes_mut() = ENCAPSULATED_SECRET;
        Ok(())
    }

    fn decapsulate(
        key: &Self::Expanded,
        ciphertext: &Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), DecapsulateError> {
        XWing::decapsulate(key, as_own(ciphertext), as_own_mut(secret))
    }
}

/// Borrows the same bytes as X-Wing's type.
trait Role {
    type Own;
}

macro_rules! roles {
    ($($role:ident),+) => { $(impl Role for $role<Replay> { type Own = $role<XWing>; })+ };
}

roles!(Seed, PrivateKey, PublicKey, Ciphertext, SharedSecret);

fn as_own<T: Role>(value: &T) -> &T::Own {
    // SAFETY: both types are transparent over the same byte array
    unsafe { &*ptr::from_ref(value).cast() }
}

fn as_own_mut<T: Role>(value: &mut T) -> &mut T::Own {
    // SAFETY: as above
    unsafe { &mut *ptr::from_mut(value).cast() }
}
