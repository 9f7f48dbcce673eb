//! The scenario that the command line describes.

use crate::{
    cmd::{
        anonymity::Arguments,
        document,
        document::{Content, DocumentError},
    },
    error::Error,
    input,
};
use mixwell_pki_types::Document;
use mixwell_sim::anonymity::{Load, Rates, Scenario, Topology};
use std::path::Path;

pub(super) fn of(arguments: &Arguments) -> Result<Scenario, Error> {
    Scenario::new(topology(arguments)?, load(arguments)).map_err(Error::Scenario)
}

/// The network described by the command line or its document; rates of the command line take
/// precedence.
fn topology(arguments: &Arguments) -> Result<Topology, Error> {
    let mut topology = match &arguments.document {
        Some(path) => of_document(path)?,
        None => Topology::of_layers(arguments.layers, arguments.nodes),
    };
    let rates = topology.rates;
    topology.rates = Rates {
        mu: arguments.mu.unwrap_or(rates.mu),
        lambda_p: arguments.lambda_p.unwrap_or(rates.lambda_p),
        lambda_l: arguments.lambda_l.unwrap_or(rates.lambda_l),
        lambda_m: arguments.lambda_m.unwrap_or(rates.lambda_m),
        lambda_g: arguments.lambda_g.unwrap_or(rates.lambda_g),
    };
    Ok(topology)
}

fn of_document(path: &Path) -> Result<Topology, Error> {
    let failed = |error| Error::Document(input::name(path).to_owned(), error);
    let bytes = document::read(path)?;
    let content = Content::parse(&bytes).map_err(failed)?;
    let document = Document::parse(content.payload()).map_err(|error| failed(error.into()))?;
    Topology::of_document(&document).map_err(|error| failed(DocumentError::Network(error)))
}

fn load(arguments: &Arguments) -> Load {
    Load {
        users: arguments.users,
        messages: arguments.messages,
        millis: u64::from(arguments.seconds).saturating_mul(1000),
        seed: arguments.seed,
    }
}
