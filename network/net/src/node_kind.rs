//! The kinds of nodes, and the list of those that may take part in a network.

use core::fmt;
use mixwell_pki_types::{Descriptor, KeyHash};

/// The kind of a node. It determines which packets may end at the node, and who may connect to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "who matches one has to handle a new one")]
pub enum NodeKind {
    /// A mix in a layer; only its own decoys end there.
    Mix,
    /// A gateway: clients connect there, and their replies end there.
    Gateway,
    /// A service node: requests to services end there.
    Service,
}

impl NodeKind {
    /// The kind that a descriptor declares; `None` if it declares two at once.
    #[must_use]
    pub const fn of(descriptor: &Descriptor<'_>) -> Option<Self> {
        match (descriptor.is_gateway(), descriptor.is_service()) {
            (false, false) => Some(Self::Mix),
            (true, false) => Some(Self::Gateway),
            (false, true) => Some(Self::Service),
            (true, true) => None,
        }
    }

    /// The table of an authority's configuration that lists nodes of this kind.
    #[must_use]
    pub const fn table(self) -> &'static str {
        match self {
            Self::Mix => "Mixes",
            Self::Gateway => "GatewayNodes",
            Self::Service => "ServiceNodes",
        }
    }
}

impl fmt::Display for NodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mix => "mix",
            Self::Gateway => "gateway",
            Self::Service => "service node",
        })
    }
}

/// A node that may take part in a network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by whoever configures an authority")]
pub struct PermittedNode {
    /// The `Identifier`.
    pub identifier: String,
    /// The hash of the identity key.
    pub id: KeyHash,
    /// The kind.
    pub kind: NodeKind,
}

/// A storage replica that may take part in a network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by whoever configures an authority")]
pub struct PermittedReplica {
    /// The `Identifier`.
    pub identifier: String,
    /// The identity key.
    pub identity: Vec<u8>,
    /// The hash of the identity key.
    pub id: KeyHash,
    /// The `ReplicaID`.
    pub number: u8,
}
