//! `mixwell ping`: messages to the echo service of a network, and how long they take.

use crate::{
    epoch_argument::EpochArgument,
    error::Error,
    logging,
    network_error::NetworkError,
    output,
    style::{DIM, ERROR, GOOD},
};
use clap::Args;
use core::{
    fmt::Write as _,
    pin::pin,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mixwell_client::{self, Request, Tally, Unanswered};
use mixwell_config::LogLevel;
use mixwell_net::{
    clock::{Clock, ClockWatch, Offset},
    codec,
    directory::Consensuses,
    directory_client::{DirectoryClient, FetchErrors},
    keys::LinkKey,
    network::Network,
    randomness::Randomness,
    runtime,
};
use mixwell_wire::Timeouts;
use rand_core::Rng as _;
use std::{path::PathBuf, sync::Arc};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time,
    time::Instant,
};

/// Send messages to a network's echo service, and print loss and latency
///
/// Fetches the consensus from an authority of a client.toml and verifies it, connects to a gateway, and sends messages at
/// the published rate, with a SURB each, through which the service answers. Loop decoys go out between them, as any
/// client's. A reply counts only if it holds the bytes that were sent. The exit status is 0 only if all came back. Once it pings,
/// Ctrl-C ends it early, with the summary.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The client's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,

    /// How many messages
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,

    /// The gateway to connect to; any if not given
    #[arg(long, value_name = "NAME")]
    gateway: Option<String>,

    /// What the service can do that is pinged
    #[arg(long, value_name = "NAME", default_value = "echo")]
    capability: String,

    /// How many seconds to wait for a reply, however many messages are to leave still
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,

    #[command(flatten)]
    epoch_length: EpochArgument,

    /// How much to log on standard error
    #[arg(long, value_parser = logging::level_parser(), value_name = "LEVEL", default_value = "warn")]
    log: LogLevel,
}

const EXAMPLES: &str = "\
Examples:
  mixwell ping --config client.toml              ten messages
  mixwell ping --config client.toml -n 1000      more
  mixwell ping --config client.toml --gateway gateway1";

/// Pings, and prints how it went.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    logging::start(arguments.log);
    let configuration = mixwell_config::read_client(&arguments.config, arguments.epoch_length.epoch_seconds)
        .map_err(NetworkError::from)?;
    let outcome = runtime::run(ping(arguments, configuration, Randomness::from_system()?))?;
    output::print(&outcome.report(arguments.count))?;
    if outcome.good == arguments.count { Ok(()) } else { Err(NetworkError::Pings.into()) }
}

async fn ping(arguments: &Arguments, configuration: Network, randomness: Randomness) -> Result<Outcome, NetworkError> {
    let clock = Clock::new(configuration.period);
    let clock_watch = ClockWatch::new(clock);
    let link = LinkKey::generate(configuration.kem, &mut randomness.rng())?;
    let asker = DirectoryClient::new(Arc::clone(&configuration.authorities), link, None, randomness.branch())
        .with_geometry(configuration.geometry.hash())
        .with_clock_watch(clock_watch.clone());
    let epoch = clock.epoch();
    let fetched = asker.fetch(epoch, epoch).await;
    let consensus = fetched.map_err(|errors| NetworkError::NoConsensus {
        epoch,
        period: clock.period(),
        why: why(&errors, asker.clock_offset()),
    })?;
    let known = Consensuses { epoch, ..Consensuses::default() }.with(Arc::new(consensus));

    let unknown = || NetworkError::UnknownScheme(configuration.geometry.scheme().name().to_owned());
    let tally = Arc::new(Tally::default());
    let parts = mixwell_client::Parts {
        packets: codec::packet_codec(configuration.geometry).ok_or_else(unknown)?,
        authorities: configuration.authorities,
        kem: configuration.kem,
        clock,
        clock_watch,
        known,
        pinned: configuration.gateways,
        gateway: arguments.gateway.clone(),
        capability: arguments.capability.clone(),
        timeouts: Timeouts::default(),
        randomness: randomness.branch(),
        tally: Arc::clone(&tally),
        steady: None,
    };
    let (requests, receiver) = mpsc::channel(WAITING);
    let (_stop, stopping) = watch::channel(false);
    let mut client = tokio::spawn(mixwell_client::run(parts, receiver, stopping));
    let most_bytes = configuration.geometry.user_forward_payload_len().min(MESSAGE_BYTES);
    let patience = Duration::from_secs(arguments.timeout);
    let exchange = Exchange { requests, count: arguments.count, most_bytes, patience, tally };
    tokio::select! {
        outcome = exchange.run(&randomness, runtime::stop_signal()) => Ok(outcome),
        ended = &mut client => match ended {
            Ok(Err(error)) => Err(NetworkError::Client(error.to_string())),
            _ => Err(NetworkError::Client("the client ended".to_owned())),
        },
    }
}

/// What the authorities answered, and what is known of the clock.
fn why(errors: &FetchErrors, offset: Option<Offset>) -> String {
    let offset = offset.map_or_else(String::new, |offset| format!("; {offset}"));
    format!(" {errors}{offset}")
}

/// Messages on their way.
struct Exchange {
    requests: mpsc::Sender<Request>,
    count: u32,
    most_bytes: usize,
    /// When for so long no message has come back or was lost, it ends.
    patience: Duration,
    tally: Arc<Tally>,
}

impl Exchange {
    async fn run(self, randomness: &Randomness, interrupted: impl Future<Output = ()>) -> Outcome {
        let mut interrupted = pin!(interrupted);
        let bar = bar(self.count);
        let mut rng = randomness.rng();
        let mut outcome = Outcome { tally: self.tally, ..Outcome::default() };
        let mut replies = JoinSet::new();
        let mut asked = 0_u32;
        let mut last = Instant::now();
        while asked < self.count || !replies.is_empty() {
            let ask = async {
                let mut payload = vec![0; self.most_bytes];
                rng.fill_bytes(&mut payload);
                let (answer, reply) = oneshot::channel();
                let sent = self.requests.send(Request { payload: payload.clone(), answer }).await;
                sent.is_ok().then_some((payload, reply))
            };
            tokio::select! {
                sent = ask, if asked < self.count && replies.len() < WAITING => {
                    asked = asked.saturating_add(1);
                    if let Some((payload, reply)) = sent {
                        replies.spawn(async move { (payload, reply.await) });
                    } else {
                        outcome.lost = outcome.lost.saturating_add(1);
                        bar.inc(1);
                    }
                }
                () = time::sleep_until(last.checked_add(self.patience).unwrap_or(last)) => {
                    outcome.lost = self.count.saturating_sub(outcome.good).saturating_sub(outcome.wrong);
                    outcome.is_over = true;
                    break;
                }
                () = &mut interrupted => {
                    outcome.is_interrupted = true;
                    break;
                }
                Some(Ok((payload, reply))) = replies.join_next() => {
                    last = Instant::now();
                    outcome.take(&payload, reply.unwrap_or(Err(Unanswered::Disconnected)));
                    bar.inc(1);
                    bar.set_message(outcome.progress());
                }
            }
        }
        bar.finish_and_clear();
        outcome
    }
}

fn bar(count: u32) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(count.into()), ProgressDrawTarget::stderr());
    // a line that is too long would leave its pieces behind
    let is_wide = crossterm::terminal::size().is_ok_and(|(columns, _)| columns >= WIDE);
    let template = if is_wide { "ping {bar:30.cyan/dim} {pos}/{len}  {wide_msg}" } else { "{pos}/{len}  {wide_msg}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar.set_message("no reply yet");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

#[derive(Default)]
struct Outcome {
    good: u32,
    wrong: u32,
    lost: u32,
    round_trips: Vec<Duration>,
    held: Duration,
    /// Nothing came for too long.
    is_over: bool,
    /// The user wants an end.
    is_interrupted: bool,
    tally: Arc<Tally>,
}

impl Outcome {
    fn take(&mut self, payload: &[u8], reply: Result<mixwell_client::Reply, Unanswered>) {
        let count = match reply {
            Ok(reply) if reply.payload.starts_with(payload) => {
                self.round_trips.push(reply.round_trip);
                self.held = self.held.saturating_add(reply.delays);
                &mut self.good
            }
            Ok(_) => &mut self.wrong,
            Err(_) => &mut self.lost,
        };
        *count = count.saturating_add(1);
    }

    fn progress(&self) -> String {
        let last = self.round_trips.last().copied().unwrap_or_default();
        format!("last {} ms, {} lost", last.as_millis(), self.lost.saturating_add(self.wrong))
    }

    /// What the client got to do, when no reply has come.
    fn why(&self) -> &'static str {
        if self.tally.messages.load(Relaxed) == 0 {
            "a gateway was reached, but no message could leave"
        } else {
            "messages have left"
        }
    }

    fn report(&self, count: u32) -> String {
        let mut sorted = self.round_trips.clone();
        sorted.sort_unstable();
        let at = |per_mille: usize| {
            let rank = sorted.len().saturating_mul(per_mille).div_ceil(1000).saturating_sub(1);
            sorted.get(rank).copied().unwrap_or_default().as_millis()
        };
        let all_back = self.good == count;
        let (style, mark) = if all_back { (GOOD, "✓") } else { (ERROR, "✗") };
        let mut text = String::new();
        // a `String` takes everything
        let _ = writeln!(
            text,
            "{style}{mark}{style:#} {} of {count} messages came back, {} lost, {} changed",
            self.good, self.lost, self.wrong
        );
        if self.is_over {
            let known =
                if self.tally.connections.load(Relaxed) == 0 { "no gateway could be reached" } else { self.why() };
            let _ = writeln!(text, "  nothing came for too long: {known}; --log debug tells more");
        }
        if self.is_interrupted {
            let _ = writeln!(text, "  interrupted: the others were not awaited");
        }
        if !sorted.is_empty() {
            let _ = writeln!(
                text,
                "  round trips: median {} ms, 90 % {} ms, 99 % {} ms, longest {} ms",
                at(500),
                at(900),
                at(990),
                at(1000)
            );
            let held = self.held.as_millis().checked_div(sorted.len() as u128).unwrap_or(0);
            let _ = writeln!(text, "  {DIM}of which hops were asked to hold packets {held} ms on average{DIM:#}");
        }
        let of = |count: &AtomicU64| count.load(Relaxed);
        let tally = &self.tally;
        let _ = writeln!(
            text,
            "  {DIM}{} loop decoys sent, {} returned so far{DIM:#}",
            of(&tally.decoys),
            of(&tally.returned)
        );
        text
    }
}

/// A terminal of fewer columns has no room for a bar.
const WIDE: u16 = 72;

/// So many messages wait for their turn or their reply at a time.
const WAITING: usize = 64;

/// The bytes of a message, if so many fit.
const MESSAGE_BYTES: usize = 64;
