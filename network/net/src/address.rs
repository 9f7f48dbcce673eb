//! Addresses of nodes: URLs such as `tcp://127.0.0.1:30001`.

use core::{fmt, net::IpAddr, str::FromStr};
use std::io;
use tokio::net::{TcpListener, TcpStream};

/// Where a node is reached over TCP.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    scheme: Scheme,
    /// `host:port`, an IPv6 host in brackets.
    authority: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Scheme {
    Tcp,
    Tcp4,
    Tcp6,
}

impl Address {
    /// An address of a socket.
    #[must_use]
    pub fn of(socket: core::net::SocketAddr) -> Self {
        Self { scheme: Scheme::Tcp, authority: socket.to_string() }
    }

    /// The IP address, if it is one and no name; an IPv4 address as such, however it is written.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        let (host, _) = self.authority.rsplit_once(':')?;
        host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
    }

    /// Connects, and has packets sent at once.
    ///
    /// # Errors
    /// [`io::Error`].
    pub async fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.authority.as_str()).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Listens.
    ///
    /// # Errors
    /// [`io::Error`].
    pub async fn listen(&self) -> io::Result<TcpListener> {
        TcpListener::bind(self.authority.as_str()).await
    }

    /// The transport that it is listed under in a descriptor.
    #[must_use]
    pub const fn transport(&self) -> &'static str {
        match self.scheme {
            Scheme::Tcp => "tcp",
            Scheme::Tcp4 => "tcp4",
            Scheme::Tcp6 => "tcp6",
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (scheme, authority) = text.split_once("://").ok_or(AddressError::NoScheme)?;
        let scheme = match scheme {
            "tcp" => Scheme::Tcp,
            "tcp4" => Scheme::Tcp4,
            "tcp6" => Scheme::Tcp6,
            _ => return Err(AddressError::Scheme),
        };
        let (host, port) = authority.rsplit_once(':').ok_or(AddressError::NoPort)?;
        if port.parse::<u16>().is_err() {
            return Err(AddressError::NoPort);
        }
        let in_brackets = host.starts_with('[') && host.ends_with(']');
        if host.is_empty() || host.contains(['/', '@', ' ']) || host.contains(':') != in_brackets {
            return Err(AddressError::Host);
        }
        Ok(Self { scheme, authority: authority.to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.transport(), self.authority)
    }
}

/// Why a text is no address that this tool can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// There is no `://`.
    NoScheme,
    /// The transport is none of TCP.
    Scheme,
    /// There is no port.
    NoPort,
    /// The host is neither a name nor an IP address.
    Host,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoScheme => "no URL: want something like tcp://127.0.0.1:30001",
            Self::Scheme => "this transport is not spoken here: want tcp, tcp4 or tcp6",
            Self::NoPort => "no port: want something like tcp://127.0.0.1:30001",
            Self::Host => "not a host's name or IP address",
        })
    }
}

impl core::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_address() {
        for good in ["tcp://127.0.0.1:30001", "tcp4://mix.example:1", "tcp6://[::1]:65535", "tcp://[2001:db8::1]:0"] {
            assert_eq!(good.parse::<Address>().unwrap().to_string(), good);
        }
        for (bad, error) in [
            ("127.0.0.1:30001", AddressError::NoScheme),
            ("quic://127.0.0.1:30001", AddressError::Scheme),
            ("tcp://127.0.0.1", AddressError::NoPort),
            ("tcp://127.0.0.1:65536", AddressError::NoPort),
            ("tcp://:1", AddressError::Host),
            ("tcp://::1:1", AddressError::Host),
            ("tcp://a/b:1", AddressError::Host),
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
}
