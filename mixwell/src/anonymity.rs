//! `mixwell anonymity`: what an observer of all links is left with.

mod closed;
mod histogram;
mod measured;
mod network;
mod observer;
mod plot;
mod report;

use crate::error::Error;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use mixwell_mixdelay::Rate;
use network::{Network, Plan};
use std::{io::Write as _, path::PathBuf};

/// Simulate a mix network, and measure what an observer of all links is left with
///
/// Users send messages or decoys at `LambdaP` and loops at `LambdaL`, mixes send loops at `LambdaM`, every hop holds every packet
/// for an exponential delay of rate Mu: the clocks, delays and queues are those that real nodes run. An observer sees
/// every packet on every link, knows everything but which packet that leaves a mix is which that came in, and keeps the
/// exact odds. Reported are the entropy of those odds, the latency, and what the cover costs, beside the closed forms for
/// Poisson mixes where there are any. A packet takes one path of one mix in each layer; a loop ends at its sender.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Layers of mixes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    layers: u32,

    /// Mixes in each layer
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    nodes: u32,

    /// Users
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    users: u32,

    /// Messages or decoys of each user, per millisecond
    #[arg(long, value_name = "RATE", default_value = "0.001", value_parser = rate)]
    lambda_p: Published,

    /// Loops of each user, per millisecond
    #[arg(long, value_name = "RATE", default_value = "0.0005", value_parser = rate)]
    lambda_l: Published,

    /// Loops of each mix, per millisecond
    #[arg(long, value_name = "RATE", default_value = "0.0005", value_parser = rate)]
    lambda_m: Published,

    /// Delays at each hop: 1 over their mean in milliseconds
    #[arg(long, value_name = "RATE", default_value = "0.005", value_parser = rate)]
    mu: Published,

    /// Messages that each user has to send, per millisecond; less than --lambda-p
    #[arg(long, value_name = "RATE", default_value = "0.0001", value_parser = rate)]
    messages: Published,

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
  mixwell anonymity --users 1000 --mu 0.001             more users, longer delays";

/// A rate as a consensus publishes it: the number, and what is made of it; `None` for 0, which is off.
#[derive(Clone, Copy, Debug)]
struct Published {
    per_milli: f64,
    rate: Option<Rate>,
}

fn rate(text: &str) -> Result<Published, String> {
    let per_milli: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if per_milli > 10.0 {
        return Err("more than 10 per millisecond".to_owned());
    }
    Rate::published(per_milli).map(|rate| Published { per_milli, rate }).map_err(|error| error.to_string())
}

/// Simulates, reports and plots.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let Some(mu) = arguments.mu.rate else { return Err(Error::Anonymity("--mu 0 would hold packets for ever")) };
    if arguments.lambda_p.rate.is_none() {
        return Err(Error::Anonymity("--lambda-p 0 would send no message"));
    }
    if arguments.messages.per_milli >= arguments.lambda_p.per_milli {
        return Err(Error::Anonymity("--messages must be below --lambda-p: more would wait for ever"));
    }
    let plan = Plan {
        layers: arguments.layers,
        nodes: arguments.nodes,
        users: arguments.users,
        lambda_p: arguments.lambda_p,
        lambda_l: arguments.lambda_l,
        lambda_m: arguments.lambda_m,
        messages: arguments.messages,
        mu: Published { rate: Some(mu), ..arguments.mu },
        millis: u64::from(arguments.seconds).saturating_mul(1000),
        seed: arguments.seed,
    };
    let bar = ProgressBar::new(plan.millis).with_style(style());
    let measured = Network::new(&plan, mu).run(|millis| bar.set_position(millis));
    bar.finish_and_clear();

    let mut out = anstream::stdout().lock();
    report::write(&mut out, &plan, &measured).and_then(|()| out.flush()).map_err(Error::Output)?;
    if let Some(folder) = &arguments.plots {
        for path in plot::write(folder, &plan, &measured)? {
            writeln!(out, "{}", path.display()).map_err(Error::Output)?;
        }
    }
    Ok(())
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:40.cyan} {percent:>3} %, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Plan {
    /// Packets that enter the first layer, per millisecond.
    fn traffic(&self) -> f64 {
        f64::from(self.users) * (self.lambda_p.per_milli + self.lambda_l.per_milli)
            + f64::from(self.mixes()) * self.lambda_m.per_milli
    }

    fn mixes(&self) -> u32 {
        self.layers.saturating_mul(self.nodes)
    }

    /// The mean delay of a hop, in milliseconds.
    fn hop_millis(&self) -> f64 {
        1.0 / self.mu.per_milli
    }
}
