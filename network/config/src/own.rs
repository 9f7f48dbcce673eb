//! `mixwell.toml`: settings that the reference does not have, in a file beside the configuration.
//!
//! The reference's programs refuse a configuration with an unknown table, so our settings are in a
//! separate file.

use super::{ConfigurationError, source::Source, write};
use core::time::Duration;
use mixwell_net::rendezvous::Limits;
use mixwell_pki_types::Period;
use serde::{Deserialize, Serialize};
use std::path::Path;
use toml::Spanned;

/// The name of the file.
pub const FILE: &str = "mixwell.toml";

/// The settings of a `mixwell.toml`; the defaults, if there is none.
pub(super) struct OwnSettings(Option<(Source, File)>);

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct File {
    epoch_seconds: Option<Spanned<u64>>,
    packets_per_second: Option<Spanned<u32>>,
    boxes: Option<Spanned<u32>>,
    box_seconds: Option<Spanned<u64>>,
}

impl File {
    /// The file that sets the length of an epoch.
    pub(super) fn of(period: Period) -> Self {
        Self { epoch_seconds: Some(write::plain(period.duration().as_secs())), ..Self::default() }
    }
}

impl OwnSettings {
    /// Reads the file beside a configuration.
    pub(super) fn beside(configuration: &Path) -> Result<Self, ConfigurationError> {
        let path = configuration.with_file_name(FILE);
        if path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return Ok(Self(None));
        }
        Source::read(&path).map(Some).map(Self)
    }

    /// The length of an epoch: from the command line or the environment, else from the file, else
    /// 20 minutes.
    pub(super) fn period(&self, given: Option<u64>) -> Result<Period, ConfigurationError> {
        if let Some(period) = given.and_then(period) {
            return Ok(period);
        }
        let seconds = self.get(|file| file.epoch_seconds.as_ref());
        seconds.map_or(Ok(Period::default()), |(source, seconds)| {
            let reason = || format!("EpochSeconds: want {MIN_EPOCH_SECONDS} to {MAX_EPOCH_SECONDS}");
            period(*seconds.get_ref()).ok_or_else(|| source.error(seconds.span(), reason()))
        })
    }

    /// Packets per second, averaged over an epoch, whose replay tags a node has room for.
    pub(super) fn packets_per_second(&self) -> Result<u32, ConfigurationError> {
        let packets = self.get(|file| file.packets_per_second.as_ref());
        packets.map_or(Ok(PACKETS_PER_SECOND), |(source, packets)| {
            let good = (1..=MAX_PACKETS_PER_SECOND).contains(packets.get_ref()).then_some(*packets.get_ref());
            let reason = || format!("PacketsPerSecond: want 1 to {MAX_PACKETS_PER_SECOND}");
            good.ok_or_else(|| source.error(packets.span(), reason()))
        })
    }

    /// Limits of a rendezvous service: number of boxes, and their lifetime.
    pub(super) fn boxes(&self, period: Period) -> Result<Limits, ConfigurationError> {
        let mut limits = Limits::for_period(period.duration());
        if let Some((source, boxes)) = self.get(|file| file.boxes.as_ref()) {
            let good = (1..=MAX_BOXES).contains(boxes.get_ref());
            let reason = || source.error(boxes.span(), format!("Boxes: want 1 to {MAX_BOXES}"));
            let boxes = usize::try_from(*boxes.get_ref()).ok().filter(|_| good);
            limits.boxes = boxes.ok_or_else(reason)?;
        }
        if let Some((source, seconds)) = self.get(|file| file.box_seconds.as_ref()) {
            if !(1..=MAX_EPOCH_SECONDS).contains(seconds.get_ref()) {
                let reason = format!("BoxSeconds: want 1 to {MAX_EPOCH_SECONDS}");
                return Err(source.error(seconds.span(), reason));
            }
            limits.life = Duration::from_secs(*seconds.get_ref());
        }
        Ok(limits)
    }

    fn get<T>(&self, setting: impl FnOnce(&File) -> Option<&T>) -> Option<(&Source, &T)> {
        let (source, file) = self.0.as_ref()?;
        Some((source, setting(file)?))
    }
}

/// An epoch of `seconds`, if that is within the permitted lengths.
fn period(seconds: u64) -> Option<Period> {
    let good = (MIN_EPOCH_SECONDS..=MAX_EPOCH_SECONDS).contains(&seconds);
    good.then(|| Period::new(Duration::from_secs(seconds))).flatten()
}

/// Default: more than one processor core can unwrap. Memory is allocated as packets arrive, 9 bytes
/// each.
const PACKETS_PER_SECOND: u32 = 10_000;
const MAX_PACKETS_PER_SECOND: u32 = 1_000_000;
/// 32 GB of boxes of 2000 bytes.
const MAX_BOXES: u32 = 1 << 24;

/// The shortest epoch of a network.
pub const MIN_EPOCH_SECONDS: u64 = 2;
/// The longest epoch of a network, a week.
pub const MAX_EPOCH_SECONDS: u64 = 7 * 24 * 60 * 60;
