//! The nodes of a document: walked, counted, looked up.

use super::{Document, DocumentError};
use crate::{
    Descriptor, KeyHash,
    cbor::{Array, Item},
    decode::{DecodeError, Field},
};
use core::{fmt, ops::Deref};

/// The position of a node on a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// A layer of mixes, from 0.
    Mix(u8),
    /// The service nodes.
    Service,
    /// The gateways.
    Gateway,
}

impl Layer {
    /// The layer's number: 255 for gateways, 254 for service nodes.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Mix(layer) => layer,
            Self::Service => 254,
            Self::Gateway => 255,
        }
    }
}

/// A node's place in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Place {
    /// The layer.
    pub layer: Layer,
    /// The index in the layer, from 0.
    pub index: usize,
}

/// A node of a document: its [`Descriptor`] and its place.
///
/// ```
/// use mixwell_pki_types::Document;
///
/// fn show(document: Document<'_>) {
///     for node in document.nodes() {
///         println!("{}: {} is {}", node.place(), node.name(), node.id());
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    place: Place,
    descriptor: Descriptor<'a>,
}

impl<'a> Node<'a> {
    /// The place in the document.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// The descriptor.
    #[must_use]
    pub const fn descriptor(&self) -> Descriptor<'a> {
        self.descriptor
    }
}

impl<'a> Deref for Node<'a> {
    type Target = Descriptor<'a>;

    fn deref(&self) -> &Descriptor<'a> {
        &self.descriptor
    }
}

/// Some nodes of a document, in order. Each is decoded when it is reached.
///
/// ```
/// use mixwell_pki_types::{Document, KeyHash};
///
/// fn is_listed(document: Document<'_>, id: KeyHash) -> bool {
///     document.nodes().by_hash(id).is_some()
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Nodes<'a> {
    place: Place,
    /// The rest of the layer.
    rest: Array<'a>,
    /// The layers of mixes to follow.
    mixes: Array<'a>,
    /// The other layers to follow.
    gateways: Option<Array<'a>>,
    services: Option<Array<'a>>,
}

impl<'a> Nodes<'a> {
    fn of_layer(layer: Layer, nodes: Array<'a>) -> Self {
        Self { place: Place { layer, index: 0 }, rest: nodes, mixes: Array::default(), gateways: None, services: None }
    }

    /// The node with this name.
    #[must_use]
    pub fn by_name(mut self, name: &str) -> Option<Node<'a>> {
        self.find(|node| node.name() == name)
    }

    /// The node with this identity key hash.
    #[must_use]
    pub fn by_hash(mut self, id: KeyHash) -> Option<Node<'a>> {
        self.find(|node| node.id() == id)
    }

    /// Number of nodes left. Does not decode them.
    #[must_use]
    pub fn len(&self) -> usize {
        let others = self.gateways.unwrap_or_default().len().saturating_add(self.services.unwrap_or_default().len());
        let mixes = self.mixes.fold(0_usize, |sum, layer| sum.saturating_add(list(layer).len()));
        self.rest.len().saturating_add(mixes).saturating_add(others)
    }

    /// Whether there are no nodes left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next node's place and encoding.
    fn next_encoded(&mut self) -> Option<(Place, &'a [u8])> {
        loop {
            if let Some(item) = self.rest.next() {
                let place = self.place;
                self.place.index = place.index.saturating_add(1);
                return Some((place, Field::new("MixDescriptor", item).bytes().unwrap_or_default()));
            }
            let (layer, nodes) = if let Some(layer) = self.mixes.next() {
                // `mixes` starts from a layer that is not one of mixes; the first layer of mixes
                // follows it
                let number = match self.place.layer {
                    Layer::Mix(before) => before.saturating_add(1),
                    Layer::Service | Layer::Gateway => 0,
                };
                (Layer::Mix(number), list(layer))
            } else if let Some(nodes) = self.gateways.take() {
                (Layer::Gateway, nodes)
            } else {
                (Layer::Service, self.services.take()?)
            };
            (self.place, self.rest) = (Place { layer, index: 0 }, nodes);
        }
    }
}

#[expect(clippy::copy_iterator, reason = "a place in borrowed bytes, copied to walk from there again")]
impl<'a> Iterator for Nodes<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        let (place, encoded) = self.next_encoded()?;
        // `Document::parse` has checked each of them
        Some(Node { place, descriptor: Descriptor::read(Item::checked(encoded)).ok()? })
    }

    fn nth(&mut self, mut n: usize) -> Option<Node<'a>> {
        while let Some(less) = n.checked_sub(1) {
            self.next_encoded()?;
            n = less;
        }
        self.next()
    }
}

impl<'a> Document<'a> {
    /// Every node: the mixes by layer, the gateways, the service nodes.
    #[must_use]
    pub fn nodes(&self) -> Nodes<'a> {
        Nodes {
            gateways: Some(self.gateways.unwrap_or_default()),
            services: Some(self.services.unwrap_or_default()),
            ..self.mixes()
        }
    }

    /// The mixes, by layer.
    #[must_use]
    pub fn mixes(&self) -> Nodes<'a> {
        Nodes {
            place: Place { layer: Layer::Gateway, index: 0 },
            rest: Array::default(),
            mixes: self.topology.unwrap_or_default(),
            gateways: None,
            services: None,
        }
    }

    /// The gateways.
    #[must_use]
    pub fn gateways(&self) -> Nodes<'a> {
        Nodes::of_layer(Layer::Gateway, self.gateways.unwrap_or_default())
    }

    /// The service nodes.
    #[must_use]
    pub fn services(&self) -> Nodes<'a> {
        Nodes::of_layer(Layer::Service, self.services.unwrap_or_default())
    }

    /// The nodes of a layer; `None` if there is no such layer.
    #[must_use]
    pub fn layer(&self, layer: Layer) -> Option<Nodes<'a>> {
        match layer {
            Layer::Mix(number) => self.layers().nth(number.into()),
            Layer::Service => Some(self.services()),
            Layer::Gateway => Some(self.gateways()),
        }
    }

    /// The layers of mixes.
    pub fn layers(&self) -> impl Iterator<Item = Nodes<'a>> + use<'a> {
        let layers = self.topology.unwrap_or_default();
        (0..).zip(layers).map(|(number, nodes)| Nodes::of_layer(Layer::Mix(number), list(nodes)))
    }

    /// Number of layers of mixes.
    #[must_use]
    pub fn layer_count(&self) -> usize {
        self.topology.unwrap_or_default().len()
    }

    /// The layer of a node.
    #[must_use]
    pub fn layer_of(&self, id: KeyHash) -> Option<Layer> {
        self.nodes().by_hash(id).map(|node| node.place.layer)
    }
}

/// Reads every descriptor, so that walking them cannot fail later.
pub(super) fn check_all(document: &Document<'_>) -> Result<(), DocumentError> {
    let layers = document.layer_count();
    if layers > MAX_LAYERS {
        return Err(DocumentError::Layers { layers });
    }
    let mut nodes = document.nodes();
    while let Some((place, encoded)) = nodes.next_encoded() {
        Descriptor::parse(encoded).map_err(|error| DocumentError::Node { place, error })?;
    }
    Ok(())
}

fn list(item: Item<'_>) -> Array<'_> {
    let list: Result<_, DecodeError> = Field::new("Topology", item).array();
    list.ok().flatten().unwrap_or_default()
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mix(layer) => write!(f, "mix layer {layer}"),
            Self::Service => f.write_str("service layer"),
            Self::Gateway => f.write_str("gateway layer"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, node {}", self.layer, self.index)
    }
}

/// Maximum number of layers of mixes: the two numbers above are those of service nodes and
/// gateways.
const MAX_LAYERS: usize = 254;
