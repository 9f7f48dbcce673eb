//! The key exchange of a packet: a NIKE with blinding, or a KEM
//! (`docs/spec/sphinx.md#header-construction`).

mod kem;
pub(crate) mod nike;

pub use kem::Kem;

use crate::{geometry::SchemeInfo, keys::HopKeys};
use core::fmt;
use mixwell_pq_kem::ByteArray;
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

/// The keys of a [`Scheme`].
///
/// ```
/// use mixwell_pq_kem::X25519;
/// use mixwell_sphinx::{Kem, SchemeKeys};
///
/// assert_eq!(<X25519 as SchemeKeys>::INFO.name(), "x25519");
/// assert!(<Kem<mixwell_pq_kem::XWing> as SchemeKeys>::INFO.is_kem());
/// ```
pub trait SchemeKeys: Sized + 'static {
    /// The scheme's name and the length of its group element.
    const INFO: SchemeInfo;

    /// A hop's public key, of the NIKE or KEM.
    type PublicKey;

    /// A hop's private key for an epoch: the NIKE's, or the KEM's expanded one. Wiped on drop.
    type PrivateKey: ZeroizeOnDrop;
}

/// The steps in which the schemes differ.
pub(crate) trait Steps: SchemeKeys {
    /// The NIKE's public key, or the KEM's ciphertext.
    type Element: ByteArray;

    /// What a hop computes from the element alone, for both of its steps. Public.
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
