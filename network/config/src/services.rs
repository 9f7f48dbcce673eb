//! `[ServiceNode]`: the services of a service node.

use super::{
    ConfigurationError,
    source::{Note, Source},
};
use core::ops::Range;
use mixwell_net::services::{ServiceKind, ServiceSpec};
use serde::{Deserialize, Serialize};
use toml::Spanned;

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ServiceNode {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kaetzchen: Vec<Section>,
    #[serde(default, rename = "CBORPluginKaetzchen", skip_serializing_if = "Vec::is_empty")]
    plugins: Vec<Section>,
}

/// A service, which in the reference is either built in or run as a separate program.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Section {
    capability: Spanned<String>,
    endpoint: Spanned<String>,
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    disable: bool,
}

/// The table in which a service is configured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    BuiltIn,
    Plugin,
}

impl ServiceNode {
    /// The services to serve: those that are listed and not disabled.
    ///
    /// # Errors
    /// If one of them can't be served, or two conflict.
    pub(super) fn services(
        &self,
        source: &Source,
        notes: &mut Vec<Note>,
    ) -> Result<Vec<ServiceSpec>, ConfigurationError> {
        let mut specs: Vec<ServiceSpec> = Vec::new();
        let built_in = self.kaetzchen.iter().map(|section| (section, Place::BuiltIn));
        let plugins = self.plugins.iter().map(|section| (section, Place::Plugin));
        for (section, place) in built_in.chain(plugins).filter(|(section, _)| !section.disable) {
            let spec = section.spec(place, source, notes)?;
            if specs.iter().any(|other| other.capability == spec.capability) {
                let reason = format!("another service has the capability {:?}", spec.capability);
                return Err(source.error(section.capability.span(), reason));
            }
            if specs.iter().any(|other| other.endpoint == spec.endpoint) {
                let reason = format!("another service has the endpoint {:?}", spec.endpoint);
                return Err(source.error(section.endpoint.span(), reason));
            }
            specs.push(spec);
        }
        Ok(specs)
    }
}

impl Section {
    fn spec(&self, place: Place, source: &Source, notes: &mut Vec<Note>) -> Result<ServiceSpec, ConfigurationError> {
        let (capability, endpoint) = (self.capability.get_ref(), self.endpoint.get_ref());
        let at = |span: Range<usize>, reason: String| source.error(span, reason);
        let Some(kind) = ServiceKind::of(capability) else {
            let what =
                if place == Place::Plugin { "can't start a program for the service" } else { "no such service:" };
            let reason = format!("{what} {capability:?}, want echo or rendezvous; Disable = true leaves it out");
            return Err(at(self.capability.span(), reason));
        };
        if !(1..=MAX_ENDPOINT_BYTES).contains(&endpoint.len()) || endpoint.to_lowercase() != *endpoint {
            let reason = format!("Endpoint: want 1 to {MAX_ENDPOINT_BYTES} bytes in lower case");
            return Err(at(self.endpoint.span(), reason));
        }
        if place == Place::Plugin {
            notes.push(source.doubt(
                self.capability.span(),
                format!("the service {capability:?} is built in; its Command is not started"),
            ));
        }
        Ok(ServiceSpec { capability: capability.clone(), endpoint: endpoint.clone(), kind })
    }
}

/// The length of a recipient id.
const MAX_ENDPOINT_BYTES: usize = 32;
