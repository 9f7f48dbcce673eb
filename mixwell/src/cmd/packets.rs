//! `mixwell packets`: sends packets through several hops and back, in one process.

mod duration;
mod input_text;
mod summary;
mod trace;
mod view;

use crate::{
    error::Error,
    random,
    scheme::{SchemeName, WithScheme},
};
use chacha20::ChaCha20Rng;
use clap::Args;
use input_text::InputText;
use mixwell_pq_kem::{Kem, Nike, kem, nike};
use mixwell_sim::{
    selftest,
    selftest::{Input, SelfTestError},
};
use mixwell_sphinx::{
    Geometry, MAX_HOPS, Scheme, Sphinx, {self as sphinx},
};
use rand_core::SeedableRng as _;
use std::{io::Write as _, path::PathBuf, time::Instant};
use view::View;

/// Send packets through five hops and back in this process, and measure the time
///
/// Generates keys for the hops, splits a text into packets, wraps them, and lets each hop remove
/// its layer. The service at the last hop answers each packet through its SURB, and the client
/// checks that every byte came back. Meanwhile an attacker on the links replays packets and flips
/// bits; all of these packets must be rejected. The times are those of the cryptography alone, on
/// one core: no network is used, and the packets' delays are skipped.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The NIKE or KEM of the packets; `mixwell schemes` lists them
    #[arg(long, value_parser = SchemeName::parse, default_value = "x25519")]
    scheme: SchemeName,

    /// Hops from the client to the service
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=MAX_HOPS as i64))]
    hops: u8,

    /// User payload bytes in each packet
    #[arg(long, value_name = "BYTES", default_value_t = 2000,
          value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    payload: u32,

    /// Number of packets to send; the built-in text is repeated to fill them
    #[arg(long, value_name = "NUMBER", default_value_t = 500,
          value_parser = clap::value_parser!(u32).range(1..=input_text::MAX_PACKETS as i64))]
    messages: u32,

    /// Send this file instead of the built-in text, in as many packets as it needs; `-` is standard
    /// input
    ///
    /// Standard input is read to its end before the first packet is sent.
    #[arg(long, value_name = "FILE", conflicts_with = "messages")]
    file: Option<PathBuf>,

    /// Derive keys and packets from this number, the same every time. For tests only: the keys are
    /// not secret then
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

const EXAMPLES: &str = "\
Examples:
  mixwell packets                                 the built-in text, 500 packets
  mixwell packets --file letter.txt               a text of your own
  tar c folder | mixwell packets --file -         any data, from standard input
  mixwell packets --scheme xwing --messages 100   another scheme
  mixwell packets --hops 3 --payload 30000        fewer hops, longer packets";

/// Runs the self-test and prints its report.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    let input = match &arguments.file {
        Some(path) => InputText::read(path, arguments.payload)?,
        None => InputText::built_in(arguments.payload, arguments.messages),
    };
    let rng = match arguments.seed {
        Some(seed) => ChaCha20Rng::seed_from_u64(seed),
        None => random::from_system()?,
    };
    arguments.scheme.run(SelfTest { arguments, input, rng })
}

struct SelfTest<'a> {
    arguments: &'a Arguments,
    input: InputText,
    rng: ChaCha20Rng,
}

impl WithScheme for SelfTest<'_> {
    type Output = Result<(), Error>;

    fn nike<N: Nike>(self) -> Result<(), Error> {
        self.run::<N>(|rng| {
            let private = nike::PrivateKey::<N>::generate(rng);
            Ok((private.public_key(), private))
        })
    }

    fn kem<K: Kem>(self) -> Result<(), Error> {
        self.run::<sphinx::Kem<K>>(|rng| {
            let private = kem::PrivateKey::<K>::generate(rng);
            Ok((private.public_key()?, private.expand()?))
        })
    }
}

impl SelfTest<'_> {
    fn run<S: Scheme>(
        self,
        generate: impl Fn(&mut ChaCha20Rng) -> Result<(S::PublicKey, S::PrivateKey), SelfTestError>,
    ) -> Result<(), Error> {
        let Self { arguments, input, rng } = self;
        let geometry = Geometry::of::<S>(usize::from(arguments.hops), input.payload_len(), true)?;
        let sphinx = Sphinx::<S>::new(geometry)?;
        let begin = Instant::now();
        let mut view = View::new(geometry.hops(), input.packet_count());
        let text = Input { text: input.text(), payload_len: input.payload_len() };
        let report = selftest::run(sphinx, text, rng, generate, &mut view)?;
        view.finish();
        let summary = summary::write(arguments.scheme, &geometry, &report, begin.elapsed());

        let mut out = anstream::stdout().lock();
        let printed = out.write_all(summary.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output);
        // report a failure even if the summary could not be printed
        if !report.all_returned() {
            return Err(Error::NotAllReturned);
        }
        if !report.all_refused() {
            return Err(Error::TamperedAccepted);
        }
        printed
    }
}
