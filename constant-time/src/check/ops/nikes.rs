//! NIKEs: private keys are secret, and so are the public keys on a Sphinx sender's path.

use super::Operation;
use crate::memcheck::{SecretRng, assert_secret, public, secret};
use mixwell_pq_kem::{
    Nike, X448, X25519,
    nike::{PreparedKey, PrivateKey, Product, PublicKey},
};

pub(super) fn all() -> Vec<Operation> {
    [of::<X25519>(), of::<X448>()].into_iter().flatten().collect()
}

fn of<N: Nike>() -> Vec<Operation> {
    let name = |what: &str| format!("NIKE {}: {what}", N::NAME);
    vec![
        Operation::new(name("generate"), || {
            assert_secret(key::<N>(1).public_key().as_bytes().as_ref());
        }),
        Operation::new(name("exchange"), || {
            let shared = key::<N>(1).exchange(&chosen::<N>(2)).expect("a good key");
            assert_secret(shared.as_bytes().as_ref());
        }),
        Operation::new(name("four exchanges at once"), || {
            let pairs = [1, 2, 3, 4].map(|seed| (key::<N>(seed), chosen::<N>(seed + 4)));
            for shared in
                N::exchange_each(pairs.each_ref().map(|(key, public)| Some((key, public)))).into_iter().flatten()
            {
                assert_secret(shared.expect("a good key").as_bytes().as_ref());
            }
        }),
        Operation::new(name("blind"), || {
            let blinded = N::blind(&chosen::<N>(2), &key(1)).expect("a good key");
            assert_secret(blinded.as_bytes().as_ref());
        }),
        // that the key is public is what a prepared one is for
        Operation::new(name("prepared key: exchange, blind"), || {
            let mut public_key = key::<N>(2).public_key();
            public(public_key.as_bytes_mut().as_mut());
            let prepared = N::Prepared::new(&public_key);
            assert_secret(prepared.exchange(&key(1)).expect("a good key").as_bytes().as_ref());
            assert_secret(prepared.blind(&key(3)).expect("a good key").as_bytes().as_ref());
        }),
        Operation::new(name("product"), || {
            let mut product = N::Product::new(&key(1));
            product.multiply(&key(2));
            product.multiply(&key(3));
            assert_secret(product.public_key().expect("a good product").as_bytes().as_ref());
            assert_secret(product.exchange(&chosen::<N>(4)).expect("a good key").as_bytes().as_ref());
        }),
    ]
}

/// A secret private key.
fn key<N: Nike>(seed: u8) -> PrivateKey<N> {
    PrivateKey::generate(&mut SecretRng::new(seed))
}

/// A public key that must not reveal its owner.
fn chosen<N: Nike>(seed: u8) -> PublicKey<N> {
    let mut key = key::<N>(seed).public_key();
    secret(key.as_bytes_mut().as_mut());
    key
}
