//! Shared test helpers.

use mixwell_wire::{Link, PacketSizes, PkiSizes};

/// The test networks' default geometry: X25519, 5 hops, a user forward payload of 2000 bytes.
pub(crate) const SIZES: PacketSizes = PacketSizes { packet: 3082, forward_payload: 2574, user_forward_payload: 2000 };

pub(crate) const PKI: PkiSizes = PkiSizes { public_key: 32, document: 10_000 };

/// Both ends of every kind of link: sender, then receiver.
pub(crate) fn ends() -> [(Link, Link); 9] {
    let client = Link::client(SIZES).with_document_bound(10_000);
    let (gateway, node) = (Link::gateway(SIZES), Link::node(SIZES));
    let (service, replica) = (Link::service_node(SIZES, 4000), Link::replica(SIZES, 4000));
    let (caller, authority) = (Link::authority_client(PKI), Link::authority(PKI));
    [
        (client, gateway),
        (gateway, client),
        (node, node),
        (service, replica),
        (replica, service),
        (replica, replica),
        (service, node),
        (caller, authority),
        (authority, caller),
    ]
}
