//! The cost of an X25519 on each of our back ends, alone and several at once, compared with
//! `x25519-dalek`.
//!
//! `cargo bench -p mixwell-benches --bench x25519`; it fails if the best back end of this processor
//! is slower than `x25519-dalek`.
#![allow(clippy::indexing_slicing, reason = "a benchmark")]

use curve25519_dalek::MontgomeryPoint;
use mixwell_benches::side_by_side;
use mixwell_pq_kem::{
    Nike, X25519, X25519Backend,
    hazmat::limit_x25519,
    nike::{PreparedKey, PrivateKey, PublicKey},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use std::{hint::black_box, process::ExitCode};

fn main() -> ExitCode {
    println!(
        "µs an exchange or a public key, and in units of x25519-dalek's; the least of many samples, taken in turns\n"
    );
    let mut holds = true;
    for backend in X25519Backend::available().collect::<Vec<_>>() {
        limit_x25519(&[backend]);
        let ratio = if backend.lanes() == 1 { alone(backend) } else { several(backend) };
        // the portable back end is measured, but it is not the one that this processor uses
        holds &= backend == X25519Backend::Portable || ratio <= 1.0;
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The time of one exchange in units of `x25519-dalek`'s.
fn alone(backend: X25519Backend) -> f64 {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let [key, other] = [(); 2].map(|()| PrivateKey::<X25519>::generate(&mut rng));
    let public = other.public_key();
    let factor = PrivateKey::<X25519>::generate(&mut rng);
    let nanos = side_by_side([
        &mut || _ = black_box(x25519_dalek::x25519(black_box(*key.as_bytes()), black_box(*public.as_bytes()))),
        &mut || _ = black_box(black_box(&key).exchange(black_box(&public))),
        &mut || _ = black_box(MontgomeryPoint::mul_base_clamped(black_box(*key.as_bytes()))),
        &mut || _ = black_box(black_box(&key).public_key()),
        &mut || {
            let prepared = <X25519 as Nike>::Prepared::new(black_box(&public));
            _ = black_box(prepared.exchange(black_box(&key)));
        },
        &mut || {
            let prepared = <X25519 as Nike>::Prepared::new(black_box(&public));
            _ = black_box(prepared.exchange(black_box(&key)));
            _ = black_box(prepared.blind(black_box(&factor)));
        },
    ]);
    let [theirs, ours, their_public, our_public, first, both] = nanos;
    println!("{backend:?}, an exchange: {:.2}, {:.2} ×", ours / 1e3, ours / theirs);
    println!("{backend:?}, a public key: {:.2}, {:.2} ×", our_public / 1e3, our_public / their_public);
    println!("{backend:?}, a key prepared and an exchange: {:.2}, {:.2} ×", first / 1e3, first / theirs);
    println!("{backend:?}, a hop's exchange and blinding, prepared: {:.2}, {:.2} ×", both / 1e3, both / theirs);
    ours / theirs
}

/// The same per exchange, with as many at once as the back end has lanes.
fn several(backend: X25519Backend) -> f64 {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let keys = [(); 8].map(|()| PrivateKey::<X25519>::generate(&mut rng));
    let public = PublicKey::from_bytes([9; 32]);
    let used = core::array::from_fn::<_, 8, _>(|i| (i < backend.lanes()).then_some((&keys[i], &public)));
    let nanos = side_by_side([
        &mut || _ = black_box(x25519_dalek::x25519(black_box(*keys[0].as_bytes()), black_box(*public.as_bytes()))),
        &mut || _ = black_box(X25519::exchange_each(black_box(used))),
    ]);
    let lanes = f64::from(u8::try_from(backend.lanes()).unwrap_or(u8::MAX));
    let [theirs, ours] = [nanos[0], nanos[1] / lanes];
    println!("{backend:?}, one of {lanes}: {:.2}, {:.2} ×", ours / 1e3, ours / theirs);
    ours / theirs
}
