//! One end of a link: its role, the network's sizes, and the largest frame that follows from them
//! (`docs/spec/wire.md#frame-limits`).

use crate::{
    command::{COMMAND_HEADER_LEN, id},
    role::Role,
    session::FRAME_OVERHEAD,
};
use mixwell_sphinx::Geometry;

/// The lengths in a network's Sphinx geometry that determine the lengths of frames, in bytes.
///
/// ```
/// use mixwell_wire::{Link, PacketSizes};
///
/// // of a network's geometry: `PacketSizes::from(&geometry)`
/// let sizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };
/// let link = Link::client(sizes);
/// let buffer = vec![0; link.buffer_len()]; // for each frame that the gateway may send
/// # assert!(buffer.len() > 3082);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketSizes {
    /// A whole packet.
    pub packet: usize,
    /// The payload of a packet without its tag, with room for a SURB.
    pub forward_payload: usize,
    /// The user's part of the payload.
    pub user_forward_payload: usize,
}

/// The lengths that determine the lengths of commands in sessions with an authority, in bytes.
///
/// ```
/// use mixwell_wire::{Link, PkiSizes};
///
/// // Ed25519 keys, and documents of up to a mebibyte
/// let link = Link::authority_client(PkiSizes { public_key: 32, document: 1 << 20 });
/// # assert!(link.buffer_len() > 1 << 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PkiSizes {
    /// A public key of the network's signature scheme: 32 for Ed25519.
    pub public_key: usize,
    /// Maximum length of a document, descriptor or vote that may arrive, chosen by the caller.
    pub document: usize,
}

/// One end of a link. Determines the commands that it receives and sends, their padding, and the
/// largest frame that it can receive.
///
/// ```
/// use mixwell_wire::{Link, PacketSizes};
///
/// // of a network's geometry: `PacketSizes::from(&geometry)`
/// let sizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };
/// let link = Link::client(sizes);
/// let buffer = vec![0; link.buffer_len()]; // for each frame that the gateway may send
/// # assert!(buffer.len() > 3082);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    role: Role,
    packet: PacketSizes,
    pki: PkiSizes,
    replica_frame: usize,
    max_frame: usize,
    is_silent: bool,
}

impl Link {
    /// A client's end at its gateway.
    #[must_use]
    pub const fn client(sizes: PacketSizes) -> Self {
        Self::mixnet(Role::Client, sizes)
    }

    /// A gateway's end at a client.
    #[must_use]
    pub const fn gateway(sizes: PacketSizes) -> Self {
        Self::mixnet(Role::Gateway, sizes)
    }

    /// A node's end at another node.
    #[must_use]
    pub const fn node(sizes: PacketSizes) -> Self {
        Self::mixnet(Role::Node, sizes)
    }

    /// A service node's end at a storage replica. Frames of replicas
    /// (`docs/spec/wire.md#pigeonhole-commands`) have at most `replica_frame` bytes; shorter ones
    /// are padded to that length.
    #[must_use]
    pub const fn service_node(sizes: PacketSizes, replica_frame: usize) -> Self {
        Self { replica_frame, ..Self::mixnet(Role::ServiceNode, sizes) }.bounded()
    }

    /// A storage replica's end; see [`Link::service_node`].
    #[must_use]
    pub const fn replica(sizes: PacketSizes, replica_frame: usize) -> Self {
        Self { replica_frame, ..Self::mixnet(Role::Replica, sizes) }.bounded()
    }

    /// The end of any peer of an authority.
    #[must_use]
    pub const fn authority_client(sizes: PkiSizes) -> Self {
        Self { pki: sizes, ..Self::mixnet(Role::AuthorityClient, PacketSizes::NONE) }.bounded()
    }

    /// An authority's end at any peer.
    #[must_use]
    pub const fn authority(sizes: PkiSizes) -> Self {
        Self { pki: sizes, ..Self::mixnet(Role::Authority, PacketSizes::NONE) }.bounded()
    }

    /// Also accepts whole PKI documents of up to `bound` bytes, for a client that sends
    /// `get_consensus` to its gateway. Otherwise only the chunks of `consensus2` fit.
    #[must_use]
    pub const fn with_document_bound(mut self, bound: usize) -> Self {
        self.pki.document = bound;
        self.bounded()
    }

    /// The same, but after its handshake an initiator sends nothing until its caller does, as those
    /// of the reference: over streams, ours prove themselves by a `no_op`. For tests of responders.
    #[cfg(feature = "hazmat")]
    #[must_use]
    pub const fn silent(mut self) -> Self {
        self.is_silent = true;
        self
    }

    /// Whether this end, as an initiator, proves itself by a `no_op` at once.
    #[cfg(any(feature = "std", feature = "embedded-io-async"))]
    pub(crate) const fn proves_by_no_op(&self) -> bool {
        self.role.proves_by_no_op() && !self.is_silent
    }

    /// The role of this end.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Maximum length of a command that can arrive, in bytes of plaintext.
    #[must_use]
    pub const fn max_frame(&self) -> usize {
        self.max_frame
    }

    /// A buffer length in bytes that suffices for every command that can arrive, in encrypted form,
    /// and on mixnet sessions also for every command that can be sent.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        let padded = if self.role.pads() {
            max(self.up_len(), frame(CHUNK_FIELDS_LEN.saturating_add(self.down_len())))
        } else {
            0
        };
        max(self.max_frame, padded).saturating_add(FRAME_OVERHEAD)
    }

    /// The length to which commands from a client to a gateway, or between nodes, are padded.
    #[must_use]
    pub const fn up_len(&self) -> usize {
        max(frame(EPOCH_LEN), frame(self.packet.packet))
    }

    /// The length to which commands from a gateway to a client are padded. A chunk of a consensus
    /// is at most this long.
    #[must_use]
    pub const fn down_len(&self) -> usize {
        max(frame(MESSAGE_FIELDS_LEN.saturating_add(self.packet.packet)), self.reply_len())
    }

    pub(crate) const fn packet(&self) -> &PacketSizes {
        &self.packet
    }

    pub(crate) const fn pki(&self) -> &PkiSizes {
        &self.pki
    }

    /// The length below which a command is padded.
    pub(crate) const fn padded_len(&self, command: u8) -> usize {
        if !self.role.pads() {
            return 0;
        }
        match command {
            id::MESSAGE | id::SEND_RETRIEVE_PACKET_REPLY | id::CONSENSUS2 => self.down_len(),
            id::CONSENSUS => 0,
            id::REPLICA_MESSAGE
            | id::REPLICA_MESSAGE_REPLY
            | id::REPLICA_WRITE
            | id::REPLICA_WRITE_REPLY
            | id::REPLICA_DECOY => self.replica_frame,
            _ => self.up_len(),
        }
    }

    /// The maximum length of a command's frame.
    const fn longest(&self, command: u8) -> usize {
        let body = match command {
            id::SEND_PACKET | id::SEND_RETRIEVE_PACKET => self.packet.packet,
            id::MESSAGE => MESSAGE_FIELDS_LEN.saturating_add(self.message_payload_len()),
            id::CONSENSUS2 => CHUNK_FIELDS_LEN.saturating_add(self.down_len()),
            id::GET_CONSENSUS | id::GET_CONSENSUS2 => EPOCH_LEN,
            id::CONSENSUS => 1usize.saturating_add(self.pki.document),
            id::POST_DESCRIPTOR | id::POST_REPLICA_DESCRIPTOR => EPOCH_LEN.saturating_add(self.pki.document),
            id::VOTE | id::REVEAL | id::SIG | id::CERT => {
                EPOCH_LEN.saturating_add(self.pki.public_key).saturating_add(self.pki.document)
            }
            id::GET_VOTE => EPOCH_LEN.saturating_add(self.pki.public_key),
            // a sequence number, a code, or nothing
            _ => 4,
        };
        max(frame(body), self.padded_len(command))
    }

    pub(crate) const fn message_payload_len(&self) -> usize {
        PAYLOAD_TAG_LEN.saturating_add(self.packet.forward_payload)
    }

    const fn reply_len(&self) -> usize {
        frame(SURB_ID_LEN.saturating_add(self.packet.user_forward_payload))
    }

    const fn mixnet(role: Role, packet: PacketSizes) -> Self {
        let pki = PkiSizes { public_key: 0, document: 0 };
        Self { role, packet, pki, replica_frame: 0, max_frame: 0, is_silent: false }.bounded()
    }

    const fn bounded(mut self) -> Self {
        let ids = self.role.receives();
        self.max_frame = 0;
        let mut command = 0;
        while command < id::END {
            if ids.contains(command) {
                self.max_frame = max(self.max_frame, self.longest(command));
            }
            command = command.saturating_add(1);
        }
        self
    }
}

impl From<&Geometry> for PacketSizes {
    fn from(geometry: &Geometry) -> Self {
        Self {
            packet: geometry.packet_len(),
            forward_payload: geometry.forward_payload_len(),
            user_forward_payload: geometry.user_forward_payload_len(),
        }
    }
}

impl PacketSizes {
    const NONE: Self = Self { packet: 0, forward_payload: 0, user_forward_payload: 0 };
}

const fn frame(body: usize) -> usize {
    COMMAND_HEADER_LEN.saturating_add(body)
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

const EPOCH_LEN: usize = 8;
const SURB_ID_LEN: usize = 16;
const PAYLOAD_TAG_LEN: usize = 32;
/// Length of the sequence number and the SURB id.
const MESSAGE_FIELDS_LEN: usize = 4 + SURB_ID_LEN;
/// Length of the code, the chunk's number and the number of chunks.
const CHUNK_FIELDS_LEN: usize = 1 + 4 + 4;
