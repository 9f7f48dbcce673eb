//! A checked input, walked in place.

use super::{
    CborError, check, float,
    head::{self, Head, split_item},
    sorted::Sorted,
};

/// A checked CBOR item with its content. Borrows the input.
///
/// ```
/// use mixwell_pki_types::cbor::{Item, Kind};
///
/// let item = Item::parse(b"\xa1\x65Epoch\x07")?;
/// let Kind::Map(mut fields) = item.kind() else { panic!("a map") };
/// let (name, value) = fields.next().expect("a field");
/// assert!(matches!((name.kind(), value.kind()), (Kind::Text("Epoch"), Kind::Unsigned(7))));
/// # Ok::<(), mixwell_pki_types::cbor::CborError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'a>(&'a [u8]);

/// The kind of an item, with its content.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Kind<'a> {
    /// An unsigned integer.
    Unsigned(u64),
    /// The negative integer −1 − n.
    Negative(u64),
    /// A byte string.
    Bytes(&'a [u8]),
    /// A text.
    Text(&'a str),
    /// A list.
    Array(Array<'a>),
    /// A map.
    Map(Map<'a>),
    /// A tag and the item that it is for.
    Tag(u64, Item<'a>),
    /// A Boolean.
    Bool(bool),
    /// Null.
    Null,
    /// A float of any width.
    Float(f64),
    /// Another simple value.
    Simple(u8),
}

impl<'a> Item<'a> {
    /// Checks that `bytes` are one item and nothing else, in one pass.
    ///
    /// # Errors
    /// The reason why they are not.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CborError> {
        check::check(bytes)?;
        Ok(Self(bytes))
    }

    /// An item of bytes that have already been checked.
    pub(crate) const fn checked(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The item's encoding, as received.
    #[must_use]
    pub const fn encoded(self) -> &'a [u8] {
        self.0
    }

    /// The item's kind and content.
    #[must_use]
    pub fn kind(self) -> Kind<'a> {
        let mut rest = self.0;
        let Ok(Head { major, info, argument }) = Head::take(&mut rest) else { return Kind::Null };
        match (major, info) {
            (head::UNSIGNED, _) => Kind::Unsigned(argument),
            (head::NEGATIVE, _) => Kind::Negative(argument),
            (head::BYTES, _) => Kind::Bytes(rest),
            (head::TEXT, _) => Kind::Text(core::str::from_utf8(rest).unwrap_or_default()),
            (head::ARRAY, _) => Kind::Array(Array { left: argument, rest }),
            (head::MAP, _) => Kind::Map(Map::new(argument, rest)),
            (head::TAG, _) => Kind::Tag(argument, Self(rest)),
            (_, head::FALSE) => Kind::Bool(false),
            (_, head::TRUE) => Kind::Bool(true),
            (_, head::NULL) => Kind::Null,
            _ => match float::value(major, info, argument) {
                Some(value) => Kind::Float(value),
                None => Kind::Simple(u8::try_from(argument).unwrap_or(u8::MAX)),
            },
        }
    }
}

/// The items of a list, in order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Array<'a> {
    left: u64,
    rest: &'a [u8],
}

impl Array<'_> {
    /// The number of entries or items left.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.left).unwrap_or(usize::MAX)
    }

    /// Whether there are none left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.left == 0
    }
}

#[expect(clippy::copy_iterator, reason = "a place in borrowed bytes, copied to walk from there again")]
impl<'a> Iterator for Array<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        self.left = self.left.checked_sub(1)?;
        split_item(&mut self.rest).map(Item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

/// The entries of a map, in the order of the encoding. Keys are distinct.
///
/// ```
/// use mixwell_pki_types::cbor::{Item, Kind};
///
/// let item = Item::parse(&[0xa1, 0x61, b'n', 7])?; // {"n": 7}
/// let Kind::Map(map) = item.kind() else { panic!("no map") };
/// assert!(matches!(map.get("n").map(Item::kind), Some(Kind::Unsigned(7))));
/// # Ok::<(), mixwell_pki_types::cbor::CborError>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Map<'a> {
    left: u64,
    rest: &'a [u8],
}

impl<'a> Map<'a> {
    pub(super) const fn new(entries: u64, rest: &'a [u8]) -> Self {
        Self { left: entries, rest }
    }

    /// The number of entries or items left.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.left).unwrap_or(usize::MAX)
    }

    /// Whether there are none left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// The encoded length of the entries left, if nothing follows them.
    pub(super) const fn encoded_len(&self) -> usize {
        self.rest.len()
    }

    /// The value of a text key.
    #[must_use]
    pub fn get(mut self, name: &str) -> Option<Item<'a>> {
        self.find_map(|(key, value)| matches!(key.kind(), Kind::Text(text) if text == name).then_some(value))
    }

    /// The entries in canonical order.
    pub(crate) fn sorted(self) -> impl Iterator<Item = (Item<'a>, Item<'a>)> {
        Sorted::new(self)
    }
}

#[expect(clippy::copy_iterator, reason = "a place in borrowed bytes, copied to walk from there again")]
impl<'a> Iterator for Map<'a> {
    type Item = (Item<'a>, Item<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some((Item(split_item(&mut self.rest)?), Item(split_item(&mut self.rest)?)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}
