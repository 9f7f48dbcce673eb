//! A network in this process, for the demonstration.

pub(crate) mod demo;
pub(crate) mod error;
pub(crate) mod logging;
