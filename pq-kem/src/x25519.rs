//! X25519 (RFC 7748, section 5).

mod backend;
mod prepared;
mod product;

// our own arithmetic is for 64-bit processors
#[cfg_attr(any(not(target_pointer_width = "64"), mixwell_x25519 = "dalek"), path = "x25519/no_lanes.rs")]
mod lanes;
#[cfg_attr(any(not(target_pointer_width = "64"), mixwell_x25519 = "dalek"), path = "x25519/dalek.rs")]
mod single;

pub use backend::X25519Backend;
#[cfg(feature = "hazmat")]
pub(crate) use backend::limit;
pub use prepared::X25519Prepared;
pub use product::X25519Product;
pub(crate) use single::{multiply, multiply_base};

use crate::nike::{LowOrder, Nike, PrivateKey, PublicKey, SharedSecret};

/// X25519: keys and secrets of 32 bytes; private keys are stored unclamped.
///
/// ```
/// use mixwell_pq_kem::{X25519, nike::PrivateKey};
///
/// let [alice, bob] = [(); 2].map(|()| PrivateKey::<X25519>::generate(&mut rand::rng()));
/// let shared = alice.exchange(&bob.public_key())?;
/// assert_eq!(shared.as_bytes(), bob.exchange(&alice.public_key())?.as_bytes());
/// # Ok::<(), mixwell_pq_kem::nike::LowOrder>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct X25519;

impl Nike for X25519 {
    const NAME: &'static str = "x25519";

    type PublicBytes = [u8; 32];
    type PrivateBytes = [u8; 32];
    type SecretBytes = [u8; 32];
    type Product = X25519Product;
    type Prepared = X25519Prepared;

    fn public_key(private: &PrivateKey<Self>) -> PublicKey<Self> {
        PublicKey::from_bytes(*multiply_base(private.as_bytes()))
    }

    fn exchange(private: &PrivateKey<Self>, public: &PublicKey<Self>) -> Result<SharedSecret<Self>, LowOrder> {
        SharedSecret::new(*multiply(private.as_bytes(), public.as_bytes()))
    }

    fn blind(public: &PublicKey<Self>, factor: &PrivateKey<Self>) -> Result<PublicKey<Self>, LowOrder> {
        Self::exchange(factor, public).map(|secret| PublicKey::from_bytes(*secret.as_bytes()))
    }

    /// Eight or four at once in the lanes of AVX-512 or AVX2.
    fn exchange_each<const N: usize>(
        pairs: [Option<(&PrivateKey<Self>, &PublicKey<Self>)>; N],
    ) -> [Option<Result<SharedSecret<Self>, LowOrder>>; N] {
        let mut secrets = [const { None }; N];
        let mut waiting = secrets.iter_mut().zip(pairs).filter_map(|(secret, pair)| Some((secret, pair?)));
        let mut left = pairs.iter().flatten().count();
        while left > 0 {
            let backend = lanes::best(left);
            let mut batch = [const { None }; lanes::MAX];
            let mut taken = 0_usize;
            for place in batch.iter_mut().take(backend.lanes()) {
                *place = waiting.next();
                taken = taken.saturating_add(usize::from(place.is_some()));
            }
            left = left.saturating_sub(taken);
            let keys = batch.each_ref().map(|pair| match pair {
                Some((_, (private, public))) => (private.as_bytes(), public.as_bytes()),
                None => (&[0; 32], &[0; 32]),
            });
            let products = lanes::multiply(backend, keys);
            for (pair, product) in batch.into_iter().zip(&*products) {
                if let Some((secret, _)) = pair {
                    *secret = Some(SharedSecret::new(*product));
                }
            }
        }
        secrets
    }

    fn blind_each<const N: usize>(
        pairs: [Option<(&PublicKey<Self>, &PrivateKey<Self>)>; N],
    ) -> [Option<Result<PublicKey<Self>, LowOrder>>; N] {
        Self::exchange_each(pairs.map(|pair| pair.map(|(public, factor)| (factor, public))))
            .map(|secret| secret.map(|secret| Ok(PublicKey::from_bytes(*secret?.as_bytes()))))
    }
}
