//! Messages and loop decoys by a consensus: where they go, and packets that go there.

use crate::network::codec::{OutgoingMessage, PacketCodec};
use chacha20::ChaCha20Rng;
use core::{fmt, time::Duration};
use mixwell_mixdelay::hop_delay_millis;
use mixwell_pki_types::{Departure, Document, Node, PathError, Period, Router};
use mixwell_sphinx::{MAX_HOPS, NodeId, RecipientId, SurbId, SurbKeys, WrapError};
use rand_core::Rng as _;

/// Who sends.
#[derive(Clone, Copy)]
pub(crate) enum Sender<'a> {
    /// A client of this gateway.
    ClientOf(Node<'a>),
    /// This node.
    Node(Node<'a>),
}

/// A message to a service, or a decoy that looks like one.
pub(crate) struct Draft<'a> {
    /// Who sends it.
    pub(crate) sender: Sender<'a>,
    /// The service node.
    pub(crate) service: Node<'a>,
    /// The service there.
    pub(crate) endpoint: RecipientId,
    /// Whom the reply is for.
    pub(crate) owner: RecipientId,
    /// The name of its SURB.
    pub(crate) surb_id: SurbId,
    /// The message.
    pub(crate) payload: &'a [u8],
}

/// A packet that is ready to leave.
#[derive(Debug)]
pub(crate) struct Written {
    /// What reads the reply.
    pub(crate) keys: SurbKeys,
    /// Where the packet goes first.
    pub(crate) first_hop: NodeId,
    /// How long the hops will hold packet and reply together.
    pub(crate) delays: Duration,
}

/// Draws routes there and back, and wraps the message into `packet`. `surb` is room for a SURB.
pub(crate) fn write(
    packets: &dyn PacketCodec,
    (document, period): (Document<'_>, Period),
    unix: Duration,
    draft: &Draft<'_>,
    rng: &mut ChaCha20Rng,
    (surb, packet): (&mut [u8], &mut [u8]),
) -> Result<Written, LetterError> {
    let router = Router::new(document, period);
    let (mut out, mut back) = ([None; MAX_HOPS], [None; MAX_HOPS]);
    let mut delays = |mu: f64, rng: &mut ChaCha20Rng| hop_delay_millis(mu, rng).ok();
    let departure = Departure { unix, spent: Duration::ZERO };
    let (there, home) = match draft.sender {
        Sender::ClientOf(gateway) => {
            let ends = (gateway, draft.service);
            (router.forward(ends, true, departure, &mut delays, rng, &mut out)?, gateway)
        }
        Sender::Node(node) => {
            let ends = (node, draft.service);
            (router.decoy(ends, departure, &mut delays, rng, &mut out)?, node)
        }
    };
    let departure = Departure { unix, spent: there };
    let here = router.reply(home, departure, &mut delays, rng, &mut back)?;
    let first_hop = out.iter().flatten().next().map(|hop| NodeId(hop.node.id().0)).ok_or(LetterError::NoService)?;
    let message = OutgoingMessage {
        out: &out,
        service: draft.endpoint,
        back: &back,
        owner: draft.owner,
        surb_id: draft.surb_id,
        payload: draft.payload,
    };
    let keys = packets.wrap(&message, rng, surb, packet)?;
    Ok(Written { keys, first_hop, delays: there.saturating_add(here) })
}

/// A service node that has a capability, each as likely, and the service's recipient id there.
pub(crate) fn service<'a>(
    document: &Document<'a>,
    capability: &str,
    rng: &mut ChaCha20Rng,
) -> Result<(Node<'a>, RecipientId), LetterError> {
    let count = offers(document, capability).count();
    offers(document, capability).nth(below(count, rng)).ok_or(LetterError::NoService)
}

/// The service node at which all clients of a capability meet, and the service's recipient id there: of those that have it the
/// one of the lowest id.
pub(crate) fn meeting_place<'a>(
    document: &Document<'a>,
    capability: &str,
) -> Result<(Node<'a>, RecipientId), LetterError> {
    offers(document, capability).min_by_key(|(node, _)| node.id().0).ok_or(LetterError::NoService)
}

fn offers<'a>(document: &Document<'a>, capability: &str) -> impl Iterator<Item = (Node<'a>, RecipientId)> {
    document.services().filter_map(move |node| {
        let found = node.capabilities().find(|offered| offered.name() == capability)?;
        Some((node, endpoint(found.endpoint()?)?))
    })
}

/// The recipient id of an endpoint: its name, padded with zeros.
pub(crate) fn endpoint(name: &str) -> Option<RecipientId> {
    let mut id = [0; RecipientId::LEN];
    id.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
    Some(RecipientId(id))
}

/// An identifier that nobody can guess.
pub(crate) fn random<const N: usize>(rng: &mut ChaCha20Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// A number below `bound`, each about as likely as the other; 0 if there is none.
#[expect(clippy::cast_possible_truncation, reason = "less than `bound`")]
pub(crate) fn below(bound: usize, rng: &mut ChaCha20Rng) -> usize {
    ((u128::from(rng.next_u64()) * bound as u128) >> 64) as usize
}

/// Why a message can't be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LetterError {
    /// No route can be drawn.
    Path(PathError),
    /// No packet can be made.
    Wrap(WrapError),
    /// No service node has the service.
    NoService,
}

impl fmt::Display for LetterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(error) => error.fmt(f),
            Self::Wrap(error) => error.fmt(f),
            Self::NoService => f.write_str("no service node of the consensus has that service"),
        }
    }
}

impl core::error::Error for LetterError {}

impl From<PathError> for LetterError {
    fn from(error: PathError) -> Self {
        Self::Path(error)
    }
}

impl From<WrapError> for LetterError {
    fn from(error: WrapError) -> Self {
        Self::Wrap(error)
    }
}
