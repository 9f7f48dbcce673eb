//! `[Parameters]`: the rates of the network.

use super::{DEFAULT_RATES, file::Parameters};
use crate::{ConfigurationError, source::Source};
use mixwell_pki_types::Rates;
use toml::Spanned;

impl Parameters {
    pub(super) fn rates(&self, source: &Source) -> Result<Rates, ConfigurationError> {
        let rate = |name: &str, given: &Option<Spanned<f64>>, default: f64| {
            let Some(given) = given else { return Ok(default) };
            if (0.0..=MAX_RATE).contains(given.get_ref()) {
                return Ok(*given.get_ref());
            }
            let reason = format!(
                "{name}: a rate is a number of 0 or more per millisecond, and no node could follow more than {MAX_RATE}"
            );
            Err(source.error(given.span(), reason))
        };
        let mu = rate("Mu", &self.mu, DEFAULT_RATES.mu)?;
        if mu <= 0.0 {
            return Err(source.error(self.mu.as_ref().map_or(0..0, Spanned::span), "Mu: want more than 0"));
        }
        if self.lambda_g.is_some() {
            tracing::info!("LambdaG is computed from the topology; the setting is not used");
        }
        Ok(Rates {
            mu,
            lambda_p: rate("LambdaP", &self.lambda_p, DEFAULT_RATES.lambda_p)?,
            lambda_l: rate("LambdaL", &self.lambda_l, DEFAULT_RATES.lambda_l)?,
            lambda_m: rate("LambdaM", &self.lambda_m, DEFAULT_RATES.lambda_m)?,
            lambda_g: rate("LambdaG", &self.lambda_g, DEFAULT_RATES.lambda_g)?,
            lambda_r: rate("LambdaR", &self.lambda_r, DEFAULT_RATES.lambda_r)?,
        })
    }
}

/// Maximum rate, per millisecond: ten thousand packets a second for one process of one node, three
/// times what a processor core can produce.
const MAX_RATE: f64 = 10.0;
