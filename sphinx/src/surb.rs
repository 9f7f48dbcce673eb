//! Single-use reply blocks (SURBs, `docs/spec/sphinx.md#surbs`): a prepared header with which
//! anyone can reply without knowing the recipient.

use crate::{
    geometry::{MAX_HOPS, PAYLOAD_TAG_LEN, SPRP_KEY_MATERIAL_LEN},
    ids::{NodeId, SurbId},
    keys::PayloadKey,
    path::Path,
    scheme::Scheme,
    seal::{WrapError, check_output, seal_header},
    sphinx::Sphinx,
};
use core::fmt;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

/// Length in bytes of the keys of a SURB with the longest possible path.
const MAX_BYTES: usize = SPRP_KEY_MATERIAL_LEN * (MAX_HOPS + 1);

/// The keys that decrypt the reply to a SURB, once. Wiped on drop.
///
/// ```
/// use mixwell_sphinx::{Action, SurbId};
/// # use mixwell_pq_kem::{X25519, nike::PrivateKey};
/// # use mixwell_sphinx::{Geometry, Hop, Message, NodeId, Path, RecipientId, Sphinx};
/// # let sphinx = Sphinx::<X25519>::new(Geometry::of::<X25519>(3, 100, true)?)?;
/// # let mix_key = PrivateKey::generate(&mut rand::rng());
/// # let hops = [Hop { id: NodeId([1; 32]), public_key: &mix_key.public_key(), delay_millis: None }];
/// # let path = Path { hops: &hops, recipient: RecipientId([2; 32]) };
/// # let mut packet = vec![0; sphinx.geometry().packet_len()];
///
/// // a client makes a SURB along a path that leads back to it, and keeps the keys
/// let mut surb = vec![0; sphinx.geometry().surb_len()];
/// let keys = sphinx.new_surb(&path, SurbId([9; 16]), &mut rand::rng(), &mut surb)?;
///
/// // whoever has the SURB replies, and the hops forward the packet
/// sphinx.wrap_reply(&surb, b"hello again", &mut packet)?;
///
/// // the client
/// # let action = sphinx.open(&mut packet, &mix_key)?.finish()?;
/// if let Action::Reply { surb_id: SurbId([9, ..]), payload, .. } = action {
///     assert!(keys.open(payload)?.starts_with(b"hello again"));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(ZeroizeOnDrop)]
pub struct SurbKeys {
    /// Key and nonce of each hop from the last to the first, then the SURB's own.
    bytes: [u8; MAX_BYTES],
    #[zeroize(skip)]
    len: usize,
    /// Length in bytes of a reply.
    #[zeroize(skip)]
    payload_len: usize,
}

/// The reason why a reply can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyError {
    /// The reply's length is not the geometry's.
    Length {
        /// The given length in bytes.
        got: usize,
        /// The geometry's payload length in bytes, tag included.
        want: usize,
    },
    /// The reply was changed in transit, or is for another SURB.
    PayloadTag,
}

/// Bytes that cannot be a SURB's keys: the length is not 64 per hop plus 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SurbKeysLength {
    /// The given length in bytes.
    pub got: usize,
}

impl<S: Scheme> Sphinx<S> {
    /// Makes a SURB for a reply along `path`, into `surb` of exactly
    /// [`Geometry::surb_len`](crate::Geometry::surb_len) bytes. The path's last hop delivers the
    /// reply, marked with `surb_id`, to the path's recipient.
    ///
    /// # Errors
    /// [`WrapError`]; the content of `surb` is then meaningless and not secret.
    pub fn new_surb<R: CryptoRng + ?Sized>(
        &self,
        path: &Path<'_, S>,
        surb_id: SurbId,
        rng: &mut R,
        surb: &mut [u8],
    ) -> Result<SurbKeys, WrapError> {
        check_output(surb, self.geometry.surb_len())?;
        let mut keys = SurbKeys::empty(self.geometry.payload_len());
        seal_header(&self.geometry, path, Some(surb_id), rng, surb, |key, _| keys.push(key))
            .inspect_err(|_| surb.fill(0))?;

        let first_hop = path.hops.first().map_or([0; NodeId::LEN], |hop| hop.id.0);
        let mut own = PayloadKey::default();
        rng.fill_bytes(&mut own.key);
        rng.fill_bytes(&mut own.iv);
        let (_, tail) = surb.split_at_mut(self.geometry.header_len());
        let (first_hop_field, key_field) = tail.split_at_mut(NodeId::LEN);
        first_hop_field.copy_from_slice(&first_hop);
        if let Some(field) = key_field.first_chunk_mut() {
            own.write(field);
        }
        keys.push(&own);
        Ok(keys)
    }

    /// Makes the packet for a reply of up to
    /// [`Geometry::forward_payload_len`](crate::Geometry::forward_payload_len) bytes, padded with
    /// zeros, and returns the hop to send it to. A SURB must be used only once.
    ///
    /// # Errors
    /// [`WrapError`]; `packet` is untouched.
    pub fn wrap_reply(&self, surb: &[u8], payload: &[u8], packet: &mut [u8]) -> Result<NodeId, WrapError> {
        check_output(packet, self.geometry.packet_len())?;
        let max = self.geometry.forward_payload_len();
        if payload.len() > max {
            return Err(WrapError::PayloadTooLong { got: payload.len(), max });
        }
        let surb_length = WrapError::SurbLength { got: surb.len(), want: self.geometry.surb_len() };
        if surb.len() != self.geometry.surb_len() {
            return Err(surb_length);
        }
        let (header, tail) = surb.split_at(self.geometry.header_len());
        let (first_hop, tail) = tail.split_first_chunk().ok_or(surb_length)?;
        let key = PayloadKey::from_bytes(tail.first_chunk().ok_or(surb_length)?);

        let (packet_header, packet_payload) = packet.split_at_mut(self.geometry.header_len());
        packet_header.copy_from_slice(header);
        let (tag, forward_payload) = packet_payload.split_at_mut(PAYLOAD_TAG_LEN);
        tag.fill(0);
        let (front, zeros) = forward_payload.split_at_mut(payload.len());
        front.copy_from_slice(payload);
        zeros.fill(0);
        key.encrypt(packet_payload);
        Ok(NodeId(*first_hop))
    }

    /// Restores the keys of a SURB from the stored [`SurbKeys::as_bytes`].
    ///
    /// # Errors
    /// [`SurbKeysLength`] if no path in this geometry has keys of that length.
    pub fn surb_keys(&self, bytes: &[u8]) -> Result<SurbKeys, SurbKeysLength> {
        let error = SurbKeysLength { got: bytes.len() };
        let (keys, []) = bytes.as_chunks::<SPRP_KEY_MATERIAL_LEN>() else { return Err(error) };
        if keys.len() < 2 || keys.len().saturating_sub(1) > self.geometry.hops() {
            return Err(error);
        }
        let mut surb_keys = SurbKeys::empty(self.geometry.payload_len());
        for key in keys {
            surb_keys.push(&PayloadKey::from_bytes(key));
        }
        Ok(surb_keys)
    }
}

impl SurbKeys {
    const fn empty(payload_len: usize) -> Self {
        Self { bytes: [0; MAX_BYTES], len: 0, payload_len }
    }

    /// Adds a key. There is room: a path has at most [`MAX_HOPS`] hops.
    fn push(&mut self, key: &PayloadKey) {
        if let Some(slot) = self.bytes.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut) {
            key.write(slot);
            self.len = self.len.saturating_add(SPRP_KEY_MATERIAL_LEN);
        }
    }

    /// The keys, to be stored until the reply arrives: key and nonce of each hop from the last to
    /// the first, then the SURB's own, 64 bytes each. Secret.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Decrypts a reply in place: the payload with its tag from
    /// [`Action::Reply`](crate::Action::Reply). Returns the payload without the tag. The keys are
    /// consumed and wiped, even on an error.
    ///
    /// # Errors
    /// [`ReplyError`]; with [`ReplyError::PayloadTag`] the reply has been wiped.
    pub fn open(self, answer: &mut [u8]) -> Result<&mut [u8], ReplyError> {
        let length = ReplyError::Length { got: answer.len(), want: self.payload_len };
        if answer.len() != self.payload_len {
            return Err(length);
        }
        let (keys, _) = self.as_bytes().as_chunks::<SPRP_KEY_MATERIAL_LEN>();
        let Some((own, hops)) = keys.split_last() else { return Err(length) };
        // each hop has removed a layer that was never added, which is undone here
        for key in hops {
            PayloadKey::from_bytes(key).encrypt(answer);
        }
        PayloadKey::from_bytes(own).decrypt(answer);

        let intact = answer.first_chunk::<PAYLOAD_TAG_LEN>().is_some_and(|tag| tag.ct_eq(&[0; PAYLOAD_TAG_LEN]).into());
        // declassified: whether the reply arrived unchanged
        if !intact {
            answer.fill(0);
            return Err(ReplyError::PayloadTag);
        }
        answer.get_mut(PAYLOAD_TAG_LEN..).ok_or(length)
    }
}

impl fmt::Debug for SurbKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SurbKeys(..)")
    }
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { got, want } => write!(f, "answer is {got} bytes, want {want}"),
            Self::PayloadTag => f.write_str("answer's tag is not zero"),
        }
    }
}

impl fmt::Display for SurbKeysLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SURB keys are {} bytes, want {SPRP_KEY_MATERIAL_LEN} for each hop and as many more", self.got)
    }
}

impl core::error::Error for ReplyError {}
impl core::error::Error for SurbKeysLength {}
