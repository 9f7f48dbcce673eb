//! Addresses: URLs of a known scheme with host and port.

use super::AddressFault;
use core::net::Ipv6Addr;

/// Checks an address of a node.
pub(super) fn check(address: &str, is_gateway: bool) -> Result<(), AddressFault> {
    let (scheme, rest) = address.split_once("://").ok_or(AddressFault::NotUrl)?;
    let known = ["tcp", "tcp4", "tcp6", "quic", "ws"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if scheme.eq_ignore_ascii_case("onion") {
        if !is_gateway {
            return Err(AddressFault::OnionOffGateway);
        }
    } else if !known {
        return Err(AddressFault::Scheme);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.rsplit_once(':').ok_or(AddressFault::Port)?;
    let is_number = (1..=5).contains(&port.len()) && port.bytes().all(|digit| digit.is_ascii_digit());
    if !is_number || port.parse::<u16>().is_err() {
        return Err(AddressFault::Port);
    }
    let is_host = match host.strip_prefix('[') {
        Some(host) => host.strip_suffix(']').is_some_and(|host| host.parse::<Ipv6Addr>().is_ok()),
        None => !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)),
    };
    if is_host { Ok(()) } else { Err(AddressFault::Host) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes() {
        for address in [
            "tcp://127.0.0.1:30001",
            "tcp4://192.0.2.74:51561",
            "tcp6://[2001:DB8::1]:8901",
            "quic://198.51.100.2:4567",
            "ws://mix.example:80/path?query#fragment",
            "TCP://mix-1.example:0",
        ] {
            assert_eq!(check(address, false), Ok(()), "{address}");
        }
        assert_eq!(check("onion://abc.onion:80", true), Ok(()));
    }

    #[test]
    fn refuses() {
        for (address, want) in [
            ("", AddressFault::NotUrl),
            ("192.0.2.1:80", AddressFault::NotUrl),
            ("http://192.0.2.1:80", AddressFault::Scheme),
            ("://192.0.2.1:80", AddressFault::Scheme),
            ("onion://abc.onion:80", AddressFault::OnionOffGateway),
            ("tcp://192.0.2.1", AddressFault::Port),
            ("tcp://192.0.2.1:", AddressFault::Port),
            ("tcp://192.0.2.1:65536", AddressFault::Port),
            ("tcp://192.0.2.1:+80", AddressFault::Port),
            ("tcp://192.0.2.1:000080", AddressFault::Port),
            ("tcp://[2001:db8::1]", AddressFault::Port),
            ("tcp://:80", AddressFault::Host),
            ("tcp://2001:db8::1:80", AddressFault::Host),
            ("tcp://[2001:db8::g]:80", AddressFault::Host),
            ("tcp://user@host:80", AddressFault::Host),
            ("tcp://ho st:80", AddressFault::Host),
        ] {
            assert_eq!(check(address, false), Err(want), "{address}");
        }
    }
}
