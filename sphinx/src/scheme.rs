//! The key exchange of a packet: a NIKE with blinding, or a KEM
//! (`docs/spec/sphinx.md#header-construction`).

mod choice;
mod kem;
pub(crate) mod nike;

pub use choice::{WithScheme, with_scheme};
pub use kem::Kem;

use crate::{geometry::SchemeInfo, keys::HopKeys};
use core::fmt;
use mixwell_pq_kem::{ByteArray, KeyLength, kem::KeyError};
use rand_core::CryptoRng;
use zeroize::ZeroizeOnDrop;

/// The type parameter of [`Sphinx`](crate::Sphinx): a [`Nike`](mixwell_pq_kem::Nike) such as
/// `X25519`, or [`Kem<K>`](Kem) such as `Kem<XWing>`.
///
/// ```
/// use mixwell_pq_kem::{X25519, XWing};
/// use mixwell_sphinx::{Geometry, GeometryError, Kem, Scheme};
///
/// fn packet_len<S: Scheme>() -> Result<usize, GeometryError> {
///     Ok(Geometry::of::<S>(5, 2000, true)?.packet_len())
/// }
/// assert!(packet_len::<X25519>()? < packet_len::<Kem<XWing>>()?);
/// # Ok::<(), GeometryError>(())
/// ```
#[expect(private_bounds, reason = "sealed: the steps are this crate's business, the schemes are open in `pq-kem`")]
pub trait Scheme: SchemeKeys + Steps {}

impl<S: SchemeKeys + Steps> Scheme for S {}

/// The keys of a [`Scheme`]: code that is generic over the scheme can generate, parse and write
/// them.
///
/// ```
/// use mixwell_sphinx::Scheme;
/// use rand_core::CryptoRng;
/// # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
///
/// /// A fresh mix key: the bytes to be stored, and those to be published.
/// fn new_mix_key<S: Scheme>(rng: &mut impl CryptoRng) -> (S::StoredKey, Vec<u8>) {
///     let stored = S::generate(rng);
///     let (_, public) = S::expand(&stored).expect("a key of our own");
///     (stored, public.as_ref().to_vec())
/// }
///
/// let (stored, public) = new_mix_key::<mixwell_pq_kem::X25519>(&mut ChaCha20Rng::seed_from_u64(1));
/// assert_eq!((stored.as_ref().len(), public.len()), (32, 32));
/// ```
pub trait SchemeKeys: Sized + Send + Sync + 'static {
    /// The scheme's name and the length of its group element.
    const INFO: SchemeInfo;

    /// Length in bytes of a public key.
    const PUBLIC_KEY_LEN: usize;

    /// Length in bytes of a private key as it is stored.
    const STORED_KEY_LEN: usize;

    /// A hop's public key, of the NIKE or KEM.
    type PublicKey: Clone
        + PartialEq
        + Eq
        + fmt::Debug
        + AsRef<[u8]>
        + for<'a> TryFrom<&'a [u8], Error = KeyLength>
        + Send
        + Sync
        + 'static;

    /// A hop's private key as it is stored: the NIKE's, or the KEM's with its seed. Wiped on drop.
    type StoredKey: fmt::Debug
        + AsRef<[u8]>
        + for<'a> TryFrom<&'a [u8], Error = KeyLength>
        + ZeroizeOnDrop
        + Send
        + Sync
        + 'static;

    /// A hop's private key for an epoch, ready for use: the NIKE's, or the KEM's expanded one.
    /// Wiped on drop.
    type PrivateKey: ZeroizeOnDrop + Send + Sync + 'static;

    /// A fresh private key, to be stored and [expanded](Self::expand).
    fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self::StoredKey;

    /// The private key ready for use, and its public key.
    ///
    /// # Errors
    /// [`KeyError`] if a KEM's private key is malformed; a NIKE's never is.
    fn expand(stored: &Self::StoredKey) -> Result<(Self::PrivateKey, Self::PublicKey), KeyError>;

    /// A public key in the place where it was received, as [`Hop`](crate::Hop) wants it.
    ///
    /// # Errors
    /// [`KeyLength`]; nothing else about the key is checked until it is used.
    fn public_key_ref(bytes: &[u8]) -> Result<&Self::PublicKey, KeyLength>;
}

/// The steps in which the schemes differ.
pub(crate) trait Steps: SchemeKeys {
    /// The NIKE's public key, or the KEM's ciphertext.
    type Element: ByteArray;

    /// Values that a hop derives from the element alone and uses in both of its steps. Public.
    type Prepared;

    /// The sender's state along a path. Wiped on drop.
    type Sender: ZeroizeOnDrop;

    /// Begins a path.
    fn sender<R: CryptoRng + ?Sized>(rng: &mut R) -> Self::Sender;

    /// The group element for the next hop, and the keys shared with it.
    fn next_hop<R: CryptoRng + ?Sized>(
        sender: &mut Self::Sender,
        public: &Self::PublicKey,
        rng: &mut R,
        element: &mut Self::Element,
    ) -> Result<HopKeys, BadKey>;

    /// Blinds the sender's state for the later hops with this hop's keys.
    fn blind_sender(sender: &mut Self::Sender, keys: &HopKeys);

    /// At a hop: the keys shared with the sender.
    fn receive(private: &Self::PrivateKey, element: &Self::Element) -> Result<HopKeys, BadKey>;

    /// At a hop, before a key is tried.
    fn prepare(element: &Self::Element) -> Self::Prepared;

    /// [`Steps::receive`] with what was prepared.
    fn receive_prepared(
        private: &Self::PrivateKey,
        element: &Self::Element,
        prepared: &Self::Prepared,
    ) -> Result<HopKeys, BadKey>;

    /// [`Steps::next_element`] with what was prepared.
    fn next_element_prepared(
        element: &Self::Element,
        prepared: &Self::Prepared,
        keys: &HopKeys,
        in_block: &[u8],
    ) -> Result<Self::Element, BadKey>;

    /// At a hop: the group element for the next one. `in_block` is the end of this hop's block,
    /// where KEMs have it.
    fn next_element(element: &Self::Element, keys: &HopKeys, in_block: &[u8]) -> Result<Self::Element, BadKey>;

    /// [`Steps::receive`] for each group element.
    fn receive_each<const N: usize>(
        private: &Self::PrivateKey,
        elements: [Option<&Self::Element>; N],
    ) -> [Option<Result<HopKeys, BadKey>>; N] {
        elements.map(|element| element.map(|element| Self::receive(private, element)))
    }

    /// [`Steps::next_element`] for each.
    #[expect(clippy::type_complexity, reason = "its three arguments, where there are any")]
    fn next_element_each<const N: usize>(
        hops: [Option<(&Self::Element, &HopKeys, &[u8])>; N],
    ) -> [Option<Result<Self::Element, BadKey>>; N] {
        hops.map(|hop| hop.map(|(element, keys, in_block)| Self::next_element(element, keys, in_block)))
    }
}

/// A public key, group element or ciphertext yields no shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadKey;

impl fmt::Display for BadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key that gives no secret")
    }
}
