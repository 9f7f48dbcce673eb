//! The addresses that a descriptor lists.

use super::{Address, AddressError, split};
use core::{fmt, str::FromStr};
use mixwell_pki_types::build::Addresses;
use std::{collections::BTreeSet, io};

/// An address of a node that its configuration lists for others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "who matches one has to handle a new one")]
pub enum ListedAddress {
    /// Over TCP.
    Tcp(Address),
    /// Over Tor, whose daemon forwards connections to the address at which the node listens.
    Onion(String),
}

/// All addresses that a node lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicAddresses(Vec<ListedAddress>);

impl ListedAddress {
    /// The TCP address; `None` for another transport. A node can listen only on TCP.
    #[must_use]
    pub const fn tcp(&self) -> Option<&Address> {
        match self {
            Self::Tcp(address) => Some(address),
            Self::Onion(_) => None,
        }
    }
}

impl FromStr for ListedAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (scheme, authority) = split(text)?;
        if scheme == "onion" {
            return Ok(Self::Onion(format!("onion://{authority}")));
        }
        let address: Address = text.parse()?;
        if address.ip().is_some_and(|ip| ip.is_unspecified()) {
            return Err(AddressError::Unspecified);
        }
        Ok(Self::Tcp(address))
    }
}

impl fmt::Display for ListedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Onion(text) => f.write_str(text),
        }
    }
}

impl PublicAddresses {
    /// The addresses of a configuration.
    #[must_use]
    pub const fn new(list: Vec<ListedAddress>) -> Self {
        Self(list)
    }

    /// The addresses as a descriptor lists them: TCP addresses, with the scheme `tcp`, under the
    /// key of their IP family, `tcp4` or `tcp6`, the only keys that peers know for TCP. Names are
    /// resolved by this call.
    ///
    /// # Errors
    /// If a name can't be resolved.
    pub async fn publish(&self) -> io::Result<Addresses> {
        let mut published = Addresses::new();
        let mut seen = BTreeSet::new();
        for listed in &self.0 {
            match listed {
                ListedAddress::Tcp(address) => {
                    let failed = |error: io::Error| io::Error::new(error.kind(), format!("{address}: {error}"));
                    for socket in address.resolve().await.map_err(failed)? {
                        let family = if socket.is_ipv4() { "tcp4" } else { "tcp6" };
                        if seen.insert(socket) {
                            published.entry(family.to_owned()).or_default().push(format!("tcp://{socket}"));
                        }
                    }
                }
                ListedAddress::Onion(text) => published.entry("onion".to_owned()).or_default().push(text.clone()),
            }
        }
        Ok(published)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_pki_types::{Certificate, Document};
    use mixwell_vectors::{FOLDER_VARIABLE, Hex, load};
    use serde::Deserialize;

    async fn published(list: &[&str]) -> Addresses {
        let listed = list.iter().map(|text| text.parse().unwrap()).collect();
        PublicAddresses::new(listed).publish().await.unwrap()
    }

    fn addresses(of: &[(&str, &[&str])]) -> Addresses {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        of.iter().map(|(family, list)| ((*family).to_owned(), owned(list))).collect()
    }

    #[tokio::test]
    async fn tcp_is_listed_by_the_family_of_the_ip_address() {
        let forms = [
            "tcp://192.0.2.1:1",
            "tcp4://192.0.2.1:1",
            "tcp4://192.0.2.2:2",
            "tcp://[::ffff:192.0.2.3]:3",
            "tcp://[2001:DB8::1]:4",
            "tcp6://[2001:db8::2]:5",
            "onion://abc.onion:80",
        ];
        let want = addresses(&[
            ("tcp4", &["tcp://192.0.2.1:1", "tcp://192.0.2.2:2", "tcp://192.0.2.3:3"]),
            ("tcp6", &["tcp://[2001:db8::1]:4", "tcp://[2001:db8::2]:5"]),
            ("onion", &["onion://abc.onion:80"]),
        ]);
        assert_eq!(published(&forms).await, want);
        // a name is resolved
        assert_eq!(published(&["tcp4://localhost:6"]).await, addresses(&[("tcp4", &["tcp://127.0.0.1:6"])]));
        for (bad, error) in [
            ("tcp://0.0.0.0:1", AddressError::Unspecified),
            ("tcp://[::]:1", AddressError::Unspecified),
            ("quic://192.0.2.1:1", AddressError::Scheme),
        ] {
            assert_eq!(bad.parse::<ListedAddress>(), Err(error), "{bad}");
        }
        let name = PublicAddresses::new(vec!["tcp://no.such.host.invalid:1".parse().unwrap()]);
        assert!(name.publish().await.unwrap_err().to_string().starts_with("tcp://no.such.host.invalid:1: "));
    }

    #[derive(Deserialize)]
    struct Live {
        certificate: Hex,
    }

    /// Every node of a network of the reference implementation was configured with the address that
    /// its descriptor lists: given to us, it is published in the same way.
    #[tokio::test]
    async fn as_recorded_descriptors_list_them() {
        let mut compared = 0;
        let live = load::<Live>("document").into_iter().filter(|vector| vector.name.starts_with("document_live.json"));
        for vector in live {
            let certificate = Certificate::parse(&vector.test.certificate).unwrap();
            let document = Document::parse(certificate.unverified_payload()).unwrap();
            for node in document.nodes() {
                let recorded: Addresses = node
                    .addresses()
                    .map(|(family, list)| (family.to_owned(), list.map(str::to_owned).collect()))
                    .collect();
                let configured: Vec<&str> = recorded.values().flatten().map(String::as_str).collect();
                assert_eq!(published(&configured).await, recorded);
                compared += 1;
            }
        }
        assert!(compared >= 5 || std::env::var_os(FOLDER_VARIABLE).is_some(), "{compared}");
    }
}
