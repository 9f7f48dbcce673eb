//! No operation allocates, and secrets leave nothing behind.
#![cfg(all(feature = "pem", feature = "xwing", feature = "mlkem768-x25519", feature = "mlkem768-x448"))]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test"
)]

use mixwell_pq_kem::{
    Adapter, ByteArray, Kem, MlKem768, MlKem768X448, MlKem768X25519, Nike, Scheme, X448, X25519, XWing,
    kem::{self, Ciphertext, KeySource, Seed},
    nike::{self, PreparedKey, Product},
    pem,
};
#[cfg(target_os = "linux")]
use mixwell_vectors::memory::bytes_of;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

fn nike<N: Nike>(rng: &mut ChaCha20Rng) {
    let private = nike::PrivateKey::<N>::generate(rng);
    let public = private.public_key();
    let _ = (private.exchange(&public), N::blind(&public, &private));
    let prepared = N::Prepared::new(&public);
    let _ = (prepared.exchange(&private), prepared.blind(&private));
    let mut product = N::Product::new(&private);
    product.multiply(&private);
    let _ = (product.public_key(), product.exchange(&public));
    let mut text = [0; 200];
    let text = pem::encode(&private, &mut text).unwrap();
    assert!(pem::decode::<nike::PrivateKey<N>>(text.as_bytes()).is_ok());
}

fn kem<K: Kem>(rng: &mut ChaCha20Rng) {
    let private = kem::PrivateKey::<K>::generate(rng);
    let public = private.public_key().unwrap();
    let (mut ciphertext, mut secret) = (Ciphertext::<K>::default(), kem::SharedSecret::<K>::default());
    K::encapsulate(&public, rng, &mut ciphertext, &mut secret).unwrap();
    K::decapsulate(&private.expand().unwrap(), &ciphertext, &mut secret).unwrap();
    let mut text = [0; 2500];
    let text = pem::encode(&private, &mut text).unwrap();
    assert!(pem::decode::<kem::PrivateKey<K>>(text.as_bytes()).is_ok());
    assert!(Scheme::kem(K::NAME).is_some());
}

#[test]
fn nothing_allocates() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let counted = allocation_counter::measure(|| {
        nike::<X25519>(&mut rng);
        nike::<X448>(&mut rng);
        kem::<Adapter<X25519>>(&mut rng);
        kem::<Adapter<X448>>(&mut rng);
        kem::<MlKem768>(&mut rng);
        kem::<XWing>(&mut rng);
        kem::<MlKem768X25519>(&mut rng);
        kem::<MlKem768X448>(&mut rng);
    });
    assert_eq!(counted.count_total, 0);
    assert_eq!(allocation_counter::measure(|| drop(core::hint::black_box(Box::new(1)))).count_total, 1);
}

/// The number of the secret's 8-byte words that are still in the same place after the owner is
/// dropped there. `public` may stay.
#[cfg(target_os = "linux")]
fn survivors<T>(owner: T, public: &[u8]) -> usize {
    let mut place = Box::new(Some(owner));
    let before = bytes_of(&*place);
    **core::hint::black_box(&mut place) = None;
    let after = bytes_of(&*place);
    drop(place);
    let words = before.chunks_exact(8).zip(after.chunks_exact(8));
    // the two high bytes of an address in the padding are zero
    let random = |word: &[u8]| word.iter().filter(|byte| **byte != 0 && **byte != 0xff).count() > 6;
    let is_public = |word: &[u8]| public.windows(8).any(|window| window == word);
    assert!(before.chunks_exact(8).any(|word| random(word) && !is_public(word)), "there was a secret");
    words.filter(|(before, after)| before == after && random(before) && !is_public(before)).count()
}

/// A public key in the forms in which a backend may hold it: encoded, its ML-KEM part's
/// coefficients as 16-bit numbers, and the hash of that part.
#[cfg(target_os = "linux")]
fn public_forms(public: &[u8], ml_kem_at: Option<usize>) -> Vec<u8> {
    use sha3::{Digest, Sha3_256};
    let mut forms = public.to_vec();
    let Some(at) = ml_kem_at else { return forms };
    let ml_kem = &public[at..at + 1184];
    for [a, b, c] in ml_kem[..1152].as_chunks().0 {
        // two 12-bit coefficients in every three bytes
        forms.extend([*a, b & 0xf, b >> 4 | c << 4, c >> 4]);
    }
    forms.extend(Sha3_256::digest(ml_kem));
    forms
}

#[test]
#[cfg(target_os = "linux")]
fn secrets_are_wiped() {
    fn nike<N: Nike>(rng: &mut ChaCha20Rng) {
        let key = || nike::PrivateKey::<N>::generate(&mut ChaCha20Rng::seed_from_u64(5));
        let public = nike::PrivateKey::<N>::generate(rng).public_key();
        assert_eq!(survivors(key(), &[]), 0);
        assert_eq!(survivors(key().exchange(&public).unwrap(), &[]), 0);
        let mut product = N::Product::new(&key());
        product.multiply(&nike::PrivateKey::generate(rng));
        assert_eq!(survivors(product, &[]), 0);
    }
    fn kem<K: Kem>(ml_kem_at: Option<usize>, rng: &mut ChaCha20Rng) {
        let private = kem::PrivateKey::<K>::generate(rng);
        let public = private.public_key().unwrap();
        let (mut ciphertext, mut secret) = (Ciphertext::<K>::default(), kem::SharedSecret::<K>::default());
        K::encapsulate(&public, rng, &mut ciphertext, &mut secret).unwrap();
        // the public key may stay in an expanded private key
        let public = public_forms(public.as_bytes().as_ref(), ml_kem_at);
        assert_eq!(survivors(private.expand().unwrap(), &public), 0, "{}", K::NAME);
        assert_eq!(survivors(private, &[]), 0);
        assert_eq!(survivors(secret, &[]), 0);
        let mut seed = Seed::<K>::default();
        rng.fill_bytes(seed.as_bytes_mut().as_mut());
        assert!(K::SeedBytes::LEN >= 32);
        assert_eq!(survivors(seed, &[]), 0);
    }
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    nike::<X25519>(&mut rng);
    nike::<X448>(&mut rng);
    kem::<Adapter<X25519>>(None, &mut rng);
    kem::<Adapter<X448>>(None, &mut rng);
    kem::<MlKem768>(Some(0), &mut rng);
    kem::<XWing>(Some(0), &mut rng);
    kem::<MlKem768X25519>(Some(32), &mut rng);
    kem::<MlKem768X448>(Some(56), &mut rng);
}

/// The check above detects a value that is not wiped.
#[test]
#[cfg(target_os = "linux")]
fn a_plain_array_survives() {
    let bytes: [u8; 64] = core::array::from_fn(|i| 17 + u8::try_from(i).unwrap());
    assert!(survivors(bytes, &[]) >= 7);
}

/// A key that turns out to be malformed is wiped from the place where it was expanded, and so is
/// the previous key.
#[test]
#[cfg(target_os = "linux")]
fn an_error_leaves_nothing() {
    fn check<K: Kem>(ml_kem_at: usize) {
        let mut private = kem::PrivateKey::<K>::generate(&mut ChaCha20Rng::seed_from_u64(4));
        let public = public_forms(private.public_key().unwrap().as_bytes().as_ref(), Some(ml_kem_at));
        let mut key = Box::new(K::Expanded::default());
        let empty = bytes_of(&*key);
        K::expand_into(KeySource::Private(&private), None, core::hint::black_box(&mut *key)).unwrap();
        let before = bytes_of(&*key);
        // a different public key; the seed and everything derived from it stay the same
        private.as_bytes_mut().as_mut()[ml_kem_at + 700] ^= 1;
        assert!(K::expand_into(KeySource::Private(&private), None, core::hint::black_box(&mut *key)).is_err());
        let after = bytes_of(&*key);
        let held: Vec<&[u8]> = before
            .chunks_exact(8)
            .zip(empty.chunks_exact(8))
            .filter_map(|(word, padding)| (word != padding).then_some(word))
            .filter(|word| word.iter().filter(|byte| **byte != 0 && **byte != 0xff).count() > 6)
            .filter(|word| !public.windows(8).any(|window| window == *word))
            .collect();
        // the secret vector, and with one of the backends also the matrix
        assert!(held.len() > 150, "{}: there was a key: {}", K::NAME, held.len());
        let left = after.chunks_exact(8).filter(|word| held.contains(word)).count();
        assert_eq!(left, 0, "{}", K::NAME);
    }
    check::<MlKem768>(0);
    check::<XWing>(0);
    check::<MlKem768X25519>(32);
    check::<MlKem768X448>(56);
}

/// Expanding in place, by any of the functions, leaves no copy of the expanded private key on the
/// stack.
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64", not(mixwell_mlkem = "rustcrypto")))]
fn no_expanded_key_on_the_stack() {
    use mixwell_pq_kem::MlKem768Key;
    use sha3::Digest as _;
    const DEPTH: usize = 128 * 1024;

    #[inline(never)]
    fn from_private(private: &kem::PrivateKey<MlKem768>, key: &mut MlKem768Key) {
        MlKem768::expand_into(KeySource::Private(private), None, key).unwrap();
    }
    #[inline(never)]
    fn from_private_with_public(private: &kem::PrivateKey<MlKem768>, key: &mut MlKem768Key) {
        MlKem768::expand_into(KeySource::Private(private), Some(&mut kem::PublicKey::default()), key).unwrap();
    }
    #[inline(never)]
    fn from_seed(private: &kem::PrivateKey<MlKem768>, key: &mut MlKem768Key) {
        MlKem768::expand_into(KeySource::Seed(&seed_of(private)), None, key).unwrap();
    }
    #[inline(never)]
    fn from_seed_with_public(private: &kem::PrivateKey<MlKem768>, key: &mut MlKem768Key) {
        MlKem768::expand_into(KeySource::Seed(&seed_of(private)), Some(&mut kem::PublicKey::default()), key).unwrap();
    }
    fn seed_of(private: &kem::PrivateKey<MlKem768>) -> Seed<MlKem768> {
        Seed::from_bytes(private.as_bytes()[1184..].try_into().unwrap())
    }
    #[inline(never)]
    fn by_value(private: &kem::PrivateKey<MlKem768>, key: &mut MlKem768Key) {
        *key = core::hint::black_box(private.expand().unwrap());
    }
    /// The number of the key's secret words that are below the caller's frame after `work`.
    fn left(work: fn(&kem::PrivateKey<MlKem768>, &mut MlKem768Key)) -> usize {
        let private = kem::PrivateKey::<MlKem768>::generate(&mut ChaCha20Rng::seed_from_u64(6));
        let mut key = Box::new(MlKem768Key::default());
        work(&private, &mut key);
        let top = core::ptr::from_ref(&private).addr();
        let stack = mixwell_vectors::memory::read(top - DEPTH, DEPTH);
        let held = bytes_of(&*key);
        let words: std::collections::HashSet<&[u8]> = stack.chunks_exact(8).collect();
        let (public, seed) = private.as_bytes().split_at(1184);
        // t, the matrix, its seed and the hash of the public key, all of them public; then the
        // secret vector, as long as t, and the implicit-rejection secret
        let end = held.windows(32).position(|bytes| *bytes == seed[32..]).unwrap();
        assert_eq!(held[end - 1536 - 32..][..32], *sha3::Sha3_256::digest(public), "where the secret vector begins");
        held[end - 1536..end + 32].chunks_exact(8).filter(|word| words.contains(word)).count()
    }
    let (in_place, moved) =
        ([from_private, from_private_with_public, from_seed, from_seed_with_public].map(left), left(by_value));
    println!("of 196 secret words {in_place:?} are left on the stack, and {moved} if the key is returned by value");
    assert!(moved > 150, "the check detects copies: {moved}");
    assert_eq!(in_place, [0; 4]);
}

/// An encapsulation's randomness, the resulting secret, and a key's seed are not on the stack
/// afterwards.
#[test]
#[cfg(target_os = "linux")]
fn no_secret_on_the_stack() {
    use mixwell_vectors::ReplayRng;
    const DEPTH: usize = 128 * 1024;

    struct Held {
        private: kem::PrivateKey<MlKem768>,
        key: <MlKem768 as Kem>::Expanded,
        public: kem::PublicKey<MlKem768>,
        ciphertext: Ciphertext<MlKem768>,
        secret: kem::SharedSecret<MlKem768>,
    }
    #[inline(never)]
    fn encapsulate(held: &mut Held, random: &[u8]) {
        MlKem768::encapsulate(&held.public, &mut ReplayRng::new(&[random]), &mut held.ciphertext, &mut held.secret)
            .unwrap();
    }
    #[inline(never)]
    fn decapsulate(held: &mut Held, _: &[u8]) {
        MlKem768::decapsulate(&held.key, &held.ciphertext, &mut held.secret).unwrap();
    }
    #[inline(never)]
    fn expand(held: &mut Held, _: &[u8]) {
        MlKem768::expand_into(KeySource::Private(&held.private), None, &mut held.key).unwrap();
    }
    #[inline(never)]
    fn key_pair(held: &mut Held, seed: &[u8]) {
        let seed = Seed::from_bytes(seed.try_into().unwrap());
        MlKem768::expand_into(KeySource::Seed(&seed), Some(&mut held.public), &mut held.key).unwrap();
    }
    #[inline(never)]
    fn public_key(held: &mut Held, _: &[u8]) {
        held.public = held.private.public_key().unwrap();
    }
    #[inline(never)]
    fn careless(held: &mut Held, random: &[u8]) {
        // enough copies that the code below does not overwrite all of them
        let copies: [[[u8; 32]; 2]; 100] = [[random.try_into().unwrap(), *held.secret.as_bytes()]; 100];
        core::hint::black_box(&copies);
    }
    /// The number of words of either value that are below the caller's frame after `work`.
    fn left(work: fn(&mut Held, &[u8]), held: &mut Held, random: &[u8]) -> usize {
        let top = 0_u8;
        work(held, random);
        let stack = mixwell_vectors::memory::read(core::ptr::from_ref(&top).addr() - DEPTH, DEPTH);
        let words: std::collections::HashSet<&[u8]> = stack.windows(8).collect();
        random.chunks_exact(8).chain(held.secret.as_bytes().chunks_exact(8)).filter(|word| words.contains(word)).count()
    }
    let private = kem::PrivateKey::<MlKem768>::generate(&mut ChaCha20Rng::seed_from_u64(8));
    let (key, public) = (private.expand().unwrap(), private.public_key().unwrap());
    let (ciphertext, secret) = (Ciphertext::default(), kem::SharedSecret::default());
    let mut held = Box::new(Held { private, key, public, ciphertext, secret });
    let random: Box<[u8; 32]> = Box::new(core::array::from_fn(|i| 0x11 + 7 * u8::try_from(i).unwrap()));
    let (made, opened) = (left(encapsulate, &mut held, &*random), left(decapsulate, &mut held, &*random));
    let seed: Box<[u8]> = held.private.as_bytes()[1184..].into();
    let (expanded, generated) = (left(expand, &mut held, &seed), left(key_pair, &mut held, &seed));
    let public = left(public_key, &mut held, &seed);
    assert_eq!(left(careless, &mut held, &*random), 8, "the check detects copies");
    assert_eq!((made, opened, expanded, generated, public), (0, 0, 0, 0, 0));
}

/// No back end leaves a private key on the stack.
#[test]
#[cfg(all(feature = "hazmat", target_os = "linux", target_pointer_width = "64", not(mixwell_x25519 = "dalek")))]
fn no_x25519_key_on_the_stack() {
    use mixwell_pq_kem::{X25519Backend, hazmat::limit_x25519};
    const DEPTH: usize = 128 * 1024;

    type Key = nike::PrivateKey<X25519>;
    type Public = nike::PublicKey<X25519>;
    #[inline(never)]
    fn exchange(key: &Key, public: &Public) {
        core::hint::black_box(key.exchange(public)).unwrap();
    }
    #[inline(never)]
    fn public_key(key: &Key, _: &Public) {
        core::hint::black_box(key.public_key());
    }
    #[inline(never)]
    fn prepared(key: &Key, public: &Public) {
        let prepared = <X25519 as Nike>::Prepared::new(public);
        core::hint::black_box((prepared.exchange(key).unwrap(), prepared.blind(key).unwrap()));
    }
    #[inline(never)]
    fn eight(key: &Key, public: &Public) {
        core::hint::black_box(X25519::exchange_each([Some((key, public)); 8]));
    }
    #[inline(never)]
    fn careless(key: &Key, _: &Public) {
        core::hint::black_box([*key.as_bytes(); 100]);
    }
    /// The number of words of the key that are below the caller's frame after `work`. Clamping does
    /// not change these words.
    fn left(work: fn(&Key, &Public), key: &Key, public: &Public) -> usize {
        let top = 0_u8;
        work(key, public);
        let stack = mixwell_vectors::memory::read(core::ptr::from_ref(&top).addr() - DEPTH, DEPTH);
        let words: std::collections::HashSet<&[u8]> = stack.windows(8).collect();
        key.as_bytes()[8..24].chunks_exact(8).filter(|word| words.contains(word)).count()
    }
    let key = Box::new(Key::generate(&mut ChaCha20Rng::seed_from_u64(9)));
    let public = Key::generate(&mut ChaCha20Rng::seed_from_u64(10)).public_key();
    for backend in X25519Backend::available().collect::<Vec<_>>() {
        limit_x25519(&[backend]);
        let found = [exchange, public_key, prepared, eight].map(|work| left(work, &key, &public));
        assert_eq!(found, [0; 4], "{backend:?}");
    }
    assert_eq!(left(careless, &key, &public), 2, "the check detects copies");
}
