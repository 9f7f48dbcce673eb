//! The first bytes of an item (RFC 7049 §2.1): its kind and its length or value.

/// Kinds of items, the upper three bits of the first byte.
pub(super) const UNSIGNED: u8 = 0;
pub(super) const NEGATIVE: u8 = 1;
pub(super) const BYTES: u8 = 2;
pub(super) const TEXT: u8 = 3;
pub(super) const ARRAY: u8 = 4;
pub(super) const MAP: u8 = 5;
pub(super) const TAG: u8 = 6;
pub(super) const SIMPLE: u8 = 7;

/// Lower five bits of the first byte of a simple item.
pub(super) const FALSE: u8 = 20;
pub(super) const TRUE: u8 = 21;
pub(super) const NULL: u8 = 22;
pub(super) const HALF: u8 = 25;
pub(super) const SINGLE: u8 = 26;
pub(super) const DOUBLE: u8 = 27;

/// The head of an item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) major: u8,
    /// The lower five bits of the first byte.
    pub(super) info: u8,
    /// The value, the length, the number of items or the bits of a float.
    pub(super) argument: u64,
}

/// The reason why a head cannot be read.
#[derive(Debug, Clone, Copy)]
pub(super) enum HeadError {
    Short { need: u8 },
    Indefinite,
    Reserved,
}

impl Head {
    /// Reads a head from the front of `bytes`.
    pub(super) fn take(bytes: &mut &[u8]) -> Result<Self, HeadError> {
        let (&first, mut rest) = bytes.split_first().ok_or(HeadError::Short { need: 1 })?;
        let (major, info) = (first >> 5, first & 0x1f);
        let argument = match info {
            0..=23 => info.into(),
            24 => u8::from_be_bytes(take_array(&mut rest)?).into(),
            25 => u16::from_be_bytes(take_array(&mut rest)?).into(),
            26 => u32::from_be_bytes(take_array(&mut rest)?).into(),
            27 => u64::from_be_bytes(take_array(&mut rest)?),
            31 if matches!(major, BYTES | TEXT | ARRAY | MAP | SIMPLE) => return Err(HeadError::Indefinite),
            _ => return Err(HeadError::Reserved),
        };
        if major == SIMPLE && info == 24 && argument < 32 {
            return Err(HeadError::Reserved);
        }
        *bytes = rest;
        Ok(Self { major, info, argument })
    }

    /// Number of items that the item contains (for a map, keys and values).
    pub(super) const fn children(self) -> u64 {
        match self.major {
            ARRAY => self.argument,
            MAP => self.argument.saturating_mul(2),
            TAG => 1,
            _ => 0,
        }
    }

    /// Number of bytes of content that follow the head of a string.
    pub(super) const fn content(self) -> u64 {
        match self.major {
            BYTES | TEXT => self.argument,
            _ => 0,
        }
    }
}

/// Number of bytes that the shortest head of an argument takes.
pub(super) const fn shortest(argument: u64) -> u8 {
    match argument {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

/// Splits a checked item off the front; `None` if the bytes do not hold one.
pub(super) fn split_item<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let start = *bytes;
    let mut rest = start;
    let mut pending: u64 = 1;
    while pending > 0 {
        let head = Head::take(&mut rest).ok()?;
        rest = rest.get(usize::try_from(head.content()).ok()?..)?;
        pending = pending.checked_add(head.children())?.checked_sub(1)?;
    }
    *bytes = rest;
    start.get(..start.len().checked_sub(rest.len())?)
}

/// Reads the argument that follows a head's first byte.
fn take_array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], HeadError> {
    #[expect(clippy::cast_possible_truncation, reason = "N is at most 8")]
    let need = const { 1 + N as u8 };
    let (array, rest) = bytes.split_first_chunk().ok_or(HeadError::Short { need })?;
    *bytes = rest;
    Ok(*array)
}
