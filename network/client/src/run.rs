//! The task of a client: it connects to a gateway, and reconnects when the connection ends.

use crate::{ClientError, Destination, Reply, Tally, Unanswered, engine::Engine, session::Session, source::Source};
use core::time::Duration;
use mixwell_net::{
    authorities::Authorities,
    clock::{Clock, ClockWatch},
    codec::PacketCodec,
    connect::LinkTarget,
    directory::{Consensuses, FetchTime, Follower},
    directory_client::DirectoryClient,
    keys::LinkKem,
    randomness::Randomness,
    runtime::stopped,
    stopwatch::Stopwatch,
};
use mixwell_wire::Timeouts;
use std::sync::Arc;
use tokio::{
    sync::{oneshot, watch},
    time,
};
use tracing::{debug, info};

/// The configuration of a client's task.
pub(crate) struct Config {
    pub(crate) packets: Box<dyn PacketCodec>,
    pub(crate) authorities: Arc<Authorities>,
    pub(crate) kem: LinkKem,
    pub(crate) clock: Clock,
    /// Compares the gateways' clocks with this machine's.
    pub(crate) clock_watch: ClockWatch,
    /// Consensuses known at the start.
    pub(crate) known: Consensuses,
    /// Gateways to connect to without a consensus.
    pub(crate) pinned: Vec<LinkTarget>,
    /// The name of the gateway to connect to; any if `None`.
    pub(crate) gateway: Option<String>,
    /// Fetches the consensus if no gateway is known. If this is `None`, the client ends in that
    /// case.
    pub(crate) directory: Option<DirectoryClient>,
    pub(crate) destination: Destination,
    pub(crate) source: Source,
    pub(crate) timeouts: Timeouts,
    pub(crate) randomness: Randomness,
    pub(crate) tally: Arc<Tally>,
}

/// A message, and the receiver of its reply.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by whoever sends")]
pub struct Request {
    /// The message, at most
    /// [`Geometry::user_forward_payload_len`](mixwell_sphinx::Geometry::user_forward_payload_len)
    /// bytes.
    pub payload: Vec<u8>,
    /// Receives the reply, or the reason why there is none.
    pub answer: oneshot::Sender<Result<Reply, Unanswered>>,
}

/// Maintains a connection until told to stop.
///
/// # Errors
/// If no link key can be generated, or no gateway is known.
pub(crate) async fn run(config: Config, mut stop: watch::Receiver<bool>) -> Result<(), ClientError> {
    let Config { packets, authorities, kem, clock, clock_watch, known, pinned, gateway, directory, .. } = config;
    let Config { destination, source, timeouts, randomness, tally, .. } = config;
    let engine = Engine::new(packets, destination, source, clock.period(), randomness.branch(), tally);
    let follower = follower(clock, &known, &randomness);
    let stopwatch = Stopwatch::start();
    let mut session = Session {
        engine,
        authorities,
        kem,
        clock,
        clock_watch,
        follower,
        pinned,
        gateway,
        directory,
        timeouts,
        randomness,
        stopwatch,
    };
    let mut failures: u32 = 0;
    let mut was_connected = false;
    while !*stop.borrow() {
        let begun = time::Instant::now();
        let ended = tokio::select! {
            ended = session.connect() => ended,
            () = stopped(&mut stop) => return Ok(()),
        };
        session.engine.disconnected(session.stopwatch.now());
        was_connected |= session.engine.was_connected();
        match ended {
            Ok(()) => return Ok(()),
            Err(error @ ClientError::Link(_)) => return Err(error),
            // a gateway that was connected before may be missing from one consensus
            Err(error @ ClientError::NoGateway) if !was_connected && session.directory.is_none() => return Err(error),
            Err(error) => debug!(%error, "connection to the gateway ended"),
        }
        failures = if begun.elapsed() > STABLE { 1 } else { failures.saturating_add(1) };
        info!("reconnecting");
        let pause = (clock.eighths(1) / 32).saturating_mul(failures).min(MAX_PAUSE);
        tokio::select! {
            () = time::sleep(pause) => {}
            () = stopped(&mut stop) => {}
        }
    }
    Ok(())
}

/// A follower of the gateway's consensuses. It fetches at random times, so that the times do not
/// distinguish clients.
fn follower(clock: Clock, known: &Consensuses, randomness: &Randomness) -> Follower {
    let mut follower = Follower::new(clock, FetchTime::Random(randomness.branch()), clock.now());
    known.all().cloned().for_each(|consensus| follower.insert(consensus));
    follower
}

/// Duration of a connection after which the reconnection pause is reset.
const STABLE: Duration = Duration::from_secs(30);

/// Maximum pause before reconnecting.
const MAX_PAUSE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use mixwell_pq_kem::X25519;
    use mixwell_sphinx::Geometry;
    use mixwell_testnet::{Plan, RATES};
    use std::collections::BTreeSet;

    #[test]
    fn clients_ask_for_the_next_consensus_at_different_times() {
        let plan = Plan::new(Geometry::of::<X25519>(3, 500, true).unwrap(), (1, &[1]), RATES);
        let times: BTreeSet<Duration> =
            (0..20).map(|_| follower(plan.clock, &plan.known, &plan.randomness).wake_at()).collect();
        let published = plan.clock.eighths_into(plan.known.epoch, 5);
        assert!(times.len() > 15 && times.iter().all(|time| *time >= published), "{times:?} {published:?}");
    }
}
