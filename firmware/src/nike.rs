//! Measures the operations of a NIKE and of its products of private keys.

use crate::{measure::measure as row, rng::Predictable};
use cortex_m_semihosting::hprintln;
use mixwell_pq_kem::{
    Nike,
    nike::{PrivateKey, Product as _},
};

pub(crate) fn measure<N: Nike>() {
    let mut rng = Predictable(1);
    let (ours, factor, theirs) =
        (PrivateKey::<N>::generate(&mut rng), PrivateKey::<N>::generate(&mut rng), PrivateKey::<N>::generate(&mut rng));
    let peer = theirs.public_key();

    hprintln!("{}, a product has {} bytes", N::NAME, size_of::<N::Product>());
    row("public key", || ours.public_key());
    let want = row("exchange", || ours.exchange(&peer)).expect("a valid key");
    let mut product = N::Product::new(&ours);
    let got = product.exchange(&peer).expect("a valid key");
    assert_eq!(want.as_bytes().as_ref(), got.as_bytes().as_ref());
    row("product: multiply", || product.multiply(&factor));
    let ours = row("product: public key", || product.public_key()).expect("a valid key");
    let got = row("product: exchange", || product.exchange(&peer)).expect("a valid key");
    let want = theirs.exchange(&ours).expect("a valid key");
    assert_eq!(want.as_bytes().as_ref(), got.as_bytes().as_ref());
}
