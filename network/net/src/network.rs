//! The configuration of a network, from which a client starts.

use crate::{authorities::Authorities, connect::LinkTarget, keys::LinkKem};
use mixwell_pki_types::Period;
use mixwell_sphinx::Geometry;
use std::sync::Arc;

/// A network, from a client's configuration.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "made by whoever configures a client")]
pub struct Network {
    /// The KEM of links.
    pub kem: LinkKem,
    /// The network's packets.
    pub geometry: Geometry,
    /// The network's authorities.
    pub authorities: Arc<Authorities>,
    /// Pinned gateways, usable without a consensus.
    pub gateways: Vec<LinkTarget>,
    /// The length of an epoch.
    pub period: Period,
}
