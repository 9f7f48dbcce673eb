//! The network that a PKI document describes.

use super::Published;
use crate::{
    document::{self, Content, DocumentError},
    error::Error,
    input,
};
use mixwell_pki_types::Document;
use std::path::Path;

/// A network: where packets go, who sends loops, and the rates.
pub(super) struct Described {
    /// What it is, for the reader.
    pub(super) name: String,
    /// How many nodes each hop of a path is drawn from.
    pub(super) hops: Vec<u32>,
    /// Nodes that send loops at `LambdaG`.
    pub(super) gateways: u32,
    /// Nodes that send loops at `LambdaM`.
    pub(super) others: u32,
    pub(super) rates: Rates,
}

pub(super) struct Rates {
    pub(super) mu: Published,
    pub(super) lambda_p: Published,
    pub(super) lambda_l: Published,
    pub(super) lambda_m: Published,
    pub(super) lambda_g: Published,
}

pub(super) fn read(path: &Path) -> Result<Described, Error> {
    let failed = |error| Error::Document(input::name(path).to_owned(), error);
    let bytes = document::read(path)?;
    let content = Content::parse(&bytes).map_err(failed)?;
    let document = Document::parse(content.payload()).map_err(|error| failed(error.into()))?;
    described(&document).map_err(|why| failed(DocumentError::Network(why)))
}

fn described(document: &Document<'_>) -> Result<Described, String> {
    let count = |nodes: usize, of: &str| match u32::try_from(nodes) {
        Ok(0) | Err(_) => Err(format!("it has no {of}")),
        Ok(nodes) => Ok(nodes),
    };
    let layers: Result<Vec<u32>, String> = document
        .layers()
        .zip(0..)
        .map(|(layer, number)| count(layer.len(), &format!("mix in layer {number}")))
        .collect();
    let layers = layers?;
    if layers.is_empty() {
        return Err("it has no layers of mixes".to_owned());
    }
    let rates = document.rates();
    let rate = |name: &str, per_milli| Published::new(per_milli).map_err(|error| format!("{name}: {error}"));
    let (gateways, services) =
        (count(document.gateways().len(), "gateway")?, count(document.services().len(), "service node")?);
    let sizes: Vec<String> = layers.iter().map(u32::to_string).collect();
    Ok(Described {
        name: format!(
            "document of epoch {}: gateways {gateways}, layers of mixes {}, service nodes {services}",
            document.epoch().0,
            sizes.join(" + ")
        ),
        gateways,
        others: layers.iter().fold(services, |sum, nodes| sum.saturating_add(*nodes)),
        hops: core::iter::once(gateways).chain(layers).collect(),
        rates: Rates {
            mu: rate("Mu", rates.mu)?,
            lambda_p: rate("LambdaP", rates.lambda_p)?,
            lambda_l: rate("LambdaL", rates.lambda_l)?,
            lambda_m: rate("LambdaM", rates.lambda_m)?,
            lambda_g: rate("LambdaG", rates.lambda_g)?,
        },
    })
}
