//! `wire_commands.json`: every command, encoded and decoded, and the padded lengths.

use crate::geometry::Geometry;
use mixwell_vectors::{Hex, load};
use mixwell_wire::{
    CertStatus, Command, ConsensusStatus, DescriptorStatus, Link, PacketSizes, PkiSizes, RevealStatus, SigStatus,
    Statement, VoteStatus,
};
use serde::Deserialize;

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Test {
    session: String,
    command: String,
    fields: Fields,
    bytes: Hex,
    geometry: Option<Geometry>,
    signature_scheme: Option<String>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Fields {
    packet: Option<Hex>,
    payload: Option<Hex>,
    surb_id: Option<Hex>,
    sequence: Option<u32>,
    epoch: Option<u64>,
    padded: Option<bool>,
    chunk_num: Option<u32>,
    chunk_total: Option<u32>,
    code: Option<u8>,
    public_key: Option<Hex>,
    up: Option<usize>,
    down: Option<usize>,
}

impl Fields {
    fn statement(&self) -> Statement<'_> {
        Statement {
            epoch: self.epoch.unwrap(),
            public_key: self.public_key.as_ref().unwrap(),
            payload: self.payload.as_ref().unwrap(),
        }
    }

    fn command<'a>(&'a self, name: &str, surb_id: &'a [u8; 16]) -> Command<'a> {
        let payload = self.payload.as_deref().unwrap_or_default();
        let packet = self.packet.as_deref().unwrap_or_default();
        let (epoch, sequence) = (|| self.epoch.unwrap(), || self.sequence.unwrap());
        let code = || self.code.unwrap();
        match name {
            "no_op" => Command::NoOp,
            "disconnect" => Command::Disconnect,
            "send_packet" => Command::SendPacket(packet),
            "send_retrieve_packet" => Command::SendRetrievePacket(packet),
            "send_retrieve_packet_reply" => Command::SendRetrievePacketReply { surb_id, payload },
            "retrieve_message" => Command::RetrieveMessage { sequence: sequence() },
            "message_delivered" => Command::MessageDelivered { sequence: sequence() },
            "message" => Command::Message { sequence: sequence(), surb_id, payload },
            "get_consensus" => Command::GetConsensus { epoch: epoch(), padded: self.padded.unwrap() },
            "get_consensus2" => Command::GetConsensus2 { epoch: epoch() },
            "consensus" => Command::Consensus { code: ConsensusStatus::from_code(code()).unwrap(), payload },
            "consensus2" => Command::Consensus2 {
                code: ConsensusStatus::from_code(code()).unwrap(),
                chunk: self.chunk_num.unwrap(),
                total: self.chunk_total.unwrap(),
                payload,
            },
            "post_descriptor" => Command::PostDescriptor { epoch: epoch(), payload },
            "post_descriptor_status" => Command::PostDescriptorStatus(DescriptorStatus::from_code(code()).unwrap()),
            "post_replica_descriptor" => Command::PostReplicaDescriptor { epoch: epoch(), payload },
            "post_replica_descriptor_status" => {
                Command::PostReplicaDescriptorStatus(DescriptorStatus::from_code(code()).unwrap())
            }
            "vote" => Command::Vote(self.statement()),
            "vote_status" => Command::VoteStatus(VoteStatus::from_code(code()).unwrap()),
            "get_vote" => Command::GetVote { epoch: epoch(), public_key: self.public_key.as_ref().unwrap() },
            "reveal" => Command::Reveal(self.statement()),
            "reveal_status" => Command::RevealStatus(RevealStatus::from_code(code()).unwrap()),
            "sig" => Command::Sig(self.statement()),
            "sig_status" => Command::SigStatus(SigStatus::from_code(code()).unwrap()),
            "cert" => Command::Cert(self.statement()),
            "cert_status" => Command::CertStatus(CertStatus::from_code(code()).unwrap()),
            other => panic!("unknown command {other}"),
        }
    }
}

/// The two ends of the test's session, the initiator first.
fn ends(test: &Test) -> [Link; 2] {
    match test.session.as_str() {
        "mixnet" => {
            let sizes = test.geometry.as_ref().unwrap().sizes();
            [Link::client(sizes).with_document_bound(10_000), Link::gateway(sizes)]
        }
        "pki" => {
            let public_key = match test.signature_scheme.as_deref() {
                Some("Ed25519") => 32,
                Some("Sphincs+") => 64,
                Some("Ed25519 Sphincs+") => 96,
                other => panic!("unknown scheme {other:?}"),
            };
            let sizes = PkiSizes { public_key, document: 10_000 };
            [Link::authority_client(sizes), Link::authority(sizes)]
        }
        other => panic!("unknown session {other}"),
    }
}

#[test]
fn every_command() {
    for vector in load::<Test>("wire_commands") {
        let (name, test) = (vector.name, vector.test);
        let [client, server] = ends(&test);
        if test.command == "max_lengths" {
            for end in [client, server] {
                assert_eq!((end.up_len(), end.down_len()), (test.fields.up.unwrap(), test.fields.down.unwrap()));
            }
            continue;
        }
        let surb_id = test.fields.surb_id.as_ref().map_or([0; 16], Hex::array);
        let command = test.fields.command(&test.command, &surb_id);
        let mut received = 0;
        for (sender, receiver) in [(client, server), (server, client)] {
            let mut out = vec![0xee; test.bytes.len() + 3];
            if let Ok(length) = command.encode(&sender, &mut out) {
                assert_eq!(Hex(out[..length].to_vec()), test.bytes, "{name}");
                assert_eq!(out[length..], [0xee; 3], "{name}");
                assert_eq!(Command::decode(&test.bytes, &receiver), Ok(command), "{name}");
                received += 1;
            }
        }
        let both_ways = matches!(test.command.as_str(), "no_op" | "disconnect" | "vote");
        assert_eq!(received, 1 + usize::from(both_ways), "{name}");
    }
}

#[test]
fn lengths_of_the_default_geometry() {
    let sizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };
    let client = Link::client(sizes);
    assert_eq!((client.up_len(), client.down_len()), (3088, 3108));
    // a full chunk is longer than the length that all other commands are padded to
    assert_eq!(client.max_frame(), 3108 + 15);
    assert_eq!(Link::gateway(sizes).max_frame(), 3088);
    assert_eq!(Link::node(sizes).max_frame(), 3088);
    let sizes = PkiSizes { public_key: 32, document: 200_000 };
    assert_eq!(Link::authority_client(sizes).max_frame(), 6 + 8 + 32 + 200_000);
}
