//! The rates that the consensus publishes.

use mixwell_mixdelay::Rate;
use mixwell_net::node_kind::NodeKind;
use mixwell_pki_types::Rates;
use std::sync::{PoisonError, RwLock};

/// The rates of the latest consensus that was current. Without a consensus of the epoch, the
/// previous rates stay in force.
#[derive(Debug, Default)]
pub(crate) struct PublishedRates(RwLock<Option<Rates>>);

impl PublishedRates {
    /// Replaces the rates.
    pub(crate) fn set(&self, rates: Rates) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(rates);
    }

    /// The rates, once there is a consensus.
    pub(crate) fn get(&self) -> Option<Rates> {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Maximum number of packets per millisecond from one client.
    pub(crate) fn client(&self) -> f64 {
        self.get().map_or(0.0, |rates| rates.lambda_p + rates.lambda_l)
    }

    /// The rate of loop decoys of a node.
    pub(crate) fn decoys(&self, kind: NodeKind) -> Option<Rate> {
        let rates = self.get()?;
        let rate = if kind == NodeKind::Gateway { rates.lambda_g } else { rates.lambda_m };
        Rate::published(rate).ok().flatten()
    }
}
