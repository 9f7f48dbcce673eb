//! A network: what its authorities, nodes and clients share, and the authorities themselves.

pub(crate) mod address;
pub(crate) mod authority;
pub(crate) mod clock;
pub(crate) mod config;
pub(crate) mod directory;
pub(crate) mod error;
pub(crate) mod files;
pub(crate) mod keys;
pub(crate) mod listener;
pub(crate) mod logging;
pub(crate) mod mix_keys;
pub(crate) mod peers;
pub(crate) mod pem;
pub(crate) mod pki_client;
pub(crate) mod randomness;
pub(crate) mod runtime;
