//! The encoding of saved state: fields in the order in which [`codec!`] lists them, integers
//! little-endian.
//!
//! A structure lists its fields once, for both directions. [`VERSION`] has to change with any of
//! these lists.

#[cfg(test)]
mod tests;

use crate::{
    bytes::{Reader, Writer},
    kdf::Key,
    state::StateError,
};
use alloc::{boxed::Box, collections::VecDeque, string::String, vec::Vec};
use mixwell_pq_kem::{
    XWing,
    kem::{Ciphertext, PublicKey, Seed, SharedSecret},
};
use zeroize::Zeroizing;

/// The version of all layouts below a [`Chat`](crate::Chat).
pub(crate) const VERSION: u8 = 2;

/// A value in a saved state. Decoding allocates no more than the length of the state.
pub(crate) trait Codec: Sized {
    fn encode(&self, to: &mut Writer);

    /// None if the bytes are not a value of this type.
    fn decode(from: &mut Reader<'_>) -> Option<Self>;
}

/// Encodes the version and a value into a buffer of the exact length, which never moves and so
/// leaves no copy behind.
pub(crate) fn encode(value: &impl Codec) -> Zeroizing<Vec<u8>> {
    let mut measure = Writer::measuring();
    value.encode(&mut measure);
    let mut to = Writer::with_capacity(measure.len().saturating_add(1));
    to.u8(VERSION);
    value.encode(&mut to);
    to.finish()
}

/// Decodes a value that must take up all bytes after the version.
pub(crate) fn decode<T: Codec>(bytes: &[u8]) -> Result<T, StateError> {
    let mut from = Reader::new(bytes);
    let version = from.u8().ok_or(StateError::Malformed)?;
    if version != VERSION {
        return Err(StateError::Version { got: version });
    }
    T::decode(&mut from).filter(|_| from.rest().is_empty()).ok_or(StateError::Malformed)
}

/// Implements [`Codec`] for a structure or an enum.
///
/// - `fresh` fields are not saved: each gets its value.
/// - `valid` is a condition that a decoded value must meet.
macro_rules! codec {
    (
        struct $name:ident { $($field:ident),* $(,)? }
        $(fresh { $($fresh:ident: $value:expr),* $(,)? })?
        $(valid $valid:expr)?
    ) => {
        impl $crate::codec::Codec for $name {
            fn encode(&self, to: &mut $crate::bytes::Writer) {
                $(self.$field.encode(to);)*
            }

            fn decode(from: &mut $crate::bytes::Reader<'_>) -> Option<Self> {
                let value = Self { $($field: $crate::codec::Codec::decode(from)?,)* $($($fresh: $value,)*)? };
                $(
                    let is_valid: fn(&Self) -> bool = $valid;
                    if !is_valid(&value) {
                        return None;
                    }
                )?
                Some(value)
            }
        }
    };
    (
        enum $name:ident {
            $($tag:literal = $variant:ident $(($($inner:ident),+))? $({ $($field:ident),+ })?),* $(,)?
        }
        $(valid $valid:expr)?
    ) => {
        impl $crate::codec::Codec for $name {
            fn encode(&self, to: &mut $crate::bytes::Writer) {
                match self {
                    $(Self::$variant $(($($inner),+))? $({ $($field),+ })? => {
                        to.u8($tag);
                        $($($inner.encode(to);)+)?
                        $($($field.encode(to);)+)?
                    })*
                }
            }

            fn decode(from: &mut $crate::bytes::Reader<'_>) -> Option<Self> {
                let value = match from.u8()? {
                    $($tag => {
                        $($(let $inner = $crate::codec::Codec::decode(from)?;)+)?
                        $($(let $field = $crate::codec::Codec::decode(from)?;)+)?
                        Self::$variant $(($($inner),+))? $({ $($field),+ })?
                    })*
                    _ => return None,
                };
                $(
                    let is_valid: fn(&Self) -> bool = $valid;
                    if !is_valid(&value) {
                        return None;
                    }
                )?
                Some(value)
            }
        }
    };
}
pub(crate) use codec;

macro_rules! integer {
    ($($name:ident),*) => {
        $(impl Codec for $name {
            fn encode(&self, to: &mut Writer) {
                to.put(&self.to_le_bytes());
            }

            fn decode(from: &mut Reader<'_>) -> Option<Self> {
                from.array().map(Self::from_le_bytes)
            }
        })*
    };
}

integer!(u8, u32, u64);

impl Codec for bool {
    fn encode(&self, to: &mut Writer) {
        to.bool(*self);
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        from.bool()
    }
}

/// A length in memory, as 32 bits.
impl Codec for usize {
    fn encode(&self, to: &mut Writer) {
        to.count(*self);
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        from.count(Self::MAX)
    }
}

impl<const N: usize> Codec for [u8; N] {
    fn encode(&self, to: &mut Writer) {
        to.put(self);
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        from.array()
    }
}

impl Codec for Vec<u8> {
    fn encode(&self, to: &mut Writer) {
        to.bytes(self);
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        from.bytes(usize::MAX).map(<[u8]>::to_vec)
    }
}

impl Codec for Zeroizing<Vec<u8>> {
    fn encode(&self, to: &mut Writer) {
        to.bytes(self);
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        Vec::decode(from).map(Self::new)
    }
}

impl Codec for String {
    fn encode(&self, to: &mut Writer) {
        to.bytes(self.as_bytes());
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        core::str::from_utf8(from.bytes(usize::MAX)?).ok().map(Self::from)
    }
}

impl<T: Codec> Codec for Option<T> {
    fn encode(&self, to: &mut Writer) {
        to.bool(self.is_some());
        if let Some(value) = self {
            value.encode(to);
        }
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        if from.bool()? { T::decode(from).map(Some) } else { Some(None) }
    }
}

/// None of the items is empty, so that their count is bounded by the bytes that are left.
impl<T: Codec> Codec for VecDeque<T> {
    fn encode(&self, to: &mut Writer) {
        to.count(self.len());
        for item in self {
            item.encode(to);
        }
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        let count = from.count(from.rest().len())?;
        (0..count).map(|_| T::decode(from)).collect()
    }
}

impl<T: Codec> Codec for Box<T> {
    fn encode(&self, to: &mut Writer) {
        (**self).encode(to);
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        T::decode(from).map(Self::new)
    }
}

impl<A: Codec, B: Codec> Codec for (A, B) {
    fn encode(&self, to: &mut Writer) {
        self.0.encode(to);
        self.1.encode(to);
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        Some((A::decode(from)?, B::decode(from)?))
    }
}

impl Codec for Key {
    fn encode(&self, to: &mut Writer) {
        to.put(self.as_bytes());
    }

    fn decode(from: &mut Reader<'_>) -> Option<Self> {
        from.array().map(Self::new)
    }
}

macro_rules! kem_bytes {
    ($($name:ident),*) => {
        $(impl Codec for $name<XWing> {
            fn encode(&self, to: &mut Writer) {
                to.put(self.as_bytes());
            }

            fn decode(from: &mut Reader<'_>) -> Option<Self> {
                from.array().map(Self::from_bytes)
            }
        })*
    };
}

kem_bytes!(Seed, PublicKey, SharedSecret, Ciphertext);
