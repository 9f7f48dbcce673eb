//! Composes messages and loop decoys from a consensus: chooses services and routes, and wraps the
//! packets.

use crate::{
    codec::{OutgoingMessage, PacketCodec},
    services::recipient,
};
use chacha20::ChaCha20Rng;
use core::{fmt, time::Duration};
use mixwell_mixdelay::hop_delay_millis;
use mixwell_pki_types::{Departure, Document, Node, PathError, Period, Router};
use mixwell_sphinx::{MAX_HOPS, NodeId, RecipientId, SurbId, SurbKeys, WrapError};
use rand_core::Rng as _;

/// The sender of a message or decoy.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Sender<'a> {
    /// A client of this gateway.
    ClientOf(Node<'a>),
    /// This node.
    Node(Node<'a>),
}

/// A message to a service, or a decoy that looks like one.
#[derive(Clone, Copy)]
pub struct MessageSpec<'a> {
    /// The sender.
    pub sender: Sender<'a>,
    /// The service node.
    pub service: Node<'a>,
    /// The service's recipient id on that node.
    pub endpoint: RecipientId,
    /// The recipient of the reply.
    pub owner: RecipientId,
    /// The id of the message's SURB.
    pub surb_id: SurbId,
    /// The message.
    pub payload: &'a [u8],
}

/// The network and departure time for which routes are drawn.
#[derive(Clone, Copy)]
pub struct RoutingView<'a> {
    /// The consensus.
    pub document: Document<'a>,
    /// The length of the network's epochs.
    pub period: Period,
    /// The time since 1970 at which the packet is sent.
    pub departure: Duration,
}

/// Room for a packet and its SURB.
pub struct Buffers<'a> {
    /// [`Geometry::surb_len`](mixwell_sphinx::Geometry::surb_len) bytes.
    pub surb: &'a mut [u8],
    /// [`Geometry::packet_len`](mixwell_sphinx::Geometry::packet_len) bytes.
    pub packet: &'a mut [u8],
}

/// A packet that is ready to leave.
#[derive(Debug)]
pub struct Composed {
    /// The keys that open the reply.
    pub keys: SurbKeys,
    /// The packet's first hop.
    pub first_hop: NodeId,
    /// Sum of the delays at the hops, for packet and reply together.
    pub delays: Duration,
}

/// Draws routes there and back, and wraps the message into a packet.
///
/// # Errors
/// [`ComposeError`].
pub fn compose(
    codec: &dyn PacketCodec,
    view: RoutingView<'_>,
    message: &MessageSpec<'_>,
    buffers: &mut Buffers<'_>,
    rng: &mut ChaCha20Rng,
) -> Result<Composed, ComposeError> {
    let router = Router::new(view.document, view.period);
    let (mut out, mut back) = ([None; MAX_HOPS], [None; MAX_HOPS]);
    let mut delays = |mu: f64, rng: &mut ChaCha20Rng| hop_delay_millis(mu, rng).ok();
    let departure = Departure { unix: view.departure, spent: Duration::ZERO };
    let (there, home) = match message.sender {
        Sender::ClientOf(gateway) => {
            let ends = (gateway, message.service);
            (router.forward(ends, true, departure, &mut delays, rng, &mut out)?, gateway)
        }
        Sender::Node(node) => {
            let ends = (node, message.service);
            (router.decoy(ends, departure, &mut delays, rng, &mut out)?, node)
        }
    };
    let departure = Departure { unix: view.departure, spent: there };
    let here = router.reply(home, departure, &mut delays, rng, &mut back)?;
    let first_hop = out.iter().flatten().next().map(|hop| hop.node.id().into()).ok_or(ComposeError::NoService)?;
    let outgoing = OutgoingMessage {
        out: &out,
        service: message.endpoint,
        back: &back,
        owner: message.owner,
        surb_id: message.surb_id,
        payload: message.payload,
    };
    let keys = codec.wrap(&outgoing, rng, buffers.surb, buffers.packet)?;
    Ok(Composed { keys, first_hop, delays: there.saturating_add(here) })
}

macro_rules! silent {
    ($($name:ident),*) => {
        // not printed, because it reveals who communicates with whom
        $(impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        })*
    };
}

silent!(Sender, MessageSpec, RoutingView, Buffers);

/// A uniformly random service node with a capability, and the service's recipient id there.
///
/// # Errors
/// [`ComposeError`].
pub fn service<'a>(
    document: &Document<'a>,
    capability: &str,
    rng: &mut ChaCha20Rng,
) -> Result<(Node<'a>, RecipientId), ComposeError> {
    let count = offers(document, capability).count();
    offers(document, capability).nth(below(count, rng)).ok_or(ComposeError::NoService)
}

/// The service node that all clients of a capability use, which is the one with the lowest id, and
/// the service's recipient id there.
///
/// # Errors
/// [`ComposeError`].
pub fn meeting_place<'a>(document: &Document<'a>, capability: &str) -> Result<(Node<'a>, RecipientId), ComposeError> {
    offers(document, capability).min_by_key(|(node, _)| node.id()).ok_or(ComposeError::NoService)
}

fn offers<'a>(document: &Document<'a>, capability: &str) -> impl Iterator<Item = (Node<'a>, RecipientId)> {
    document.services().filter_map(move |node| {
        let found = node.capabilities().find(|offered| offered.name() == capability)?;
        Some((node, recipient(found.endpoint()?)?))
    })
}

/// A random identifier.
pub fn random<const N: usize>(rng: &mut ChaCha20Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// A number below `bound`, uniform up to a negligible bias; 0 if `bound` is 0.
#[expect(clippy::cast_possible_truncation, reason = "less than `bound`")]
pub fn below(bound: usize, rng: &mut ChaCha20Rng) -> usize {
    ((u128::from(rng.next_u64()) * bound as u128) >> 64) as usize
}

/// The reason why a message can't be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ComposeError {
    /// No route can be drawn.
    Path(PathError),
    /// No packet can be made.
    Wrap(WrapError),
    /// No service node has the service.
    NoService,
}

impl fmt::Display for ComposeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(error) => error.fmt(f),
            Self::Wrap(error) => error.fmt(f),
            Self::NoService => f.write_str("no service node in the consensus has that service"),
        }
    }
}

impl core::error::Error for ComposeError {}

impl From<PathError> for ComposeError {
    fn from(error: PathError) -> Self {
        Self::Path(error)
    }
}

impl From<WrapError> for ComposeError {
    fn from(error: WrapError) -> Self {
        Self::Wrap(error)
    }
}
