//! What a network is to be, and the parts that it is made of.

use crate::{
    cmd::genconfig::{files::Folder, toml_text as text},
    network_error::NetworkError,
};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use mixwell_config::OWN_FILE;
use mixwell_net::{
    keys::{Identity, LinkKem, LinkKey},
    randomness::Randomness,
};
use mixwell_pki_types::{Period, SignatureScheme, scheme};
use mixwell_sphinx::Geometry;
use std::path::Path;

/// The shape of a network.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) authorities: u16,
    pub(super) layers: u8,
    pub(super) mixes: u16,
    pub(super) gateways: u16,
    pub(super) services: u16,
    pub(super) common: Common,
    pub(super) address: IpAddr,
    pub(super) first_port: u16,
}

/// What every part of a network has to know alike.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Common {
    pub(crate) schemes: Schemes,
    /// Of whole seconds.
    pub(crate) period: Period,
    pub(crate) geometry: Geometry,
}

/// How it signs and how its links are keyed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schemes {
    pub(crate) signatures: &'static dyn SignatureScheme,
    pub(crate) kem: LinkKem,
}

impl Schemes {
    /// Those of these names, in any case.
    pub(super) fn by_names(signatures: &str, kem: &str) -> Result<Self, NetworkError> {
        let unknown = |name: &str| NetworkError::NoSuchScheme(name.to_owned());
        Ok(Self {
            signatures: scheme(signatures).ok_or_else(|| unknown(signatures))?,
            kem: LinkKem::by_name(kem).ok_or_else(|| unknown(kem))?,
        })
    }
}

/// What was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    pub(super) authorities: usize,
    pub(super) nodes: usize,
}

/// What a part of the network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Authority,
    Gateway,
    Mix,
    Service,
}

/// A part of the network.
pub(crate) struct Part {
    pub(crate) role: Role,
    pub(crate) name: String,
    pub(crate) identity_pem: String,
    pub(crate) link_pem: String,
    pub(crate) address: SocketAddr,
    /// Where a node tells how it does.
    pub(crate) metrics: Option<SocketAddr>,
}

impl Plan {
    /// Makes everything in a new folder.
    pub(super) fn make(&self, path: &Path, randomness: &Randomness) -> Result<Made, NetworkError> {
        let roles = [
            (Role::Authority, "auth", self.authorities),
            (Role::Gateway, "gateway", self.gateways),
            (Role::Mix, "mix", self.mixes),
            (Role::Service, "servicenode", self.services),
        ];
        let count = roles.iter().fold(0_u16, |sum, (_, _, count)| sum.saturating_add(*count));
        // two ports each
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
                parts.push(Part {
                    role,
                    identity_pem: Identity::load_or_generate(&data, self.common.schemes.signatures, &mut rng)?
                        .public_pem(),
                    link_pem: LinkKey::load_or_generate(&data, self.common.schemes.kem, &mut rng)?.public_pem(),
                    address: SocketAddr::new(self.address, port),
                    metrics: Some(SocketAddr::new(LOOPBACK, port.saturating_add(count_of_ports(&roles)))),
                    name,
                });
            }
        }
        let own = text::own(self.common.period);
        for part in &parts {
            folder.write(&part.name, OWN_FILE, &own)?;
            match part.role {
                Role::Authority => folder.write(&part.name, "authority.toml", &text::authority(self, part, &parts))?,
                _ => folder.write(&part.name, "katzenpost.toml", &text::server(self, part, &parts))?,
            }
        }
        folder.write("", OWN_FILE, &own)?;
        folder.write("", "client.toml", &text::client(&self.common, &parts))?;
        folder.write_script("run", &text::script(&parts))?;
        let authorities = parts.iter().filter(|part| part.role == Role::Authority).count();
        Ok(Made { authorities, nodes: parts.len().saturating_sub(authorities) })
    }
}

fn count_of_ports(roles: &[(Role, &str, u16)]) -> u16 {
    roles.iter().fold(0, |sum, (_, _, count)| sum.saturating_add(*count))
}

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const MAX_PARTS: u16 = 2000;
