//! Unwrapping at a hop (`docs/spec/sphinx.md#unwrapping`), in two steps: [`Sphinx::open`], then
//! [`Opened::finish`]; the replay check comes between.

use crate::{
    commands::{AREA_LEN, CommandError, Commands, Destination},
    geometry::{Geometry, PAYLOAD_TAG_LEN},
    header::{Header, HeaderMut, VERSION},
    ids::{NodeId, RecipientId, ReplayTag, SurbId},
    keys::{HeaderStream, HopKeys},
    scheme::{BadKey, Scheme},
    sphinx::Sphinx,
};
use core::fmt;
use mixwell_pq_kem::ByteArray;
use sha2::{Digest, Sha512_256};
use subtle::ConstantTimeEq;

/// Why a packet can't be opened: its sender is at fault, or it is for another key. The packet is
/// untouched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// The packet's length is not the geometry's.
    Length {
        /// Bytes given.
        got: usize,
        /// The geometry's length in bytes.
        want: usize,
    },
    /// The packet's version is not 0.
    Version {
        /// The version.
        got: u16,
    },
    /// The group element gives no secret: a point of small order, or a malformed ciphertext.
    GroupElement,
    /// The MAC is wrong: the header was changed, or is for another key.
    Mac,
}

/// Why a packet with a valid MAC can't be processed. Its sender is at fault, or for the payload a
/// hop. The packet has been wiped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FinishError {
    /// The routing commands are malformed.
    Command(CommandError),
    /// The next group element can't be computed.
    GroupElement,
    /// The payload was changed on its way.
    PayloadTag,
}

/// The action that a hop takes with a packet.
///
/// ```
/// use mixwell_sphinx::Action;
/// # use mixwell_pq_kem::{X25519, nike::PrivateKey};
/// # use mixwell_sphinx::{Geometry, Hop, Message, NodeId, Path, RecipientId, Sphinx};
/// # let sphinx = Sphinx::<X25519>::new(Geometry::of::<X25519>(3, 100, true)?)?;
/// # let mix_key = PrivateKey::generate(&mut rand::rng());
/// # let hops = [Hop { id: NodeId([1; 32]), public_key: &mix_key.public_key(), delay_millis: None }];
/// # let path = Path { hops: &hops, recipient: RecipientId([2; 32]) };
/// # let mut packet = vec![0; sphinx.geometry().packet_len()];
/// # sphinx.wrap_message(&path, &Message { surb: None, user_payload: b"hello" }, &mut rand::rng(), &mut packet)?;
///
/// match sphinx.open(&mut packet, &mix_key)?.finish()? {
///     Action::Forward { next_hop, delay_millis } => println!("hold {delay_millis:?} ms, then send to {next_hop}"),
///     Action::Deliver { recipient, payload, .. } => println!("{} bytes for {recipient}", payload.len()),
///     Action::Reply { surb_id, payload, .. } => println!("the reply to {surb_id}: {} bytes", payload.len()),
///     _ => {}
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[non_exhaustive]
pub enum Action<'p> {
    /// The packet buffer now holds the packet for the next hop: hold it for the delay, then send it
    /// on.
    Forward {
        /// The next hop.
        next_hop: NodeId,
        /// Delay before the packet is sent, if the sender gave one.
        delay_millis: Option<u32>,
    },
    /// The packet has arrived.
    Deliver {
        /// The recipient of the payload.
        recipient: RecipientId,
        /// Delay before the answer is sent; senders give one if the packet carries a SURB.
        delay_millis: Option<u32>,
        /// The forward payload; see [`Message::parse`](crate::Message::parse).
        payload: &'p mut [u8],
    },
    /// The packet is an answer that came through a SURB.
    Reply {
        /// The recipient of the payload.
        recipient: RecipientId,
        /// The id by which the recipient finds the SURB's keys.
        surb_id: SurbId,
        /// Delay, if the sender gave one.
        delay_millis: Option<u32>,
        /// The payload with its tag, under layers that only the recipient can remove; see
        /// [`SurbKeys::open`](crate::SurbKeys::open).
        payload: &'p mut [u8],
    },
}

/// A packet whose header is authentic. Nothing in the packet has changed yet. Wiped on drop.
///
/// ```
/// use mixwell_sphinx::ReplayFilter;
/// # use mixwell_pq_kem::{X25519, nike::PrivateKey};
/// # use mixwell_sphinx::{Geometry, Hop, Message, NodeId, Path, RecipientId, Sphinx};
/// # let sphinx = Sphinx::<X25519>::new(Geometry::of::<X25519>(3, 100, true)?)?;
/// # let mix_key = PrivateKey::generate(&mut rand::rng());
/// # let hops = [Hop { id: NodeId([1; 32]), public_key: &mix_key.public_key(), delay_millis: None }];
/// # let path = Path { hops: &hops, recipient: RecipientId([2; 32]) };
/// # let mut packet = vec![0; sphinx.geometry().packet_len()];
/// # sphinx.wrap_message(&path, &Message { surb: None, user_payload: b"hello" }, &mut rand::rng(), &mut packet)?;
///
/// let mut replays = ReplayFilter::new([0; 1024], &mut rand::rng()); // one for each mix key
/// let opened = sphinx.open(&mut packet, &mix_key)?;
/// if !replays.insert(opened.replay_tag())?.is_seen() {
///     let action = opened.finish()?;
///     # drop(action);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "check the replay tag, then finish"]
pub struct Opened<'p, S: Scheme> {
    pub(crate) geometry: Geometry,
    pub(crate) packet: &'p mut [u8],
    pub(crate) keys: HopKeys,
    replay_tag: ReplayTag,
    /// Of a packet that was opened alone: several at once use the lanes of the processor instead.
    prepared: Option<S::Prepared>,
}

impl<S: Scheme> Sphinx<S> {
    /// Opens a packet with a mix key: agrees on the keys with its sender and checks the MAC.
    ///
    /// # Errors
    /// [`OpenError`]; the packet is untouched.
    pub fn open<'p>(&self, packet: &'p mut [u8], key: &S::PrivateKey) -> Result<Opened<'p, S>, OpenError> {
        self.open_any(packet, &[key]).map(|(_, opened)| opened)
    }

    /// Opens a packet with the first matching key of several, such as a mix's keys of the current,
    /// the previous and the next epoch, and returns the index of the key. Each key has its own
    /// replay filter.
    ///
    /// # Errors
    /// The error with the last key; the packet is untouched. With no keys, [`OpenError::Mac`].
    pub fn open_any<'p>(
        &self,
        packet: &'p mut [u8],
        keys: &[&S::PrivateKey],
    ) -> Result<(usize, Opened<'p, S>), OpenError> {
        self.check_length(packet)?;
        self.open_header(packet, keys)
    }

    pub(crate) const fn check_length(&self, packet: &[u8]) -> Result<(), OpenError> {
        let (got, want) = (packet.len(), self.geometry.packet_len());
        if got == want { Ok(()) } else { Err(OpenError::Length { got, want }) }
    }

    /// Opens a packet of which only the header has the geometry's length: for test vectors.
    ///
    /// # Errors
    /// [`OpenError`]; the packet is untouched.
    #[cfg(feature = "hazmat")]
    pub fn open_any_length<'p>(&self, packet: &'p mut [u8], key: &S::PrivateKey) -> Result<Opened<'p, S>, OpenError> {
        self.open_header(packet, &[key]).map(|(_, opened)| opened)
    }

    /// [`Sphinx::open_any`] of a packet whose length has been checked.
    pub(crate) fn open_header<'p>(
        &self,
        packet: &'p mut [u8],
        keys: &[&S::PrivateKey],
    ) -> Result<(usize, Opened<'p, S>), OpenError> {
        let header = self.header(packet)?;
        let prepared = S::prepare(header.element);
        let mut error = OpenError::Mac;
        for (index, key) in keys.iter().enumerate() {
            match authentic(&header, S::receive_prepared(key, header.element, &prepared)) {
                Ok(keys) => {
                    let replay_tag = replay_tag(&header);
                    let mut opened = Opened::new(self.geometry, packet, keys, replay_tag);
                    opened.prepared = Some(prepared);
                    return Ok((index, opened));
                }
                Err(fault) => error = fault,
            }
        }
        Err(error)
    }

    /// The header, if it is of our version.
    pub(crate) fn header<'p>(&self, packet: &'p [u8]) -> Result<Header<'p, S::Element>, OpenError> {
        let length = OpenError::Length { got: packet.len(), want: self.geometry.header_len() };
        let header = Header::<S::Element>::parse(&self.geometry, packet).ok_or(length)?;
        let got = u16::from_be_bytes(*header.version);
        if bool::from(header.version.ct_eq(&VERSION)) { Ok(header) } else { Err(OpenError::Version { got }) }
    }
}

/// The keys, if the header's MAC is right under them.
fn authentic<E: ByteArray>(header: &Header<'_, E>, keys: Result<HopKeys, BadKey>) -> Result<HopKeys, OpenError> {
    match keys {
        // declassified: whether the MAC is right
        Ok(keys) if keys.header_mac_is(header.maced(), header.mac) => Ok(keys),
        Ok(_) => Err(OpenError::Mac),
        Err(BadKey) => Err(OpenError::GroupElement),
    }
}

pub(crate) fn replay_tag<E: ByteArray>(header: &Header<'_, E>) -> ReplayTag {
    ReplayTag(Sha512_256::digest(header.element).into())
}

impl<'p, S: Scheme> Opened<'p, S> {
    pub(crate) const fn new(geometry: Geometry, packet: &'p mut [u8], keys: HopKeys, replay_tag: ReplayTag) -> Self {
        Self { geometry, packet, keys, replay_tag, prepared: None }
    }

    /// The tag for the replay filter of this mix key: a packet with a tag that was seen before must
    /// be dropped.
    #[must_use]
    pub const fn replay_tag(&self) -> &ReplayTag {
        &self.replay_tag
    }

    /// Removes this hop's layer, in place.
    ///
    /// # Errors
    /// [`FinishError`]; the packet has been wiped.
    pub fn finish(self) -> Result<Action<'p>, FinishError> {
        let Self { geometry, packet, keys, prepared, .. } = self;
        match process::<S>(&geometry, packet, &keys, prepared.as_ref()) {
            Ok(commands) => Ok(action(&geometry, packet, commands)),
            Err(error) => {
                packet.fill(0);
                Err(error)
            }
        }
    }
}

/// Processes a packet at a hop, and makes the packet for the next hop, if there is one.
fn process<S: Scheme>(
    geometry: &Geometry,
    packet: &mut [u8],
    keys: &HopKeys,
    prepared: Option<&S::Prepared>,
) -> Result<Commands, FinishError> {
    let mut hop = ProcessedHop::decrypt(geometry, packet, keys)?;
    if hop.is_forward() {
        let (element, in_block) = hop.next_element_input::<S>(geometry, packet).ok_or(FinishError::GroupElement)?;
        let next = match prepared {
            Some(prepared) => S::next_element_prepared(element, prepared, keys, in_block),
            None => S::next_element(element, keys, in_block),
        };
        let next = next.map_err(|BadKey| FinishError::GroupElement)?;
        hop.make_next_header(geometry, packet, next.as_ref())?;
    }
    Ok(hop.commands)
}

/// A hop's part of a packet, decrypted: its commands, and the keystream from there on.
pub(crate) struct ProcessedHop {
    pub(crate) commands: Commands,
    stream: HeaderStream,
}

impl ProcessedHop {
    /// Decrypts routing info and payload. This hop's block is still at the front of the routing
    /// info.
    pub(crate) fn decrypt(geometry: &Geometry, packet: &mut [u8], keys: &HopKeys) -> Result<Self, FinishError> {
        let header = HeaderMut::parse(geometry, packet).ok_or(FinishError::GroupElement)?;
        let mut stream = keys.header_stream();
        stream.apply(header.routing_info);
        let (block, _) = header.routing_info.split_at(geometry.per_hop_routing_info_len());
        // declassified with what it calls: a hop's own routing commands, which it acts on
        let commands = Commands::parse(block).map_err(FinishError::Command)?;

        keys.payload.decrypt(header.rest);
        if let Destination::Recipient(_) = commands.destination {
            let tag = header.rest.first_chunk::<PAYLOAD_TAG_LEN>().ok_or(FinishError::PayloadTag)?;
            // declassified: whether the payload arrived as it was sent
            if !bool::from(tag.ct_eq(&[0; PAYLOAD_TAG_LEN])) {
                return Err(FinishError::PayloadTag);
            }
        }
        // a reply's tag is under layers that only the SURB's maker can take off
        Ok(Self { commands, stream })
    }

    pub(crate) const fn is_forward(&self) -> bool {
        matches!(self.commands.destination, Destination::NextHop(_))
    }

    /// For a forwarded packet: its group element, which a NIKE blinds, and the end of this hop's
    /// block, where a KEM has the next element.
    pub(crate) fn next_element_input<'p, S: Scheme>(
        &self,
        geometry: &Geometry,
        packet: &'p [u8],
    ) -> Option<(&'p S::Element, &'p [u8])> {
        let header = Header::<S::Element>::parse(geometry, packet).filter(|_| self.is_forward())?;
        let (block, _) = header.routing_info.split_at(geometry.per_hop_routing_info_len());
        let (_, in_block) = block.split_at(AREA_LEN);
        Some((header.element, in_block))
    }

    /// Makes the packet for the next hop, with its group element.
    pub(crate) fn make_next_header(
        &mut self,
        geometry: &Geometry,
        packet: &mut [u8],
        element: &[u8],
    ) -> Result<(), FinishError> {
        let Destination::NextHop(next) = &self.commands.destination else { return Ok(()) };
        let header = HeaderMut::parse(geometry, packet).ok_or(FinishError::GroupElement)?;
        header.element.copy_from_slice(element);
        // the routing info moves up by a block, and what follows it is what the sender took for
        // padding
        let block_len = geometry.per_hop_routing_info_len();
        header.routing_info.copy_within(block_len.., 0);
        let kept = header.routing_info.len().saturating_sub(block_len);
        let (_, padding) = header.routing_info.split_at_mut(kept);
        padding.fill(0);
        self.stream.apply(padding);
        header.mac.copy_from_slice(&next.mac);
        Ok(())
    }
}

/// The action that the commands ask for.
pub(crate) fn action<'p>(geometry: &Geometry, packet: &'p mut [u8], commands: Commands) -> Action<'p> {
    let (_, payload) = packet.split_at_mut(geometry.header_len());
    let delay_millis = commands.delay_millis;
    match commands.destination {
        Destination::NextHop(next) => Action::Forward { next_hop: next.id, delay_millis },
        Destination::Reply(recipient, surb_id) => Action::Reply { recipient, surb_id, delay_millis, payload },
        Destination::Recipient(recipient) => {
            let (_, payload) = payload.split_at_mut(PAYLOAD_TAG_LEN);
            Action::Deliver { recipient, delay_millis, payload }
        }
    }
}

// payloads are not printed
impl fmt::Debug for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forward { .. } => f.write_str("Forward(..)"),
            Self::Deliver { .. } => f.write_str("Deliver(..)"),
            Self::Reply { .. } => f.write_str("Reply(..)"),
        }
    }
}

impl<S: Scheme> fmt::Debug for Opened<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened(..)")
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { got, want } => write!(f, "packet is {got} bytes, want {want}"),
            Self::Version { got } => write!(f, "packet is of version {got}, want 0"),
            Self::GroupElement => f.write_str("packet's group element gives no secret"),
            Self::Mac => f.write_str("packet's MAC is wrong"),
        }
    }
}

impl fmt::Display for FinishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(error) => error.fmt(f),
            Self::GroupElement => f.write_str("the next group element gives no secret"),
            Self::PayloadTag => f.write_str("payload's tag is not zero"),
        }
    }
}

impl core::error::Error for OpenError {}
impl core::error::Error for FinishError {}
