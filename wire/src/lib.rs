#![no_std]

#[cfg(test)]
extern crate std;

mod command;
mod handshake;
mod link;
mod noise;
mod padding;
mod role;
mod session;

pub use command::{
    CertStatus, Command, CommandError, ConsensusStatus, DescriptorStatus, EncodeError, RevealStatus, SigStatus,
    Statement, VoteStatus, packet_mut,
};
pub use handshake::{Ad, HandshakeError, LinkKey, Messages, Peer, initiator, responder};
pub use link::{Link, PacketSizes, PkiSizes};
pub use role::Role;
pub use session::{Body, FRAME_HEADER_LEN, FRAME_OVERHEAD, ReceiveError, Receiver, SendError, Sender, Session};
