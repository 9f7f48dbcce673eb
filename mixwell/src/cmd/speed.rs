//! `mixwell speed`: how much can this machine route?

mod report;

use crate::{
    error::Error,
    output::print,
    scheme::{Info, SchemeName},
    style::DIM,
};
use clap::Args;
use core::time::Duration;
use mixwell_sim::anonymity::PublishedRate;
use mixwell_sphinx::Geometry;
use mixwell_testnet::speed::{Settings, Speed, Step};
use report::Report;
use std::thread;

/// Measure how many packets a second this machine can route
///
/// Unwraps packets one after the other, in batches and on all threads, then runs a whole mix over
/// loopback, whose neighbours are on this machine too. Says packets and megabits a second, for how
/// many users a mix like this suffices, which back ends ran, and what limits it. Nothing leaves
/// this machine. Stop other programs first: they take part of its time.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The NIKE or KEM of the packets; `mixwell schemes` lists them
    #[arg(long, value_parser = SchemeName::parse, default_value = "x25519")]
    scheme: SchemeName,

    /// Bytes for the user in each packet of five hops
    #[arg(long, value_name = "BYTES", default_value_t = 2000,
          value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    payload: u32,

    /// Duration of each of the five measurements, from 0.05 to 60
    #[arg(long, default_value = "2", value_parser = seconds)]
    seconds: Duration,

    /// Threads of the mix, from 1 to 1024 [default: as many as there are processors]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Messages or decoys of each user, per millisecond, in your network; more than 0
    #[arg(long, value_name = "RATE", value_parser = positive_rate)]
    lambda_p: Option<PublishedRate>,

    /// Loops of each user, per millisecond, in your network [default: none]
    #[arg(long, value_name = "RATE", value_parser = rate, requires = "lambda_p")]
    lambda_l: Option<PublishedRate>,

    /// Print JSON, whose fields the book describes
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  mixwell speed                                      packets of X25519, on all processors
  mixwell speed --scheme xwing --seconds 10          another scheme, measured for longer
  mixwell speed --threads 1                          one core
  mixwell speed --lambda-p 0.002 --lambda-l 0.001    users at the rates of your network
  mixwell speed --json                               for machines";

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().filter(|seconds| (0.05..=60.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or("not a number from 0.05 to 60")
}

fn rate(text: &str) -> Result<PublishedRate, String> {
    let per_milli = text.parse().map_err(|_| "not a number".to_owned())?;
    PublishedRate::new(per_milli).map_err(|error| error.to_string())
}

fn positive_rate(text: &str) -> Result<PublishedRate, String> {
    let rate = rate(text)?;
    if rate.rate().is_some() { Ok(rate) } else { Err("nobody would send anything".to_owned()) }
}

/// Measures and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let geometry = Geometry::new(arguments.scheme.run(Info), 5, arguments.payload as usize, true)?;
    let threads = arguments.threads.map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from);
    let settings = Settings { geometry, time: arguments.seconds, threads };
    if cfg!(debug_assertions) {
        anstream::eprintln!("built without optimisation: the figures are too low");
    }
    let tell = |step| anstream::eprintln!("{DIM}{} …{DIM:#}", doing(step));
    let speed = Speed::measure(&settings, &mut |step| {
        if !arguments.json {
            tell(step);
        }
    })?;
    let own = arguments.lambda_p.map(|lambda_p| (lambda_p, arguments.lambda_l));
    let report = Report::new(arguments.scheme, settings, speed, own);
    print(&if arguments.json { report.json() } else { report.table() })
}

const fn doing(step: Step) -> &'static str {
    match step {
        Step::Alone => "unwrapping one packet after the other",
        Step::Batches => "unwrapping batches",
        Step::AllThreads => "unwrapping on all threads",
        Step::Links => "encrypting for links",
        Step::Wrapping => "wrapping packets",
        _ => "running a mix over loopback",
    }
}
