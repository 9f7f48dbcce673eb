//! How many packets a second this machine can route, and what limits it: unwrapping alone, in
//! batches and on several threads, and a whole mix over loopback.
#![expect(clippy::cast_precision_loss, reason = "counts of packets are far below 2⁵²")]

mod links;
mod unwrap;
mod whole_mix;

pub use whole_mix::ProcessorTime;

use core::{fmt, time::Duration};
use mixwell_aez::{Aez, Backend as AezBackend};
use mixwell_node::counters::DropReason;
use mixwell_pq_kem::X25519Backend;
use mixwell_sha256::Backend as Sha256Backend;
use mixwell_sphinx::{Geometry, Scheme, WithScheme, with_scheme};
use std::io;

/// The packets, the duration and the threads of a measurement.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The format of packets, which names the scheme.
    pub geometry: Geometry,
    /// Duration of each measurement.
    pub time: Duration,
    /// Threads that unwrap at the same time, and worker threads of the mix.
    pub threads: usize,
}

/// A step of the measurement, which takes about [`Settings::time`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// One packet after the other, on one thread.
    Alone,
    /// Batches, on one thread.
    Batches,
    /// Batches, on all threads.
    AllThreads,
    /// Decrypting and encrypting for the links.
    Links,
    /// Wrapping the packets for the mix.
    Wrapping,
    /// A mix over loopback.
    WholeMix,
}

/// The outcome, in packets per second where nothing else is said.
#[derive(Debug, Clone)]
pub struct Speed {
    /// The back ends that ran.
    pub backends: Backends,
    /// Unwrapping one packet after the other, on one thread.
    pub alone: f64,
    /// Unwrapping batches of [`BATCH`](mixwell_node::unwrap::BATCH) packets, on one thread.
    pub batches: f64,
    /// The same, on all threads together.
    pub all_threads: f64,
    /// Time of the links' ciphers: decrypting a packet that arrives and encrypting it again, in
    /// nanoseconds.
    pub link_nanos: f64,
    /// Bytes of a packet on a link.
    pub frame_len: usize,
    /// A mix over loopback.
    pub mix: WholeMix,
}

/// A mix over loopback, whose neighbours run on the same machine.
#[derive(Debug, Clone, Copy)]
pub struct WholeMix {
    /// Packets that were measured.
    pub packets: u64,
    /// Links over which packets arrived.
    pub links: usize,
    /// Duration from the first packet to the last.
    pub took: Duration,
    /// Packets in a batch, on average.
    pub in_a_batch: f64,
    /// Processor time of the mix's threads, where the system tells (on Linux).
    pub processor: Option<ProcessorTime>,
}

/// The back ends of the scheme on this processor.
#[derive(Debug, Clone, Copy)]
pub struct Backends {
    /// X25519 of a batch, if the scheme has one that runs in lanes.
    pub x25519: Option<X25519Backend>,
    /// SHA-256 of a batch.
    pub sha256: Sha256Backend,
    /// AEZ.
    pub aez: AezBackend,
}

/// The part of a mix that takes most of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bottleneck {
    /// Key exchanges, hashes and ciphers of packets.
    Unwrap,
    /// The links' ciphers.
    LinkCiphers,
    /// The kernel's sockets.
    Sockets,
    /// The mix's queues, its runtime, and copies.
    Queues,
}

impl Speed {
    /// Measures, and calls `progress` before each step.
    ///
    /// # Errors
    /// [`SpeedError`].
    pub fn measure(settings: &Settings, progress: &mut dyn FnMut(Step)) -> Result<Self, SpeedError> {
        with_scheme(settings.geometry.scheme(), Measurement { settings, progress }).ok_or(SpeedError::UnknownScheme)?
    }

    /// Megabits per second that packets at this rate take on the network, in each direction.
    #[must_use]
    pub fn megabits(&self, packets_per_second: f64) -> f64 {
        packets_per_second * self.frame_len as f64 * 8.0 / 1e6
    }

    /// Packets per second through a mix that has `threads` processors for itself: by the processor
    /// time of a packet, or else by the clock.
    #[must_use]
    pub fn mix_rate(&self, threads: usize) -> f64 {
        match self.mix.processor {
            Some(processor) => threads as f64 * 1e9 / processor.nanos,
            None => self.mix.rate(),
        }
    }

    /// The parts of a packet's processor time in the whole mix, in nanoseconds; `None` where the
    /// system does not tell.
    #[must_use]
    pub fn parts(&self) -> Option<[(Bottleneck, f64); 4]> {
        let ProcessorTime { nanos, kernel_nanos } = self.mix.processor?;
        let unwrap = 1e9 / self.batches;
        let queues = (nanos - kernel_nanos - unwrap - self.link_nanos).max(0.0);
        Some([
            (Bottleneck::Unwrap, unwrap),
            (Bottleneck::LinkCiphers, self.link_nanos),
            (Bottleneck::Sockets, kernel_nanos),
            (Bottleneck::Queues, queues),
        ])
    }

    /// The part that takes most of a mix's time; of those that are known.
    #[must_use]
    pub fn bottleneck(&self) -> Bottleneck {
        let known = [(Bottleneck::Unwrap, 1e9 / self.batches), (Bottleneck::LinkCiphers, self.link_nanos)];
        let parts = self.parts().map_or_else(|| known.to_vec(), |parts| parts.to_vec());
        parts.into_iter().max_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(Bottleneck::Unwrap, |(part, _)| part)
    }
}

impl Bottleneck {
    /// A name for machines, which stays.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unwrap => "unwrap",
            Self::LinkCiphers => "link_ciphers",
            Self::Sockets => "sockets",
            Self::Queues => "queues",
        }
    }

    /// A name for people.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Unwrap => "unwrapping",
            Self::LinkCiphers => "the links' ciphers",
            Self::Sockets => "the kernel's sockets",
            Self::Queues => "queues and copies",
        }
    }
}

impl WholeMix {
    /// Packets per second by the clock.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.packets as f64 / self.took.as_secs_f64()
    }
}

/// The number of users whose packets make `packets_per_second` at each mix of a layer.
///
/// A user sends messages or decoys at `LambdaP` and loop decoys at `LambdaL` (both per
/// millisecond), and each of them passes every layer twice: on its way out, and on its way back.
#[must_use]
pub fn users(packets_per_second: f64, lambda_p: f64, lambda_l: f64) -> f64 {
    packets_per_second / (2.0 * 1000.0 * (lambda_p + lambda_l))
}

struct Measurement<'a> {
    settings: &'a Settings,
    progress: &'a mut dyn FnMut(Step),
}

impl WithScheme for Measurement<'_> {
    type Output = Result<Speed, SpeedError>;

    fn with<S: Scheme>(self) -> Self::Output {
        let Self { settings, progress } = self;
        let Settings { geometry, time, threads } = *settings;
        let packets = unwrap::Packets::<S>::new(geometry);
        progress(Step::Alone);
        let alone = packets.rate(time, 1, 1);
        progress(Step::Batches);
        let batches = packets.rate(time, mixwell_node::unwrap::BATCH, 1);
        progress(Step::AllThreads);
        let all_threads = packets.rate(time, mixwell_node::unwrap::BATCH, threads);
        progress(Step::Links);
        let (link_nanos, frame_len) = links::nanos(geometry, time)?;
        let expected = all_threads * time.as_secs_f64();
        let mix = whole_mix::measure::<S>(settings, expected, progress)?;
        Ok(Speed { backends: Backends::of(&geometry), alone, batches, all_threads, link_nanos, frame_len, mix })
    }
}

impl Backends {
    fn of(geometry: &Geometry) -> Self {
        let scheme = geometry.scheme();
        let has_x25519 =
            scheme.name().eq_ignore_ascii_case("XWING") || scheme.name().to_ascii_lowercase().ends_with("x25519");
        // KEMs decapsulate one ciphertext after the other
        let x25519 = X25519Backend::available().find(|backend| !scheme.is_kem() || backend.lanes() == 1);
        Self {
            x25519: x25519.filter(|_| has_x25519),
            sha256: Sha256Backend::for_messages(mixwell_node::unwrap::BATCH),
            aez: Aez::new(&[0; 48]).backend(),
        }
    }
}

impl Backends {
    /// Names of the algorithms, and of their back ends; `None` if the scheme does not use it.
    #[must_use]
    pub fn names(&self) -> [(&'static str, Option<String>); 3] {
        [
            ("x25519", self.x25519.map(|backend| format!("{backend:?}"))),
            ("sha256", Some(format!("{:?}", self.sha256))),
            ("aez", Some(format!("{:?}", self.aez))),
        ]
    }
}

/// The reason why the measurement failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum SpeedError {
    /// The geometry's scheme is unknown.
    UnknownScheme,
    /// A thread or socket can't be had.
    Io(io::Error),
    /// The links did not come up in time.
    NoLinks,
    /// Not all packets came through the mix.
    Lost {
        /// Packets that were sent.
        sent: u64,
        /// Packets that came through.
        received: u64,
        /// A reason why the mix dropped packets, if it did.
        reason: Option<DropReason>,
    },
}

impl From<io::Error> for SpeedError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for SpeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownScheme => f.write_str("the scheme is unknown"),
            Self::Io(error) => write!(f, "no thread or socket: {error}"),
            Self::NoLinks => f.write_str("the mix's links did not come up"),
            Self::Lost { sent, received, reason: None } => {
                write!(f, "only {received} of {sent} packets came through the mix in time")
            }
            Self::Lost { sent, received, reason: Some(reason) } => {
                write!(f, "{received} of {sent} packets came through the mix, which dropped others: {}", reason.name())
            }
        }
    }
}

impl core::error::Error for SpeedError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        if let Self::Io(error) = self { Some(error) } else { None }
    }
}
