//! Errors of descriptors.

use crate::Epoch;
use core::fmt;

/// The reason why a descriptor is not well-formed. Transports, addresses and capabilities are
/// counted from 0, in the order of the encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DescriptorFault {
    /// The name is not 1 to 32 bytes long.
    Name {
        /// The length in bytes.
        len: usize,
    },
    /// There is no link key.
    NoLinkKey,
    /// There is no identity key.
    NoIdentityKey,
    /// There is no mix key for the epoch.
    NoMixKey {
        /// The epoch.
        epoch: Epoch,
    },
    /// A mix key is for an epoch that has passed, or more than two epochs ahead.
    MixKeyEpoch {
        /// The mix key's epoch.
        of: Epoch,
        /// The epoch.
        epoch: Epoch,
    },
    /// There is no transport.
    NoAddresses,
    /// A transport has no address.
    EmptyTransport {
        /// The index of the transport.
        transport: usize,
    },
    /// An address is not valid.
    Address {
        /// The index of its transport.
        transport: usize,
        /// The index of the address in the transport.
        index: usize,
        /// The reason.
        fault: AddressFault,
    },
    /// A node that is not a service node has a capability.
    CapabilityOffService,
    /// A capability has no name.
    CapabilityName {
        /// The index.
        capability: usize,
    },
    /// A capability has no endpoint.
    NoEndpoint {
        /// The index.
        capability: usize,
    },
    /// A capability's endpoint is not a text.
    EndpointNotText {
        /// The index.
        capability: usize,
    },
    /// A capability's endpoint is not 1 to 32 bytes long.
    EndpointLength {
        /// The index.
        capability: usize,
        /// The length in bytes.
        len: usize,
    },
}

/// The reason why an address is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressFault {
    /// The address is not a URL with a scheme and a host.
    NotUrl,
    /// The scheme is not `tcp`, `tcp4`, `tcp6`, `quic`, `ws` or `onion`.
    Scheme,
    /// The scheme is `onion`, but the node is not a gateway.
    OnionOffGateway,
    /// The host is not a name or an address.
    Host,
    /// There is no port, or it is not a number below 65536.
    Port,
}

impl fmt::Display for DescriptorFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { len } => write!(f, "name is {len} bytes, want 1 to 32"),
            Self::NoLinkKey => f.write_str("no link key"),
            Self::NoIdentityKey => f.write_str("no identity key"),
            Self::NoMixKey { epoch } => write!(f, "no mix key for epoch {epoch}"),
            Self::MixKeyEpoch { of, epoch } => {
                write!(f, "mix key for epoch {of}, want {epoch} to {}", epoch.plus(2))
            }
            Self::NoAddresses => f.write_str("no addresses"),
            Self::EmptyTransport { transport } => write!(f, "transport {transport} has no address"),
            Self::Address { transport, index, fault } => {
                write!(f, "address {index} of transport {transport}: {fault}")
            }
            Self::CapabilityOffService => f.write_str("capability of a node that is not a service node"),
            Self::CapabilityName { capability } => write!(f, "capability {capability} has no name"),
            Self::NoEndpoint { capability } => write!(f, "capability {capability} has no endpoint"),
            Self::EndpointNotText { capability } => write!(f, "endpoint of capability {capability} is not a text"),
            Self::EndpointLength { capability, len } => {
                write!(f, "endpoint of capability {capability} is {len} bytes, want 1 to 32")
            }
        }
    }
}

impl fmt::Display for AddressFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotUrl => "not a URL",
            Self::Scheme => "unknown scheme",
            Self::OnionOffGateway => "onion on a node that is not a gateway",
            Self::Host => "no host",
            Self::Port => "no port",
        })
    }
}

impl core::error::Error for DescriptorFault {}
impl core::error::Error for AddressFault {}
