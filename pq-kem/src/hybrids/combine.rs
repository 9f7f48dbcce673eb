//! Combination of several KEMs into one.

/// Defines a KEM that is a list of KEMs under the split-PRF combiner: keys, seeds and ciphertexts
/// are the components' in order, the secret has 32 bytes. The name in parentheses is that of the
/// expanded private key, whose fields have the names before the components.
///
/// A macro, because stable Rust cannot write `[u8; A::LEN + B::LEN]` for type parameters.
macro_rules! combine {
    ($(#[$doc:meta])* $vis:vis struct $name:ident($key:ident) = $text:literal: $($part:ident: $kem:ty),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis struct $name;

        #[doc = concat!("The private key of [`", stringify!($name), "`] with its parts expanded.")]
        #[derive(Default)]
        $vis struct $key {
            $($part: <$kem as $crate::Kem>::Expanded,)+
            _padding: [u8; $crate::hybrids::padding::len(&[$(
                core::alloc::Layout::new::<<$kem as $crate::Kem>::Expanded>()
            ),+])],
        }

        const _: () = {
            let parts = [$(core::alloc::Layout::new::<<$kem as $crate::Kem>::Expanded>()),+];
            assert!(size_of::<$key>() == $crate::hybrids::padding::padded_len(&parts), "there is a gap between the parts");
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
                let mut seeds = $crate::hybrids::parts::Parts::new(seed.as_bytes());
                let mut privates = $crate::hybrids::parts::PartsMut::new(private.as_bytes_mut());
                $(
                    let mut part = $crate::kem::Seed::<$kem>::default();
                    seeds.read(part.as_bytes_mut());
                    privates.write(<$kem as $crate::Kem>::from_seed(&part).as_bytes());
                )+
                private
            }

            fn expand_into(
                source: $crate::kem::KeySource<'_, Self>,
                public: Option<&mut $crate::kem::PublicKey<Self>>,
                key: &mut $key,
            ) -> Result<(), $crate::kem::KeyError> {
                let mut sources = $crate::hybrids::parts::KeyParts::new(source);
                let mut publics = public.map(|key| $crate::hybrids::parts::PartsMut::new(key.as_bytes_mut()));
                let mut expanded = Ok(());
                $(
                    expanded = expanded.and_then(|()| sources.expand_next::<$kem>(publics.as_mut(), &mut key.$part));
                )+
                // on an error no secret is left
                if expanded.is_err() {
                    $crate::hybrids::parts::empty(key);
                }
                expanded
            }

            fn encapsulate<R: rand_core::CryptoRng + ?Sized>(
                public: &$crate::kem::PublicKey<Self>,
                rng: &mut R,
                ciphertext: &mut $crate::kem::Ciphertext<Self>,
                secret: &mut $crate::kem::SharedSecret<Self>,
            ) -> Result<(), $crate::kem::KeyError> {
                let mut publics = $crate::hybrids::parts::Parts::new(public.as_bytes());
                let mut ciphertexts = $crate::hybrids::parts::PartsMut::new(ciphertext.as_bytes_mut());
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
                let mut ciphertexts = $crate::hybrids::parts::Parts::new(ciphertext.as_bytes());
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
        impl zeroize::ZeroizeOnDrop for $key {}
    };
}
