//! X25519 public keys prepared for more than one multiplication.

use super::{X25519, single};
use crate::nike::{LowOrder, PreparedKey, PrivateKey, PublicKey, SharedSecret};
use core::fmt;
use zeroize::ZeroizeOnDrop;

/// A public key with a table of its multiples.
///
/// On 64-bit processors preparing takes 0.9 of an exchange, and each exchange with the prepared
/// key 0.4 of one, so that preparing pays from the second on. The table takes 2 KB, and is wiped
/// on drop. A key of which there is no table (on the curve's twist, or 0) takes an exchange for
/// each private key, as all keys do on 32-bit processors and with `--cfg mixwell_tables="none"`.
pub struct X25519Prepared(single::Prepared);

impl PreparedKey<X25519> for X25519Prepared {
    fn new(public: &PublicKey<X25519>) -> Self {
        Self(single::Prepared::new(public.as_bytes()))
    }

    fn exchange(&self, private: &PrivateKey<X25519>) -> Result<SharedSecret<X25519>, LowOrder> {
        SharedSecret::new(*self.0.multiply(private.as_bytes()))
    }

    fn blind(&self, factor: &PrivateKey<X25519>) -> Result<PublicKey<X25519>, LowOrder> {
        self.exchange(factor).map(|secret| PublicKey::from_bytes(*secret.as_bytes()))
    }
}

impl ZeroizeOnDrop for X25519Prepared {}

impl fmt::Debug for X25519Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("X25519Prepared(..)")
    }
}
