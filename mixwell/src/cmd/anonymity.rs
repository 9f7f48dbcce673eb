//! `mixwell anonymity`: what an observer of all links is left with.

mod report;
mod scenario;

use crate::error::Error;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use mixwell_sim::anonymity::{PublishedRate, Simulation, plots};
use std::{fs, io::Write as _, path::PathBuf};

/// Simulate a mix network, and measure what an observer of all links is left with
///
/// Users send messages or decoys at `LambdaP` and loops at `LambdaL`, nodes send loops, every hop
/// holds every packet for an exponential delay of rate Mu: the clocks, delays and queues are those
/// that real nodes run. An observer sees every packet on every link, knows everything but which
/// packet that leaves a hop is which that came in, and keeps the exact odds. Reported are the
/// entropy of those odds, the latency, and what the cover costs, beside the closed forms for
/// Poisson mixes where there are any. A packet takes one path of one node of each hop, and ends
/// there: replies to messages and decoys, which come back through the layers and about double the
/// traffic of a real network, are left out. So the entropies are those of an observer who can tell
/// replies from the rest, and the least that one who can't has.
///
/// The network is --layers of --nodes mixes, or that of a PKI document: its gateways are the first
/// hop, then come its layers of mixes, and with its rates all its nodes send loops. Rates given
/// here replace the document's.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Take the network from a PKI document: a certificate (its signatures are not checked) or what
    /// it certifies, or - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["layers", "nodes"])]
    document: Option<PathBuf>,

    /// Layers of mixes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    layers: u32,

    /// Mixes in each layer
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    nodes: u32,

    /// Users
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    users: u32,

    /// Messages or decoys of each user, per millisecond [default: 0.001, or the document's]
    #[arg(long, value_name = "RATE", value_parser = rate)]
    lambda_p: Option<PublishedRate>,

    /// Loops of each user, per millisecond [default: 0.0005, or the document's]
    #[arg(long, value_name = "RATE", value_parser = rate)]
    lambda_l: Option<PublishedRate>,

    /// Loops of each mix and service node, per millisecond [default: 0.0005, or the document's]
    #[arg(long, value_name = "RATE", value_parser = rate)]
    lambda_m: Option<PublishedRate>,

    /// Loops of each gateway of a document, per millisecond [default: the document's]
    #[arg(long, value_name = "RATE", value_parser = rate, requires = "document")]
    lambda_g: Option<PublishedRate>,

    /// Delays at each hop: 1 over their mean in milliseconds [default: 0.005, or the document's]
    #[arg(long, value_name = "RATE", value_parser = rate)]
    mu: Option<PublishedRate>,

    /// Messages that each user has to send, per millisecond; less than `LambdaP`
    #[arg(long, value_name = "RATE", default_value = "0.0001", value_parser = rate)]
    messages: PublishedRate,

    /// Seconds of the network's time
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    seconds: u32,

    /// Where randomness begins: the same seed gives the same result
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Write plots to this folder: `latency.svg`, `packets-in-a-mix.svg`, `sender-entropy.svg`
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  mixwell anonymity                                     100 users, 3 layers of 3 mixes, delays of 200 ms
  mixwell anonymity --plots plots                       the same, with pictures
  mixwell anonymity --lambda-l 0 --lambda-m 0           without loops
  mixwell anonymity --users 1000 --mu 0.001             more users, longer delays
  mixwell anonymity --document consensus --users 500    the network of a consensus
  mixwell anonymity --document consensus --mu 0.001     the same, with longer delays";

fn rate(text: &str) -> Result<PublishedRate, String> {
    let per_milli = text.parse().map_err(|_| "not a number".to_owned())?;
    PublishedRate::new(per_milli).map_err(|error| error.to_string())
}

/// Simulates, reports and plots.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let scenario = scenario::of(arguments)?;
    let bar = ProgressBar::new(scenario.load().millis).with_style(style());
    let measured = Simulation::new(&scenario).run(|millis| bar.set_position(millis));
    bar.finish_and_clear();

    let mut out = anstream::stdout().lock();
    report::write(&mut out, &scenario, &measured).and_then(|()| out.flush()).map_err(Error::Output)?;
    if let Some(folder) = &arguments.plots {
        fs::create_dir_all(folder).map_err(|error| Error::Write(folder.clone(), error))?;
        for plot in plots(&scenario, &measured) {
            let path = folder.join(plot.file_name);
            fs::write(&path, plot.svg).map_err(|error| Error::Write(path.clone(), error))?;
            writeln!(out, "{}", path.display()).map_err(Error::Output)?;
        }
    }
    Ok(())
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:40.cyan} {percent:>3} %, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
