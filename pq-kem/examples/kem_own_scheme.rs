//! A KEM of your own: two of this crate's in one, safe as long as one of them is. Everything that
//! is generic over `Kem` takes it: links, packets, files of keys.
//!
//! ```sh
//! cargo run -p mixwell-pq-kem --example kem_own_scheme --features x448,pem
//! ```
//!
//! (These two are both on curves: take one of them from a lattice for your network.)
#![no_std]

extern crate std;

use mixwell_pq_kem::{
    Adapter, Component, Kem, X448, X25519,
    kem::{Ciphertext, DecapsulateError, KeyError, KeySource, PrivateKey, PublicKey, Seed, SharedSecret},
    pem, split_prf,
};
use rand_core::CryptoRng;
use zeroize::ZeroizeOnDrop;

type First = Adapter<X25519>;
type Second = Adapter<X448>;

/// The scheme. It has no values: it is its implementation of [`Kem`].
struct Both;

/// A private key ready for use: the expanded keys of both, which wipe themselves.
#[derive(Default)]
struct BothKey {
    first: <First as Kem>::Expanded,
    second: <Second as Kem>::Expanded,
}

impl ZeroizeOnDrop for BothKey {}

impl Kem for Both {
    // no name that a network uses already
    const NAME: &'static str = "EXAMPLE-X25519-X448";

    // every encoding is the first scheme's, then the second's
    type PublicBytes = [u8; 32 + 56];
    type PrivateBytes = [u8; 32 + 56];
    type SeedBytes = [u8; 64];
    type CiphertextBytes = [u8; 32 + 56];
    type SecretBytes = [u8; 32];
    type Expanded = BothKey;

    fn from_seed(seed: &Seed<Self>) -> PrivateKey<Self> {
        let (first, second) = halves(seed.as_bytes());
        let mut key = PrivateKey::default();
        let (to_first, to_second) = halves_mut(key.as_bytes_mut());
        // the parts wipe themselves, here and below
        to_first.copy_from_slice(First::from_seed(&Seed::from_bytes(first)).as_bytes());
        to_second.copy_from_slice(Second::from_seed(&Seed::from_bytes(second)).as_bytes());
        key
    }

    fn expand_into(
        source: KeySource<'_, Self>,
        public: Option<&mut PublicKey<Self>>,
        key: &mut BothKey,
    ) -> Result<(), KeyError> {
        let from_seed;
        let private = match source {
            KeySource::Private(private) => private,
            KeySource::Seed(seed) => {
                from_seed = Self::from_seed(seed);
                &from_seed
            }
        };
        let (first, second) = halves(private.as_bytes());
        let (first, second) = (PrivateKey::<First>::from_bytes(first), PrivateKey::<Second>::from_bytes(second));
        let (mut first_public, mut second_public) = (PublicKey::default(), PublicKey::default());
        First::expand_into(KeySource::Private(&first), Some(&mut first_public), &mut key.first)?;
        Second::expand_into(KeySource::Private(&second), Some(&mut second_public), &mut key.second)?;
        if let Some(public) = public {
            let (to_first, to_second) = halves_mut(public.as_bytes_mut());
            to_first.copy_from_slice(first_public.as_bytes());
            to_second.copy_from_slice(second_public.as_bytes());
        }
        Ok(())
    }

    fn encapsulate<R: CryptoRng + ?Sized>(
        public: &PublicKey<Self>,
        rng: &mut R,
        ciphertext: &mut Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), KeyError> {
        let (first, second) = halves(public.as_bytes());
        let mut ciphertexts = (Ciphertext::default(), Ciphertext::default());
        let mut secrets = (SharedSecret::default(), SharedSecret::default());
        First::encapsulate(&PublicKey::from_bytes(first), rng, &mut ciphertexts.0, &mut secrets.0)?;
        Second::encapsulate(&PublicKey::from_bytes(second), rng, &mut ciphertexts.1, &mut secrets.1)?;
        let (to_first, to_second) = halves_mut(ciphertext.as_bytes_mut());
        to_first.copy_from_slice(ciphertexts.0.as_bytes());
        to_second.copy_from_slice(ciphertexts.1.as_bytes());
        combine(&ciphertexts, &secrets, secret).ok_or(KeyError)
    }

    fn decapsulate(
        key: &BothKey,
        ciphertext: &Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), DecapsulateError> {
        let (first, second) = halves(ciphertext.as_bytes());
        let ciphertexts = (Ciphertext::from_bytes(first), Ciphertext::from_bytes(second));
        let mut secrets = (SharedSecret::default(), SharedSecret::default());
        First::decapsulate(&key.first, &ciphertexts.0, &mut secrets.0)?;
        Second::decapsulate(&key.second, &ciphertexts.1, &mut secrets.1)?;
        combine(&ciphertexts, &secrets, secret).ok_or(DecapsulateError)
    }
}

/// One secret of two, bound to both ciphertexts.
fn combine(
    ciphertexts: &(Ciphertext<First>, Ciphertext<Second>),
    secrets: &(SharedSecret<First>, SharedSecret<Second>),
    secret: &mut SharedSecret<Both>,
) -> Option<()> {
    let components = [
        Component { secret: secrets.0.as_bytes(), ciphertext: ciphertexts.0.as_bytes() },
        Component { secret: secrets.1.as_bytes(), ciphertext: ciphertexts.1.as_bytes() },
    ];
    split_prf(&components, secret.as_bytes_mut()).ok()
}

/// The parts of an encoding, whose lengths add up to its own.
fn halves<const N: usize, const A: usize, const B: usize>(bytes: &[u8; N]) -> ([u8; A], [u8; B]) {
    const { assert!(A + B == N, "the parts of an encoding") };
    let (mut first, mut second) = ([0; A], [0; B]);
    let mut from = bytes.iter();
    first.iter_mut().chain(&mut second).zip(&mut from).for_each(|(to, byte)| *to = *byte);
    (first, second)
}

/// The places of the parts, of which the first is one of X25519.
fn halves_mut<const N: usize>(bytes: &mut [u8; N]) -> (&mut [u8], &mut [u8]) {
    bytes.split_at_mut(32)
}

fn main() -> Result<(), std::boxed::Box<dyn core::error::Error>> {
    let mut rng = rand::rng();
    let private = PrivateKey::<Both>::generate(&mut rng);
    let public = private.public_key()?;
    let mut text = [0; pem::encoded_len::<PublicKey<Both>>()];
    std::println!("{}", pem::encode(&public, &mut text)?);

    let (mut ciphertext, mut ours, mut theirs) = Default::default();
    Both::encapsulate(&public, &mut rng, &mut ciphertext, &mut ours)?;
    Both::decapsulate(&private.expand()?, &ciphertext, &mut theirs)?;
    assert_eq!(ours.as_bytes(), theirs.as_bytes());

    // a changed ciphertext gives another secret, or none
    ciphertext.as_bytes_mut()[87] ^= 1;
    let changed = Both::decapsulate(&private.expand()?, &ciphertext, &mut theirs);
    assert!(changed.is_err() || ours.as_bytes() != theirs.as_bytes());
    std::println!("a secret of {} bytes, agreed by {} and {}", ours.as_bytes().len(), First::NAME, Second::NAME);
    Ok(())
}
