//! This node's entry in a consensus.

use super::MixKeys;
use mixwell_pki_types::Epoch;
use mixwell_sphinx::NodeId;
use std::sync::Arc;

/// A node's mix keys of any scheme.
pub(crate) trait OwnKeys: Send + Sync {
    /// Whether this is the public key of an epoch.
    fn is_ours(&self, epoch: Epoch, public: &[u8]) -> bool;
}

/// This node's entry in the consensus.
#[derive(Clone)]
pub(crate) struct OwnIdentity {
    /// The hash of the node's identity key.
    pub(crate) id: NodeId,
    pub(crate) mix_keys: Arc<dyn OwnKeys>,
}

impl OwnKeys for MixKeys {
    fn is_ours(&self, epoch: Epoch, public: &[u8]) -> bool {
        self.read().get(epoch.0).is_some_and(|key| key.public == public)
    }
}
