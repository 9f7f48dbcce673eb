//! The changes of a connection that are reported to the user.

use crate::{lines::Kind, network::ConnectionStatus};
use core::time::Duration;
use std::time::Instant;

/// Reports changes of the connection's status that last.
pub(super) struct ConnectionWatch {
    status: Option<(ConnectionStatus, Instant)>,
    shown: Option<ConnectionStatus>,
}

impl ConnectionWatch {
    pub(super) const fn new() -> Self {
        Self { status: None, shown: None }
    }

    /// The line to be shown for a status now, if any.
    pub(super) fn change(&mut self, status: &ConnectionStatus, now: Instant) -> Option<(Kind, String)> {
        if self.status.as_ref().is_none_or(|(before, _)| before != status) {
            self.status = Some((status.clone(), now));
        }
        let lasts = self.status.as_ref().is_some_and(|(_, since)| now.duration_since(*since) >= LASTING);
        let is_first = self.shown.is_none() && *status == ConnectionStatus::Connected;
        if self.shown.as_ref() == Some(status) || !(is_first || lasts) {
            return None;
        }
        self.shown = Some(status.clone());
        Some(match status {
            ConnectionStatus::Connecting => (Kind::Note, "connecting to the network".to_owned()),
            ConnectionStatus::Connected => (Kind::Note, "connected".to_owned()),
            ConnectionStatus::NoConsensus => {
                (Kind::Warning, "a gateway is connected, but has no consensus of this epoch yet".to_owned())
            }
            ConnectionStatus::ClockOff(offset) => {
                (Kind::Warning, format!("{offset}; nothing can be sent until this machine's clock is set"))
            }
            ConnectionStatus::NoService => {
                (Kind::Warning, "the network has no rendezvous service that can be reached".to_owned())
            }
            ConnectionStatus::Outdated => (
                Kind::Warning,
                "the network's configuration has changed since the start: /quit, and start again to connect".to_owned(),
            ),
        })
    }
}

/// Time for which the connection's status has to last before the user is told: it changes for a
/// moment between two consensuses.
const LASTING: Duration = Duration::from_secs(5);
