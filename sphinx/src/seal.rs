//! Building headers (`docs/spec/sphinx.md#header-construction`), in place.
//!
//! The function recurses over the hops: keys are agreed from the first hop to the last, layers are
//! added from the last to the first. This takes stack for the path's actual hops, not for the
//! maximum number. On the way in, the end of the routing info holds the *padding* that earlier hops
//! will have appended when the packet arrives at the current hop. On the way out, adding a hop's
//! layer to the whole routing info removes that hop's share of the padding. So no second buffer is
//! needed.

use crate::{
    commands::{AREA_LEN, Commands, Destination, NextHop},
    geometry::{Geometry, MAC_LEN},
    header::{HeaderMut, VERSION},
    ids::SurbId,
    keys::{HopKeys, PayloadKey},
    path::{Hop, Path},
    scheme::{BadKey, Scheme},
};
use core::fmt;
use mixwell_pq_kem::ByteArray;
use rand_core::CryptoRng;

/// The reason why a packet or SURB can't be made: a mistake of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WrapError {
    /// The path is empty or longer than the geometry has room for.
    PathLength {
        /// The given number of hops.
        got: usize,
        /// The maximum number of hops.
        most: usize,
    },
    /// A hop's public key yields no shared secret: it is malformed or a point of small order.
    PublicKey {
        /// Index of the hop, from 0.
        hop: usize,
    },
    /// The payload of [`Sphinx::wrap`](crate::Sphinx::wrap) does not have the geometry's length.
    PayloadLength {
        /// The given length in bytes.
        got: usize,
        /// The geometry's length in bytes.
        want: usize,
    },
    /// The payload, which is padded, has more bytes than the geometry has room for.
    PayloadTooLong {
        /// Bytes given.
        got: usize,
        /// Maximum number.
        max: usize,
    },
    /// The SURB's length is not the geometry's.
    SurbLength {
        /// The given length in bytes.
        got: usize,
        /// The geometry's length in bytes.
        want: usize,
    },
    /// The output buffer's length is not the geometry's.
    OutputLength {
        /// The given length in bytes.
        got: usize,
        /// The geometry's length in bytes.
        want: usize,
    },
    /// The geometry's payloads have no room for a SURB, nor the flags that would announce it.
    NoFraming,
}

/// Checks that an output buffer has exactly the geometry's length.
pub(crate) const fn check_output(out: &[u8], want: usize) -> Result<(), WrapError> {
    let got = out.len();
    if got == want { Ok(()) } else { Err(WrapError::OutputLength { got, want }) }
}

/// Writes the header for `path` to the front of `out`, which has room for it. Calls `layer` with
/// each hop's payload key, the last hop's first.
pub(crate) fn seal_header<S: Scheme, R: CryptoRng + ?Sized>(
    geometry: &Geometry,
    path: &Path<'_, S>,
    surb_id: Option<SurbId>,
    rng: &mut R,
    out: &mut [u8],
    layer: impl FnMut(&PayloadKey, &mut [u8]),
) -> Result<(), WrapError> {
    let want = geometry.header_len();
    let got = out.len();
    let header = HeaderMut::parse(geometry, out).ok_or(WrapError::OutputLength { got, want })?;
    let path_length = WrapError::PathLength { got: path.hops.len(), most: geometry.hops() };
    let (first, rest) = path.hops.split_first().ok_or(path_length)?;
    if rest.len() >= geometry.hops() {
        return Err(path_length);
    }

    let recipient = path.recipient;
    let mut sealer = Sealer {
        destination: surb_id.map_or(Destination::Recipient(recipient), |id| Destination::Reply(recipient, id)),
        sender: S::sender(rng),
        rng,
        per_hop: geometry.per_hop_routing_info_len(),
        routing_info: header.routing_info,
        behind: header.rest,
        layer,
    };
    let mut element = S::Element::ZERO;
    let mac = sealer.seal(0, first, rest, &mut element)?;

    header.version.copy_from_slice(&VERSION);
    header.element.copy_from_slice(element.as_ref());
    header.mac.copy_from_slice(&mac);
    Ok(())
}

struct Sealer<'a, 'p, S: Scheme, R: ?Sized, L> {
    destination: Destination,
    sender: S::Sender,
    rng: &'a mut R,
    per_hop: usize,
    routing_info: &'p mut [u8],
    /// The bytes after the header.
    behind: &'p mut [u8],
    layer: L,
}

impl<S: Scheme, R: CryptoRng + ?Sized, L: FnMut(&PayloadKey, &mut [u8])> Sealer<'_, '_, S, R, L> {
    /// Seals the hop behind `depth` others and all hops after it; returns the hop's group element
    /// and MAC.
    fn seal(
        &mut self,
        depth: usize,
        hop: &Hop<'_, S>,
        after: &[Hop<'_, S>],
        element: &mut S::Element,
    ) -> Result<[u8; MAC_LEN], WrapError> {
        let keys = S::next_hop(&mut self.sender, hop.public_key, self.rng, element)
            .map_err(|BadKey| WrapError::PublicKey { hop: depth })?;

        match after.split_first() {
            Some((next, after)) => {
                self.extend_padding(depth, &keys);
                S::blind_sender(&mut self.sender, &keys);
                let mut next_element = S::Element::ZERO;
                let mac = self.seal(depth.saturating_add(1), next, after, &mut next_element)?;
                self.add_forwarding_layer(hop, NextHop { id: next.id, mac }, &next_element, &keys);
            }
            None => self.add_last_layer(depth, hop, &keys),
        }
        (self.layer)(&keys.payload, self.behind);
        Ok(keys.header_mac([&VERSION, element.as_ref(), self.routing_info]))
    }

    /// Extends the padding, `depth` blocks at the end of the routing info, by a block and XORs the
    /// hop's keystream onto it.
    #[expect(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "depth + 1 hops fit the routing info")]
    #[inline(never)]
    fn extend_padding(&mut self, depth: usize, keys: &HopKeys) {
        let len = self.routing_info.len();
        let old = len - depth * self.per_hop;
        let new = old - self.per_hop;
        self.routing_info.copy_within(old.., new);
        self.routing_info[len - self.per_hop..].fill(0);
        // the hop decrypts one block more than the routing info: the end of the keystream falls on
        // the end of the padding
        let mut stream = keys.header_stream();
        stream.skip(old);
        stream.apply(&mut self.routing_info[new..]);
    }

    /// Writes the last hop's block, and random bytes in place of unused hops.
    #[expect(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "depth + 1 hops fit the routing info")]
    #[inline(never)]
    fn add_last_layer(&mut self, depth: usize, hop: &Hop<'_, S>, keys: &HopKeys) {
        let padding = self.routing_info.len() - depth * self.per_hop;
        let layer = &mut self.routing_info[..padding];
        let (block, unused) = layer.split_at_mut(self.per_hop);
        Commands { delay_millis: hop.delay_millis, destination: self.destination }.write(block);
        self.rng.fill_bytes(unused);
        keys.header_stream().apply(layer);
    }

    /// Writes a forwarding hop's block in front of the next hop's routing info.
    #[expect(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a block fits the routing info")]
    #[inline(never)]
    fn add_forwarding_layer(&mut self, hop: &Hop<'_, S>, next: NextHop, next_element: &S::Element, keys: &HopKeys) {
        let kept = self.routing_info.len() - self.per_hop;
        self.routing_info.copy_within(..kept, self.per_hop);
        let (commands, in_block) = self.routing_info[..self.per_hop].split_at_mut(AREA_LEN);
        Commands { delay_millis: hop.delay_millis, destination: Destination::NextHop(next) }.write(commands);
        if !in_block.is_empty() {
            in_block.copy_from_slice(next_element.as_ref());
        }
        keys.header_stream().apply(self.routing_info);
    }
}

impl fmt::Display for WrapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PathLength { got, most } => write!(f, "path has {got} hops, want 1 to {most}"),
            Self::PublicKey { hop } => write!(f, "the public key of hop {hop} gives no secret"),
            Self::PayloadLength { got, want } => write!(f, "payload is {got} bytes, want {want}"),
            Self::PayloadTooLong { got, max } => write!(f, "payload is {got} bytes, want at most {max}"),
            Self::SurbLength { got, want } => write!(f, "SURB is {got} bytes, want {want}"),
            Self::OutputLength { got, want } => write!(f, "output buffer is {got} bytes, want {want}"),
            Self::NoFraming => f.write_str("the geometry's payloads have no room for a SURB"),
        }
    }
}

impl core::error::Error for WrapError {}
