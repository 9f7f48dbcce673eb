//! The schemes by their names in the vectors, and their keys.

use crate::packet::PacketVector;
use mixwell_pq_kem::{
    Adapter, ByteArray, Kem as KemScheme, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing, kem, nike,
};
use mixwell_sphinx::{Kem, Scheme};
use mixwell_vectors::ReplayKem;
use rand_chacha::ChaCha20Rng;

/// A scheme whose sender the tests can give recorded random draws.
pub(crate) trait TestScheme: Scheme {
    /// The same scheme, except that its sender's random draws can be recorded ones.
    type Recorded: Scheme<PublicKey = Self::RecordedKey>;
    type RecordedKey;

    fn recorded_key(bytes: &[u8]) -> Self::RecordedKey;
    /// The sender's random draws for a packet.
    fn drawn(test: &PacketVector) -> Vec<u8>;
}

macro_rules! nikes {
    ($($nike:ty),*) => {$(
        impl TestScheme for $nike {
            type Recorded = Self;
            type RecordedKey = nike::PublicKey<Self>;

            fn recorded_key(bytes: &[u8]) -> nike::PublicKey<Self> {
                bytes.try_into().unwrap()
            }

            /// The ephemeral key.
            fn drawn(test: &PacketVector) -> Vec<u8> {
                test.ephemeral_private_key.clone().expect("recorded").0
            }
        }
    )*};
}

macro_rules! kems {
    ($($kem:ty),*) => {$(
        impl TestScheme for Kem<$kem> {
            type Recorded = Kem<ReplayKem<$kem>>;
            type RecordedKey = kem::PublicKey<ReplayKem<$kem>>;

            fn recorded_key(bytes: &[u8]) -> kem::PublicKey<ReplayKem<$kem>> {
                kem::PublicKey::from_bytes(array::<<$kem as KemScheme>::PublicBytes>(bytes))
            }

            /// Each hop's ciphertext, as it arrives there, and its shared secret.
            fn drawn(test: &PacketVector) -> Vec<u8> {
                let each = test.path.iter().zip(&test.packets).map(|(hop, packet)| {
                    let len = <<$kem as KemScheme>::CiphertextBytes as ByteArray>::LEN;
                    let (ciphertext, mut secret) = (&packet[2..][..len], kem::SharedSecret::<$kem>::default());
                    let recorded = kem::Ciphertext::from_bytes(array::<<$kem as KemScheme>::CiphertextBytes>(ciphertext));
                    <$kem>::decapsulate(&private_key::<Self>(&hop.private_key), &recorded, &mut secret).unwrap();
                    [ciphertext, secret.as_bytes().as_ref()].concat()
                });
                each.collect::<Vec<_>>().concat()
            }
        }
    )*};
}

nikes!(X25519, X448);
kems!(Adapter<X25519>, Adapter<X448>, MlKem768, XWing, MlKem768X25519, MlKem768X448);

/// A fresh key pair.
pub(crate) fn key_pair<S: Scheme>(rng: &mut ChaCha20Rng) -> (S::PublicKey, S::PrivateKey) {
    let (private, public) = S::expand(&S::generate(rng)).unwrap();
    (public, private)
}

/// A private key as a vector has it, ready for use.
pub(crate) fn private_key<S: Scheme>(bytes: &[u8]) -> S::PrivateKey {
    S::expand(&bytes.try_into().unwrap()).unwrap().0
}

/// The public key of a private key.
pub(crate) fn public_half<S: Scheme>(private: &[u8]) -> Vec<u8> {
    S::expand(&private.try_into().unwrap()).unwrap().1.as_ref().to_vec()
}

fn array<A: ByteArray>(bytes: &[u8]) -> A {
    *A::from_slice(bytes).unwrap()
}

/// Calls a generic function with the scheme that a vector's geometry names.
macro_rules! with_scheme {
    ($geometry:expr, $function:ident($($argument:expr),*)) => {
        match ($geometry.nike_name.as_str(), $geometry.kem_name.as_str()) {
            ("x25519", "") => $function::<X25519>($($argument),*),
            ("x448", "") => $function::<X448>($($argument),*),
            ("", "x25519") => $function::<Kem<Adapter<X25519>>>($($argument),*),
            ("", "x448") => $function::<Kem<Adapter<X448>>>($($argument),*),
            ("", "MLKEM768") => $function::<Kem<MlKem768>>($($argument),*),
            ("", "XWING") => $function::<Kem<XWing>>($($argument),*),
            ("", "MLKEM768-X25519") => $function::<Kem<MlKem768X25519>>($($argument),*),
            ("", "MLKEM768-X448") => $function::<Kem<MlKem768X448>>($($argument),*),
            (nike, kem) => panic!("no scheme with NIKEName {nike:?} and KEMName {kem:?}"),
        }
    };
}
pub(crate) use with_scheme;

/// Runs a generic function with every scheme that a network can use.
macro_rules! for_every_scheme {
    ($function:ident($($argument:expr),*)) => {{
        $function::<X25519>($($argument),*);
        $function::<X448>($($argument),*);
        $function::<Kem<Adapter<X25519>>>($($argument),*);
        $function::<Kem<Adapter<X448>>>($($argument),*);
        $function::<Kem<MlKem768>>($($argument),*);
        $function::<Kem<XWing>>($($argument),*);
        $function::<Kem<MlKem768X25519>>($($argument),*);
        $function::<Kem<MlKem768X448>>($($argument),*);
    }};
}
pub(crate) use for_every_scheme;
