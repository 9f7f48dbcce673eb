//! An authority's answers, by peer and command (`docs/spec/authority.md#answers`). The authority
//! closes the connection after each.

use super::{Authority, document::Settings};
use crate::reference::command::{OwnedCommand, StatementKind};
use core::time::Duration;
use mixwell_net::node_kind::NodeKind;
use mixwell_pki_types::{Epoch, KeyHash, Upload, VerifyingKey};
use mixwell_wire::{
    CertStatus, Command, ConsensusStatus, DescriptorStatus, RevealStatus, SigStatus, Statement, VoteStatus,
};

/// The peer of a connection, as its handshake tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the roles of the protocol")]
pub enum AuthorityPeer {
    /// An empty `ad`, with any link key.
    Client,
    /// A node that the configuration names.
    Node(KeyHash),
    /// Another authority, with its configured link key.
    Authority(KeyHash),
}

impl AuthorityPeer {
    /// The peer of an `ad` and a link key. An unknown one of 32 bytes, and an authority's with
    /// another link key, are refused after message 3.
    pub fn of(settings: &Settings, ad: &[u8], link_key: &[u8]) -> Option<Self> {
        if ad.is_empty() {
            return Some(Self::Client);
        }
        let id = KeyHash(ad.try_into().ok()?);
        match settings.authorities.by_id(id) {
            Some(authority) => (authority.peer.link_key == link_key).then_some(Self::Authority(id)),
            None => settings.node(id).map(|_| Self::Node(id)),
        }
    }
}

impl Authority {
    /// The answer to the one command of a connection; `None` closes it unanswered: `no_op`,
    /// `get_vote`, commands of other roles.
    pub fn handle(&mut self, now: Duration, peer: AuthorityPeer, command: &Command<'_>) -> Option<OwnedCommand> {
        self.advance(now);
        match (command, peer) {
            (Command::GetConsensus { epoch, .. }, _) => {
                let (code, payload) = match self.consensus(Epoch(*epoch)) {
                    Some(certificate) => (ConsensusStatus::Ok, certificate.to_vec()),
                    None if Epoch(*epoch) <= self.clock.time_at(now).epoch => (ConsensusStatus::Gone, Vec::new()),
                    None => (ConsensusStatus::NotFound, Vec::new()),
                };
                Some(OwnedCommand::Consensus { code, payload })
            }
            (Command::PostDescriptor { epoch, payload }, AuthorityPeer::Node(id)) => {
                Some(OwnedCommand::PostDescriptorStatus(self.post_descriptor(now, id, Epoch(*epoch), payload)))
            }
            (Command::GetVote { .. }, _) => {
                self.refused_get_votes += 1;
                None
            }
            (command, AuthorityPeer::Authority(id)) => {
                let (kind, statement) = StatementKind::of(command)?;
                Some(status(kind, self.receive(id, kind, statement)))
            }
            _ => None,
        }
    }

    /// A second upload for an epoch is a conflict, even if it is the same to the byte.
    fn post_descriptor(&mut self, now: Duration, id: KeyHash, epoch: Epoch, upload: &[u8]) -> DescriptorStatus {
        let current = self.clock.time_at(now).epoch;
        if epoch != current && epoch != current.plus(1) {
            return DescriptorStatus::Invalid;
        }
        let Ok(upload) = Upload::parse(upload) else { return DescriptorStatus::Invalid };
        let Ok(descriptor) = upload.verify(self.settings.authorities.scheme()) else {
            return DescriptorStatus::Invalid;
        };
        let Some(node) = self.settings.node(descriptor.id()).filter(|node| node.id == id) else {
            return DescriptorStatus::Forbidden;
        };
        if node.identifier != descriptor.name() || NodeKind::of(&descriptor) != Some(node.kind) {
            return DescriptorStatus::Forbidden;
        }
        if descriptor.epoch() != epoch || descriptor.check(epoch).is_err() {
            return DescriptorStatus::Invalid;
        }
        let accepted = self.descriptors.entry(epoch).or_default();
        if accepted.contains_key(&id) {
            self.conflicts += 1;
            return DescriptorStatus::Conflict;
        }
        accepted.insert(id, descriptor.encoded().to_vec());
        DescriptorStatus::Ok
    }

    fn receive(&mut self, sender: KeyHash, kind: StatementKind, statement: &Statement<'_>) -> Verdict {
        let (epoch, wanted) = (Epoch(statement.epoch), self.round.epoch());
        let authority = self.settings.authorities.by_id(sender);
        let Some(authority) = authority.filter(|_| KeyHash::of(statement.public_key) == sender) else {
            return Verdict::NotAuthorized;
        };
        // the reference compares a reveal's epoch with what is signed in it
        if epoch != wanted && kind == StatementKind::Reveal {
            return Verdict::NotSigned;
        }
        if epoch != wanted {
            return if epoch < wanted { Verdict::TooEarly } else { Verdict::TooLate };
        }
        let Ok(key) = VerifyingKey::new(self.settings.authorities.scheme(), &authority.identity) else {
            return Verdict::NotAuthorized;
        };
        if !self.round.is_good(kind, &key, statement.payload) {
            return Verdict::NotSigned;
        }
        if kind == StatementKind::Cert && !self.round.has(StatementKind::Vote, sender) {
            return Verdict::TooEarly;
        }
        if self.round.insert(kind, sender, statement.payload) { Verdict::Ok } else { Verdict::AlreadyReceived }
    }
}

/// The verdict on a statement, of whatever kind.
#[derive(Clone, Copy)]
enum Verdict {
    Ok,
    TooEarly,
    TooLate,
    NotAuthorized,
    NotSigned,
    AlreadyReceived,
}

/// The status code for a verdict.
const fn status(kind: StatementKind, verdict: Verdict) -> OwnedCommand {
    macro_rules! of {
        ($status:ident) => {
            OwnedCommand::$status(match verdict {
                Verdict::Ok => $status::Ok,
                Verdict::TooEarly => $status::TooEarly,
                Verdict::TooLate => $status::TooLate,
                Verdict::NotAuthorized => $status::NotAuthorized,
                Verdict::NotSigned => $status::NotSigned,
                Verdict::AlreadyReceived => $status::AlreadyReceived,
            })
        };
    }
    match kind {
        StatementKind::Vote => of!(VoteStatus),
        StatementKind::Reveal => of!(RevealStatus),
        StatementKind::Cert => of!(CertStatus),
        StatementKind::Sig => of!(SigStatus),
    }
}
