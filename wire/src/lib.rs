#![no_std]

mod command;
mod link;
mod padding;
mod role;

pub use command::{
    CertStatus, Command, CommandError, ConsensusStatus, DescriptorStatus, EncodeError, RevealStatus, SigStatus,
    Statement, VoteStatus, packet_mut,
};
pub use link::{Link, PacketSizes, PkiSizes};
pub use role::Role;
