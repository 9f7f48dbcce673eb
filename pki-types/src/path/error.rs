//! Errors of drawing a route.

use crate::{BeforeZero, Epoch, Place};
use core::fmt;

/// The reason why there is no route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// The buffer has too little room for the hops.
    Room {
        /// Number of hops of the route.
        need: usize,
        /// Number of hops that fit in the buffer.
        have: usize,
    },
    /// A layer has no node.
    EmptyLayer {
        /// The layer's number.
        layer: usize,
    },
    /// A hop has no mix key for the epoch in which the packet should reach it.
    NoMixKey {
        /// The hop.
        place: Place,
        /// The epoch.
        epoch: Epoch,
    },
    /// The document's rate of delays is invalid.
    Rate,
    /// The time is before epoch 0.
    Time(BeforeZero),
    /// In each of `draws` draws, the route took two epochs or more.
    TooSlow {
        /// The number of draws.
        draws: usize,
    },
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room { need, have } => write!(f, "room for {have} hops, want {need}"),
            Self::EmptyLayer { layer } => write!(f, "mix layer {layer} is empty"),
            Self::NoMixKey { place, epoch } => write!(f, "{place}: no mix key for epoch {epoch}"),
            Self::Rate => f.write_str("the document's rate of delays is no rate"),
            Self::Time(error) => error.fmt(f),
            Self::TooSlow { draws } => write!(f, "{draws} routes drawn, each of two epochs or more"),
        }
    }
}

impl core::error::Error for PathError {}
