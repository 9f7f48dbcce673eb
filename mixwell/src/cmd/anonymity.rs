//! `mixwell anonymity`: measures the anonymity against an observer of all links.

mod report;
mod scenario;

use crate::error::Error;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use mixwell_sim::anonymity::{PublishedRate, Simulation, plots};
use std::{fs, io::Write as _, path::PathBuf};

/// Simulate a mix network and measure its anonymity against an observer of all links
///
/// Users send messages or decoys at `LambdaP` and loops at `LambdaL`, nodes send loops, and each
/// hop delays each packet exponentially at rate Mu. The clocks, delays and queues are those of real
/// nodes. The observer sees every packet on every link and knows everything except which outgoing
/// packet of a hop is which incoming one; it computes the exact probabilities. The report has the
/// entropy of these probabilities, the latency and the cost of the cover traffic, next to the
/// closed forms for Poisson mixes where they exist. A packet takes a path of one node per hop and
/// ends there. Replies to messages and decoys, which return through the layers and about double the
/// traffic of a real network, are not simulated. The entropies are therefore those of an observer
/// who can distinguish replies from other packets, and a lower bound for one who can't.
///
/// The network has --layers of --nodes mixes each, or is taken from a PKI document: its gateways
/// are the first hop, its layers of mixes follow, and all its nodes send loops at its rates. Rates
/// given here override the document's.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Take the network from a PKI document: a certificate (its signatures are not checked) or the
    /// bare document; `-` is standard input
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

    /// Messages or decoys that each user sends per millisecond [default: 0.001, or the document's]
    #[arg(long, value_name = "RATE", value_parser = rate)]
    lambda_p: Option<PublishedRate>,

    /// Loops that each user sends per millisecond [default: 0.0005, or the document's]
    #[arg(long, value_name = "RATE", value_parser = rate)]
    lambda_l: Option<PublishedRate>,

    /// Loops that each mix and service node sends per millisecond [default: 0.0005, or the
    /// document's]
    #[arg(long, value_name = "RATE", value_parser = rate)]
    lambda_m: Option<PublishedRate>,

    /// Loops that each gateway of the document sends per millisecond [default: the document's]
    #[arg(long, value_name = "RATE", value_parser = rate, requires = "document")]
    lambda_g: Option<PublishedRate>,

    /// Rate of the delay at each hop: 1 over its mean in milliseconds [default: 0.005, or the
    /// document's]
    #[arg(long, value_name = "RATE", value_parser = rate)]
    mu: Option<PublishedRate>,

    /// Messages that each user writes per millisecond; less than `LambdaP`
    #[arg(long, value_name = "RATE", default_value = "0.0001", value_parser = rate)]
    messages: PublishedRate,

    /// Simulated seconds
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    seconds: u32,

    /// Seed of all randomness: the same seed gives the same result
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
