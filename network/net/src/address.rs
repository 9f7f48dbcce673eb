//! Addresses of nodes: URLs such as `tcp://127.0.0.1:30001`.

mod listed;

use core::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};
pub use listed::{ListedAddress, PublicAddresses};
use std::io;
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};

/// The TCP address of a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    family: Family,
    /// `host:port`, an IPv6 host in brackets.
    authority: String,
}

/// The IP address family that a host name is resolved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Family {
    Any,
    V4,
    V6,
}

impl Address {
    /// The address of a socket.
    #[must_use]
    pub fn of(socket: SocketAddr) -> Self {
        Self { family: Family::Any, authority: socket.to_string() }
    }

    /// The IP address; `None` for a host name. IPv4-mapped IPv6 addresses are returned as IPv4.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        let (host, _) = self.authority.rsplit_once(':')?;
        host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
    }

    /// Resolves the address to socket addresses.
    ///
    /// # Errors
    /// If the name can't be resolved, or has no address of the wanted family.
    pub async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let mut sockets: Vec<SocketAddr> = lookup_host(self.authority.as_str()).await?.collect();
        for socket in &mut sockets {
            socket.set_ip(socket.ip().to_canonical());
        }
        sockets.retain(|socket| match self.family {
            Family::Any => true,
            Family::V4 => socket.is_ipv4(),
            Family::V6 => socket.is_ipv6(),
        });
        if sockets.is_empty() { Err(io::ErrorKind::AddrNotAvailable.into()) } else { Ok(sockets) }
    }

    /// Connects, with `TCP_NODELAY` set.
    ///
    /// # Errors
    /// If the name can't be resolved, or none of its sockets answers.
    pub async fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.resolve().await?.as_slice()).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Listens on the first of its socket addresses that can be bound.
    ///
    /// # Errors
    /// If the name can't be resolved, or the system refuses each of its sockets.
    pub async fn listen(&self) -> io::Result<TcpListener> {
        let mut failure = io::ErrorKind::AddrNotAvailable.into();
        for socket in self.resolve().await? {
            match self.listen_at(socket) {
                Ok(listener) => return Ok(listener),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn listen_at(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // so that another socket can listen on the same port on all IPv4 addresses
        #[cfg(unix)]
        if self.family == Family::V6 {
            rustix::net::sockopt::set_ipv6_v6only(&socket, true)?;
        }
        // a node that restarts finds its port free
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (scheme, authority) = split(text)?;
        let family = match scheme.as_str() {
            "tcp" => Family::Any,
            "tcp4" => Family::V4,
            "tcp6" => Family::V6,
            _ => return Err(AddressError::Scheme),
        };
        let address = Self { family, authority: authority.to_owned() };
        let fits = match address.ip() {
            Some(IpAddr::V4(_)) => family != Family::V6,
            Some(IpAddr::V6(_)) => family != Family::V4,
            None => true,
        };
        if fits { Ok(address) } else { Err(AddressError::Family) }
    }
}

/// The scheme of a URL, in lower case, and `host:port`.
fn split(text: &str) -> Result<(String, &str), AddressError> {
    let (scheme, authority) = text.split_once("://").ok_or(AddressError::NoScheme)?;
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let (host, port) = authority.rsplit_once(':').ok_or(AddressError::NoPort)?;
    if !port.bytes().all(|digit| digit.is_ascii_digit()) || port.parse::<u16>().is_err() {
        return Err(AddressError::NoPort);
    }
    let in_brackets = host.starts_with('[') && host.ends_with(']');
    if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) || host.contains(':') != in_brackets {
        return Err(AddressError::Host);
    }
    Ok((scheme.to_ascii_lowercase(), authority))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.family {
            Family::Any => "tcp",
            Family::V4 => "tcp4",
            Family::V6 => "tcp6",
        };
        write!(f, "{scheme}://{}", self.authority)
    }
}

/// The reason why a text is not a usable address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// There is no `://`.
    NoScheme,
    /// The transport is not TCP.
    Scheme,
    /// There is no port.
    NoPort,
    /// The host is neither a name nor an IP address.
    Host,
    /// The IP address is not of the scheme's family.
    Family,
    /// `0.0.0.0` or `::`, where nobody reaches a node.
    Unspecified,
    /// A node that is not a gateway lists an onion address.
    OnionOffGateway,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoScheme => "not a URL: want for example tcp://127.0.0.1:30001",
            Self::Scheme => "unsupported transport: want tcp, tcp4 or tcp6",
            Self::NoPort => "no port: want for example tcp://127.0.0.1:30001",
            Self::Host => "not a host name or IP address",
            Self::Family => "the IP address is not of the scheme's family",
            Self::Unspecified => {
                "others can't reach a node there: put it in BindAddresses, and the public address here"
            }
            Self::OnionOffGateway => "only gateways can be reached over Tor",
        })
    }
}

impl core::error::Error for AddressError {}

/// Length of the listening sockets' accept queue.
const BACKLOG: u32 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_address() {
        for good in ["tcp://127.0.0.1:30001", "tcp4://mix.example:1", "tcp6://[::1]:65535", "tcp://[2001:db8::1]:0"] {
            assert_eq!(good.parse::<Address>().unwrap().to_string(), good);
        }
        // as other URL parsers accept it
        assert_eq!("TCP://mix.example:1/".parse::<Address>().unwrap().to_string(), "tcp://mix.example:1");
        for (bad, error) in [
            ("127.0.0.1:30001", AddressError::NoScheme),
            ("quic://127.0.0.1:30001", AddressError::Scheme),
            ("tcp://127.0.0.1", AddressError::NoPort),
            ("tcp://127.0.0.1:65536", AddressError::NoPort),
            ("tcp://127.0.0.1:+1", AddressError::NoPort),
            ("tcp://:1", AddressError::Host),
            ("tcp://::1:1", AddressError::Host),
            ("tcp://a/b:1", AddressError::Host),
            ("tcp4://[::1]:1", AddressError::Family),
            ("tcp6://127.0.0.1:1", AddressError::Family),
        ] {
            assert_eq!(bad.parse::<Address>(), Err(error), "{bad}");
        }
    }

    #[test]
    fn an_ip_address_is_the_same_however_it_is_written() {
        let ip = |text: &str| text.parse::<Address>().unwrap().ip();
        assert_eq!(ip("tcp://[::ffff:192.0.2.1]:1"), ip("tcp4://192.0.2.1:2"));
        assert_eq!(ip("tcp://192.0.2.1:1"), Some([192, 0, 2, 1].into()));
        assert_eq!(ip("tcp://mix.example:1"), None);
    }

    #[tokio::test]
    async fn both_families_at_one_port() {
        let v4 = "tcp4://0.0.0.0:0".parse::<Address>().unwrap().listen().await.unwrap();
        let port = v4.local_addr().unwrap().port();
        let v6 = format!("tcp6://[::]:{port}").parse::<Address>().unwrap().listen().await;
        // a machine may have no IPv6 at all
        assert!(
            v6.is_ok_and(|v6| v6.local_addr().unwrap().port() == port) || TcpListener::bind("[::1]:0").await.is_err()
        );
        for name in ["tcp://localhost:0", "tcp4://localhost:0"] {
            let listener = name.parse::<Address>().unwrap().listen().await.unwrap();
            let there = Address::of(listener.local_addr().unwrap());
            assert!(there.connect().await.is_ok(), "{name}");
        }
    }
}
