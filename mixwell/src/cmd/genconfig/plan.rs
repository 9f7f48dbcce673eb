//! The plan of a network, and its members.

use crate::{
    cmd::genconfig::{files::Folder, script},
    network_error::NetworkError,
};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use mixwell_config::{DEFAULT_RATES, Listing, NetworkFiles, OWN_FILE, SharedSettings};
use mixwell_net::{
    address::Address,
    keys::{Identity, LinkKem, LinkKey},
    node_kind::NodeKind,
    randomness::Randomness,
};
use mixwell_pki_types::{SignatureScheme, scheme};
use std::path::Path;

/// The shape of a network.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) authorities: u16,
    pub(super) layers: u8,
    pub(super) mixes: u16,
    pub(super) gateways: u16,
    pub(super) services: u16,
    pub(super) shared: SharedSettings,
    pub(super) address: IpAddr,
    pub(super) first_port: u16,
}

/// The network's signature scheme and its links' KEM.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schemes {
    pub(super) signatures: &'static dyn SignatureScheme,
    pub(super) kem: LinkKem,
}

impl Schemes {
    /// Finds both schemes by name; case is ignored.
    pub(super) fn by_names(signatures: &str, kem: &str) -> Result<Self, NetworkError> {
        let unknown = |name: &str| NetworkError::NoSuchScheme(name.to_owned());
        Ok(Self {
            signatures: scheme(signatures).ok_or_else(|| unknown(signatures))?,
            kem: LinkKem::by_name(kem).ok_or_else(|| unknown(kem))?,
        })
    }
}

/// Numbers of members created.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    pub(super) authorities: usize,
    pub(super) nodes: usize,
}

/// The role of a member of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Authority,
    Node(NodeKind),
}

/// A member of the network.
pub(super) struct Part {
    pub(super) role: Role,
    pub(super) listing: Listing,
    /// The address of a node's metrics.
    metrics: SocketAddr,
}

impl Plan {
    /// Creates the whole network in a new folder.
    pub(super) fn make(&self, path: &Path, randomness: &Randomness) -> Result<Made, NetworkError> {
        let roles = [
            (Role::Authority, "auth", self.authorities),
            (Role::Node(NodeKind::Gateway), "gateway", self.gateways),
            (Role::Node(NodeKind::Mix), "mix", self.mixes),
            (Role::Node(NodeKind::Service), "servicenode", self.services),
        ];
        let count = roles.iter().fold(0_u16, |sum, (_, _, count)| sum.saturating_add(*count));
        // each member has two ports
        if self.first_port.checked_add(count.saturating_mul(2)).is_none() || count > MAX_PARTS {
            return Err(NetworkError::TooManyPorts(self.first_port, count));
        }
        let folder = Folder::make(path)?;
        let mut rng = randomness.rng();
        let mut parts = Vec::new();
        for (role, name, count) in roles {
            for number in 1..=count {
                let name = format!("{name}{number}");
                let data = folder.part(&name)?;
                let port = self.first_port.saturating_add(u16::try_from(parts.len()).unwrap_or(u16::MAX));
                let identity = Identity::load_or_generate(&data, self.shared.scheme, &mut rng)?;
                let link = LinkKey::load_or_generate(&data, self.shared.kem, &mut rng)?;
                parts.push(Part {
                    role,
                    listing: Listing {
                        identifier: name,
                        identity_pem: identity.public_pem(),
                        link_pem: link.public_pem(),
                        address: Address::of(SocketAddr::new(self.address, port)),
                    },
                    metrics: SocketAddr::new(LOOPBACK, port.saturating_add(count_of_ports(&roles))),
                });
            }
        }
        let listings = |role: Role| -> Vec<Listing> {
            parts.iter().filter(|part| part.role == role).map(|part| part.listing.clone()).collect()
        };
        let (authorities, gateways) = (listings(Role::Authority), listings(Role::Node(NodeKind::Gateway)));
        let (mixes, services) = (listings(Role::Node(NodeKind::Mix)), listings(Role::Node(NodeKind::Service)));
        let files = NetworkFiles {
            shared: self.shared,
            authorities: &authorities,
            gateways: &gateways,
            mixes: &mixes,
            services: &services,
            layers: self.layers,
            rates: DEFAULT_RATES,
        };
        let own = files.own()?;
        for part in &parts {
            let (name, text) = match part.role {
                Role::Authority => ("authority.toml", files.authority(&part.listing)?),
                Role::Node(kind) => ("katzenpost.toml", files.server(&part.listing, kind, Some(part.metrics))?),
            };
            folder.write(&part.listing.identifier, OWN_FILE, &own)?;
            folder.write(&part.listing.identifier, name, &text)?;
        }
        folder.write("", OWN_FILE, &own)?;
        folder.write("", "client.toml", &files.client()?)?;
        folder.write_script("run", &script::script(&parts))?;
        Ok(Made { authorities: authorities.len(), nodes: parts.len() - authorities.len() })
    }
}

fn count_of_ports(roles: &[(Role, &str, u16)]) -> u16 {
    roles.iter().fold(0, |sum, (_, _, count)| sum.saturating_add(*count))
}

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const MAX_PARTS: u16 = 2000;
