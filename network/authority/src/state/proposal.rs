//! The proposal in the authority's vote: a document with the descriptors that it has received.

use crate::{
    policy::Policy,
    state::State,
    tally::{Context, Tallied, TallyError, document_of},
};
use mixwell_pki_types::{Epoch, build::DocumentBuilder};
use std::{collections::BTreeMap, sync::Arc};

/// The context of the round about an epoch, with the previous epoch's consensus.
pub(super) fn context<'a>(
    policy: &'a Policy,
    consensuses: &'a BTreeMap<Epoch, Arc<[u8]>>,
    epoch: Epoch,
) -> Context<'a> {
    let before = Epoch(epoch.0.saturating_sub(1));
    // verified when it was received
    Context { policy, epoch, previous: consensuses.get(&before).and_then(|certificate| document_of(certificate)) }
}

impl State {
    /// The document of our vote.
    pub(super) fn proposal(&self) -> Result<DocumentBuilder, TallyError> {
        let context = context(&self.policy, &self.consensuses, self.round.epoch());
        let descriptors = self.descriptors.get(&context.epoch);
        let nodes = descriptors.into_iter().flat_map(|all| all.nodes.values().map(|node| &**node));
        let replicas = descriptors.into_iter().flat_map(|all| all.replicas.values().map(|replica| &**replica));
        Ok(Tallied::new(&context, self.policy.rates, nodes, replicas)?.without_value())
    }
}
