//! Documents from scratch, or a valid one with bytes changed. A document that parses is walked,
//! searched and encoded consistently.
#![no_main]

#[allow(dead_code)]
#[path = "../../pki-types/tests/common/network.rs"]
mod network;

use libfuzzer_sys::fuzz_target;
use mixwell_pki_types::{Document, KeyHash, build::DocumentBuilder};
use std::sync::LazyLock;

static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| network::document(5).encode());

fuzz_target!(|input: (bool, Vec<(u16, u8)>, &[u8])| {
    let (from_scratch, changes, rest) = input;
    let mut bytes = if from_scratch { Vec::new() } else { GOOD.clone() };
    bytes.extend(rest);
    for (at, change) in changes {
        if let Some(byte) = bytes.get_mut(usize::from(at)) {
            *byte ^= change;
        }
    }
    let Ok(document) = Document::parse(&bytes) else { return };
    assert_eq!(document.nodes().count(), document.nodes().len());
    for (nth, node) in document.nodes().enumerate() {
        let (place, id) = (node.place(), node.id());
        assert_eq!(document.nodes().nth(nth).expect("it was there").place(), place);
        let found = document.layer(place.layer).and_then(|mut layer| layer.nth(place.index)).expect("it was there");
        assert_eq!(found.encoded(), node.encoded());
        assert!(
            document.nodes().by_hash(id).expect("it was there").place() <= place || document.layer_of(id).is_some()
        );
        assert!(document.nodes().by_name(node.name()).is_some());
    }

    let encoded = DocumentBuilder::from(&document).encode();
    let again = Document::parse(&encoded).expect("what is written is read");
    assert_eq!(DocumentBuilder::from(&again).encode(), encoded);

    // the lent memory affects only the speed, and maps are in another order: of two faults, either
    // may be found first
    let check =
        |document: &Document<'_>, memory: usize| document.check(&[], &mut vec![KeyHash::default(); memory]).is_ok();
    assert_eq!(check(&document, 3), check(&document, 64));
    assert_eq!(check(&again, 64), check(&document, 64));
});
