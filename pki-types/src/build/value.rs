//! Parameters of services: any CBOR.

use super::encode;
use crate::cbor::{Item, Writer};
use alloc::vec::Vec;

/// A value of any kind, in canonical form.
///
/// ```
/// use mixwell_pki_types::build::Value;
///
/// assert_eq!(Value::from("echo").encoded(), b"\x64echo");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Value(Vec<u8>);

impl Value {
    /// The item as it is encoded.
    #[must_use]
    pub fn encoded(&self) -> &[u8] {
        &self.0
    }
}

impl From<Item<'_>> for Value {
    fn from(item: Item<'_>) -> Self {
        Self(encode(|writer| {
            writer.canonical(item);
        }))
    }
}

macro_rules! from {
    ($($kind:ty => $write:expr),* $(,)?) => {$(
        impl From<$kind> for Value {
            fn from(value: $kind) -> Self {
                let write: fn(&mut Writer<'_>, $kind) = $write;
                Self(encode(|writer| write(writer, value)))
            }
        }
    )*};
}

from! {
    &str => |writer, value| { writer.text(value); },
    &[u8] => |writer, value| { writer.bytes(value); },
    u64 => |writer, value| { writer.unsigned(value); },
    f64 => |writer, value| { writer.float(value); },
    bool => |writer, value| { writer.bool(value); },
}
