//! The scenario of a simulation: a network, its users, and the duration.

use super::{
    Topology, closed_forms,
    rates::{PublishedRate, Rates},
};
use core::fmt;
use mixwell_mixdelay::Rate;

/// The users of a network, and the duration of the simulation.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "arguments with names")]
pub struct Load {
    /// Number of users.
    pub users: u32,
    /// Messages that each user writes, per millisecond; less than `LambdaP`.
    pub messages: PublishedRate,
    /// Simulated milliseconds.
    pub millis: u64,
    /// Seed of all randomness: the same seed gives the same result.
    pub seed: u64,
}

/// A simulation's input, checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub(super) topology: Topology,
    pub(super) load: Load,
    pub(super) mu: Rate,
    /// Nodes that send loops: their number and rate.
    pub(super) loops: [(u32, PublishedRate); 2],
}

/// The reason why a network and its users can't be simulated.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ScenarioError {
    /// `LambdaP` is 0: no user would send anything.
    NoMessages,
    /// `Mu` is 0: packets would never leave a mix.
    NoMu,
    /// Users write faster than they may send, so their queues would grow without bound.
    Overload {
        /// Messages written, per millisecond.
        messages: f64,
        /// `LambdaP`.
        lambda_p: f64,
    },
    /// The observer's odds would not fit into memory: nodes × users is above
    /// [`ScenarioError::MAX_ODDS`].
    TooLarge {
        /// Number of users.
        users: u32,
        /// Number of nodes that hold packets.
        nodes: u64,
    },
}

impl ScenarioError {
    /// Maximum product of nodes and users: the observer keeps up to three 8-byte numbers per pair.
    pub const MAX_ODDS: u64 = 1 << 26;
}

impl Scenario {
    /// Checks that the network carries the load.
    ///
    /// # Errors
    /// [`ScenarioError`].
    pub fn new(topology: Topology, load: Load) -> Result<Self, ScenarioError> {
        let Rates { mu, lambda_p, lambda_m, lambda_g, .. } = topology.rates;
        if lambda_p.rate().is_none() {
            return Err(ScenarioError::NoMessages);
        }
        let (messages, lambda_p) = (load.messages.per_milli(), lambda_p.per_milli());
        if messages >= lambda_p {
            return Err(ScenarioError::Overload { messages, lambda_p });
        }
        let mu = mu.rate().ok_or(ScenarioError::NoMu)?;
        let loops = [(topology.gateways, lambda_g), (topology.other_nodes, lambda_m)];
        let scenario = Self { topology, load, mu, loops };
        let nodes = scenario.mix_count();
        if nodes.saturating_mul(u64::from(load.users)) > ScenarioError::MAX_ODDS {
            return Err(ScenarioError::TooLarge { users: load.users, nodes });
        }
        Ok(scenario)
    }

    /// The simulated network.
    #[must_use]
    pub const fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The simulated users.
    #[must_use]
    pub const fn load(&self) -> &Load {
        &self.load
    }

    /// Nodes that send loops: their number and the rate of each.
    #[must_use]
    pub const fn loop_senders(&self) -> &[(u32, PublishedRate)] {
        &self.loops
    }

    /// Whether any node sends loops.
    #[must_use]
    pub fn has_node_loops(&self) -> bool {
        self.loops.iter().any(|(nodes, rate)| *nodes > 0 && rate.rate().is_some())
    }

    /// Number of hops that delay a packet.
    #[must_use]
    pub fn hop_count(&self) -> u32 {
        u32::try_from(self.topology.hops.len()).unwrap_or(u32::MAX)
    }

    /// Number of nodes that hold packets.
    fn mix_count(&self) -> u64 {
        self.topology.hops.iter().copied().map(u64::from).sum()
    }

    /// Packets that enter the first hop, per millisecond.
    #[must_use]
    pub fn traffic(&self) -> f64 {
        let Rates { lambda_p, lambda_l, .. } = self.topology.rates;
        let of_users = f64::from(self.load.users) * (lambda_p.per_milli() + lambda_l.per_milli());
        self.loops.iter().fold(of_users, |sum, (nodes, rate)| sum + f64::from(*nodes) * rate.per_milli())
    }

    /// Packets per millisecond among which a leaving packet hides: with one hop those of its node,
    /// with more hops all.
    #[must_use]
    pub fn mixed_traffic(&self) -> f64 {
        match self.topology.hops.as_slice() {
            [nodes] => self.traffic() / f64::from(*nodes),
            _ => self.traffic(),
        }
    }

    /// Mean number of packets that an arriving packet finds in a node, for each hop: half of those
    /// that arrive in the same millisecond, and those of before that have not left.
    pub(super) fn mean_occupancies(&self) -> impl Iterator<Item = f64> {
        self.topology.hops.iter().map(|nodes| self.traffic() * (self.hop_millis() + 0.5) / f64::from(*nodes))
    }

    /// Mean number of packets that an arriving packet finds, over all hops: each hop sees the same
    /// traffic.
    #[must_use]
    pub fn mean_occupancy(&self) -> f64 {
        self.mean_occupancies().sum::<f64>() / f64::from(self.hop_count())
    }

    /// Probability that an arriving packet finds `n` others: Poisson, averaged over the hops.
    #[must_use]
    pub fn occupancy_probability(&self, n: u32) -> f64 {
        let of_hops = self.mean_occupancies().map(|mean| closed_forms::poisson(mean, n));
        of_hops.sum::<f64>() / f64::from(self.hop_count())
    }

    /// Number of bins for the occupancy histogram: twice the mean and a margin; above 4 million
    /// packets share a bin.
    pub(super) fn occupancy_bins(&self) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is bounded")]
        let bins = self.mean_occupancies().fold(0.0, f64::max).mul_add(2.0, 1000.0) as usize;
        bins.min(1 << 22)
    }

    /// Mean delay of a hop in milliseconds: delays are whole milliseconds, rounded up.
    fn hop_millis(&self) -> f64 {
        -1.0 / (-self.topology.rates.mu.per_milli()).exp_m1()
    }

    /// Mean delay of a path in milliseconds.
    #[must_use]
    pub fn path_millis(&self) -> f64 {
        f64::from(self.hop_count()) * self.hop_millis()
    }

    /// Mean latency in milliseconds: the first hop also waits for a whole millisecond.
    #[must_use]
    pub fn latency_millis(&self) -> f64 {
        self.path_millis() + 0.5
    }

    /// Latency that rounding up adds to purely exponential delays, in milliseconds.
    #[must_use]
    pub fn rounding_millis(&self) -> f64 {
        self.latency_millis() - f64::from(self.hop_count()) / self.topology.rates.mu.per_milli()
    }

    /// Unmeasured milliseconds at the start and at the end: ten path delays, at most a quarter of
    /// the simulation.
    #[must_use]
    pub fn settling_millis(&self) -> u64 {
        self.wanted_settling_millis().min(self.load.millis >> 2)
    }

    /// Ten path delays, in milliseconds.
    #[must_use]
    pub fn wanted_settling_millis(&self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let millis = (self.path_millis() * 10.0) as u64;
        millis
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMessages => f.write_str("a LambdaP of 0 would send no messages"),
            Self::NoMu => f.write_str("a Mu of 0 would delay packets forever"),
            Self::Overload { messages, lambda_p } => {
                write!(f, "users write {messages} messages per ms, which must be below LambdaP, {lambda_p}")
            }
            Self::TooLarge { users, nodes } => write!(
                f,
                "{users} users and {nodes} nodes are too many: their product may be at most {}",
                Self::MAX_ODDS
            ),
        }
    }
}

impl core::error::Error for ScenarioError {}
