//! A check of a node's place in its network before it runs: whether the consensus lists it, with
//! which keys, and when it will receive packets.

mod permission;

pub use permission::{Permission, PermissionCheck};

use crate::mix_keys::{MixKeys, OwnKeys as _};
use core::time::Duration;
use mixwell_net::{
    authorities::Authority,
    clock::Clock,
    consensus::Consensus,
    directory_client::{DirectoryClient, ExchangeError},
};
use mixwell_pki_types::{Epoch, KeyHash, Layer};
use tokio::task::JoinSet;

/// A node whose place is checked. The authorities are asked as by a client: nothing is published.
#[derive(Debug)]
pub struct Check<'a> {
    /// A client of the network's authorities.
    pub client: &'a DirectoryClient,
    /// The network's clock.
    pub clock: Clock,
    /// The hash of the node's identity key.
    pub id: KeyHash,
    /// The node's link public key.
    pub link_key: &'a [u8],
    /// The node's mix keys; `None` if they can't be read because the node is running.
    pub mix_keys: Option<&'a MixKeys>,
}

/// A node's place in its network, according to the authorities.
#[derive(Debug)]
#[non_exhaustive]
pub struct Findings {
    /// The epoch in which the authorities were asked.
    pub epoch: Epoch,
    /// The time since 1970 at which the authorities were asked.
    pub unix: Duration,
    /// Each authority's answers.
    pub authorities: Vec<Answers>,
}

/// One authority's answers.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answers {
    /// The authority's name.
    pub authority: String,
    /// The node's entry in the consensus of the current epoch; `None` if the consensus does not
    /// list the node.
    pub current: Result<Option<Entry>, ExchangeError>,
    /// The node's entry in the consensus of the next epoch, which is published after five eighths
    /// of this one.
    pub next: Result<Option<Entry>, ExchangeError>,
}

/// A node's entry in a consensus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The node's layer.
    pub layer: Layer,
    /// Whether the entry has the node's own link key. If not, peers refuse the node's handshakes.
    pub has_link_key: bool,
    /// Whether the entry has the node's own mix key of that epoch, if that key is known. If not,
    /// the node can't open packets: they are made for another program that had or has this
    /// identity.
    pub has_mix_key: Option<bool>,
}

/// The time from which a node will receive packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Traffic {
    /// In the current epoch: its consensus has the node's own keys.
    Now,
    /// In the current epoch if its consensus has the node's own mix key, which was not compared.
    Uncompared,
    /// From an epoch whose consensus has the node's own keys.
    Listed(Epoch),
    /// From this epoch at the earliest, if the node is started now and the authorities permit it.
    Expected(Epoch),
}

impl Check<'_> {
    /// Asks every authority, all at once, for the consensuses of this epoch and of the next one.
    pub async fn run(&self) -> Findings {
        let (unix, epoch) = (self.clock.now(), self.clock.epoch());
        let mut asked = JoinSet::new();
        for (number, authority) in self.client.authorities().iter().enumerate() {
            let (client, authority) = (self.client.clone(), authority.clone());
            asked.spawn(async move { (number, ask(&client, &authority, epoch).await) });
        }
        let mut answers = asked.join_all().await;
        answers.sort_by_key(|(number, _)| *number);
        let authorities = answers.into_iter().map(|(_, (authority, current, next))| Answers {
            authority,
            current: current.map(|consensus| self.entry(&consensus)),
            next: next.map(|consensus| self.entry(&consensus)),
        });
        Findings { epoch, unix, authorities: authorities.collect() }
    }

    fn entry(&self, consensus: &Consensus) -> Option<Entry> {
        // parsed when it was verified
        let document = consensus.document().ok()?;
        let node = document.nodes().by_hash(self.id)?;
        let epoch = consensus.epoch();
        let listed = node.mix_keys().find(|(of, _)| *of == epoch);
        let is_own = |keys: &MixKeys| listed.is_some_and(|(_, key)| keys.is_ours(epoch, key));
        Some(Entry {
            layer: document.layer_of(self.id)?,
            has_link_key: node.link_key() == self.link_key,
            has_mix_key: self.mix_keys.map(is_own),
        })
    }
}

impl Findings {
    /// Whether any authority answered.
    #[must_use]
    pub fn has_answer(&self) -> bool {
        let is_answer = |answer: &Result<Option<Entry>, ExchangeError>| {
            matches!(answer, Ok(_) | Err(ExchangeError::NoConsensus(_) | ExchangeError::Consensus(_)))
        };
        self.authorities.iter().any(|answers| is_answer(&answers.current) || is_answer(&answers.next))
    }

    /// The time from which the node will receive packets.
    ///
    /// A program that had this identity before has published its own mix keys for the next epoch
    /// too, and authorities accept no second descriptor: traffic then begins an epoch later.
    #[must_use]
    pub fn traffic(&self, clock: Clock) -> Traffic {
        let current = self.authorities.iter().find_map(|answers| answers.current.as_ref().ok().copied().flatten());
        let next = self.authorities.iter().find_map(|answers| answers.next.as_ref().ok().copied().flatten());
        let mix_key_of = |entry: Option<Entry>| entry.filter(|entry| entry.has_link_key).map(|entry| entry.has_mix_key);
        let uploads_end = clock.eighths_into(self.epoch, 1);
        if mix_key_of(current) == Some(Some(true)) {
            Traffic::Now
        } else if mix_key_of(current) == Some(None) {
            Traffic::Uncompared
        } else if mix_key_of(next) == Some(Some(true)) {
            Traffic::Listed(self.epoch.plus(1))
        } else if current.is_some() || next.is_some() || self.unix >= uploads_end {
            Traffic::Expected(self.epoch.plus(2))
        } else {
            Traffic::Expected(self.epoch.plus(1))
        }
    }
}

type Fetched = Result<Consensus, ExchangeError>;

async fn ask(client: &DirectoryClient, authority: &Authority, epoch: Epoch) -> (String, Fetched, Fetched) {
    let current = client.fetch_from(authority, epoch, epoch).await;
    let next = client.fetch_from(authority, epoch.plus(1), epoch).await;
    (authority.peer.name.clone(), current, next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_pki_types::Period;

    const EPOCH: Epoch = Epoch(7);

    fn entry(has_link_key: bool, has_mix_key: Option<bool>) -> Entry {
        Entry { layer: Layer::Gateway, has_link_key, has_mix_key }
    }

    /// The start of traffic according to one authority's entries, `eighths` eighths into the epoch.
    fn traffic(current: Option<Entry>, next: Option<Entry>, eighths: u32) -> Traffic {
        let clock = Clock::new(Period::new(Duration::from_secs(80)).unwrap());
        let answers = Answers { authority: String::new(), current: Ok(current), next: Ok(next) };
        let silent =
            Answers { authority: String::new(), current: Err(ExchangeError::Closed), next: Err(ExchangeError::Closed) };
        let unix = clock.eighths_into(EPOCH, eighths);
        Findings { epoch: EPOCH, unix, authorities: vec![silent, answers] }.traffic(clock)
    }

    #[test]
    fn traffic_begins_with_the_first_consensus_of_the_own_keys() {
        let (own, others) = (Some(entry(true, Some(true))), Some(entry(true, Some(false))));
        assert_eq!(traffic(own, None, 0), Traffic::Now);
        assert_eq!(traffic(Some(entry(true, None)), None, 0), Traffic::Uncompared);
        assert_eq!(traffic(others, own, 6), Traffic::Listed(EPOCH.plus(1)));
        // a program that had the identity before has already uploaded the next epoch's descriptor
        assert_eq!(traffic(others, None, 0), Traffic::Expected(EPOCH.plus(2)));
        assert_eq!(traffic(Some(entry(false, Some(true))), None, 0), Traffic::Expected(EPOCH.plus(2)));
        // a new node, before and after the deadline for descriptors
        assert_eq!(traffic(None, None, 0), Traffic::Expected(EPOCH.plus(1)));
        assert_eq!(traffic(None, None, 1), Traffic::Expected(EPOCH.plus(2)));
    }

    #[test]
    fn an_authority_without_a_consensus_has_answered() {
        let of = |error| Answers { authority: String::new(), current: Err(error), next: Err(ExchangeError::Closed) };
        let findings = |error| Findings { epoch: EPOCH, unix: Duration::ZERO, authorities: vec![of(error)] };
        assert!(!findings(ExchangeError::Closed).has_answer());
        assert!(findings(ExchangeError::NoConsensus(mixwell_wire::ConsensusStatus::NotFound)).has_answer());
    }
}
