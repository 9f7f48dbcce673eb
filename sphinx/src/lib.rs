#![doc = include_str!("../README.md")]
#![no_std]
// besides the workspace's lints: division takes secret-dependent time, and unchecked sums panic or
// wrap
#![warn(clippy::arithmetic_side_effects, clippy::integer_division_remainder_used)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "std")]
extern crate std;

mod batch;
mod commands;
mod geometry;
mod header;
mod ids;
mod keys;
mod message;
mod open;
mod path;
mod replay;
#[cfg(feature = "std")]
mod ring;
mod scheme;
mod seal;
mod sphinx;
mod surb;
mod wrap;

/// The schemes and their keys; [`Kem`] makes a scheme of packets of one of its KEMs.
pub use mixwell_pq_kem as pq_kem;
#[cfg(feature = "mlkem768")]
pub use mixwell_pq_kem::MlKem768;
#[cfg(feature = "mlkem768-x448")]
pub use mixwell_pq_kem::MlKem768X448;
#[cfg(feature = "mlkem768-x25519")]
pub use mixwell_pq_kem::MlKem768X25519;
#[cfg(feature = "x448")]
pub use mixwell_pq_kem::X448;
#[cfg(feature = "x25519")]
pub use mixwell_pq_kem::X25519;
#[cfg(feature = "xwing")]
pub use mixwell_pq_kem::XWing;
/// The traits of random number generators, in the version that this crate's signatures have.
pub use rand_core;

pub use batch::BatchSlot;
pub use commands::CommandError;
pub use geometry::{Field, Geometry, GeometryError, GeometryFields, MAX_HOPS, SchemeInfo};
pub use ids::{NodeId, RecipientId, ReplayTag, SurbId};
pub use message::{Message, MessageError};
pub use open::{Action, FinishError, OpenError, Opened};
pub use path::{Hop, Path};
pub use replay::{Insertion, ReplayFilter, ReplayFilterFull};
#[cfg(feature = "std")]
pub use replay::{LoadError, SaveKey, SharedReplayFilter};
#[cfg(feature = "std")]
pub use ring::{EpochRing, MixKey, RingError, RingTime};
pub use scheme::{Kem, Scheme, SchemeKeys, WithScheme, with_scheme};
pub use seal::WrapError;
pub use sphinx::{Sphinx, WrongScheme};
pub use surb::{ReplyError, SurbKeys, SurbKeysLength};
