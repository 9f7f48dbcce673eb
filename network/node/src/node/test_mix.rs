//! A mix that does not run, for unit tests.

use crate::{
    any_sphinx::AnySphinx,
    limits::ResourceLimits,
    mix_keys::MixKeys,
    node::{Node, NodeConfig},
};
use mixwell_net::consensus::Consensus;
use mixwell_pq_kem::X25519;
use mixwell_sphinx::{Geometry, NodeId};
use mixwell_testnet::{Plan, RATES};
use std::sync::Arc;
use tokio::{sync::watch, time::Instant};

/// A mix of the first layer.
pub(crate) struct TestMix {
    pub(crate) node: Arc<Node>,
    pub(crate) consensus: Arc<Consensus>,
    /// The node that should connect to the mix.
    pub(crate) gateway: NodeId,
    pub(crate) service: NodeId,
}

impl TestMix {
    /// A mix with the keys that the consensus lists, or with others, as if they were lost.
    pub(crate) fn new(has_listed_keys: bool, limits: impl FnOnce(ResourceLimits) -> ResourceLimits) -> Self {
        let mut rng = mixwell_net::randomness::Randomness::from_seed(3).rng();
        let geometry = Geometry::of::<X25519>(5, 500, true).unwrap();
        let keys = Arc::new(MixKeys::in_memory(AnySphinx::new(geometry).unwrap()));
        let mut plan = Plan::with_listed_keys(geometry, (1, &[1, 1]), RATES, |number, epoch| {
            keys.advance(epoch, Instant::now(), &mut rng).unwrap();
            (number == 1 && has_listed_keys).then(|| keys.public(epoch))
        });
        let (sender, directory) = watch::channel(Arc::new(plan.known.clone()));
        // dropping the sender would end the directory
        core::mem::forget(sender);
        let consensus = plan.known.current.clone().unwrap();
        let (gateway, service) = (plan.nodes[0].id, plan.nodes[3].id);
        let mix = plan.nodes.remove(1);
        let config = NodeConfig {
            name: mix.name,
            kind: mix.kind,
            id: mix.id,
            link_key: mix.link_key,
            mix_keys: keys,
            services: crate::service::Services::default(),
            sends_decoys: true,
            clock: plan.clock,
            directory,
            limits: limits(ResourceLimits::for_period(plan.clock.period().duration())),
            randomness: plan.randomness.branch(),
            faults: None,
        };
        Self { node: Node::new(config).0, consensus, gateway, service }
    }
}
