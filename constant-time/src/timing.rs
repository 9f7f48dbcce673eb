//! Times operations on two classes of inputs, in random order, and tells by Welch's t-test whether the classes differ:
//! Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?", 2017.
//!
//! The last one leaks on purpose. `timing --filter NAME` runs those whose names hold NAME.

use dudect_bencher::{
    BenchRng, Class, CtRunner, ctbench_main,
    rand::{Rng, RngExt},
};
use mixwell_aez::Aez;
use mixwell_mixdelay::{Outbox, Rate};
use mixwell_pq_kem::{
    Kem, X25519, XWing,
    kem::{self, Ciphertext, SharedSecret},
    nike, pem,
};
use mixwell_sphinx::{Action, Geometry, Hop, NodeId, Path, RecipientId, Sphinx};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Infallible, SeedableRng, TryCryptoRng, TryRng},
};
use std::hint::black_box;

ctbench_main!(
    aez_decrypt_zeros_or_random,
    xwing_decapsulate_good_or_tampered,
    x25519_exchange_zeros_or_random_key,
    sphinx_open_mac_wrong_at_start_or_end,
    sphinx_finish_tag_wrong_at_start_or_end,
    delay_of_smallest_or_random_bytes,
    outbox_empty_or_waiting,
    pem_decode_zeros_or_random_key,
    leak_on_purpose
);
