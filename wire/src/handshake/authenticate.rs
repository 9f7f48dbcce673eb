//! The authenticate message: a side's name (`ad`) and the responder's clock
//! (`docs/spec/wire.md#authenticate-payload`).

use super::{HandshakeError, kem};
use crate::padding;
use core::fmt;
use mixwell_pq_kem::{Kem, kem::PublicKey};

/// `ad_len[1] | ad[255] | unix_time u32`.
pub(super) const AUTHENTICATE_LEN: usize = 260;

/// Maximum length of an `ad`.
const AD_LEN: usize = 255;

/// The name by which a side identifies itself in a handshake, up to 255 bytes. The peer uses it to
/// look up the side's static key.
///
/// ```
/// use mixwell_wire::Ad;
///
/// let node = Ad::node(&[7; 32]); // the hash of its identity key
/// let client = Ad::client(b"0123456789abcdef0123456789abcdef"); // its queue id
/// assert_ne!(node, client);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ad<'a>(&'a [u8]);

impl<'a> Ad<'a> {
    /// Empty: the name of an authority's client.
    pub const NONE: Self = Ad(&[]);

    /// The name of a node or authority: the BLAKE2b-256 hash of its identity public key.
    #[must_use]
    pub const fn node(id: &'a [u8; 32]) -> Self {
        Self(id)
    }

    /// The name of a gateway's client: its queue id, 16 random bytes as lower-case hex digits.
    #[must_use]
    pub const fn client(queue_id: &'a [u8; 32]) -> Self {
        Self(queue_id)
    }

    /// Any other name of at most 255 bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() <= AD_LEN { Some(Self(bytes)) } else { None }
    }

    /// Writes the message. `out` has its length.
    pub(super) fn write(self, unix_time: u32, out: &mut [u8]) {
        out.fill(0);
        if let Some(([length, ad @ ..], time)) = out.split_last_chunk_mut()
            && let Some(field) = ad.get_mut(..self.0.len())
            && let Ok(ad_len) = u8::try_from(self.0.len())
        {
            *length = ad_len;
            field.copy_from_slice(self.0);
            *time = unix_time.to_be_bytes();
        }
    }
}

fn parse(message: &[u8]) -> Option<(u8, &[u8; AD_LEN], u32)> {
    let (&[ad_len], rest) = message.split_first_chunk()?;
    let (ad, &unix_time) = rest.split_last_chunk()?;
    let pad = ad.get(usize::from(ad_len)..)?;
    padding::is_zero(pad).then_some((ad_len, ad.try_into().ok()?, u32::from_be_bytes(unix_time)))
}

/// The identity that the peer claims in message 2 or 3: a static key and an `ad`. The caller
/// decides whether the two belong together.
///
/// At this point the peer has not yet proved that it owns the static key. A responder proves it
/// with message 4; an initiator with its first command, after the handshake
/// ([`UnprovenSession`](crate::responder::UnprovenSession)).
///
/// ```
/// use mixwell_pq_kem::{XWing, kem::PublicKey};
/// use mixwell_wire::{Ad, Peer};
///
/// /// Whether a peer is the node with this id and link key, by a consensus, and its clock is right.
/// fn is_wanted(peer: &Peer<XWing>, id: &[u8; 32], link_key: &PublicKey<XWing>, unix_time: u64) -> bool {
///     peer.is(Ad::node(id), link_key) && peer.clock_skew(unix_time).abs() < 60
/// }
/// ```
pub struct Peer<K: Kem> {
    static_key: PublicKey<K>,
    ad: [u8; AD_LEN],
    ad_len: u8,
    unix_time: u32,
}

impl<K: Kem> Peer<K> {
    pub(super) fn read(static_key: &[u8], message: &[u8]) -> Result<Self, HandshakeError> {
        // declassified with what it calls: the length of the peer's name; whether its padding is
        // zeros
        let (ad_len, ad, unix_time) = parse(message).ok_or(HandshakeError::Authenticate)?;
        Ok(Self { static_key: kem::public_key(static_key)?.clone(), ad: *ad, ad_len, unix_time })
    }

    /// The static key: the link key of a node or authority.
    #[must_use]
    pub const fn static_key(&self) -> &PublicKey<K> {
        &self.static_key
    }

    /// The name that the peer claims.
    #[must_use]
    pub fn ad(&self) -> &[u8] {
        self.ad.get(..usize::from(self.ad_len)).unwrap_or_default()
    }

    /// Whether the peer claims exactly this `ad` and this static key.
    #[must_use]
    pub fn is(&self, ad: Ad<'_>, static_key: &PublicKey<K>) -> bool {
        self.ad() == ad.0 && self.static_key == *static_key
    }

    /// The peer's clock, in seconds since 1970. An initiator sends 0.
    #[must_use]
    pub const fn unix_time(&self) -> u32 {
        self.unix_time
    }

    /// Seconds by which a clock that shows `unix_time` is ahead of the responder's.
    #[must_use]
    pub fn clock_skew(&self, unix_time: u64) -> i64 {
        i64::try_from(unix_time).unwrap_or(i64::MAX).saturating_sub(i64::from(self.unix_time))
    }

    pub(super) fn into_static_key(self) -> PublicKey<K> {
        self.static_key
    }
}

impl<K: Kem> fmt::Debug for Peer<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("ad", &self.ad()).field("unix_time", &self.unix_time).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_the_padding() {
        for length in [0, 1, 32, 254, 255] {
            let mut message = [0xee; AUTHENTICATE_LEN];
            Ad(&[7; AD_LEN][..length]).write(5, &mut message);
            let (ad_len, ad, time) = parse(&message).unwrap();
            assert_eq!((usize::from(ad_len), time), (length, 5));
            assert_eq!(ad[..length], [7; AD_LEN][..length]);
            for at in 1 + length..=AD_LEN {
                message[at] = 1;
                assert_eq!(parse(&message), None);
                message[at] = 0;
            }
            assert_eq!(parse(&message[1..]), None);
        }
    }
}
