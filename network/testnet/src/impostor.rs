//! A hostile initiator, which knows a peer's name and public link key, as any reader of a consensus
//! does, but not the peer's private key.

use core::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use mixwell_pq_kem::XWing;
use mixwell_wire::{Ad, FRAME_HEADER_LEN, Link, LinkKey, Messages, PkiSizes, initiator::Initiator};
use rand_core::SeedableRng as _;
use std::{
    io,
    io::{Read as _, Write as _},
    net::TcpStream,
};

type Kem = mixwell_vectors::Impostor<XWing>;

/// Makes claims in the name of one peer.
pub struct Impostor {
    ad: Vec<u8>,
    key: LinkKey<Kem>,
    claims: AtomicU64,
}

impl Impostor {
    /// An impostor of the peer with this name and public link key.
    pub fn of(ad: &[u8], link_key: &[u8]) -> Self {
        Self { ad: ad.to_vec(), key: LinkKey::new(&Kem::claim(link_key)).unwrap(), claims: AtomicU64::new(0) }
    }

    /// Runs a handshake as far as is possible without the private key: to the responder's message 4
    /// and its first frame. A responder that sends these has accepted the claim.
    pub fn claim(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let mut rng = chacha20::ChaCha20Rng::seed_from_u64(self.claims.fetch_add(1, Relaxed));
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        for limit in [TcpStream::set_read_timeout, TcpStream::set_write_timeout] {
            limit(&stream, Some(Duration::from_secs(5)))?;
        }
        let mut buffer = vec![0; 8000];
        // an impostor sends no command, so its link makes no difference
        let link = Link::authority_client(PkiSizes { public_key: 32, document: 0 });
        let ad = Ad::new(&self.ad).unwrap();
        let (state, message) = Initiator::new(&self.key, ad, link).write(&mut rng, &mut buffer).unwrap();
        stream.write_all(message)?;
        let message = &mut buffer[..Messages::<Kem>::LEN_2];
        stream.read_exact(message)?;
        let state = state.read(message).map_err(io::Error::other)?;
        let (_, message) = state.accept().write(&mut rng, &mut buffer).map_err(io::Error::other)?;
        stream.write_all(message)?;
        stream.read_exact(&mut buffer[..Messages::<Kem>::LEN_4 + FRAME_HEADER_LEN])?;
        Ok(stream)
    }
}
