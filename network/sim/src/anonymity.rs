//! The uncertainty of an observer of all links: simulates a network and computes the observer's
//! exact odds for every packet.

mod closed_forms;
mod histogram;
mod measurements;
mod observer;
mod plot;
mod rates;
mod scenario;
mod simulation;
mod topology;

pub use closed_forms::{erlang_cdf, erlang_quantile, message_entropy};
pub use histogram::Histogram;
pub use measurements::{Measurements, PacketCounts};
pub use plot::{SvgPlot, plots};
pub use rates::{PublishedRate, PublishedRateError, Rates};
pub use scenario::{Load, Scenario, ScenarioError};
pub use simulation::Simulation;
pub use topology::{Topology, TopologyError};
