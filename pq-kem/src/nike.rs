//! Non-interactive key exchange (NIKE), with the blinding that Sphinx needs.

use crate::ByteArray;
use core::fmt;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A NIKE scheme: a unit type such as [`X25519`](crate::X25519).
///
/// Blinding is the group's own operation: `blind(public, b)` is the public key whose private key is
/// `b` times the first one, so that `exchange(y, blind(X, b))` = `blind(exchange(y, X), b)`.
///
/// ```
/// use mixwell_pq_kem::{Nike, X25519, nike::PrivateKey};
///
/// // generic over the scheme
/// fn agrees<N: Nike>() -> Result<bool, mixwell_pq_kem::nike::LowOrder> {
///     let [alice, bob] = [(); 2].map(|()| PrivateKey::<N>::generate(&mut rand::rng()));
///     let one = N::exchange(&alice, &bob.public_key())?;
///     let other = N::exchange(&bob, &alice.public_key())?;
///     Ok(one.as_bytes().as_ref() == other.as_bytes().as_ref())
/// }
/// assert!(agrees::<X25519>()?);
/// # Ok::<(), mixwell_pq_kem::nike::LowOrder>(())
/// ```
pub trait Nike: Sized + Send + Sync + 'static {
    /// The name in geometries, PEM and PKI documents. Configuration may spell it in any case.
    const NAME: &'static str;

    /// An encoded public key, also called a *group element*.
    type PublicBytes: ByteArray;
    /// An encoded private key.
    type PrivateBytes: ByteArray;
    /// A shared secret.
    type SecretBytes: ByteArray;
    /// See [`Product`].
    type Product: Product<Self>;
    /// See [`PreparedKey`]. [`Unprepared`] if preparing gains nothing.
    type Prepared: PreparedKey<Self>;

    /// The public key of a private key.
    fn public_key(private: &PrivateKey<Self>) -> PublicKey<Self>;

    /// The secret that the owners of the two keys share.
    ///
    /// # Errors
    /// [`LowOrder`] if the result is all zero.
    fn exchange(private: &PrivateKey<Self>, public: &PublicKey<Self>) -> Result<SharedSecret<Self>, LowOrder>;

    /// The public key multiplied by a blinding key.
    ///
    /// # Errors
    /// [`LowOrder`] if the result is all zero.
    fn blind(public: &PublicKey<Self>, factor: &PrivateKey<Self>) -> Result<PublicKey<Self>, LowOrder>;

    /// [`exchange`](Nike::exchange) for each pair of keys: a scheme may use all lanes of the
    /// processor. Slots without a pair stay empty.
    #[must_use]
    fn exchange_each<const N: usize>(
        pairs: [Option<(&PrivateKey<Self>, &PublicKey<Self>)>; N],
    ) -> [Option<Result<SharedSecret<Self>, LowOrder>>; N] {
        pairs.map(|pair| pair.map(|(private, public)| Self::exchange(private, public)))
    }

    /// [`blind`](Nike::blind) for each pair of keys, likewise.
    #[must_use]
    fn blind_each<const N: usize>(
        pairs: [Option<(&PublicKey<Self>, &PrivateKey<Self>)>; N],
    ) -> [Option<Result<PublicKey<Self>, LowOrder>>; N] {
        pairs.map(|pair| pair.map(|(public, factor)| Self::blind(public, factor)))
    }
}

/// A private key multiplied by blinding keys: what a Sphinx sender holds for a hop.
///
/// Every result equals the one of applying the factors in turn with [`Nike::blind`], for every
/// public key there can be: on the curve, in a small subgroup, on the twist, or not canonically
/// encoded.
///
/// ```
/// use mixwell_pq_kem::{Nike, X25519, nike::{PrivateKey, Product}};
///
/// let [key, blinding, hop] = [(); 3].map(|()| PrivateKey::<X25519>::generate(&mut rand::rng()));
/// let mut product = <X25519 as Nike>::Product::new(&key);
/// product.multiply(&blinding);
///
/// assert_eq!(product.public_key()?, X25519::blind(&key.public_key(), &blinding)?);
/// assert_eq!(product.exchange(&hop.public_key())?.as_bytes(), hop.exchange(&product.public_key()?)?.as_bytes());
/// # Ok::<(), mixwell_pq_kem::nike::LowOrder>(())
/// ```
pub trait Product<N: Nike>: ZeroizeOnDrop {
    /// The private key alone.
    fn new(private: &PrivateKey<N>) -> Self;

    /// Multiplies by one more factor.
    fn multiply(&mut self, factor: &PrivateKey<N>);

    /// The public key of the product.
    ///
    /// # Errors
    /// [`LowOrder`] if the result is all zero.
    fn public_key(&self) -> Result<PublicKey<N>, LowOrder>;

    /// The secret shared with the owner of `public`.
    ///
    /// # Errors
    /// [`LowOrder`] if the result is all zero.
    fn exchange(&self, public: &PublicKey<N>) -> Result<SharedSecret<N>, LowOrder>;

    /// [`public_key`](Product::public_key) and [`exchange`](Product::exchange), which together may
    /// cost less.
    ///
    /// # Errors
    /// [`LowOrder`] if either result is all zero.
    fn public_key_and_exchange(&self, public: &PublicKey<N>) -> Result<(PublicKey<N>, SharedSecret<N>), LowOrder> {
        Ok((self.public_key()?, self.exchange(public)?))
    }
}

/// A public key prepared for multiplication by several private keys: by a Sphinx hop's own and by
/// the blinding key that follows from the shared secret.
///
/// The results are those of [`Nike::exchange`] and [`Nike::blind`]. Unlike there, the public key is
/// public to the code too: how long it takes, what it branches on and what memory it accesses may
/// depend on the key. It has to be one that came over the network. It is wiped on drop
/// nevertheless, as it tells one packet from another.
///
/// ```
/// use mixwell_pq_kem::{Nike, X25519, nike::{PreparedKey, PrivateKey}};
///
/// let [hop, sender, blinding] = [(); 3].map(|()| PrivateKey::<X25519>::generate(&mut rand::rng()));
/// let element = sender.public_key(); // of a packet that arrived
/// let prepared = <X25519 as Nike>::Prepared::new(&element);
///
/// assert_eq!(prepared.exchange(&hop)?.as_bytes(), hop.exchange(&element)?.as_bytes());
/// assert_eq!(prepared.blind(&blinding)?, X25519::blind(&element, &blinding)?);
/// # Ok::<(), mixwell_pq_kem::nike::LowOrder>(())
/// ```
pub trait PreparedKey<N: Nike>: ZeroizeOnDrop + Send + Sync {
    /// Prepares a public key.
    fn new(public: &PublicKey<N>) -> Self;

    /// The secret shared with the key's owner.
    ///
    /// # Errors
    /// [`LowOrder`] if the result is all zero.
    fn exchange(&self, private: &PrivateKey<N>) -> Result<SharedSecret<N>, LowOrder>;

    /// The public key multiplied by a blinding key.
    ///
    /// # Errors
    /// [`LowOrder`] if the result is all zero.
    fn blind(&self, factor: &PrivateKey<N>) -> Result<PublicKey<N>, LowOrder>;
}

/// A public key as it is, for schemes that gain nothing by preparing it. Wiped on drop.
pub struct Unprepared<N: Nike>(PublicKey<N>);

impl<N: Nike> PreparedKey<N> for Unprepared<N> {
    fn new(public: &PublicKey<N>) -> Self {
        Self(*public)
    }

    fn exchange(&self, private: &PrivateKey<N>) -> Result<SharedSecret<N>, LowOrder> {
        N::exchange(private, &self.0)
    }

    fn blind(&self, factor: &PrivateKey<N>) -> Result<PublicKey<N>, LowOrder> {
        N::blind(&self.0, factor)
    }
}

/// The public key is a point of small order: the exchange gives all zeros whatever the private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LowOrder;

impl fmt::Display for LowOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the public key is a point of small order")
    }
}

impl core::error::Error for LowOrder {}

/// A public key (group element) as it was received: nothing about it is checked until it is used.
///
/// ```
/// use mixwell_pq_kem::{X25519, nike::PublicKey};
///
/// let received = [9; 32];
/// let public = PublicKey::<X25519>::from_bytes(received);
/// assert_eq!(public.as_bytes(), &received);
/// ```
#[repr(transparent)]
pub struct PublicKey<N: Nike>(N::PublicBytes);

/// A private key. Wiped on drop.
///
/// ```
/// use mixwell_pq_kem::{X25519, nike::PrivateKey};
///
/// let [alice, bob] = [(); 2].map(|()| PrivateKey::<X25519>::generate(&mut rand::rng()));
/// let shared = alice.exchange(&bob.public_key())?;
/// assert_eq!(shared.as_bytes(), bob.exchange(&alice.public_key())?.as_bytes());
/// # Ok::<(), mixwell_pq_kem::nike::LowOrder>(())
/// ```
pub struct PrivateKey<N: Nike>(N::PrivateBytes);

/// A shared secret, not yet hashed. Wiped on drop.
///
/// ```
/// use mixwell_pq_kem::{X25519, nike::PrivateKey};
///
/// let [alice, bob] = [(); 2].map(|()| PrivateKey::<X25519>::generate(&mut rand::rng()));
/// let shared = alice.exchange(&bob.public_key())?;
/// assert_eq!(shared.as_bytes(), bob.exchange(&alice.public_key())?.as_bytes());
/// # Ok::<(), mixwell_pq_kem::nike::LowOrder>(())
/// ```
pub struct SharedSecret<N: Nike>(N::SecretBytes);

impl<N: Nike> PublicKey<N> {
    /// A public key from its encoding.
    #[must_use]
    pub const fn from_bytes(bytes: N::PublicBytes) -> Self {
        Self(bytes)
    }

    /// The encoding.
    #[must_use]
    pub const fn as_bytes(&self) -> &N::PublicBytes {
        &self.0
    }

    /// The encoding, to be filled in place.
    #[must_use]
    pub const fn as_bytes_mut(&mut self) -> &mut N::PublicBytes {
        &mut self.0
    }
}

impl<N: Nike> PrivateKey<N> {
    /// A fresh private key.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut key = Self(N::PrivateBytes::ZERO);
        rng.fill_bytes(key.0.as_mut());
        key
    }

    /// A private key from its encoding. The caller has to wipe its own copy.
    #[must_use]
    pub const fn from_bytes(bytes: N::PrivateBytes) -> Self {
        Self(bytes)
    }

    /// The encoding. Secret.
    #[must_use]
    pub const fn as_bytes(&self) -> &N::PrivateBytes {
        &self.0
    }

    /// The encoding, to be filled in place. Secret.
    #[must_use]
    pub const fn as_bytes_mut(&mut self) -> &mut N::PrivateBytes {
        &mut self.0
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey<N> {
        N::public_key(self)
    }

    /// The secret shared with the owner of `public`.
    ///
    /// # Errors
    /// [`LowOrder`] if the result is all zero.
    pub fn exchange(&self, public: &PublicKey<N>) -> Result<SharedSecret<N>, LowOrder> {
        N::exchange(self, public)
    }
}

impl<N: Nike> SharedSecret<N> {
    /// A secret that a scheme has computed.
    ///
    /// # Errors
    /// [`LowOrder`] if it is all zero (compared in constant time).
    pub fn new(bytes: N::SecretBytes) -> Result<Self, LowOrder> {
        let secret = Self(bytes);
        let zero = secret.0.as_ref().ct_eq(N::SecretBytes::ZERO.as_ref());
        // declassified: whether the secret is all zero, which depends on the public key alone and
        // ends the exchange
        if bool::from(zero) { Err(LowOrder) } else { Ok(secret) }
    }

    /// The secret's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &N::SecretBytes {
        &self.0
    }
}

impl<N: Nike> Clone for PublicKey<N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N: Nike> Copy for PublicKey<N> {}

impl<N: Nike> PartialEq for PublicKey<N> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<N: Nike> Eq for PublicKey<N> {}

impl<N: Nike> fmt::Debug for PublicKey<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey<{}>(", N::NAME)?;
        self.0.as_ref().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

impl<N: Nike> fmt::Debug for Unprepared<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unprepared<{}>(..)", N::NAME)
    }
}

impl<N: Nike> fmt::Debug for PrivateKey<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey<{}>(..)", N::NAME)
    }
}

impl<N: Nike> fmt::Debug for SharedSecret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedSecret<{}>(..)", N::NAME)
    }
}

impl<N: Nike> Drop for Unprepared<N> {
    fn drop(&mut self) {
        self.0.0.zeroize();
    }
}

impl<N: Nike> Drop for PrivateKey<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<N: Nike> Drop for SharedSecret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<N: Nike> ZeroizeOnDrop for Unprepared<N> {}
impl<N: Nike> ZeroizeOnDrop for PrivateKey<N> {}
impl<N: Nike> ZeroizeOnDrop for SharedSecret<N> {}
