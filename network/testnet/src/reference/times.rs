//! The reference's time-outs and intervals.

use core::time::Duration;

/// The reference's time-outs and intervals, to be shortened by tests whose epochs are short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "tests shorten some of them")]
pub struct Times {
    /// A handshake (`docs/spec/network.md#clients-and-authorities`).
    pub handshake: Duration,
    /// From the handshake with an authority to the one command, likewise.
    pub command: Duration,
    /// Keep-alive interval of a gateway (`docs/spec/network.md#clients-and-gateways`).
    pub keep_alive: Duration,
    /// Time for a client to acknowledge a message, likewise.
    pub acknowledgement: Duration,
    /// Time without a whole command after which a gateway cuts off a client, likewise.
    pub client_silence: Duration,
    /// Time without a command after which a client gives its gateway up, likewise.
    pub gateway_silence: Duration,
    /// Pause of a client before it connects again, likewise.
    pub client_pause: Duration,
    /// Lifetime of a link between nodes, from its handshake
    /// (`docs/spec/network.md#nodes-and-nodes`).
    pub link_life: Duration,
    /// Interval at which the initiator of a link checks that the peer is still listed, likewise.
    pub link_check: Duration,
    /// Maximum lateness of a packet's release (`docs/spec/network.md#a-mix`).
    pub release_slack: Duration,
    /// Maximum wait of a packet to be written to its link, likewise.
    pub write_wait: Duration,
    /// Delay of an upload after the turn of the epoch
    /// (`docs/spec/network.md#nodes-and-authorities`).
    pub upload_delay: Duration,
    /// First pause before an upload is tried again; each further one is longer by as much.
    pub upload_pause: Duration,
    /// Longest such pause.
    pub max_upload_pause: Duration,
}

impl Times {
    /// The reference's own times.
    pub const REFERENCE: Self = Self {
        handshake: Duration::from_secs(3),
        command: Duration::from_secs(30),
        keep_alive: Duration::from_secs(10),
        acknowledgement: Duration::from_mins(1),
        client_silence: Duration::from_mins(2),
        gateway_silence: Duration::from_secs(15),
        client_pause: Duration::from_secs(2),
        link_life: Duration::from_mins(2),
        link_check: Duration::from_secs(30),
        release_slack: Duration::from_millis(450),
        write_wait: Duration::from_millis(50),
        upload_delay: Duration::from_millis(45),
        upload_pause: Duration::from_secs(2),
        max_upload_pause: Duration::from_secs(20),
    };
}
