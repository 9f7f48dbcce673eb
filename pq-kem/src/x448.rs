//! X448 (RFC 7748, section 5).

mod ladder;
mod product;

pub use product::X448Product;

use crate::nike::{LowOrder, Nike, PrivateKey, PublicKey, SharedSecret, Unprepared};
use zeroize::Zeroizing;

/// X448: keys and secrets of 56 bytes; private keys are stored unclamped.
///
/// ```
/// use mixwell_pq_kem::{X448, nike::PrivateKey};
///
/// let [alice, bob] = [(); 2].map(|()| PrivateKey::<X448>::generate(&mut rand::rng()));
/// let shared = alice.exchange(&bob.public_key())?;
/// assert_eq!(shared.as_bytes(), bob.exchange(&alice.public_key())?.as_bytes());
/// # Ok::<(), mixwell_pq_kem::nike::LowOrder>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct X448;

impl Nike for X448 {
    const NAME: &'static str = "x448";

    type PublicBytes = [u8; 56];
    type PrivateBytes = [u8; 56];
    type SecretBytes = [u8; 56];
    type Product = X448Product;
    type Prepared = Unprepared<Self>;

    fn public_key(private: &PrivateKey<Self>) -> PublicKey<Self> {
        PublicKey::from_bytes(multiply(private, &BASE))
    }

    fn exchange(private: &PrivateKey<Self>, public: &PublicKey<Self>) -> Result<SharedSecret<Self>, LowOrder> {
        SharedSecret::new(multiply(private, public.as_bytes()))
    }

    fn blind(public: &PublicKey<Self>, factor: &PrivateKey<Self>) -> Result<PublicKey<Self>, LowOrder> {
        Self::exchange(factor, public).map(|secret| PublicKey::from_bytes(*secret.as_bytes()))
    }
}

fn multiply(private: &PrivateKey<X448>, u: &[u8; 56]) -> [u8; 56] {
    ladder::multiply(u, &clamped(private), 0)
}

fn clamped(private: &PrivateKey<X448>) -> Zeroizing<[u8; 56]> {
    let mut bytes = Zeroizing::new(*private.as_bytes());
    let [first, .., last] = &mut *bytes;
    *first &= 0xfc;
    *last |= 0x80;
    bytes
}

/// The u of the base point.
const BASE: [u8; 56] = {
    let mut u = [0; 56];
    u[0] = 5;
    u
};
