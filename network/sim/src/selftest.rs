//! Real packets through a path and back, in one process: every byte must come back, and every
//! tampered packet must be refused.

mod attacker;
mod client;
mod error;
mod hop;
mod network;
mod report;
mod run;
mod service;
mod times;

pub use attacker::Attempts;
pub use client::PayloadCount;
pub use error::{SelfTestError, Violation};
pub use network::hops_back;
pub use report::{HopReport, Report, Trace};
pub use run::{Input, Observer, Stage, run};
pub use times::Times;
