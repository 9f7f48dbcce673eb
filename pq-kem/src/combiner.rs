//! The split-PRF combiner: several KEMs as one, safe as long as one of them is.

use crate::blake2b::{Blake2b, Parameters, blake2b_256};
use core::fmt;
use zeroize::Zeroize;

/// What one KEM gave: its shared secret and its ciphertext.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "this is all that the construction takes of a KEM")]
pub struct Component<'a> {
    /// The shared secret.
    pub secret: &'a [u8],
    /// The ciphertext.
    pub ciphertext: &'a [u8],
}

/// A combiner of no KEM, or of one whose secret or ciphertext is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptyComponent;

/// Combines the shared secrets of any number of KEMs: the XOR, over all of them, of BLAKE2b-256 keyed with the hash of
/// the KEM's secret, over all the ciphertexts.
///
/// # Errors
/// [`EmptyComponent`] if there is nothing to combine.
pub fn split_prf(components: &[Component<'_>], secret: &mut [u8; 32]) -> Result<(), EmptyComponent> {
    let empty = |component: &Component<'_>| component.secret.is_empty() || component.ciphertext.is_empty();
    let count = u32::try_from(components.len()).map_err(|_| EmptyComponent)?;
    if count == 0 || components.iter().any(empty) {
        return Err(EmptyComponent);
    }
    secret.zeroize();
    for keying in components {
        let mut hash = Blake2b::keyed(Parameters::plain(32), &blake2b_256(keying.secret));
        hash.update(b"splitprf-v1");
        hash.update(&count.to_be_bytes());
        for Component { ciphertext, .. } in components {
            let len = u32::try_from(ciphertext.len()).map_err(|_| EmptyComponent)?;
            hash.update(&len.to_be_bytes());
            hash.update(ciphertext);
        }
        secret.iter_mut().zip(hash.finalize_32().iter()).for_each(|(to, byte)| *to ^= byte);
    }
    Ok(())
}

impl fmt::Debug for Component<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Component(..)")
    }
}

impl fmt::Display for EmptyComponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a component of the combiner is empty")
    }
}

impl core::error::Error for EmptyComponent {}

/// Defines a KEM that is a list of KEMs under the [split-PRF combiner](crate::split_prf): keys, seeds and ciphertexts are
/// the components' in order, the secret has 32 bytes.
///
/// ```
/// # #[cfg(all(feature = "x448", feature = "mlkem768"))] {
/// use mixwell_pq_kem::{Adapter, MlKem768, X448, X25519};
///
/// mixwell_pq_kem::combiner! {
///     /// Two curves and a lattice.
///     pub struct Three(ThreeKey) = "MLKEM768-X448-X25519":
///         x25519: Adapter<X25519>, x448: Adapter<X448>, ml_kem: MlKem768
/// }
/// # }
/// ```
///
/// The second name is that of the expanded private key, the others those of its fields.
#[macro_export]
macro_rules! combiner {
    ($(#[$doc:meta])* $vis:vis struct $name:ident($key:ident) = $text:literal: $($part:ident: $kem:ty),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis struct $name;

        #[doc = concat!("The private key of [`", stringify!($name), "`] with its parts expanded.")]
        #[derive(Default)]
        $vis struct $key {
            $($part: <$kem as $crate::Kem>::Expanded,)+
            // where there was a gap, moving the key would take along what the stack held
            _filler: [u8; $crate::kem::gap(&[$(core::alloc::Layout::new::<<$kem as $crate::Kem>::Expanded>()),+])],
        }

        const _: () = {
            let parts = [$(core::alloc::Layout::new::<<$kem as $crate::Kem>::Expanded>()),+];
            assert!(size_of::<$key>() == $crate::kem::filled(&parts), "there is a gap between the parts");
        };

        impl $crate::Kem for $name {
            const NAME: &'static str = $text;

            type PublicBytes = [u8; 0 $(+ <<$kem as $crate::Kem>::PublicBytes as $crate::ByteArray>::LEN)+];
            type PrivateBytes = [u8; 0 $(+ <<$kem as $crate::Kem>::PrivateBytes as $crate::ByteArray>::LEN)+];
            type SeedBytes = [u8; 0 $(+ <<$kem as $crate::Kem>::SeedBytes as $crate::ByteArray>::LEN)+];
            type CiphertextBytes = [u8; 0 $(+ <<$kem as $crate::Kem>::CiphertextBytes as $crate::ByteArray>::LEN)+];
            type SecretBytes = [u8; 32];
            type Expanded = $key;

            fn from_seed(seed: &$crate::kem::Seed<Self>) -> $crate::kem::PrivateKey<Self> {
                let mut private = $crate::kem::PrivateKey::<Self>::default();
                let mut seeds = $crate::kem::Parts::new(seed.as_bytes());
                let mut privates = $crate::kem::PartsMut::new(private.as_bytes_mut());
                $(
                    let mut part = $crate::kem::Seed::<$kem>::default();
                    seeds.read(part.as_bytes_mut());
                    privates.write(<$kem as $crate::Kem>::from_seed(&part).as_bytes());
                )+
                private
            }

            fn public_key(
                private: &$crate::kem::PrivateKey<Self>,
            ) -> Result<$crate::kem::PublicKey<Self>, $crate::kem::KeyError> {
                let mut public = $crate::kem::PublicKey::<Self>::default();
                let mut privates = $crate::kem::Parts::new(private.as_bytes());
                let mut publics = $crate::kem::PartsMut::new(public.as_bytes_mut());
                $(
                    let mut part = $crate::kem::PrivateKey::<$kem>::default();
                    privates.read(part.as_bytes_mut());
                    publics.write(<$kem as $crate::Kem>::public_key(&part)?.as_bytes());
                )+
                Ok(public)
            }

            fn expand_into(
                private: &$crate::kem::PrivateKey<Self>,
                key: &mut $key,
            ) -> Result<(), $crate::kem::KeyError> {
                let mut privates = $crate::kem::Parts::new(private.as_bytes());
                let mut expanded = Ok(());
                $({
                    let mut part = $crate::kem::PrivateKey::<$kem>::default();
                    privates.read(part.as_bytes_mut());
                    expanded = expanded.and_then(|()| <$kem as $crate::Kem>::expand_into(&part, &mut key.$part));
                })+
                // declassified: whether the public keys in it are its own
                if expanded.is_err() {
                    $crate::kem::empty(key);
                }
                expanded
            }

            fn expand_with_public(
                private: &$crate::kem::PrivateKey<Self>,
                public: &mut $crate::kem::PublicKey<Self>,
                key: &mut $key,
            ) -> Result<(), $crate::kem::KeyError> {
                let mut privates = $crate::kem::Parts::new(private.as_bytes());
                let mut publics = $crate::kem::PartsMut::new(public.as_bytes_mut());
                let mut expanded = Ok(());
                $({
                    let (mut part, mut own) =
                        ($crate::kem::PrivateKey::<$kem>::default(), $crate::kem::PublicKey::<$kem>::default());
                    privates.read(part.as_bytes_mut());
                    expanded = expanded.and_then(|()| {
                        <$kem as $crate::Kem>::expand_with_public(&part, &mut own, &mut key.$part)
                    });
                    publics.write(own.as_bytes());
                })+
                if expanded.is_err() {
                    $crate::kem::empty(key);
                }
                expanded
            }

            fn key_pair(
                seed: &$crate::kem::Seed<Self>,
                public: &mut $crate::kem::PublicKey<Self>,
                key: &mut $key,
            ) -> Result<(), $crate::kem::KeyError> {
                let mut seeds = $crate::kem::Parts::new(seed.as_bytes());
                let mut publics = $crate::kem::PartsMut::new(public.as_bytes_mut());
                $({
                    let (mut seed, mut part) = ($crate::kem::Seed::<$kem>::default(), $crate::kem::PublicKey::<$kem>::default());
                    seeds.read(seed.as_bytes_mut());
                    <$kem as $crate::Kem>::key_pair(&seed, &mut part, &mut key.$part)?;
                    publics.write(part.as_bytes());
                })+
                Ok(())
            }

            fn encapsulate<R: $crate::rand_core::CryptoRng + ?Sized>(
                public: &$crate::kem::PublicKey<Self>,
                rng: &mut R,
                ciphertext: &mut $crate::kem::Ciphertext<Self>,
                secret: &mut $crate::kem::SharedSecret<Self>,
            ) -> Result<(), $crate::kem::KeyError> {
                let mut publics = $crate::kem::Parts::new(public.as_bytes());
                let mut ciphertexts = $crate::kem::PartsMut::new(ciphertext.as_bytes_mut());
                $(
                    let mut part = $crate::kem::PublicKey::<$kem>::default();
                    publics.read(part.as_bytes_mut());
                    let mut $part = ($crate::kem::Ciphertext::<$kem>::default(), $crate::kem::SharedSecret::<$kem>::default());
                    <$kem as $crate::Kem>::encapsulate(&part, rng, &mut $part.0, &mut $part.1)?;
                    ciphertexts.write($part.0.as_bytes());
                )+
                let components = [$($crate::Component { secret: $part.1.as_bytes(), ciphertext: $part.0.as_bytes() }),+];
                $crate::split_prf(&components, secret.as_bytes_mut()).map_err(|_| $crate::kem::KeyError)
            }

            fn decapsulate(
                key: &$key,
                ciphertext: &$crate::kem::Ciphertext<Self>,
                secret: &mut $crate::kem::SharedSecret<Self>,
            ) -> Result<(), $crate::kem::DecapsulateError> {
                let mut ciphertexts = $crate::kem::Parts::new(ciphertext.as_bytes());
                $(
                    let mut $part = ($crate::kem::Ciphertext::<$kem>::default(), $crate::kem::SharedSecret::<$kem>::default());
                    ciphertexts.read($part.0.as_bytes_mut());
                    <$kem as $crate::Kem>::decapsulate(&key.$part, &$part.0, &mut $part.1)?;
                )+
                let components = [$($crate::Component { secret: $part.1.as_bytes(), ciphertext: $part.0.as_bytes() }),+];
                $crate::split_prf(&components, secret.as_bytes_mut()).map_err(|_| $crate::kem::DecapsulateError)
            }
        }

        impl core::fmt::Debug for $key {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($key), "(..)"))
            }
        }

        // every part wipes itself
        impl $crate::zeroize::ZeroizeOnDrop for $key {}
    };
}
