//! What to simulate.

use super::{
    Arguments, Published, closed,
    document::{self, Described, Rates},
};
use crate::error::Error;
use mixwell_mixdelay::Rate;

#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// What the network is, for the reader.
    pub(super) name: String,
    /// How many nodes each hop of a path is drawn from, in order; every one holds packets.
    pub(super) hops: Vec<u32>,
    /// Nodes that send loops: how many, and the rate of each.
    pub(super) loops: Vec<(u32, Published)>,
    pub(super) users: u32,
    pub(super) lambda_p: Published,
    pub(super) lambda_l: Published,
    pub(super) messages: Published,
    pub(super) mu: Published,
    pub(super) mu_rate: Rate,
    pub(super) millis: u64,
    pub(super) seed: u64,
}

/// Nodes by users: the observer keeps up to three numbers of 8 bytes for each pair.
const MOST_ODDS: u64 = 1 << 26;

impl Plan {
    pub(super) fn new(arguments: &Arguments) -> Result<Self, Error> {
        let Described { name, hops, gateways, others, rates } = match &arguments.document {
            Some(path) => document::read(path)?,
            None => of_layers(arguments.layers, arguments.nodes),
        };
        let (mu, lambda_p) = (arguments.mu.unwrap_or(rates.mu), arguments.lambda_p.unwrap_or(rates.lambda_p));
        let lambda_m = arguments.lambda_m.unwrap_or(rates.lambda_m);
        let lambda_g = arguments.lambda_g.unwrap_or(rates.lambda_g);
        let wrong = |what: &str| Error::Anonymity(what.to_owned());
        if lambda_p.rate.is_none() {
            return Err(wrong("LambdaP of 0 would send no message"));
        }
        if arguments.messages.per_milli >= lambda_p.per_milli {
            return Err(Error::Anonymity(format!(
                "--messages of {} must be below LambdaP, which is {}: more would wait for ever",
                arguments.messages.per_milli, lambda_p.per_milli
            )));
        }
        let plan = Self {
            name,
            hops,
            loops: vec![(gateways, lambda_g), (others, lambda_m)],
            users: arguments.users,
            lambda_p,
            lambda_l: arguments.lambda_l.unwrap_or(rates.lambda_l),
            messages: arguments.messages,
            mu_rate: mu.rate.ok_or_else(|| wrong("Mu of 0 would hold packets for ever"))?,
            mu,
            millis: u64::from(arguments.seconds).saturating_mul(1000),
            seed: arguments.seed,
        };
        if plan.nodes().saturating_mul(u64::from(plan.users)) > MOST_ODDS {
            return Err(Error::Anonymity(format!(
                "{} users and {} nodes are more than the odds of the observer can be kept of: at most {MOST_ODDS}, one \
                 multiplied by the other",
                plan.users,
                plan.nodes()
            )));
        }
        Ok(plan)
    }

    /// How many hops delay a packet.
    pub(super) fn hop_count(&self) -> u32 {
        u32::try_from(self.hops.len()).unwrap_or(u32::MAX)
    }

    /// Nodes that hold packets.
    pub(super) fn nodes(&self) -> u64 {
        self.hops.iter().copied().map(u64::from).sum()
    }

    /// Packets that enter the first hop, per millisecond.
    pub(super) fn traffic(&self) -> f64 {
        let of_users = f64::from(self.users) * (self.lambda_p.per_milli + self.lambda_l.per_milli);
        self.loops.iter().fold(of_users, |sum, (nodes, rate)| sum + f64::from(*nodes) * rate.per_milli)
    }

    /// Whether any node sends loops.
    pub(super) fn nodes_send(&self) -> bool {
        self.loops.iter().any(|(nodes, rate)| *nodes > 0 && rate.rate.is_some())
    }

    /// How many packets an arriving packet finds on average in the nodes of each hop: half of those that come in the same
    /// millisecond, and of those before them the ones that are not gone yet.
    pub(super) fn held(&self) -> impl Iterator<Item = f64> {
        self.hops.iter().map(|nodes| self.traffic() * (self.hop_millis() + 0.5) / f64::from(*nodes))
    }

    /// Bins for what a mix holds: twice the mean and some more; what is beyond 4 million shares a bin.
    pub(super) fn in_mix_bins(&self) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is bounded")]
        let bins = self.held().fold(0.0, f64::max).mul_add(2.0, 1000.0) as usize;
        bins.min(1 << 22)
    }

    /// How many packets an arriving packet finds on average; every hop sees as many arrive as any other.
    pub(super) fn found(&self) -> f64 {
        self.held().sum::<f64>() / f64::from(self.hop_count())
    }

    /// The chance that an arriving packet finds `n` others: Poisson's, over the hops.
    pub(super) fn finds(&self, n: u32) -> f64 {
        self.held().map(|mean| closed::poisson(mean, n)).sum::<f64>() / f64::from(self.hop_count())
    }

    /// Packets per millisecond that a packet that leaves is among: behind one hop those of its node, behind more all.
    pub(super) fn mixed_traffic(&self) -> f64 {
        match self.hops.as_slice() {
            [nodes] => self.traffic() / f64::from(*nodes),
            _ => self.traffic(),
        }
    }

    /// The mean delay of a hop, in milliseconds: whole ones, rounded up.
    pub(super) fn hop_millis(&self) -> f64 {
        -1.0 / (-self.mu.per_milli).exp_m1()
    }

    /// The mean delay of a path, in milliseconds.
    pub(super) fn path_millis(&self) -> f64 {
        f64::from(self.hop_count()) * self.hop_millis()
    }

    /// The mean latency of a packet, in milliseconds: the first hop waits for a whole one too.
    pub(super) fn latency_millis(&self) -> f64 {
        self.path_millis() + 0.5
    }

    /// How much later than after exponential delays packets come, for rounding up, in milliseconds.
    pub(super) fn latency_shift(&self) -> f64 {
        self.latency_millis() - f64::from(self.hop_count()) / self.mu.per_milli
    }

    /// What is measured begins so many milliseconds after the start and is sent as many before the end: ten times the
    /// delay of a path, a quarter of the simulation at most.
    pub(super) fn settle(&self) -> u64 {
        self.settle_wanted().min(self.millis >> 2)
    }

    pub(super) fn settle_wanted(&self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let millis = (self.path_millis() * 10.0) as u64;
        millis
    }
}

/// The network of a command line without a document, at its usual rates.
fn of_layers(layers: u32, nodes: u32) -> Described {
    let rate = |per_milli| Published { per_milli, rate: Rate::per_milli(per_milli).ok() };
    Described {
        name: format!("{layers} layers of {nodes} mixes"),
        hops: (0..layers).map(|_| nodes).collect(),
        gateways: 0,
        others: layers.saturating_mul(nodes),
        rates: Rates {
            mu: rate(0.005),
            lambda_p: rate(0.001),
            lambda_l: rate(0.0005),
            lambda_m: rate(0.0005),
            lambda_g: rate(0.0),
        },
    }
}
