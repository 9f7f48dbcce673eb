//! The cost of NIKEs and KEMs in units of one X25519 of x25519-dalek, and of ML-KEM's two backends.
//!
//! `cargo bench -p mixwell-benches --bench kem`
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark")]

use core::hint::black_box;
use mixwell_benches::side_by_side;
use mixwell_pq_kem::{
    Adapter, Kem, MlKem768, MlKem768X448, MlKem768X25519, Nike, X448, X25519, XWing,
    kem::{self, Ciphertext, SharedSecret},
    nike::{self, Product},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const HOPS: usize = 5;

fn main() {
    println!("{:<34} {:>9} {:>9}", "", "µs", "X25519s");
    nike::<X25519>();
    nike::<X448>();
    kem::<Adapter<X25519>>();
    kem::<Adapter<X448>>();
    kem::<MlKem768>();
    kem::<XWing>();
    kem::<MlKem768X25519>();
    kem::<MlKem768X448>();
    backends();
}

fn x25519_dalek() {
    black_box(x25519_dalek::x25519(black_box([3; 32]), black_box([9; 32])));
}

/// Prints each function's time in µs and in units of one X25519 of x25519-dalek from the same run.
fn print<const N: usize>(names: &[String; N], nanos: [f64; N], dh: f64) {
    for (name, nanos) in names.iter().zip(nanos) {
        println!("{name:<34} {:>9.2} {:>9.2}", nanos / 1e3, nanos / dh);
    }
}

fn nike<N: Nike>() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let keys = [(); HOPS].map(|()| nike::PrivateKey::<N>::generate(&mut rng));
    let nodes = [(); HOPS].map(|()| nike::PrivateKey::<N>::generate(&mut rng).public_key());
    let mut public_key = || _ = black_box(black_box(&keys[0]).public_key());
    let mut exchange = || drop(black_box(black_box(&keys[0]).exchange(&nodes[0])));
    let mut wrap = || {
        let mut product = N::Product::new(&keys[0]);
        for (hop, node) in nodes.iter().enumerate() {
            if hop > 0 {
                product.multiply(&keys[hop]);
            }
            let _ = black_box((product.public_key(), product.exchange(node)));
        }
    };
    let [dh, rest @ ..] = side_by_side([&mut x25519_dalek, &mut public_key, &mut exchange, &mut wrap]);
    let names = ["public key", "exchange", "keys of a 5-hop wrap"].map(|name| format!("{} {name}", N::NAME));
    print(&names, rest, dh);
}

fn kem<K: Kem>() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let private = kem::PrivateKey::<K>::generate(&mut rng);
    let public = private.public_key().expect("a valid key");
    let key = private.expand().expect("a valid key");
    let (mut ciphertext, mut secret) = (Ciphertext::<K>::default(), SharedSecret::<K>::default());
    K::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret).expect("a valid key");
    let mut again = SharedSecret::<K>::default();
    let sent = ciphertext.clone();

    let mut expand = || drop(black_box(black_box(&private).expand()));
    let mut encapsulate = || K::encapsulate(&public, &mut rng, &mut ciphertext, &mut secret).expect("a valid key");
    let mut decapsulate = || K::decapsulate(black_box(&key), &sent, &mut again).expect("a valid ciphertext");
    let [dh, rest @ ..] = side_by_side([&mut x25519_dalek, &mut expand, &mut encapsulate, &mut decapsulate]);
    let names = ["expand", "encapsulate", "decapsulate"].map(|name| format!("{} {name}", K::NAME));
    print(&names, rest, dh);
}

fn backends() {
    use libcrux_ml_kem::mlkem768::{self as libcrux, portable};
    use ml_kem::{B32, Decapsulate as _, Seed, ml_kem_768::DecapsulationKey};

    let pair = libcrux::generate_key_pair([7; 64]);
    let unpacked = portable::unpacked::generate_key_pair([7; 64]);
    let key = DecapsulationKey::from_seed(Seed::from([7; 64]));
    let (theirs, _) = key.encapsulation_key().encapsulate_deterministic(&B32::from([1; 32]));
    let (ours, _) = libcrux::encapsulate(pair.public_key(), [1; 32]);
    let nanos = side_by_side([
        &mut x25519_dalek,
        &mut || _ = black_box(DecapsulationKey::from_seed(black_box(Seed::from([7; 64])))),
        &mut || _ = black_box(key.encapsulation_key().encapsulate_deterministic(&B32::from([1; 32]))),
        &mut || _ = black_box(key.decapsulate(black_box(&theirs))),
        &mut || _ = black_box(portable::generate_key_pair(black_box([7; 64]))),
        &mut || _ = black_box(portable::encapsulate(pair.public_key(), black_box([1; 32]))),
        &mut || _ = black_box(portable::decapsulate(pair.private_key(), black_box(&ours))),
        &mut || _ = black_box(portable::unpacked::decapsulate(&unpacked, black_box(&ours))),
    ]);
    let [dh, rest @ ..] = nanos;
    let names = [
        "ml-kem generate",
        "ml-kem encapsulate",
        "ml-kem decapsulate",
        "libcrux portable generate",
        "libcrux portable encapsulate",
        "libcrux portable decapsulate",
        "libcrux portable, expanded key",
    ];
    print(&names.map(str::to_owned), rest, dh);
}
