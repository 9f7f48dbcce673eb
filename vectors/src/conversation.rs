//! The schema of `conversations.json`.

use crate::Hex;
use serde::Deserialize;

/// A connection between two peers, as one of them recorded it.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// The purpose of the conversation. Those that begin with `deliberate` had a test program as
    /// initiator.
    pub about: String,
    /// Role of the peer that opened the connection: `client`, `gateway`, `mix`, `service`, `node`,
    /// `authority` or `directory client`.
    pub initiator: String,
    /// Role of the other peer.
    pub responder: String,
    /// `mixnet` or `pki`.
    pub session: String,
    /// KEM of the links.
    pub kem: String,
    /// Name that the initiator sent; `None` if it was empty.
    pub initiator_ad: Option<Hex>,
    /// Name that the responder sent; `None` if it sent none.
    pub responder_ad: Option<Hex>,
    /// The side that recorded.
    pub recorded_at: Side,
    /// Time of day at which the connection began, `hh:mm:ss.mmm` in UTC.
    pub began: String,
    /// Lengths of the four handshake messages.
    pub handshake_lengths: Vec<usize>,
    /// When the handshake was over, in milliseconds; `None` if that never was.
    pub handshake_ms: Option<f64>,
    /// The responder's clock as it told the initiator, in seconds since 1970.
    pub responder_clock: Option<u64>,
    /// The commands of both sides.
    pub commands: Vec<Said>,
    /// How the connection ended.
    pub ends: String,
    /// When it ended, in milliseconds.
    pub ended_ms: Option<f64>,
    /// The commands that are left out.
    pub omitted: Option<String>,
    /// A frame whose length or text was made wrong.
    pub frame: Option<WrongFrame>,
}

/// A side of a connection.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a connection has two sides")]
pub enum Side {
    /// The peer that opened it.
    Initiator,
    /// The other one.
    Responder,
}

/// A command: its bytes and the number of zeros that follow, or, for a long one, its first bytes
/// and its length.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// Milliseconds since the connection began.
    pub ms: f64,
    /// The sender.
    pub from: Side,
    /// The first bytes; `None` if only the digest was recorded.
    pub bytes: Option<Hex>,
    /// Number of zeros after `bytes`.
    #[serde(default)]
    pub zeros: usize,
    /// Digest of all bytes.
    pub sha256: Option<Hex>,
    /// Number of bytes, if only the digest was recorded.
    pub length: Option<usize>,
    /// The first bytes, if only the digest was recorded.
    pub prefix: Option<Hex>,
}

/// A frame that was made wrong.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct WrongFrame {
    /// The length that it claims for its body.
    pub length: u32,
    /// Its plaintext, in words.
    pub plaintext: String,
}

impl Conversation {
    /// Whether the initiator was a test program that did what no peer does.
    #[must_use]
    pub fn is_deliberate(&self) -> bool {
        self.about.starts_with("deliberate")
    }
}

impl Said {
    /// All bytes, if they were recorded.
    #[must_use]
    pub fn text(&self) -> Option<Vec<u8>> {
        let mut text = self.bytes.as_ref()?.to_vec();
        text.resize(text.len() + self.zeros, 0);
        Some(text)
    }

    /// The first bytes, at least the header of the command.
    #[must_use]
    pub fn front(&self) -> &[u8] {
        self.bytes.as_ref().or(self.prefix.as_ref()).map_or(&[], |front| front)
    }

    /// Number of bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.length.unwrap_or_else(|| self.bytes.as_ref().map_or(0, |bytes| bytes.len() + self.zeros))
    }
}
