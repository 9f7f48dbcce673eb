//! Decoding fields of structures: maps from names to values of a known kind.

use crate::{
    Epoch, KeyHash,
    cbor::{Array, CborError, Item, Kind, Map},
};
use core::fmt;

/// The reason why bytes are not the expected structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes are not acceptable CBOR.
    Cbor(CborError),
    /// A field is of the wrong kind; or the structure itself, if `field` is its name.
    Kind {
        /// The field's name.
        field: &'static str,
        /// The kind that it is of.
        got: &'static str,
        /// The kind that is expected.
        want: &'static str,
    },
}

impl From<CborError> for DecodeError {
    fn from(error: CborError) -> Self {
        Self::Cbor(error)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cbor(error) => error.fmt(f),
            Self::Kind { field, got, want } => write!(f, "{field} is {got}, want {want}"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// A field's name and value, to be read as the expected kind. As in the reference, null reads as
/// zero or empty.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'static str,
    pub(crate) item: Item<'a>,
}

impl<'a> Field<'a> {
    pub(crate) const fn new(name: &'static str, item: Item<'a>) -> Self {
        Self { name, item }
    }

    pub(crate) fn is_not<T>(self, want: &'static str) -> Result<T, DecodeError> {
        Err(DecodeError::Kind { field: self.name, got: name(self.item.kind()), want })
    }

    /// The error for a value of the right kind.
    pub(crate) const fn is_but<T>(self, got: &'static str, want: &'static str) -> Result<T, DecodeError> {
        Err(DecodeError::Kind { field: self.name, got, want })
    }

    pub(crate) fn u64(self) -> Result<u64, DecodeError> {
        match self.item.kind() {
            Kind::Unsigned(value) => Ok(value),
            Kind::Null => Ok(0),
            _ => self.is_not("an unsigned number"),
        }
    }

    pub(crate) fn u32(self) -> Result<u32, DecodeError> {
        u32::try_from(self.u64()?).or_else(|_| self.is_but("a larger number", "a number below 2^32"))
    }

    pub(crate) fn u8(self) -> Result<u8, DecodeError> {
        u8::try_from(self.u64()?).or_else(|_| self.is_but("a larger number", "a number below 256"))
    }

    pub(crate) fn epoch(self) -> Result<Epoch, DecodeError> {
        self.u64().map(Epoch)
    }

    pub(crate) fn bool(self) -> Result<bool, DecodeError> {
        match self.item.kind() {
            Kind::Bool(value) => Ok(value),
            Kind::Null => Ok(false),
            _ => self.is_not("true or false"),
        }
    }

    pub(crate) fn float(self) -> Result<f64, DecodeError> {
        match self.item.kind() {
            Kind::Float(value) => Ok(value),
            Kind::Null => Ok(0.0),
            _ => self.is_not("a float"),
        }
    }

    pub(crate) fn text(self) -> Result<&'a str, DecodeError> {
        match self.item.kind() {
            Kind::Text(text) => Ok(text),
            Kind::Null => Ok(""),
            _ => self.is_not("a text"),
        }
    }

    pub(crate) fn bytes(self) -> Result<&'a [u8], DecodeError> {
        match self.item.kind() {
            Kind::Bytes(bytes) => Ok(bytes),
            Kind::Null => Ok(&[]),
            _ => self.is_not("a byte string"),
        }
    }

    pub(crate) fn hash(self) -> Result<KeyHash, DecodeError> {
        self.bytes32().map(KeyHash)
    }

    pub(crate) fn bytes32(self) -> Result<[u8; 32], DecodeError> {
        match self.item.kind() {
            Kind::Bytes(bytes) => bytes.try_into().or_else(|_| self.is_but(OTHER_LENGTH, "32 bytes")),
            Kind::Null => Ok([0; 32]),
            _ => self.is_not("32 bytes"),
        }
    }

    /// A list; `None` if it is null.
    pub(crate) fn array(self) -> Result<Option<Array<'a>>, DecodeError> {
        match self.item.kind() {
            Kind::Array(items) => Ok(Some(items)),
            Kind::Null => Ok(None),
            _ => self.is_not("a list"),
        }
    }

    /// A map; `None` if it is null.
    pub(crate) fn map(self) -> Result<Option<Map<'a>>, DecodeError> {
        match self.item.kind() {
            Kind::Map(entries) => Ok(Some(entries)),
            Kind::Null => Ok(None),
            _ => self.is_not("a map"),
        }
    }

    /// A list, all of whose items can be read; `None` if it is null.
    pub(crate) fn array_of<T>(
        self,
        check: impl Fn(Self) -> Result<T, DecodeError>,
    ) -> Result<Option<Array<'a>>, DecodeError> {
        let items = self.array()?;
        items.unwrap_or_default().try_for_each(|item| check(Self { item, ..self }).map(drop))?;
        Ok(items)
    }

    /// A map, all of whose keys and values can be read; `None` if it is null. A null key is
    /// refused: it would read as an empty key, which may be in the map as well.
    pub(crate) fn map_of<K, V>(
        self,
        key: impl Fn(Self) -> Result<K, DecodeError>,
        value: impl Fn(Self) -> Result<V, DecodeError>,
    ) -> Result<Option<Map<'a>>, DecodeError> {
        let entries = self.map()?;
        entries.unwrap_or_default().try_for_each(|(k, v)| {
            if matches!(k.kind(), Kind::Null) {
                return self.is_but("a map with null as a key", "a map");
            }
            key(Self { item: k, ..self })?;
            value(Self { item: v, ..self }).map(drop)
        })?;
        Ok(entries)
    }
}

/// The fields of a structure whose keys are texts. Others are unknown, and ignored.
pub(crate) fn fields<'a>(
    structure: &'static str,
    item: Item<'a>,
) -> Result<impl Iterator<Item = (&'a str, Item<'a>)>, DecodeError> {
    let Kind::Map(entries) = item.kind() else { return Field::new(structure, item).is_not("a map") };
    Ok(entries.filter_map(|(key, value)| match key.kind() {
        Kind::Text(name) => Some((name, value)),
        _ => None,
    }))
}

/// A kind's name.
const fn name(kind: Kind<'_>) -> &'static str {
    match kind {
        Kind::Unsigned(_) => "an unsigned number",
        Kind::Negative(_) => "a negative number",
        Kind::Bytes(_) => "a byte string",
        Kind::Text(_) => "a text",
        Kind::Array(_) => "a list",
        Kind::Map(_) => "a map",
        Kind::Tag(..) => "a tagged item",
        Kind::Bool(_) => "a Boolean",
        Kind::Null => "null",
        Kind::Float(_) => "a float",
        Kind::Simple(_) => "a simple value",
    }
}

/// In errors: a byte string that has another length than its field.
pub(crate) const OTHER_LENGTH: &str = "a byte string of another length";
