//! Our authority in the recorded conversations of the reference's peers (`conversations.json`),
//! each side in turn: the other side says what was recorded.

mod called;
mod dialling;
mod round;

use crate::{
    message::{Request, StatementKind},
    tests::net::{Net, Way},
};
use core::net::SocketAddr;
use mixwell_net::{
    address::Address,
    authorities::{Authorities, Authority},
    clock::Clock,
    keys::LinkKey,
};
use mixwell_pki_types::{Ed25519, Epoch};
use mixwell_testnet::recorded::{RecordedNetwork, period_at};
use mixwell_vectors::conversation::{Conversation, Said, Side};
use std::sync::Arc;

/// Three authorities, the first of which is ours, at the recorded time of an epoch.
struct Stage {
    net: Net,
    clock: Clock,
    epoch: Epoch,
    link: LinkKey,
}

impl Stage {
    /// Authorities at the beginning of the epoch, with its consensus or without one. The second has
    /// an address.
    fn new(network: &RecordedNetwork, phase: f64, has_consensus: bool, second: Option<SocketAddr>) -> Self {
        let clock = Clock::new(period_at(phase));
        let epoch = clock.epoch();
        let mut net = Net::new(3);
        net.references = vec![1, 2];
        let link = LinkKey::generate(network.kem, &mut net.randomness.rng()).unwrap();
        let authority = |(number, own): (usize, &Arc<mixwell_net::keys::Identity>)| {
            let address =
                second.filter(|_| number == 1).map_or_else(|| "tcp://127.0.0.1:1".parse().unwrap(), Address::of);
            Authority::new(format!("auth{number}"), own.public().to_vec(), link.public().to_vec(), vec![address])
        };
        let list = net.identities.iter().enumerate().map(authority).collect();
        net.policy.authorities = Arc::new(Authorities::new(&Ed25519, network.kem, list));
        net.policy.period = clock.period();
        let first = if has_consensus { Epoch(epoch.0 - 1) } else { epoch };
        net.now = clock.period().start(first);
        (0..3).for_each(|authority| net.start(authority));
        if has_consensus {
            net.pass_epoch(|_, _, _| Way::Pass);
        }
        Self { net, clock, epoch, link }
    }

    /// Runs a round until a time, with the uploads of all nodes; the statements of `kind` and later
    /// kinds of the second authority don't reach ours. Returns the first of them.
    fn run_round(&mut self, until: core::time::Duration, kind: StatementKind) -> Option<Request> {
        self.net.upload(self.epoch.plus(1));
        let mut held = None;
        self.net.run_until(until, |from, to, request| match request {
            Request::Statement { kind: sent, .. } if (from, to) == (1, 0) && *sent >= kind => {
                held = held.take().or_else(|| Some(request.clone()));
                Way::Drop
            }
            _ => Way::Pass,
        });
        held
    }
}

/// The kind of statement that a command carries.
fn kind_of(said: &Said) -> Option<StatementKind> {
    Some(match said.front().first()? {
        22 => StatementKind::Vote,
        25 => StatementKind::Reveal,
        27 => StatementKind::Sig,
        29 => StatementKind::Cert,
        _ => return None,
    })
}

/// The statement of a conversation between authorities.
fn statement_of(talk: &Conversation) -> Option<(&Said, StatementKind)> {
    talk.commands.iter().find(|said| said.from == Side::Initiator).and_then(|said| Some((said, kind_of(said)?)))
}

const GET_CONSENSUS: u8 = 18;
const CONSENSUS: u8 = 19;
const POST_DESCRIPTOR: u8 = 20;
const GET_VOTE: u8 = 24;
