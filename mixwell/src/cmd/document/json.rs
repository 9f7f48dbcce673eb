//! A document as JSON.

use crate::{
    cmd::document::{
        node::{Node, Replica},
        signed::Signed,
    },
    hex::hex,
};
use core::fmt::Write as _;
use mixwell_pki_types::{Document, DocumentFault, KeyHash};
use serde::Serialize;

/// The printed fields.
#[derive(Serialize)]
struct Form<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<&'a Signed>,
    kind: &'static str,
    epoch: u64,
    genesis_epoch: u64,
    version: &'a str,
    signature_scheme: &'a str,
    well_formed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    sphinx_geometry_hash: String,
    rates: Rates,
    shared_random: SharedRandom,
    /// The mixes of each layer.
    layers: Vec<Vec<Node>>,
    gateways: Vec<Node>,
    services: Vec<Node>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    storage_replicas: Vec<Replica>,
    #[serde(skip_serializing_if = "<[u8]>::is_empty")]
    configured_replica_ids: &'a [u8],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    configured_replica_identity_key_hashes: Vec<String>,
}

#[derive(Serialize)]
struct Rates {
    mu: Rate,
    lambda_p: Rate,
    lambda_l: Rate,
    lambda_m: Rate,
    lambda_g: Rate,
    lambda_r: Rate,
}

/// A rate and its mean interval; null if the value is not a valid rate.
#[derive(Serialize)]
struct Rate {
    per_millisecond: f64,
    mean_milliseconds: Option<f64>,
}

#[derive(Serialize)]
struct SharedRandom {
    value: String,
    prior: Vec<String>,
    /// The authorities that committed.
    committed: Vec<String>,
    /// Those that revealed.
    revealed: Vec<String>,
}

/// Writes a document and its fault, if it is not well-formed.
pub(super) fn write(document: &Document<'_>, signers: Option<&Signed>, fault: Option<DocumentFault>) -> String {
    let rates = document.rates();
    let hashes = |(key, _): (KeyHash, &[u8])| key.to_string();
    let form = Form {
        certificate: signers,
        kind: if document.is_vote() { "vote" } else { "consensus" },
        epoch: document.epoch().0,
        genesis_epoch: document.genesis_epoch().0,
        version: document.version(),
        signature_scheme: document.signature_scheme(),
        well_formed: fault.is_none(),
        fault: fault.map(|fault| fault.to_string()),
        sphinx_geometry_hash: hex(document.sphinx_geometry_hash()),
        rates: Rates {
            mu: Rate::new(rates.mu),
            lambda_p: Rate::new(rates.lambda_p),
            lambda_l: Rate::new(rates.lambda_l),
            lambda_m: Rate::new(rates.lambda_m),
            lambda_g: Rate::new(rates.lambda_g),
            lambda_r: Rate::new(rates.lambda_r),
        },
        shared_random: SharedRandom {
            value: hex(document.shared_random_value()),
            prior: document.prior_shared_random().map(|value| hex(&value)).collect(),
            committed: document.commits().map(hashes).collect(),
            revealed: document.reveals().map(hashes).collect(),
        },
        layers: document.layers().map(|layer| layer.map(|node| Node::new(&node)).collect()).collect(),
        gateways: document.gateways().map(|node| Node::new(&node)).collect(),
        services: document.services().map(|node| Node::new(&node)).collect(),
        storage_replicas: document.replicas().map(|replica| Replica::new(&replica)).collect(),
        configured_replica_ids: document.configured_replica_ids(),
        configured_replica_identity_key_hashes: document
            .configured_replica_identity_keys()
            .map(|key| KeyHash::of(key).to_string())
            .collect(),
    };
    // cannot fail: the output is in memory, and all keys are strings
    ascii(&serde_json::to_string_pretty(&form).unwrap_or_default())
}

impl Rate {
    fn new(per_millisecond: f64) -> Self {
        let is_rate = per_millisecond.is_finite() && per_millisecond > 0.0;
        Self { per_millisecond, mean_milliseconds: is_rate.then(|| per_millisecond.recip()) }
    }
}

/// The same JSON in ASCII, with a final newline, so that nodes' names cannot send control or
/// bidirectional characters to a terminal.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 1);
    for char in json.chars() {
        if matches!(char, ' '..='~' | '\n') {
            out.push(char);
        } else {
            // non-ASCII characters occur only in strings, where every character may be escaped
            char.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                let _ = write!(out, "\\u{unit:04x}");
            });
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::ascii;

    #[test]
    fn others_words_are_written_in_ascii() {
        for name in ["plain \" \\ / name", "\u{1b}[2J\u{9b}31m\u{7f}\0\n\t", "\u{202e}abc", "mélange", "\u{1f600}"] {
            let text = ascii(&serde_json::to_string(name).unwrap());
            assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')), "{text}");
            assert_eq!(serde_json::from_str::<String>(&text).unwrap(), name);
        }
    }
}
