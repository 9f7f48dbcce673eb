//! Routes through a network, and the delay at each hop.

mod error;
#[cfg(feature = "sphinx")]
mod sphinx_hop;
mod uniform;

pub use error::PathError;
#[cfg(feature = "sphinx")]
pub use sphinx_hop::MixKeyLength;

use crate::{Document, Epoch, Layer, Node, Period};
use core::{ops::Range, time::Duration};
use rand_core::CryptoRng;

/// A hop of a route. With the feature `sphinx` it becomes a hop of a packet's path by `try_from`:
/// the node's id, its mix key, the delay.
///
/// ```
/// use mixwell_pki_types::Hop;
///
/// /// A hop as a packet has it: the node, its mix key for the epoch of arrival, and the delay there.
/// fn show(hop: &Hop<'_>) {
///     println!("{} in epoch {}: {} bytes of key, {:?} ms", hop.node.id(), hop.epoch, hop.mix_key.len(), hop.delay_millis);
/// }
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Hop<'a> {
    /// The node.
    pub node: Node<'a>,
    /// The epoch in which the packet should reach the node.
    pub epoch: Epoch,
    /// The node's mix key for that epoch.
    pub mix_key: &'a [u8],
    /// The time for which the node holds the packet; `None` at the last hop, unless the packet
    /// carries a SURB.
    pub delay_millis: Option<u32>,
}

/// A sampler of the delay at a hop.
///
/// A closure suffices: `|mu, rng: &mut R| hop_delay_millis(mu, rng).ok()`, with a sampler that
/// follows the network's rules: an exponential of rate `mu` per millisecond, rounded down, plus 1,
/// and capped.
///
/// ```
/// use mixwell_pki_types::HopDelay;
///
/// /// A mean delay of 1/`mu` milliseconds for each hop, which hides less than an exponential one.
/// struct Constant;
/// impl<R: ?Sized> HopDelay<R> for Constant {
///     fn hop_delay_millis(&mut self, mu: f64, _rng: &mut R) -> Option<u32> {
///         let mean = 1.0 / mu;
///         (1.0..=3_600_000.0).contains(&mean).then_some(mean as u32)
///     }
/// }
/// # assert_eq!(Constant.hop_delay_millis(0.005, &mut rand::rng()), Some(200));
/// ```
pub trait HopDelay<R: ?Sized> {
    /// Draws a delay; `None` if the rate is invalid.
    fn hop_delay_millis(&mut self, mu: f64, rng: &mut R) -> Option<u32>;
}

impl<R: ?Sized, F: FnMut(f64, &mut R) -> Option<u32>> HopDelay<R> for F {
    fn hop_delay_millis(&mut self, mu: f64, rng: &mut R) -> Option<u32> {
        self(mu, rng)
    }
}

/// Draws routes from a document.
///
/// ```
/// use core::time::Duration;
/// use mixwell_pki_types::{Departure, Document, Hop, PathError, Period, Router};
/// # use rand::rngs::ThreadRng;
///
/// /// A route from the first gateway to the first service node, for a packet that is sent at `unix`.
/// fn route<'a>(document: Document<'a>, unix: Duration) -> Result<Vec<Option<Hop<'a>>>, PathError> {
///     let (Some(gateway), Some(service)) = (document.gateways().next(), document.services().next()) else {
///         return Ok(Vec::new());
///     };
///     let router = Router::new(document, Period::default());
///     let mut hops = vec![None; router.forward_hops()];
///     let mut delays = |mu, rng: &mut ThreadRng| mixwell_mixdelay::hop_delay_millis(mu, rng).ok();
///     let departure = Departure { unix, spent: Duration::ZERO };
///     router.forward((gateway, service), true, departure, &mut delays, &mut rand::rng(), &mut hops)?;
///     Ok(hops)
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Router<'a> {
    document: Document<'a>,
    period: Period,
}

/// The start of a route.
///
/// ```
/// use core::time::Duration;
/// use mixwell_pki_types::Departure;
///
/// let forward = Departure { unix: Duration::from_secs(1_800_000_100), spent: Duration::ZERO };
/// // a reply starts when the forward route, here of 700 ms, has ended
/// let reply = Departure { spent: Duration::from_millis(700), ..forward };
/// # assert_ne!(forward, reply);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a time and what is to be added to it")]
pub struct Departure {
    /// The time at which the packet is sent, since 1970.
    pub unix: Duration,
    /// The packet's travel time before the first hop of the route: for a reply, the forward route's
    /// [total](Router::forward).
    pub spent: Duration,
}

impl<'a> Router<'a> {
    /// A router for `document`, which should be well-formed, with epochs of length `period`.
    #[must_use]
    pub const fn new(document: Document<'a>, period: Period) -> Self {
        Self { document, period }
    }

    /// Number of hops that a forward route has: the gateway, one node of each layer, the service
    /// node.
    #[must_use]
    pub fn forward_hops(&self) -> usize {
        self.document.layer_count().saturating_add(2)
    }

    /// Number of hops that a reply's route has: one node of each layer, the gateway. No route of a
    /// loop decoy has more.
    #[must_use]
    pub fn reply_hops(&self) -> usize {
        self.document.layer_count().saturating_add(1)
    }

    /// Draws a route from a gateway to a service node into `hops`, and returns the total of its
    /// delays. With a SURB, the service node delays its reply.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn forward<R: CryptoRng + ?Sized>(
        &self,
        (gateway, service): (Node<'a>, Node<'a>),
        with_surb: bool,
        departure: Departure,
        delays: &mut impl HopDelay<R>,
        rng: &mut R,
        hops: &mut [Option<Hop<'a>>],
    ) -> Result<Duration, PathError> {
        let layers = 0..self.document.layer_count();
        Draw { first: Some(gateway), layers, last: service, delay_last: with_surb, departure, router: self }
            .until_fast(delays, rng, hops)
    }

    /// Draws the route to a service node for a loop decoy of the node `from`: one node of each
    /// layer behind the node's own, or of every layer if it is a gateway or service node. The decoy
    /// carries a SURB.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn decoy<R: CryptoRng + ?Sized>(
        &self,
        (from, service): (Node<'a>, Node<'a>),
        departure: Departure,
        delays: &mut impl HopDelay<R>,
        rng: &mut R,
        hops: &mut [Option<Hop<'a>>],
    ) -> Result<Duration, PathError> {
        let all = self.document.layer_count();
        let layers = match from.place().layer {
            Layer::Mix(own) => usize::from(own).saturating_add(1).min(all)..all,
            Layer::Service | Layer::Gateway => 0..all,
        };
        Draw { first: None, layers, last: service, delay_last: true, departure, router: self }
            .until_fast(delays, rng, hops)
    }

    /// Draws a route for a reply to a gateway into `hops`, and returns the total of its delays. A
    /// loop decoy returns to a mix only through the layers before the mix's own, and to a service
    /// node through all.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn reply<R: CryptoRng + ?Sized>(
        &self,
        to: Node<'a>,
        departure: Departure,
        delays: &mut impl HopDelay<R>,
        rng: &mut R,
        hops: &mut [Option<Hop<'a>>],
    ) -> Result<Duration, PathError> {
        let layers = match to.place().layer {
            Layer::Mix(own) => 0..usize::from(own),
            Layer::Service | Layer::Gateway => 0..self.document.layer_count(),
        };
        Draw { first: None, layers, last: to, delay_last: false, departure, router: self }.until_fast(delays, rng, hops)
    }
}

/// A route to be drawn.
struct Draw<'r, 'a> {
    router: &'r Router<'a>,
    first: Option<Node<'a>>,
    /// One node of each of these layers of mixes.
    layers: Range<usize>,
    last: Node<'a>,
    delay_last: bool,
    departure: Departure,
}

impl<'a> Draw<'_, 'a> {
    /// Draws until the delays stay below two epochs.
    fn until_fast<R: CryptoRng + ?Sized>(
        &self,
        delays: &mut impl HopDelay<R>,
        rng: &mut R,
        hops: &mut [Option<Hop<'a>>],
    ) -> Result<Duration, PathError> {
        let need = self.layers.len().saturating_add(usize::from(self.first.is_some())).saturating_add(1);
        let have = hops.len();
        let (hops, rest) = hops.split_at_mut_checked(need).ok_or(PathError::Room { need, have })?;
        rest.fill(None);
        let mut failure = PathError::TooSlow { draws: MAX_DRAWS };
        for _ in 0..MAX_DRAWS {
            match self.once(delays, rng, hops) {
                Ok(Some(spent)) => return Ok(spent.saturating_sub(self.departure.spent)),
                Ok(None) => {}
                // another draw may lead to another node, or arrive earlier
                Err(error @ PathError::NoMixKey { .. }) => failure = error,
                Err(error) => {
                    failure = error;
                    break;
                }
            }
        }
        hops.fill(None);
        Err(failure)
    }

    /// Draws a route, and returns the travel time to its end since the packet was sent; `None` if
    /// that is two epochs or more.
    fn once<R: CryptoRng + ?Sized>(
        &self,
        delays: &mut impl HopDelay<R>,
        rng: &mut R,
        hops: &mut [Option<Hop<'a>>],
    ) -> Result<Option<Duration>, PathError> {
        let Router { document, period } = self.router;
        let limit = period.duration().saturating_mul(2);
        let mut spent = self.departure.spent;
        let last_index = hops.len().saturating_sub(1);
        let mut layers = document.layers().zip(0..).skip(self.layers.start);
        if spent >= limit {
            return Ok(None);
        }
        for (index, hop) in hops.iter_mut().enumerate() {
            let node = match self.first {
                Some(first) if index == 0 => first,
                _ if index == last_index => self.last,
                _ => {
                    let (layer, number) = layers.next().ok_or(PathError::EmptyLayer { layer: index })?;
                    let choice = uniform::below(layer.len(), rng);
                    choice.and_then(|n| { layer }.nth(n)).ok_or(PathError::EmptyLayer { layer: number })?
                }
            };
            let epoch = period.at(self.departure.unix.saturating_add(spent)).map_err(PathError::Time)?.epoch;
            let mix_key = node.mix_key(epoch).ok_or(PathError::NoMixKey { place: node.place(), epoch })?;
            let delay_millis = if index < last_index || self.delay_last {
                Some(delays.hop_delay_millis(document.rates().mu, rng).ok_or(PathError::Rate)?)
            } else {
                None
            };
            spent = spent.saturating_add(Duration::from_millis(delay_millis.unwrap_or(0).into()));
            if spent >= limit {
                return Ok(None);
            }
            *hop = Some(Hop { node, epoch, mix_key, delay_millis });
        }
        Ok(Some(spent))
    }
}

/// Maximum number of draws of a route. At the rates of any network at most one draw in thousands is
/// too slow.
const MAX_DRAWS: usize = 64;
