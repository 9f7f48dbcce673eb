//! The network of the demonstration, its clients and their messages.

use crate::{cmd::demo::Arguments, network_error::NetworkError};
use core::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use mixwell_client::{Options, Tally};
use mixwell_net::randomness::Randomness;
use mixwell_node::counters::PacketEvent;
use mixwell_pki_types::{Period, Rates};
use mixwell_testnet::{
    traffic::{Results, Traffic},
    voted::{NetworkBuilder, PATIENT, VotedNetwork, period_beginning_now, small_limits},
};
use std::sync::{Arc, MutexGuard};

/// Hops delay packets by 50 ms on average; a client sends ten packets a second.
pub(in crate::cmd) const RATES: Rates =
    Rates { mu: 0.02, lambda_p: 0.008, lambda_l: 0.002, lambda_m: 0.002, lambda_g: 0.002, lambda_r: 0.0 };

pub(super) const AUTHORITIES: usize = 3;
pub(super) const MIXES_PER_LAYER: u8 = 2;

/// Everything that runs.
pub(super) struct World {
    pub(super) network: VotedNetwork,
    pub(super) tallies: Vec<Arc<Tally>>,
    traffic: Traffic,
    randomness: Randomness,
}

/// Packets sent by clients and nodes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    /// Messages of clients.
    pub(super) messages: u64,
    /// Loop decoys of clients.
    pub(super) decoys: u64,
    /// Loop decoys of nodes.
    pub(super) loops: u64,
}

impl Sent {
    /// Packets sent since an earlier count.
    pub(super) const fn since(self, before: Self) -> Self {
        Self {
            messages: self.messages - before.messages,
            decoys: self.decoys - before.decoys,
            loops: self.loops - before.loops,
        }
    }
}

impl World {
    /// Starts the network just after an epoch has begun, and the clients.
    pub(super) async fn start(arguments: &Arguments, randomness: &Randomness) -> Result<Self, NetworkError> {
        let geometry = arguments.geometry.geometry(arguments.layers);
        let period = period(arguments);
        let builder = NetworkBuilder {
            geometry: geometry.map_err(|error| NetworkError::UnknownScheme(error.to_string()))?,
            kem: arguments.kem,
            period,
            authorities: AUTHORITIES,
            layers: arguments.layers,
            mixes_per_layer: MIXES_PER_LAYER,
            rates: RATES,
            limits: small_limits(period),
            randomness: randomness.branch(),
        };
        let mut network = builder.start().await?;
        let mut tallies = Vec::new();
        for _ in 0..arguments.clients {
            let client = network.connect(Options { timeouts: PATIENT, ..Options::default() })?;
            tallies.push(Arc::clone(client.tally()));
        }
        Ok(Self { network, tallies, traffic: Traffic::default(), randomness: randomness.branch() })
    }

    /// Packets sent so far.
    pub(super) fn sent(&self) -> Sent {
        let clients =
            |count: fn(&Tally) -> &AtomicU64| self.tallies.iter().map(|tally| count(tally).load(Relaxed)).sum();
        Sent {
            messages: clients(|tally| &tally.messages),
            decoys: clients(|tally| &tally.decoys),
            loops: self.network.nodes.iter().map(|node| node.counters().of(PacketEvent::DecoySent)).sum(),
        }
    }

    /// Lets the clients send messages.
    pub(super) fn start_traffic(&mut self) {
        let max_bytes = self.network.geometry.user_forward_payload_len();
        self.traffic.start(&self.network.clients, max_bytes, RATES.lambda_p, &self.randomness);
    }

    /// Lets the clients send no more messages.
    pub(super) fn stop_traffic(&mut self) {
        self.traffic.stop();
    }

    /// The results of messages so far.
    pub(super) fn results(&self) -> MutexGuard<'_, Results> {
        self.traffic.results()
    }

    /// Stops everything and waits for it.
    pub(super) async fn stop(self) {
        drop(self.traffic);
        self.network.stop().await;
    }
}

/// A period of about the requested length, which a configuration gives in whole seconds.
fn period(arguments: &Arguments) -> Period {
    let about = arguments.epoch();
    if arguments.serve.is_some() {
        let count = u32::try_from(about.as_secs()).unwrap_or(u32::MAX).div_ceil(2).clamp(5, 100);
        period_beginning_now(about, Duration::from_secs(1), count)
    } else {
        period_beginning_now(about, Duration::from_millis(1), 2000)
    }
}
