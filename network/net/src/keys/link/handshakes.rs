//! Handshakes with a link key whose KEM is erased.

use super::{Initiated, PeerClaim, Stream};
use chacha20::ChaCha20Rng;
use core::pin::Pin;
use mixwell_pq_kem::Kem;
use mixwell_wire::{
    Ad, Link, Messages, Peer, StreamError, Timeouts,
    initiator::Initiator,
    responder::{Responder, UnprovenSession},
    tokio as wire_tokio,
};
use std::{
    io,
    time::{SystemTime, UNIX_EPOCH},
};

/// The arguments that both sides of a handshake have.
pub(super) struct Handshake<'a> {
    pub(super) stream: &'a mut dyn Stream,
    pub(super) ad: Ad<'a>,
    pub(super) rng: &'a mut ChaCha20Rng,
    pub(super) buffer: &'a mut [u8],
    pub(super) timeouts: &'a Timeouts,
}

pub(super) type Future<'a, S> = Pin<Box<dyn core::future::Future<Output = Handshaken<S>> + Send + 'a>>;

/// A link key of some KEM.
pub(super) trait Handshakes: Send + Sync {
    fn public(&self) -> &[u8];
    fn longest_message(&self) -> usize;
    fn initiate<'a>(&'a self, handshake: Handshake<'a>, link: Link, wanted: Wanted<'a>) -> Future<'a, Initiated>;
    fn respond<'a>(&'a self, handshake: Handshake<'a>, link_for: LinkFor<'a>) -> Future<'a, UnprovenSession>;
}

impl<K: Kem> Handshakes for mixwell_wire::LinkKey<K> {
    fn public(&self) -> &[u8] {
        self.public().as_bytes().as_ref()
    }

    fn longest_message(&self) -> usize {
        Messages::<K>::MAX_LEN
    }

    fn initiate<'a>(&'a self, handshake: Handshake<'a>, link: Link, wanted: Wanted<'a>) -> Future<'a, Initiated> {
        Box::pin(async move {
            let Handshake { mut stream, ad, rng, buffer, timeouts } = handshake;
            let initiator = Initiator::new(self, ad, link);
            let mut clock_skew = 0;
            let session = wire_tokio::initiate(&mut stream, initiator, rng, buffer, timeouts, |peer| {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                clock_skew = peer.clock_skew(now.as_secs());
                wanted(&peer.into())
            });
            Ok(Initiated { session: session.await?, clock_skew })
        })
    }

    fn respond<'a>(&'a self, handshake: Handshake<'a>, link_for: LinkFor<'a>) -> Future<'a, UnprovenSession> {
        Box::pin(async move {
            let Handshake { mut stream, ad, rng, buffer, timeouts } = handshake;
            let responder = Responder::new(self, ad);
            wire_tokio::respond(&mut stream, responder, rng, buffer, timeouts, |peer| link_for(&peer.into())).await
        })
    }
}

impl<'a, K: Kem> From<&'a Peer<K>> for PeerClaim<'a> {
    fn from(peer: &'a Peer<K>) -> Self {
        Self { ad: peer.ad(), link_key: peer.static_key().as_bytes().as_ref() }
    }
}

/// The result of a handshake.
pub(super) type Handshaken<S> = Result<S, StreamError<io::Error>>;

/// Whether a responder is the intended peer.
pub(super) type Wanted<'a> = &'a mut (dyn FnMut(&PeerClaim<'_>) -> bool + Send);

/// The link for an initiator, if it is accepted.
pub(super) type LinkFor<'a> = &'a mut (dyn FnMut(&PeerClaim<'_>) -> Option<Link> + Send);
