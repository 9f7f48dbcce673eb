//! The CBOR reader and writer: rejected input, limits, and agreement with another implementation.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::integer_division_remainder_used,
    clippy::struct_field_names,
    reason = "a test"
)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may panic")]

use minicbor::data::Type;
use mixwell_pki_types::cbor::{BufferTooSmall, CborError, Item, Kind, MAX_UNSORTED, Writer};
use proptest::prelude::*;

fn canonical(item: Item<'_>) -> Vec<u8> {
    let mut out = vec![0; item.encoded().len()];
    let mut writer = Writer::new(&mut out);
    writer.canonical(item);
    let len = writer.finish().unwrap();
    out.truncate(len);
    out
}

#[test]
fn refuses() {
    let cases: &[(&[u8], CborError)] = &[
        (b"", CborError::Truncated { at: 0, need: 1, have: 0 }),
        (b"\x19\x01", CborError::Truncated { at: 0, need: 3, have: 2 }),
        (b"\x43ab", CborError::Truncated { at: 0, need: 3, have: 2 }),
        (b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", CborError::Truncated { at: 0, need: u64::MAX, have: 0 }),
        (b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x00", CborError::Truncated { at: 0, need: u64::MAX, have: 1 }),
        (b"\x82\x00", CborError::Truncated { at: 0, need: 2, have: 1 }),
        (b"\xa1\x00", CborError::Truncated { at: 0, need: 2, have: 1 }),
        (b"\x5f\x41a\xff", CborError::Indefinite { at: 0 }),
        (b"\x7f\xff", CborError::Indefinite { at: 0 }),
        (b"\x9f\xff", CborError::Indefinite { at: 0 }),
        (b"\xbf\xff", CborError::Indefinite { at: 0 }),
        (b"\x81\xff", CborError::Indefinite { at: 1 }),
        (b"\x1c", CborError::Reserved { at: 0 }),
        (b"\x1f", CborError::Reserved { at: 0 }),
        (b"\xf8\x1f", CborError::Reserved { at: 0 }),
        (b"\x62\xc3\x28", CborError::Utf8 { at: 0 }),
        (b"\x00\x00\x00", CborError::Trailing { at: 1, extra: 2 }),
        (b"\xa2\x01\x02\x01\x03", CborError::DuplicateKey { at: 3 }),
        // the same number in two widths
        (b"\xa2\x01\x02\x18\x01\x03", CborError::DuplicateKey { at: 3 }),
        // out of order and not adjacent
        (b"\xa3\x02\x00\x01\x00\x02\x00", CborError::DuplicateKey { at: 0 }),
        // the same float in two widths, and two encodings of NaN
        (b"\xa2\xf9\x00\x00\x00\xfa\x00\x00\x00\x00\x00", CborError::DuplicateKey { at: 5 }),
        (b"\xa2\xf9\x7e\x00\x00\xf9\x7e\x01\x00", CborError::DuplicateKey { at: 5 }),
        (b"\xa1\x80\x00", CborError::Key { at: 1 }),
        (b"\xa1\xa0\x00", CborError::Key { at: 1 }),
        (b"\xa2\x01\x80\xc1\x00\x00", CborError::Key { at: 3 }),
        // nested in a value
        (b"\x81\xa2\x61a\xa2\x00\x00\x00\x00\x61b\x00", CborError::DuplicateKey { at: 7 }),
    ];
    for (bytes, want) in cases {
        let got = Item::parse(bytes).map(Item::kind).map(|_| ());
        assert_eq!(got, Err(*want), "{bytes:02x?}");
    }
}

#[test]
fn depth() {
    let nested = |levels: usize| [vec![0x81; levels], vec![0]].concat();
    assert!(Item::parse(&nested(16)).is_ok());
    assert_eq!(Item::parse(&nested(17)), Err(CborError::Depth { at: 16 }));
    assert_eq!(Item::parse(&nested(100_000)), Err(CborError::Depth { at: 16 }));
    let tags = [vec![0xc1; 17], vec![0]].concat();
    assert_eq!(Item::parse(&tags), Err(CborError::Depth { at: 16 }));
    // empty containers count as well
    assert_eq!(Item::parse(&[vec![0x81; 16], vec![0x80]].concat()), Err(CborError::Depth { at: 16 }));
}

/// A map of `keys`, each with the value 0.
fn map_of(keys: impl ExactSizeIterator<Item = u64>) -> Vec<u8> {
    let mut out = vec![0; 16 + keys.len() * 10];
    let mut writer = Writer::new(&mut out);
    writer.map(keys.len());
    for key in keys {
        writer.unsigned(key).unsigned(0);
    }
    let len = writer.finish().unwrap();
    out.truncate(len);
    out
}

#[test]
fn unsorted_maps() {
    let most = MAX_UNSORTED as u64;
    assert!(Item::parse(&map_of((0..100_000_u32).map(u64::from))).is_ok(), "a sorted map may be of any size");
    assert!(Item::parse(&map_of((0..1024_u32).rev().map(u64::from))).is_ok());
    let too_many = map_of((0..1025_u32).rev().map(u64::from));
    assert_eq!(Item::parse(&too_many), Err(CborError::Unsorted { at: 0, entries: 1025 }));
    // the first and the last key of a long map, in different blocks
    let keys: Vec<u64> = (1..most).rev().chain([most - 1]).collect();
    assert_eq!(Item::parse(&map_of(keys.into_iter())), Err(CborError::DuplicateKey { at: 0 }));
}

#[test]
fn canonical_form() {
    // map {"bb": 1, "a": [1.5 as double], 10: h'00'} with long heads, to the form of RFC 7049 §3.9
    let loose = b"\xb8\x03\x78\x02bb\x18\x01\x61a\x98\x01\xfb\x3f\xf8\0\0\0\0\0\0\x0a\x58\x01\0";
    let want = b"\xa3\x0a\x41\0\x61a\x81\xf9\x3e\0\x62bb\x01";
    // a float key that is shortened moves ahead of the text key before it, and stays there
    let float = b"\xa2\x63abc\x00\xfa\x00\x00\x00\x00\x01";
    assert_eq!(canonical(Item::parse(float).unwrap()), b"\xa2\xf9\x00\x00\x01\x63abc\x00");
    assert_eq!(canonical(Item::parse(loose).unwrap()), want);
    assert_eq!(canonical(Item::parse(want).unwrap()), want);
}

/// Keys are ordered by their encodings, and no attacker can make sorting costly: 16 levels of
/// nested maps, each with as many keys as allowed, in reverse order.
#[test]
fn unsorted_maps_in_one_another() {
    let mut inner = vec![0xf6];
    for level in 0..16_u16 {
        let keys = if level < 3 { 1024_u16 } else { 2 };
        let mut out = vec![0; inner.len() + 4096 + 16];
        let mut writer = Writer::new(&mut out);
        writer.map(keys.into());
        for key in (0..keys).rev() {
            writer.unsigned(key.into());
            if key == keys / 2 {
                writer.raw(&inner)
            } else {
                writer.null()
            };
        }
        let len = writer.finish().unwrap();
        out.truncate(len);
        inner = out;
    }
    let sorted = canonical(Item::parse(&inner).unwrap());
    assert_eq!(sorted.len(), inner.len());
    assert_ne!(sorted, inner);
    let Kind::Map(outer) = Item::parse(&sorted).unwrap().kind() else { panic!("a map") };
    assert!(outer.map(|(key, _)| key.encoded()[0]).eq([0, 1]));
    assert_eq!(canonical(Item::parse(&sorted).unwrap()), sorted);
}

/// Nested unsorted maps cost at most a fixed number of passes over the input, whatever their depth.
#[test]
fn walks_are_bounded() {
    // a level costs 8.5 times its own bytes and 16 times those of its contents: 24.5 times the
    // input for three levels, 32.5 for four
    for (levels, ok) in [(3, true), (4, false), (16, false)] {
        let mut inner = vec![0xf6; 1];
        for _ in 0..levels {
            let mut out = vec![0; inner.len() + 4096];
            let mut writer = Writer::new(&mut out);
            writer.map(1024);
            for key in (0..1024_u64).rev() {
                writer.unsigned(key);
                // the last key, so that every pass walks its value
                if key == 0 {
                    writer.raw(&inner)
                } else {
                    writer.null()
                };
            }
            let len = writer.finish().unwrap();
            out.truncate(len);
            inner = out;
        }
        match Item::parse(&inner) {
            Ok(_) => assert!(ok, "{levels}"),
            Err(error) => assert!(!ok && matches!(error, CborError::Walked { .. }), "{levels}: {error}"),
        }
    }
}

#[test]
fn small_buffers_tell_what_it_takes() {
    let mut out = [0; 4];
    let mut writer = Writer::new(&mut out);
    writer.text("hello");
    assert_eq!(writer.finish(), Err(BufferTooSmall { need: 6, have: 4 }));
    let mut empty = Writer::new(&mut []);
    empty.map(1).unsigned(0x1_0000_0000).null();
    assert_eq!(empty.finish(), Err(BufferTooSmall { need: 11, have: 0 }));
}

/// Compares our decoder with minicbor's, item by item.
fn agrees(item: Item<'_>, other: &mut minicbor::Decoder<'_>) {
    match item.kind() {
        Kind::Unsigned(n) => assert_eq!(other.u64().unwrap(), n),
        Kind::Negative(n) => assert_eq!(i128::from(other.int().unwrap()), -1 - i128::from(n)),
        Kind::Bytes(bytes) => assert_eq!(other.bytes().unwrap(), bytes),
        Kind::Text(text) => assert_eq!(other.str().unwrap(), text),
        Kind::Array(items) => {
            assert_eq!(other.array().unwrap(), Some(items.len() as u64));
            items.for_each(|item| agrees(item, other));
        }
        Kind::Map(entries) => {
            assert_eq!(other.map().unwrap(), Some(entries.len() as u64));
            entries.for_each(|(key, value)| {
                agrees(key, other);
                agrees(value, other);
            });
        }
        Kind::Tag(tag, item) => {
            assert_eq!(other.tag().unwrap().as_u64(), tag);
            agrees(item, other);
        }
        Kind::Bool(value) => assert_eq!(other.bool().unwrap(), value),
        Kind::Null => other.null().unwrap(),
        Kind::Float(value) => {
            let other = match other.datatype().unwrap() {
                Type::F32 => other.f32().unwrap().into(),
                Type::F64 => other.f64().unwrap(),
                // minicbor decodes half floats only with a feature; `float.rs` tests every half
                // float
                _ => {
                    other.set_position(other.position() + 3);
                    value
                }
            };
            assert!(other.to_bits() == value.to_bits() || other.is_nan());
        }
        Kind::Simple(value) => match other.datatype().unwrap() {
            Type::Undefined => other.undefined().unwrap(),
            _ => assert_eq!(other.simple().unwrap(), value),
        },
        other => panic!("unknown kind {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Mostly short inputs with many item heads, so that a good share of them parses.
    #[test]
    fn reads_as_minicbor_does(bytes in proptest::collection::vec(
        prop_oneof![Just(0x81), Just(0xa1), Just(0x82), Just(0xa2), Just(0x61), Just(0x41), 0_u8..=24, any::<u8>()], 1..24))
    {
        if let Ok(item) = Item::parse(&bytes) {
            let mut other = minicbor::Decoder::new(&bytes);
            agrees(item, &mut other);
            prop_assert_eq!(other.position(), bytes.len());
            let once = canonical(item);
            let again = Item::parse(&once).map(canonical);
            prop_assert_eq!(again, Ok(once));
        }
    }

    #[test]
    fn duplicates_are_found_in_any_order(mut keys in proptest::collection::vec(0_u64..400, 1..150)) {
        let distinct: std::collections::BTreeSet<u64> = keys.iter().copied().collect();
        let parsed = Item::parse(&map_of(keys.clone().into_iter())).map(|_| ());
        prop_assert_eq!(parsed.is_ok(), distinct.len() == keys.len());
        keys.sort_unstable();
        keys.dedup();
        let sorted = map_of(keys.clone().into_iter());
        keys.reverse();
        let reversed = map_of(keys.into_iter());
        prop_assert_eq!(canonical(Item::parse(&reversed).unwrap()), sorted);
    }
}
