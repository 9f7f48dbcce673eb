//! Whether the authorities permit the node.

use crate::network_error::NetworkError;
use core::fmt::Write as _;
use mixwell_config::ServerConfiguration;
use mixwell_net::{
    clock::Clock,
    directory_client::DirectoryClient,
    keys::{Identity, LinkKey},
    randomness::Randomness,
};
use mixwell_node::{
    NodeDescription,
    check::{Permission, PermissionCheck},
};
use mixwell_pki_types::build::Addresses;
use std::sync::Arc;

/// A line for each authority.
///
/// # Errors
/// If the identity key can't sign.
pub(super) async fn report(
    configuration: &ServerConfiguration,
    (identity, link): (&Identity, &LinkKey),
    clock: Clock,
    randomness: &Randomness,
) -> Result<String, NetworkError> {
    let (authorities, id) = (Arc::clone(&configuration.authorities), Some(identity.id()));
    let client = DirectoryClient::new(authorities, link.clone(), id, randomness.clone());
    let description = NodeDescription {
        name: configuration.identifier.clone(),
        addresses: Addresses::new(),
        kaetzchen: None,
        kind: configuration.kind,
    };
    let check =
        PermissionCheck { client: &client, clock, description: &description, identity, link_key: link, randomness };
    let mut text = String::new();
    for (authority, permission) in check.run().await? {
        let verdict = match permission {
            Permission::Permitted => "permits this node".to_owned(),
            Permission::Forbidden => {
                format!("does not permit this node; its operator has to add {}", description.listing(identity))
            }
            Permission::Unanswered(error) => {
                format!("does not say whether it permits this node ({error}); it may end the connections of others")
            }
            _ => "gives an unknown answer".to_owned(),
        };
        let _ = writeln!(text, "{authority:<10} {verdict}");
    }
    Ok(text)
}
