//! A custom KEM: DHKEM(X25519, HKDF-SHA256) of RFC 9180, in packets and behind the same trait as
//! every other KEM.
//!
//! The guide "How to add a scheme" of the book walks through this program:
//! `cargo run -p mixwell-docs --example scheme`.

use hkdf::HkdfExtract;
use mixwell_pq_kem::{
    Kem, Nike, X25519,
    kem::{Ciphertext, DecapsulateError, KeyError, KeySource, PrivateKey, PublicKey, Seed, SharedSecret},
    nike,
};
use mixwell_sphinx::{Action, Geometry, Hop, Message, NodeId, Path, RecipientId, Sphinx, WrapError};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rand_core::CryptoRng;
use sha2::Sha256;
use std::error::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

// ANCHOR: types
/// The scheme. It has no values: its behaviour is its implementation of [`Kem`].
struct DhKem;

/// A private key with everything that decapsulation needs, here its public key.
struct DhKemKey {
    private: nike::PrivateKey<X25519>,
    public: [u8; 32],
}

impl Default for DhKemKey {
    /// An empty key, to be filled in place.
    fn default() -> Self {
        Self { private: nike::PrivateKey::from_bytes([0; 32]), public: [0; 32] }
    }
}

// the private key wipes itself, and the rest is public
impl ZeroizeOnDrop for DhKemKey {}
// ANCHOR_END: types

// ANCHOR: kem
impl Kem for DhKem {
    const NAME: &'static str = "DHKEM-X25519";

    type PublicBytes = [u8; 32];
    type PrivateBytes = [u8; 32];
    type SeedBytes = [u8; 32];
    type CiphertextBytes = [u8; 32];
    type SecretBytes = [u8; 32];
    type Expanded = DhKemKey;

    /// `DeriveKeyPair` (RFC 9180, section 7.1.3).
    fn from_seed(seed: &Seed<Self>) -> PrivateKey<Self> {
        let mut private = PrivateKey::default();
        labeled("dkp_prk", seed.as_bytes(), "sk", [&[]; 2], private.as_bytes_mut());
        private
    }

    fn expand_into(
        source: KeySource<'_, Self>,
        public: Option<&mut PublicKey<Self>>,
        key: &mut DhKemKey,
    ) -> Result<(), KeyError> {
        *key.private.as_bytes_mut() = match source {
            KeySource::Seed(seed) => *Self::from_seed(seed).as_bytes(),
            KeySource::Private(private) => *private.as_bytes(),
        };
        key.public = *key.private.public_key().as_bytes();
        if let Some(public) = public {
            *public.as_bytes_mut() = key.public;
        }
        Ok(())
    }

    /// `Encap` (RFC 9180, section 4.1).
    fn encapsulate<R: CryptoRng + ?Sized>(
        public: &PublicKey<Self>,
        rng: &mut R,
        ciphertext: &mut Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), KeyError> {
        let mut seed = Seed::<Self>::default();
        rng.fill_bytes(seed.as_bytes_mut());
        let ephemeral = nike::PrivateKey::<X25519>::from_bytes(*Self::from_seed(&seed).as_bytes());
        *ciphertext.as_bytes_mut() = *ephemeral.public_key().as_bytes();
        let context = [ciphertext.as_bytes(), public.as_bytes()];
        shared_secret(&ephemeral, public.as_bytes(), context, secret).ok_or(KeyError)
    }

    /// `Decap` (RFC 9180, section 4.1).
    fn decapsulate(
        key: &DhKemKey,
        ciphertext: &Ciphertext<Self>,
        secret: &mut SharedSecret<Self>,
    ) -> Result<(), DecapsulateError> {
        let context = [ciphertext.as_bytes(), &key.public];
        shared_secret(&key.private, ciphertext.as_bytes(), context, secret).ok_or(DecapsulateError)
    }
}
// ANCHOR_END: kem

// ANCHOR: derive
/// `ExtractAndExpand(DH(private, public), context)`; `None` if the exchange gives zeros.
fn shared_secret(
    private: &nike::PrivateKey<X25519>,
    public: &[u8; 32],
    context: [&[u8; 32]; 2],
    secret: &mut SharedSecret<DhKem>,
) -> Option<()> {
    let shared = X25519::exchange(private, &nike::PublicKey::from_bytes(*public)).ok()?;
    labeled("eae_prk", shared.as_bytes(), "shared_secret", context.map(<[u8; 32]>::as_slice), secret.as_bytes_mut());
    Some(())
}

/// `LabeledExpand(LabeledExtract("", extract, ikm), expand, info)` of 32 bytes, in the suite of
/// this KEM.
fn labeled(extract: &str, ikm: &[u8; 32], expand: &str, info: [&[u8]; 2], out: &mut [u8; 32]) {
    const SUITE: &[u8] = b"KEM\x00\x20";
    const VERSION: &[u8] = b"HPKE-v1";
    let mut extraction = HkdfExtract::<Sha256>::new(None);
    for part in [VERSION, SUITE, extract.as_bytes(), ikm] {
        extraction.input_ikm(part);
    }
    let (_, key) = extraction.finalize();
    let [first, second] = info;
    if key.expand_multi_info(&[&[0, 32], VERSION, SUITE, expand.as_bytes(), first, second], out).is_err() {
        // HKDF outputs up to 8,160 bytes, so this cannot fail; if it did, no part of a secret would
        // be left
        out.zeroize();
    }
}
// ANCHOR_END: derive

// ANCHOR: main
/// Packets of the new scheme.
type Scheme = mixwell_sphinx::Kem<DhKem>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    let mut rng = ChaCha20Rng::from_seed(seed);

    // the geometry takes the scheme's name and lengths
    let sphinx = Sphinx::<Scheme>::new(Geometry::of::<Scheme>(3, 1000, true)?)?;
    let private = [(); 3].map(|()| PrivateKey::<DhKem>::generate(&mut rng));
    let public = private.each_ref().map(PrivateKey::public_key).map(Result::unwrap_or_default);
    let hops = public.each_ref().map(|public_key| Hop { id: NodeId([1; 32]), public_key, delay_millis: Some(10) });
    let mut packet = vec![0; sphinx.geometry().packet_len()];
    let path = Path { hops: &hops, recipient: RecipientId([2; 32]) };
    sphinx.wrap_message(&path, &Message { surb: None, user_payload: b"hello" }, &mut rng, &mut packet)?;

    for private in &private {
        let key = private.expand()?;
        if let Action::Deliver { payload, .. } = sphinx.open(&mut packet, &key)?.finish()? {
            assert!(Message::parse(sphinx.geometry(), payload)?.user_payload.starts_with(b"hello"));
            println!("{} packets of {} bytes arrive", DhKem::NAME, sphinx.geometry().packet_len());
        }
    }

    // a key that gives no secret is the sender's error, which names the key
    let bad = PublicKey::from_bytes([0; 32]);
    let hop = Hop { id: NodeId([1; 32]), public_key: &bad, delay_millis: None };
    let path = Path { hops: &[hop], ..path };
    let refused = sphinx.wrap_message(&path, &Message { surb: None, user_payload: b"" }, &mut rng, &mut packet);
    assert_eq!(refused.err(), Some(WrapError::PublicKey { hop: 0 }));
    Ok(())
}
// ANCHOR_END: main

#[test]
fn runs() -> Result<(), Box<dyn Error>> {
    main()
}

// ANCHOR: vector
/// RFC 9180, appendix A.1.1.
#[test]
fn vector() -> Result<(), Box<dyn Error>> {
    let bytes =
        |text| -> Result<[u8; 32], Box<dyn Error>> { Ok(hex::decode(text)?.try_into().map_err(|_| "32 bytes")?) };
    let (ephemeral, enc) = (
        bytes("7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234")?,
        bytes("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431")?,
    );
    let (receiver, public, shared) = (
        bytes("6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037")?,
        bytes("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d")?,
        bytes("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc")?,
    );
    let private = DhKem::from_seed(&Seed::from_bytes(receiver));
    let key = private.public_key()?;
    assert_eq!(key.as_bytes(), &public);

    let (mut ciphertext, mut sent, mut opened) =
        (Ciphertext::default(), SharedSecret::default(), SharedSecret::default());
    DhKem::encapsulate(&key, &mut mixwell_vectors::ReplayRng::new(&[&ephemeral]), &mut ciphertext, &mut sent)?;
    DhKem::decapsulate(&private.expand()?, &ciphertext, &mut opened)?;
    assert_eq!((ciphertext.as_bytes(), sent.as_bytes(), opened.as_bytes()), (&enc, &shared, &shared));
    Ok(())
}
// ANCHOR_END: vector
