//! The commands: one file each.

pub(crate) mod anonymity;
pub(crate) mod authority;
pub(crate) mod chat;
pub(crate) mod demo;
pub(crate) mod document;
pub(crate) mod fetch;
pub(crate) mod genconfig;
pub(crate) mod genkeypair;
pub(crate) mod geometry;
pub(crate) mod node;
pub(crate) mod packet;
pub(crate) mod packets;
pub(crate) mod ping;
pub(crate) mod schemes;
pub(crate) mod speed;
