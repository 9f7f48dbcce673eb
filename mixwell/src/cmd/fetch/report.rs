//! The report as text.

use crate::{
    network_error::NetworkError,
    style::{DIM, GOOD},
};
use core::fmt::Write as _;
use mixwell_net::{authorities::Authorities, directory_client::Fetched};

/// Signers, nodes and rates of a consensus.
pub(super) fn text(fetched: &Fetched, authorities: &Authorities) -> Result<String, NetworkError> {
    let Fetched { consensus, authority, took, .. } = fetched;
    let document = consensus.document().map_err(|error| NetworkError::Client(error.to_string()))?;
    let signers: Vec<&str> = consensus
        .signers()
        .iter()
        .filter_map(|id| authorities.by_id(*id))
        .map(|authority| authority.peer.name.as_str())
        .collect();
    let layers: Vec<String> = document.layers().map(|layer| layer.len().to_string()).collect();
    let mut text = format!(
        "{GOOD}ok{GOOD:#} consensus of epoch {} from {} in {} ms, {} bytes\n",
        consensus.epoch(),
        authority,
        took.as_millis(),
        consensus.certificate().len()
    );
    let all = authorities.len();
    let _ = writeln!(text, "   signed by {} of {all} authorities: {}", signers.len(), signers.join(", "));
    let _ = writeln!(
        text,
        "   gateways: {}, mixes in layers of {}, service nodes: {}",
        document.gateways().len(),
        layers.join(" + "),
        document.services().len()
    );
    let rates = document.rates();
    let _ = writeln!(
        text,
        "   {DIM}mu {}, lambda P {}, L {}, M {}, G {} per millisecond{DIM:#}",
        rates.mu, rates.lambda_p, rates.lambda_l, rates.lambda_m, rates.lambda_g
    );
    Ok(text)
}
