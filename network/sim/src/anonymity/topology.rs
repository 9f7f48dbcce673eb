//! The simulated network's layers and published rates.

use super::{PublishedRate, PublishedRateError, Rates};
use core::fmt;
use mixwell_pki_types::Document;

/// A network: the nodes that packets pass, the nodes that send loops, and the published rates.
#[derive(Clone, Debug)]
pub struct Topology {
    /// A description for reports.
    pub name: String,
    /// Number of nodes that each hop of a path is drawn from, in path order.
    pub hops: Vec<u32>,
    /// Number of nodes that send loops at `LambdaG`.
    pub gateways: u32,
    /// Number of nodes that send loops at `LambdaM`: mixes and service nodes.
    pub other_nodes: u32,
    /// The published rates.
    pub rates: Rates,
}

/// The reason why a PKI document does not describe a network that can be simulated.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TopologyError {
    /// The document has no gateway.
    NoGateway,
    /// The document has no service node.
    NoServiceNode,
    /// The document has no layer of mixes.
    NoLayer,
    /// A layer of mixes is empty.
    EmptyLayer {
        /// The layer's number, from 0.
        layer: usize,
    },
    /// A published rate is out of range.
    Rate {
        /// The rate's name in the document.
        name: &'static str,
        /// The fault.
        error: PublishedRateError,
    },
}

impl Topology {
    /// `layers` layers of `nodes` mixes each, with rates of a typical network: a mean delay of 200
    /// ms per hop, a message or decoy per second and user, a loop per two seconds and user or mix.
    #[must_use]
    pub fn of_layers(layers: u32, nodes: u32) -> Self {
        Self {
            name: format!("{layers} layers of {nodes} mixes"),
            hops: (0..layers).map(|_| nodes).collect(),
            gateways: 0,
            other_nodes: layers.saturating_mul(nodes),
            rates: Rates {
                mu: PublishedRate::constant(0.005),
                lambda_p: PublishedRate::constant(0.001),
                lambda_l: PublishedRate::constant(0.0005),
                lambda_m: PublishedRate::constant(0.0005),
                lambda_g: PublishedRate::constant(0.0),
            },
        }
    }

    /// The network of a consensus or vote: its gateways are the first hop, then come its layers of
    /// mixes.
    ///
    /// # Errors
    /// [`TopologyError`] names the first thing that is missing or out of range.
    pub fn of_document(document: &Document<'_>) -> Result<Self, TopologyError> {
        let gateways = count(document.gateways().len()).ok_or(TopologyError::NoGateway)?;
        let services = count(document.services().len()).ok_or(TopologyError::NoServiceNode)?;
        let layers = document.layers().enumerate().map(|(layer, nodes)| {
            let empty = TopologyError::EmptyLayer { layer };
            count(nodes.len()).ok_or(empty)
        });
        let layers: Vec<u32> = layers.collect::<Result<_, _>>()?;
        if layers.is_empty() {
            return Err(TopologyError::NoLayer);
        }
        let rate = |name, per_milli| PublishedRate::new(per_milli).map_err(|error| TopologyError::Rate { name, error });
        let published = document.rates();
        let sizes: Vec<String> = layers.iter().map(u32::to_string).collect();
        Ok(Self {
            name: format!(
                "document of epoch {}: gateways {gateways}, layers of mixes {}, service nodes {services}",
                document.epoch().0,
                sizes.join(" + ")
            ),
            gateways,
            other_nodes: layers.iter().fold(services, |sum, nodes| sum.saturating_add(*nodes)),
            hops: core::iter::once(gateways).chain(layers).collect(),
            rates: Rates {
                mu: rate("Mu", published.mu)?,
                lambda_p: rate("LambdaP", published.lambda_p)?,
                lambda_l: rate("LambdaL", published.lambda_l)?,
                lambda_m: rate("LambdaM", published.lambda_m)?,
                lambda_g: rate("LambdaG", published.lambda_g)?,
            },
        })
    }
}

/// A positive number of nodes.
fn count(nodes: usize) -> Option<u32> {
    u32::try_from(nodes).ok().filter(|nodes| *nodes > 0)
}

impl fmt::Display for TopologyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGateway => f.write_str("the document has no gateway"),
            Self::NoServiceNode => f.write_str("the document has no service node"),
            Self::NoLayer => f.write_str("the document has no layer of mixes"),
            Self::EmptyLayer { layer } => write!(f, "the document has no mix in layer {layer}"),
            Self::Rate { name, error } => write!(f, "{name}: {error}"),
        }
    }
}

impl core::error::Error for TopologyError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Rate { error, .. } => Some(error),
            _ => None,
        }
    }
}
