//! Converts the parameters of services, which may be any CBOR, to JSON.

use crate::hex::hex;
use mixwell_pki_types::cbor::{Item, Kind};
use serde_json::{Map, Value};

/// The closest JSON for a CBOR item: byte strings in hexadecimal, keys of any type as text, no
/// tags.
pub(super) fn json(item: Item<'_>) -> Value {
    match item.kind() {
        Kind::Unsigned(n) => n.into(),
        Kind::Negative(n) => negative(n),
        Kind::Bytes(bytes) => hex(bytes).into(),
        Kind::Text(text) => text.into(),
        Kind::Array(items) => items.map(json).collect(),
        Kind::Map(entries) => {
            Value::Object(entries.map(|(key, value)| (name(key), json(value))).collect::<Map<_, _>>())
        }
        Kind::Tag(_, item) => json(item),
        Kind::Bool(value) => value.into(),
        // infinities and NaN become null
        Kind::Float(value) => value.into(),
        Kind::Simple(n) => format!("simple({n})").into(),
        _ => Value::Null,
    }
}

/// The number −1 − n, as a JSON number if it fits in 64 bits.
fn negative(n: u64) -> Value {
    match i64::try_from(n) {
        Ok(n) => (-1_i64).saturating_sub(n).into(),
        Err(_) => format!("-{}", u128::from(n) + 1).into(),
    }
}

/// A key as text.
fn name(key: Item<'_>) -> String {
    match json(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind() {
        for (bytes, want) in [
            (&b"\x18\x2a"[..], json!(42)),
            (b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", json!(u64::MAX)),
            (b"\x20", json!(-1)),
            (b"\x3b\x7f\xff\xff\xff\xff\xff\xff\xff", json!(i64::MIN)),
            (b"\x3b\x80\x00\x00\x00\x00\x00\x00\x00", json!("-9223372036854775809")),
            (b"\x42\xab\x01", json!("ab01")),
            (b"\x62hi", json!("hi")),
            (b"\x82\x01\xf5", json!([1, true])),
            (b"\xa2\x01\x02\x61a\xf4", json!({"1": 2, "a": false})),
            (b"\xc1\x07", json!(7)),
            (b"\xf6", json!(null)),
            (b"\xf9\x3e\x00", json!(1.5)),
            (b"\xf9\x7e\x00", json!(null)),
            (b"\xf0", json!("simple(16)")),
        ] {
            assert_eq!(json(Item::parse(bytes).unwrap()), want);
        }
    }
}
