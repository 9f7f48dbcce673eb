//! Owned descriptors and documents, encoded by nodes and authorities.
//!
//! `None` is encoded as null, as the reference encodes a list or map that was never allocated. An
//! empty one is encoded as empty, except for a layer without mixes, which is null as well. The
//! encoding is canonical, whatever the order of insertion.

mod descriptor;
mod document;
mod replica;
mod value;

pub use descriptor::{Capabilities, DescriptorBuilder};
pub use document::DocumentBuilder;
pub use replica::ReplicaBuilder;
pub use value::Value;

use crate::{Epoch, cbor::Writer, descriptor::Texts};
use alloc::{borrow::ToOwned, collections::BTreeMap, string::String, vec, vec::Vec};

/// Addresses by transport.
pub type Addresses = BTreeMap<String, Vec<String>>;

/// Public keys by epoch.
pub type EpochKeys = BTreeMap<Epoch, Vec<u8>>;

/// Encodes into a vector of the exact length: calls `write` once to measure, once to encode.
///
/// ```
/// use mixwell_pki_types::build::encode;
///
/// let encoded = encode(|writer| {
///     writer.text("echo");
/// });
/// assert_eq!(encoded, b"\x64echo");
/// ```
pub fn encode(write: impl Fn(&mut Writer<'_>)) -> Vec<u8> {
    let mut measure = Writer::new(&mut []);
    write(&mut measure);
    let mut out = vec![0; measure.written()];
    write(&mut Writer::new(&mut out));
    out
}

/// Writes a map, keys by length first.
fn text_map<V>(writer: &mut Writer<'_>, map: Option<&BTreeMap<String, V>>, value: impl Fn(&mut Writer<'_>, &V)) {
    let Some(map) = map else {
        writer.null();
        return;
    };
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(key, _)| (key.len(), *key));
    writer.map(entries.len());
    for (key, entry) in entries {
        value(writer.text(key), entry);
    }
}

fn addresses(writer: &mut Writer<'_>, map: Option<&Addresses>) {
    text_map(writer, map, |writer, list| {
        list.iter().fold(writer.array(list.len()), |writer, address| writer.text(address));
    });
}

fn epoch_keys(writer: &mut Writer<'_>, map: Option<&EpochKeys>) {
    let Some(map) = map else {
        writer.null();
        return;
    };
    writer.map(map.len());
    for (epoch, key) in map {
        writer.unsigned(epoch.0).bytes(key);
    }
}

fn own_addresses<'a>(addresses: impl Iterator<Item = (&'a str, Texts<'a>)>) -> Addresses {
    addresses.map(|(transport, list)| (transport.to_owned(), list.map(ToOwned::to_owned).collect())).collect()
}

fn own_keys<'a>(keys: impl Iterator<Item = (Epoch, &'a [u8])>) -> EpochKeys {
    keys.map(|(epoch, key)| (epoch, key.to_vec())).collect()
}
