//! What an authority tells its operator about messages that were refused, by it or by others.

use mixwell_net::node_kind::{NodeKind, PermittedNode};
use mixwell_pki_types::{Epoch, KeyHash, Upload};
use mixwell_wire::{CertStatus, Command, DescriptorStatus, RevealStatus, SigStatus, VoteStatus};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// Tells that another authority refused a statement of this one, and what to do.
pub(super) fn told(authority: &str, answer: &Command<'_>) {
    if let Some((statement, refusal)) = refusal(answer) {
        tracing::warn!(authority, statement, "statement refused: {}", refusal.advice("its", "this authority's"));
    }
}

/// Tells that this authority refused a statement of another one, and what to do.
pub(super) fn refused(authority: &str, answer: &Command<'_>) {
    if let Some((statement, refusal)) = refusal(answer) {
        tracing::warn!(authority, statement, "refused a statement: {}", refusal.advice("this authority's", "its"));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    TooLate,
    NotAuthorized,
    Signature,
}

impl Refusal {
    /// What is wrong and what to do, for whoever judged and whoever sent it.
    fn advice(self, judge: &str, sender: &str) -> String {
        match self {
            Self::TooLate => format!(
                "it came after its deadline by {judge} clock; compare the two clocks, EpochSeconds in both configurations, \
                 and the connection"
            ),
            Self::NotAuthorized => {
                format!("{judge} configuration has another identity or link key for {sender} entry in [[Authorities]]")
            }
            Self::Signature => format!(
                "{judge} check of {sender} signature or contents failed; compare the signature schemes, the parameters and \
                 the versions of both"
            ),
        }
    }
}

/// The statement that an answer refuses, and why. That it came too early is mended by sending it again.
const fn refusal(answer: &Command<'_>) -> Option<(&'static str, Refusal)> {
    use Refusal::{NotAuthorized, Signature, TooLate};
    Some(match answer {
        Command::VoteStatus(VoteStatus::TooLate) => ("vote", TooLate),
        Command::VoteStatus(VoteStatus::NotAuthorized) => ("vote", NotAuthorized),
        Command::VoteStatus(VoteStatus::NotSigned | VoteStatus::Malformed) => ("vote", Signature),
        Command::RevealStatus(RevealStatus::TooLate) => ("reveal", TooLate),
        Command::RevealStatus(RevealStatus::NotAuthorized) => ("reveal", NotAuthorized),
        Command::RevealStatus(RevealStatus::NotSigned) => ("reveal", Signature),
        Command::CertStatus(CertStatus::TooLate) => ("certificate", TooLate),
        Command::CertStatus(CertStatus::NotAuthorized) => ("certificate", NotAuthorized),
        Command::CertStatus(CertStatus::NotSigned) => ("certificate", Signature),
        Command::SigStatus(SigStatus::TooLate) => ("signature", TooLate),
        Command::SigStatus(SigStatus::NotAuthorized) => ("signature", NotAuthorized),
        Command::SigStatus(SigStatus::NotSigned | SigStatus::Invalid) => ("signature", Signature),
        _ => return None,
    })
}

/// Descriptors that were refused: each node is told of once in an epoch, and of strangers only so many.
#[derive(Debug, Default)]
pub(super) struct RefusedDescriptors(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    epoch: Epoch,
    nodes: BTreeSet<KeyHash>,
}

impl RefusedDescriptors {
    /// Tells that an upload was refused, unless that was told before.
    pub(super) fn tell(&self, epoch: Epoch, upload: &[u8], permitted: &[PermittedNode], status: DescriptorStatus) {
        if status != DescriptorStatus::Forbidden {
            return;
        }
        let Ok(upload) = Upload::parse(upload) else { return };
        let descriptor = upload.unverified_descriptor();
        let id = descriptor.id();
        let known = permitted.iter().find(|node| node.id == id);
        if !self.is_news(epoch, id, known.is_some()) {
            return;
        }
        // nobody has checked its length yet
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
                "refused a descriptor: it is of a {is} named {name:?}, and the configuration lists a {} named {:?} with \
                 this identity key, whose own connection has to bring it; make both configurations the same",
                node.kind,
                node.identifier
            ),
        }
    }

    fn is_news(&self, epoch: Epoch, id: KeyHash, is_listed: bool) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.epoch != epoch {
            *told = Told { epoch, nodes: BTreeSet::new() };
        }
        (is_listed || told.nodes.len() < MAX_STRANGERS) && told.nodes.insert(id)
    }
}

/// As long as a name in a consensus may be.
const MAX_NAME_CHARS: usize = 32;

/// More nodes than this that nobody knows are somebody's noise.
const MAX_STRANGERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_but_too_early_is_told() {
        let told = |answer| refusal(&answer).map(|(_, refusal)| refusal);
        assert_eq!(told(Command::VoteStatus(VoteStatus::TooLate)), Some(Refusal::TooLate));
        assert_eq!(told(Command::SigStatus(SigStatus::Invalid)), Some(Refusal::Signature));
        assert_eq!(told(Command::CertStatus(CertStatus::NotAuthorized)), Some(Refusal::NotAuthorized));
        for quiet in [RevealStatus::Ok, RevealStatus::TooEarly, RevealStatus::AlreadyReceived] {
            assert_eq!(told(Command::RevealStatus(quiet)), None);
        }
        let advice = Refusal::TooLate.advice("its", "this authority's");
        assert!(advice.contains("its clock; compare the two clocks"));
    }

    #[test]
    fn a_node_is_told_of_once_an_epoch_and_strangers_fill_no_log() {
        let refused = RefusedDescriptors::default();
        let id = |number: u8| KeyHash([number; 32]);
        assert!(refused.is_news(Epoch(7), id(1), true) && !refused.is_news(Epoch(7), id(1), true));
        assert!(refused.is_news(Epoch(8), id(1), true));
        let strangers = (2..=u8::MAX).filter(|number| refused.is_news(Epoch(8), id(*number), false)).count();
        assert_eq!(strangers, MAX_STRANGERS - 1);
        // one that is listed is not among them
        assert!(refused.is_news(Epoch(8), id(0), true));
    }
}
