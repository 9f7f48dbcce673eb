//! Packets of whatever scheme: the one place of the network where the scheme is a type.

mod keys;
mod replays;

pub(crate) use keys::KeyRing;

use super::{
    counters::Loss,
    mix_keys::{MixScheme, WithMixScheme, with_scheme},
    service::Service,
};
use chacha20::ChaCha20Rng;
use mixwell_mixdelay::Instant;
use mixwell_pki_types as pki;
use mixwell_sphinx::{
    Action, FinishError, Geometry, Hop, Message, NodeId, Opened, Path, RecipientId, Sphinx, SurbId, SurbKeys, WrapError,
};

/// How many packets are unwrapped at once: with X25519 and AVX-512, all of them in the time of two.
pub(crate) const BATCH: usize = 8;

/// What a node is to do with a packet that it has unwrapped in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unwrapped {
    /// The buffer holds the packet for the next hop.
    Forward {
        /// The next hop.
        next_hop: NodeId,
        /// How long to hold it.
        delay_millis: Option<u32>,
    },
    /// The end of the buffer is a forward payload; see [`Packets::answer`].
    Request {
        /// Whom it is for.
        recipient: RecipientId,
        /// How long to hold the answer.
        delay_millis: Option<u32>,
    },
    /// The end of the buffer is a reply, tag included.
    Reply {
        /// Whom it is for.
        recipient: RecipientId,
        /// Which SURB carried it.
        surb_id: SurbId,
    },
}

/// A message to be wrapped with a SURB for its reply.
pub(crate) struct Letter<'a> {
    /// The way to the service.
    pub(crate) out: &'a [Option<pki::Hop<'a>>],
    /// The service.
    pub(crate) service: RecipientId,
    /// The way back.
    pub(crate) back: &'a [Option<pki::Hop<'a>>],
    /// Whom the last hop hands the reply to.
    pub(crate) owner: RecipientId,
    /// The SURB's name.
    pub(crate) surb_id: SurbId,
    /// The message; zeros follow it.
    pub(crate) payload: &'a [u8],
}

/// A service that is asked.
pub(crate) struct Asked<'a> {
    pub(crate) service: &'a Service,
    pub(crate) now: Instant,
    /// A packet buffer, for what it answers.
    pub(crate) room: &'a mut [u8],
}

/// What can be done with packets without keys.
pub(crate) trait Packets: Send + Sync {
    /// The lengths of packets.
    fn geometry(&self) -> &Geometry;

    /// Wraps a message with a SURB into `packet`; `surb` is room for the SURB.
    fn wrap(
        &self,
        letter: &Letter<'_>,
        rng: &mut ChaCha20Rng,
        surb: &mut [u8],
        packet: &mut [u8],
    ) -> Result<SurbKeys, WrapError>;

    /// Reads the user's bytes of a request, an unwrapped packet, and makes `reply` the packet that carries what a service
    /// answers to them. Says where it is to go first.
    fn answer(&self, request: &[u8], asked: Asked<'_>, reply: &mut [u8]) -> Result<NodeId, Loss>;
}

/// What a node does with its mix keys.
pub(crate) trait Unwrap: Packets {
    /// Unwraps packets in place, each step for all of them at once, and remembers them. A place without a packet stays empty.
    fn unwrap_each(&self, packets: [Option<&mut [u8]>; BATCH]) -> [Option<Result<Unwrapped, Loss>>; BATCH];

    /// Waits until all that was seen is on the disk, if keys are kept there.
    fn flush(&self);
}

impl<S: MixScheme> Packets for Sphinx<S> {
    fn geometry(&self) -> &Geometry {
        self.geometry()
    }

    fn wrap(
        &self,
        letter: &Letter<'_>,
        rng: &mut ChaCha20Rng,
        surb: &mut [u8],
        packet: &mut [u8],
    ) -> Result<SurbKeys, WrapError> {
        let (out_keys, back_keys) = (public_keys::<S>(letter.out)?, public_keys::<S>(letter.back)?);
        let (out, back) = (hops(letter.out, &out_keys), hops(letter.back, &back_keys));
        let path = Path { hops: &back, recipient: letter.owner };
        let keys = self.new_surb(&path, letter.surb_id, rng, surb)?;
        let message = Message { surb: Some(surb), user_payload: letter.payload };
        self.wrap_message(&Path { hops: &out, recipient: letter.service }, &message, rng, packet)?;
        Ok(keys)
    }

    fn answer(&self, request: &[u8], asked: Asked<'_>, reply: &mut [u8]) -> Result<NodeId, Loss> {
        let at = request.len().saturating_sub(self.geometry().forward_payload_len());
        let payload = request.get(at..).unwrap_or_default();
        let message = Message::parse(self.geometry(), payload).map_err(|_| Loss::Request)?;
        let surb = message.surb.ok_or(Loss::Request)?;
        let Asked { service, now, room } = asked;
        self.wrap_reply(surb, service.answer(now, message.user_payload, room), reply).map_err(|_| Loss::Request)
    }
}

impl<S: MixScheme> Packets for KeyRing<S> {
    fn geometry(&self) -> &Geometry {
        self.sphinx().geometry()
    }

    fn wrap(
        &self,
        letter: &Letter<'_>,
        rng: &mut ChaCha20Rng,
        surb: &mut [u8],
        packet: &mut [u8],
    ) -> Result<SurbKeys, WrapError> {
        Packets::wrap(self.sphinx(), letter, rng, surb, packet)
    }

    fn answer(&self, request: &[u8], asked: Asked<'_>, reply: &mut [u8]) -> Result<NodeId, Loss> {
        self.sphinx().answer(request, asked, reply)
    }
}

impl<S: MixScheme> Unwrap for KeyRing<S> {
    fn unwrap_each(&self, packets: [Option<&mut [u8]>; BATCH]) -> [Option<Result<Unwrapped, Loss>>; BATCH] {
        let mut losses = [None; BATCH];
        let mut lost = losses.iter_mut();
        let opened = self.open_each(packets).map(|opened| {
            let lost = lost.next()?;
            opened?.map_err(|reason| *lost = Some(reason)).ok()
        });
        let mut losses = losses.into_iter();
        Opened::finish_each(opened).map(|finished| match losses.next().flatten() {
            Some(reason) => Some(Err(reason)),
            None => finished.as_ref().map(unwrapped),
        })
    }

    fn flush(&self) {
        self.flush_lists();
    }
}

fn unwrapped(finished: &Result<Action<'_>, FinishError>) -> Result<Unwrapped, Loss> {
    match *finished {
        Ok(Action::Forward { next_hop, delay_millis }) => Ok(Unwrapped::Forward { next_hop, delay_millis }),
        Ok(Action::Deliver { recipient, delay_millis, .. }) => Ok(Unwrapped::Request { recipient, delay_millis }),
        Ok(Action::Reply { recipient, surb_id, .. }) => Ok(Unwrapped::Reply { recipient, surb_id }),
        Ok(_) | Err(FinishError::Command(_)) => Err(Loss::Commands),
        Err(FinishError::PayloadTag) => Err(Loss::Payload),
        Err(_) => Err(Loss::Mac),
    }
}

/// The public keys of a route's hops.
fn public_keys<S: MixScheme>(route: &[Option<pki::Hop<'_>>]) -> Result<Vec<S::PublicKey>, WrapError> {
    let key =
        |(hop, place): (&pki::Hop<'_>, usize)| S::of_public(hop.mix_key).ok_or(WrapError::PublicKey { hop: place });
    route.iter().flatten().zip(0..).map(key).collect()
}

/// A route as Sphinx wants it.
fn hops<'k, S: MixScheme>(route: &[Option<pki::Hop<'_>>], keys: &'k [S::PublicKey]) -> Vec<Hop<'k, S>> {
    let hop = |(hop, public_key): (&pki::Hop<'_>, &'k S::PublicKey)| Hop {
        id: NodeId(hop.node.id().0),
        public_key,
        delay_millis: hop.delay_millis,
    };
    route.iter().flatten().zip(keys).map(hop).collect()
}

/// What can be done with the packets of a geometry, for whoever has no keys; `None` if its scheme is unknown.
pub(crate) fn sealer(geometry: Geometry) -> Option<Box<dyn Packets>> {
    with_scheme(geometry.scheme(), Sealer(geometry)).flatten()
}

struct Sealer(Geometry);

impl WithMixScheme for Sealer {
    type Output = Option<Box<dyn Packets>>;

    fn with<S: MixScheme>(self) -> Self::Output {
        Some(Box::new(Sphinx::<S>::new(self.0).ok()?))
    }
}
