//! `mixwell demo`: a whole network in this process, on real sockets, and messages through it.

mod ending;
mod geometry;
mod predict;
mod served;
mod summary;
mod talk;
mod view;
mod world;

use crate::{error::Error, logging, network_error::NetworkError};
use clap::Args;
use core::time::Duration;
use ending::Ending;
use geometry::Packets;
use mixwell_config::LogLevel;
use mixwell_net::{keys::LinkKem, randomness::Randomness, runtime, stopwatch::after};
use served::Served;
use std::{io::Write as _, path::PathBuf};
use talk::Results;
use tokio::{time, time::Instant};
use view::View;
use world::World;

/// Run a whole network here, and send messages through it
///
/// Three authorities vote on a consensus in every epoch; a gateway, layers of two mixes each and a service node listen on
/// loopback ports and call each other; clients fetch the consensus from the gateway and send messages to the echo service,
/// which answers through SURBs. Every link is encrypted by a post-quantum handshake, every hop holds packets for a
/// random time, everyone sends cover traffic. But for --serve nothing is written to disk. Ctrl-C, or `q` at a terminal, ends it
/// early, with the summary; a second one at once. The exit status is 0 only if every message came back and no packet was lost.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Stay up until interrupted, with a client.toml in this folder for `mixwell chat`, `ping` and `fetch` in other terminals
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["epochs", "minutes"])]
    serve: Option<PathBuf>,

    /// The length of an epoch, about; 10 if not given, or 60 with --serve
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(5..=86_400))]
    epoch_seconds: Option<u64>,

    /// Epochs with traffic; the authorities need one before that for their first consensus
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    epochs: u32,

    /// Minutes of traffic, instead of epochs
    #[arg(long, value_name = "NUMBER", conflicts_with = "epochs", value_parser = minutes)]
    minutes: Option<f64>,

    /// Clients, each with a connection of its own
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=500))]
    clients: u16,

    /// Layers of two mixes each
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=12))]
    layers: u8,

    /// The packets: a scheme of `mixwell schemes`, and perhaps the bytes for the user, as in `xwing:1000`
    #[arg(long, value_name = "SCHEME[:BYTES]", default_value = "x25519:2000")]
    geometry: Packets,

    /// The KEM of the links; `mixwell schemes` lists them
    #[arg(long, value_name = "SCHEME", default_value = "xwing", value_parser = kem)]
    kem: LinkKem,

    /// How much the nodes tell on standard error; without a terminal, mostly
    #[arg(long, value_parser = logging::level_parser(), value_name = "LEVEL", default_value = "off")]
    log: LogLevel,

    /// Draw keys, routes and delays from this number. For tests: the keys are no secret then
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

const EXAMPLES: &str = "\
Examples:
  mixwell demo                              three epochs of ten seconds, two clients
  mixwell demo --clients 10 --minutes 5     more of both
  mixwell demo --geometry xwing             KEM Sphinx: packets that withstand quantum computers
  mixwell demo --layers 5 --kem mlkem768    longer routes, other links
  mixwell demo --serve net                  until Ctrl-C, for clients with net/client.toml";

/// How long an epoch is, about, in seconds.
const EPOCH: u64 = 10;
const SERVED_EPOCH: u64 = 60;

/// On a busy machine the authorities may miss each other's votes, and try again in the next epoch.
const MAX_TRIES: u32 = 12;

/// What the network may take to bring home what is under way, besides the clients' own patience.
const HOMECOMING: Duration = Duration::from_mins(1);

/// Who interrupts does not want to wait.
const SHORT_HOMECOMING: Duration = Duration::from_secs(3);

/// The nodes' own farewells are shorter.
const FAREWELL: Duration = Duration::from_secs(8);
const FOREVER: Duration = Duration::from_hours(24 * 365 * 10);

/// Runs the network, and says how it went.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    logging::start(arguments.log);
    let randomness = match arguments.seed {
        Some(seed) => Randomness::from_seed(seed),
        None => Randomness::from_system()?,
    };
    let (summary, verdict) = runtime::run(demonstrate(arguments, randomness))?;
    let mut out = anstream::stdout().lock();
    let printed = out.write_all(summary.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output);
    // a failure counts even if nobody reads the summary
    verdict.map_err(Error::from).and(printed)
}

async fn demonstrate(
    arguments: &Arguments,
    randomness: Randomness,
) -> Result<(String, Result<(), NetworkError>), NetworkError> {
    let begun = Instant::now();
    // before there is anything that an end has to undo
    let mut ending = Ending::new();
    // a folder that can't be used is found rather now than when the network is up
    let mut served = arguments.serve.as_deref().map(Served::reserve).transpose()?;
    let world = World::start(arguments, &randomness).await?;
    let mut view = View::new(&world);
    if view.is_on_screen() {
        ending.take_keys();
    }
    let most_wait = arguments.epoch().saturating_mul(MAX_TRIES);
    let is_up = view.until(&world, after(begun, most_wait), |world, _| world.is_ready() || ending.is_near()).await;
    if ending.is_near() {
        view.finish();
        return Err(NetworkError::Demo("it was ended before the authorities had agreed on a consensus"));
    }
    if !is_up {
        view.finish();
        return Err(NetworkError::Demo("the authorities did not agree on a consensus in time; is the machine busy?"));
    }

    let first = world.clock.epoch();
    let end = match arguments.minutes {
        Some(minutes) => world.clock.now().saturating_add(Duration::from_secs_f64(minutes * 60.0)),
        // what is sent at the very end still comes back within the epoch
        None => world.clock.eighths_into(first.plus(arguments.epochs.saturating_sub(1).into()), 7),
    };
    let (talk, before) = (world.talk(), world.sent());
    let until = if let Some(served) = &mut served {
        let files = world.client_files(arguments.kem);
        served.write(&files.client()?, &files.own()?)?;
        view.tell(&served.text());
        after(Instant::now(), FOREVER)
    } else {
        after(Instant::now(), end.saturating_sub(world.clock.now()))
    };
    view.until(&world, until, |_, _| ending.is_near()).await;
    talk.stop();
    let sent = world.sent().since(before);
    let mut hurry = None;
    let is_over = |_: &World, results: &Results| {
        // it may be interrupted only now
        let until = ending.is_near().then(|| *hurry.get_or_insert_with(|| after(Instant::now(), SHORT_HOMECOMING)));
        results.awaited == 0 || ending.is_now() || until.is_some_and(|until| Instant::now() >= until)
    };
    view.until(&world, after(Instant::now(), HOMECOMING), is_over).await;
    view.finish();

    let results: Results = world.results().clone();
    let report = summary::Report::new(arguments, &world, (&results, sent), begun.elapsed());
    // before they stop, since what is under way then is lost
    // others come and go: what is lost with them is no fault of the network
    let outcome = (report.text(), if served.is_some() { Ok(()) } else { report.verdict() });
    let stopped = async {
        while !ending.is_now() {
            time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        _ = time::timeout(FAREWELL, world.stop()) => {}
        () = stopped => {}
    }
    Ok(outcome)
}

impl Arguments {
    /// How long an epoch is to be, about.
    fn epoch(&self) -> Duration {
        let usual = if self.serve.is_some() { SERVED_EPOCH } else { EPOCH };
        Duration::from_secs(self.epoch_seconds.unwrap_or(usual))
    }
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(minutes) if (0.05..=100_000.0).contains(&minutes) => Ok(minutes),
        _ => Err("want a number from 0.05 to 100000".to_owned()),
    }
}

fn kem(name: &str) -> Result<LinkKem, String> {
    let name = name.strip_suffix("-kem").unwrap_or(name);
    LinkKem::by_name(name).ok_or_else(|| "no such KEM; `mixwell schemes` lists them".to_owned())
}
