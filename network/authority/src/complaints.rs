//! Warnings to the operator about refused messages.

use crate::statement_kind::{StatementKind, Verdict};
use core::fmt;
use mixwell_net::node_kind::{NodeKind, PermittedNode};
use mixwell_pki_types::{Epoch, KeyHash, Upload};
use mixwell_wire::{Command, DescriptorStatus};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// Logs that another authority refused a statement of this one, and what to do.
pub(super) fn log_refused_by(authority: &str, answer: &Command<'_>) {
    if let Some((statement, refusal)) = refusal(answer) {
        let advice = Advice { refusal, judge: "its", sender: "this authority's" };
        tracing::warn!(authority, %statement, "authority refused our statement: {advice}");
    }
}

/// Logs that this authority refused a statement of another one, and what to do.
pub(super) fn log_refused(authority: &str, answer: &Command<'_>) {
    if let Some((statement, refusal)) = refusal(answer) {
        let advice = Advice { refusal, judge: "this authority's", sender: "its" };
        tracing::warn!(authority, %statement, "refused statement: {advice}");
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    TooLate,
    NotAuthorized,
    Signature,
}

/// The cause of a refusal and its remedy, in the words of the log: `judge` and `sender` are
/// possessives.
struct Advice {
    refusal: Refusal,
    judge: &'static str,
    sender: &'static str,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { refusal, judge, sender } = self;
        match refusal {
            Refusal::TooLate => write!(
                f,
                "it arrived after its deadline by {judge} clock; compare the two clocks, EpochSeconds in both configurations, \
                 and the connection"
            ),
            Refusal::NotAuthorized => write!(
                f,
                "{judge} configuration has another identity or link key for {sender} entry in [[Authorities]]"
            ),
            Refusal::Signature => write!(
                f,
                "{judge} check of {sender} signature or contents failed; compare the signature schemes, the parameters and \
                 the versions of both"
            ),
        }
    }
}

/// The statement that an answer refuses, and the reason. A statement that came too early is sent
/// again.
const fn refusal(answer: &Command<'_>) -> Option<(StatementKind, Refusal)> {
    let Some((kind, verdict)) = StatementKind::verdict_in(answer) else { return None };
    let refusal = match verdict {
        Verdict::TooLate => Refusal::TooLate,
        Verdict::NotAuthorized => Refusal::NotAuthorized,
        Verdict::NotSigned => Refusal::Signature,
        Verdict::Ok | Verdict::TooEarly | Verdict::AlreadyReceived | Verdict::NotFound => return None,
    };
    Some((kind, refusal))
}

/// Refused descriptors: one warning for each node and epoch, and at most [`MAX_STRANGERS`] for
/// unlisted nodes.
#[derive(Debug, Default)]
pub(super) struct RefusedDescriptors(Mutex<Logged>);

#[derive(Debug, Default)]
struct Logged {
    epoch: Epoch,
    nodes: BTreeSet<KeyHash>,
}

impl RefusedDescriptors {
    /// Logs that an upload was refused, once for each node and epoch.
    pub(super) fn log(&self, epoch: Epoch, upload: &[u8], permitted: &[PermittedNode], status: DescriptorStatus) {
        if status != DescriptorStatus::Forbidden {
            return;
        }
        let Ok(upload) = Upload::parse(upload) else { return };
        let descriptor = upload.unverified_descriptor();
        let id = descriptor.id();
        let known = permitted.iter().find(|node| node.id == id);
        if !self.is_first(epoch, id, known.is_some()) {
            return;
        }
        // the length is unchecked: the upload was refused before
        let name: String = descriptor.name().chars().take(MAX_NAME_CHARS).collect();
        let is = NodeKind::of(&descriptor)
            .map_or_else(|| "gateway and service node in one".to_owned(), |kind| kind.to_string());
        match known {
            None => tracing::warn!(
                name, identity = %id,
                "refused the descriptor of a {is} that the configuration does not list; if it is to take part, add its \
                 Identifier and identity key to [[Mixes]], [[GatewayNodes]] or [[ServiceNodes]] of every authority"
            ),
            Some(node) => tracing::warn!(
                name, identity = %id,
                "refused a descriptor of a {is} named {name:?}: the configuration lists this identity key for a {} named \
                 {:?}, which must upload its descriptor itself; make both configurations the same",
                node.kind,
                node.identifier
            ),
        }
    }

    fn is_first(&self, epoch: Epoch, id: KeyHash, is_listed: bool) -> bool {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.epoch != epoch {
            *logged = Logged { epoch, nodes: BTreeSet::new() };
        }
        (is_listed || logged.nodes.len() < MAX_STRANGERS) && logged.nodes.insert(id)
    }
}

/// Maximum length of a name in a consensus.
const MAX_NAME_CHARS: usize = 32;

/// Maximum number of unlisted nodes in the log of an epoch: anybody can send any number.
const MAX_STRANGERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_wire::{CertStatus, RevealStatus, SigStatus, VoteStatus};

    #[test]
    fn every_refusal_but_too_early_is_told() {
        let told = |answer| refusal(&answer).map(|(_, refusal)| refusal);
        assert_eq!(told(Command::VoteStatus(VoteStatus::TooLate)), Some(Refusal::TooLate));
        assert_eq!(told(Command::SigStatus(SigStatus::Invalid)), Some(Refusal::Signature));
        assert_eq!(told(Command::CertStatus(CertStatus::NotAuthorized)), Some(Refusal::NotAuthorized));
        for quiet in [RevealStatus::Ok, RevealStatus::TooEarly, RevealStatus::AlreadyReceived] {
            assert_eq!(told(Command::RevealStatus(quiet)), None);
        }
        let advice = Advice { refusal: Refusal::TooLate, judge: "its", sender: "this authority's" };
        let advice = advice.to_string();
        assert!(advice.contains("its clock; compare the two clocks"));
    }

    #[test]
    fn a_node_is_logged_once_an_epoch_and_strangers_fill_no_log() {
        let refused = RefusedDescriptors::default();
        let id = |number: u8| KeyHash([number; 32]);
        assert!(refused.is_first(Epoch(7), id(1), true) && !refused.is_first(Epoch(7), id(1), true));
        assert!(refused.is_first(Epoch(8), id(1), true));
        let strangers = (2..=u8::MAX).filter(|number| refused.is_first(Epoch(8), id(*number), false)).count();
        assert_eq!(strangers, MAX_STRANGERS - 1);
        // a listed node is not limited like strangers
        assert!(refused.is_first(Epoch(8), id(0), true));
    }
}
