//! The first byte of each command (`docs/spec/wire.md#commands`).

pub(crate) const NO_OP: u8 = 0;
pub(crate) const DISCONNECT: u8 = 1;
pub(crate) const SEND_PACKET: u8 = 2;
pub(crate) const SEND_RETRIEVE_PACKET: u8 = 3;
pub(crate) const SEND_RETRIEVE_PACKET_REPLY: u8 = 4;
pub(crate) const MESSAGE_DELIVERED: u8 = 5;
pub(crate) const REPLICA_MESSAGE: u8 = 8;
pub(crate) const REPLICA_MESSAGE_REPLY: u8 = 9;
pub(crate) const POST_REPLICA_DESCRIPTOR_STATUS: u8 = 10;
pub(crate) const POST_REPLICA_DESCRIPTOR: u8 = 11;
pub(crate) const REPLICA_WRITE: u8 = 12;
pub(crate) const REPLICA_WRITE_REPLY: u8 = 13;
pub(crate) const RETRIEVE_MESSAGE: u8 = 16;
pub(crate) const MESSAGE: u8 = 17;
pub(crate) const GET_CONSENSUS: u8 = 18;
pub(crate) const CONSENSUS: u8 = 19;
pub(crate) const POST_DESCRIPTOR: u8 = 20;
pub(crate) const POST_DESCRIPTOR_STATUS: u8 = 21;
pub(crate) const VOTE: u8 = 22;
pub(crate) const VOTE_STATUS: u8 = 23;
pub(crate) const GET_VOTE: u8 = 24;
pub(crate) const REVEAL: u8 = 25;
pub(crate) const REVEAL_STATUS: u8 = 26;
pub(crate) const SIG: u8 = 27;
pub(crate) const SIG_STATUS: u8 = 28;
pub(crate) const CERT: u8 = 29;
pub(crate) const CERT_STATUS: u8 = 30;
pub(crate) const CONSENSUS2: u8 = 31;
pub(crate) const GET_CONSENSUS2: u8 = 32;
pub(crate) const REPLICA_DECOY: u8 = 33;

/// The greatest id plus one.
pub(crate) const END: u8 = 34;

/// The command's name (`docs/spec/wire.md#commands`), for messages.
pub(crate) const fn name(id: u8) -> &'static str {
    match id {
        NO_OP => "no_op",
        DISCONNECT => "disconnect",
        SEND_PACKET => "send_packet",
        SEND_RETRIEVE_PACKET => "send_retrieve_packet",
        SEND_RETRIEVE_PACKET_REPLY => "send_retrieve_packet_reply",
        MESSAGE_DELIVERED => "message_delivered",
        REPLICA_MESSAGE => "replica_message",
        REPLICA_MESSAGE_REPLY => "replica_message_reply",
        POST_REPLICA_DESCRIPTOR_STATUS => "post_replica_descriptor_status",
        POST_REPLICA_DESCRIPTOR => "post_replica_descriptor",
        REPLICA_WRITE => "replica_write",
        REPLICA_WRITE_REPLY => "replica_write_reply",
        RETRIEVE_MESSAGE => "retrieve_message",
        MESSAGE => "message",
        GET_CONSENSUS => "get_consensus",
        CONSENSUS => "consensus",
        POST_DESCRIPTOR => "post_descriptor",
        POST_DESCRIPTOR_STATUS => "post_descriptor_status",
        VOTE => "vote",
        VOTE_STATUS => "vote_status",
        GET_VOTE => "get_vote",
        REVEAL => "reveal",
        REVEAL_STATUS => "reveal_status",
        SIG => "sig",
        SIG_STATUS => "sig_status",
        CERT => "cert",
        CERT_STATUS => "cert_status",
        CONSENSUS2 => "consensus2",
        GET_CONSENSUS2 => "get_consensus2",
        REPLICA_DECOY => "replica_decoy",
        _ => "unknown command",
    }
}
