//! CBOR: a parsed item is walked without gaps and encoded in one canonical form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mixwell_pki_types::cbor::{Item, Kind, MAX_DEPTH, Writer};

fuzz_target!(|bytes: &[u8]| {
    let Ok(item) = Item::parse(bytes) else { return };
    assert_eq!(item.encoded(), bytes);
    walk(item, 0);
    let once = canonical(item);
    assert!(once.len() <= bytes.len());
    let again = Item::parse(&once).expect("what is written is read");
    assert_eq!(canonical(again), once);
});

/// Visits everything that an item contains.
fn walk(item: Item<'_>, depth: usize) {
    assert!(depth <= MAX_DEPTH);
    // each part is itself an item
    assert_eq!(Item::parse(item.encoded()), Ok(item));
    match item.kind() {
        Kind::Array(items) => {
            let (len, items) = (items.len(), items.collect::<Vec<_>>());
            assert_eq!(items.len(), len);
            assert!(item.encoded().ends_with(&items.iter().map(|item| item.encoded()).collect::<Vec<_>>().concat()));
            items.into_iter().for_each(|item| walk(item, depth + 1));
        }
        Kind::Map(entries) => {
            assert_eq!(entries.count(), entries.len());
            for (key, value) in entries {
                if let Kind::Text(name) = key.kind() {
                    assert_eq!(entries.get(name), Some(value));
                }
                walk(key, depth + 1);
                walk(value, depth + 1);
            }
        }
        Kind::Tag(_, item) => walk(item, depth + 1),
        _ => {}
    }
}

fn canonical(item: Item<'_>) -> Vec<u8> {
    let mut out = vec![0; item.encoded().len()];
    let mut writer = Writer::new(&mut out);
    writer.canonical(item);
    let len = writer.finish().expect("no longer than it was");
    out.truncate(len);
    out
}
