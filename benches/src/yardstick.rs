use core::hint::black_box;
use criterion::Criterion;
use x25519_dalek::{PublicKey, StaticSecret};

/// One X25519 of x25519-dalek: shows the speed of the machine beside the other figures of a bench.
pub fn yardstick(c: &mut Criterion) {
    let secret = StaticSecret::from([5; 32]);
    let public = PublicKey::from(&StaticSecret::from([6; 32]));
    c.bench_function("X25519 of x25519-dalek", |b| {
        b.iter(|| black_box(&secret).diffie_hellman(black_box(&public)));
    });
}
