#![doc = include_str!("../README.md")]
#![no_std]
// besides the workspace's lints: division takes secret-dependent time, and unchecked sums panic or
// wrap
#![warn(clippy::arithmetic_side_effects, clippy::integer_division_remainder_used)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(test, feature = "std"))]
extern crate std;

mod caller;
mod command;
mod handshake;
mod link;
mod noise;
mod padding;
mod role;
mod session;
#[cfg(any(feature = "std", feature = "embedded-io-async"))]
mod stream;

pub use caller::CallerError;
pub use command::{
    CertStatus, Command, CommandError, ConsensusStatus, DescriptorStatus, EncodeError, RevealStatus, SigStatus,
    Statement, VoteStatus, Want, packet_mut,
};
pub use handshake::{Ad, HandshakeError, LinkKey, LinkSeed, Messages, Peer, initiator, responder};
pub use link::{Link, PacketSizes, PkiSizes};
pub use role::Role;
pub use session::{Body, FRAME_HEADER_LEN, FRAME_OVERHEAD, ReceiveError, Receiver, SendError, Sender, Session};
#[cfg(feature = "std")]
pub use stream::blocking;
#[cfg(feature = "embedded-io-async")]
pub use stream::embedded_io_async;
#[cfg(feature = "tokio")]
pub use stream::tokio;
#[cfg(any(feature = "std", feature = "embedded-io-async"))]
pub use stream::{StreamError, Timeouts};
