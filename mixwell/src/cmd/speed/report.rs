//! The report of a measurement, for people and for machines.

use crate::{cmd::demo, numbers::grouped, scheme::SchemeName, style::HEADING};
use core::fmt::Write as _;
use mixwell_config::DEFAULT_RATES;
use mixwell_node::unwrap::BATCH;
use mixwell_sim::anonymity::PublishedRate;
use mixwell_testnet::speed::{Settings, Speed, users};
use serde_json::{Map, Value, json};

/// The version of the JSON: a greater one if a field goes or changes its meaning.
const VERSION: u32 = 1;

pub(super) struct Report {
    scheme: SchemeName,
    settings: Settings,
    speed: Speed,
    users: Vec<Users>,
}

/// The users of a network with these rates, per millisecond, whose packets a mix like this routes.
struct Users {
    network: &'static str,
    lambda_p: f64,
    lambda_l: f64,
    number: f64,
}

impl Report {
    /// `own` are the rates of the operator's network.
    pub(super) fn new(
        scheme: SchemeName,
        settings: Settings,
        speed: Speed,
        own: Option<(PublishedRate, Option<PublishedRate>)>,
    ) -> Self {
        let routed = speed.mix_rate(settings.threads);
        let rates = [("default", DEFAULT_RATES), ("demo", demo::RATES)];
        let rates = rates.map(|(network, rates)| (network, rates.lambda_p, rates.lambda_l)).into_iter();
        let own = own.map(|(lambda_p, lambda_l)| {
            ("yours", lambda_p.per_milli(), lambda_l.map_or(0.0, PublishedRate::per_milli))
        });
        let users = rates.chain(own).map(|(network, lambda_p, lambda_l)| {
            let number = users(routed, lambda_p, lambda_l);
            Users { network, lambda_p, lambda_l, number }
        });
        Self { scheme, settings, users: users.collect(), speed }
    }

    /// The rates, with their names in JSON and for people.
    fn rates(&self) -> [(&'static str, String, f64); 5] {
        let (speed, threads) = (&self.speed, self.settings.threads);
        [
            ("one_packet", "unwrap, one packet after the other".to_owned(), speed.alone),
            ("batch", format!("unwrap, batches of {BATCH}"), speed.batches),
            ("all_threads", format!("unwrap, batches of {BATCH}, {threads} threads"), speed.all_threads),
            ("mix_over_loopback", "a mix and its neighbours, here".to_owned(), speed.mix.rate()),
            ("mix", format!("a mix that has {threads} cores to itself"), speed.mix_rate(threads)),
        ]
    }

    /// The JSON (`docs/book/src/guides/speed.md`).
    pub(super) fn json(&self) -> String {
        let rates = self.rates().into_iter().map(|(name, _, rate)| {
            let value =
                json!({ "packets_per_second": whole(rate), "megabits_per_second": whole(self.speed.megabits(rate)) });
            (name.to_owned(), value)
        });
        let parts = self.speed.parts().map(|parts| {
            let parts = parts.into_iter().map(|(part, nanos)| (part.name().to_owned(), json!(micros(nanos))));
            Value::Object(parts.collect())
        });
        let users = self.users.iter().map(|users| {
            let Users { network, lambda_p, lambda_l, number } = users;
            json!({ "network": network, "lambda_p": lambda_p, "lambda_l": lambda_l, "users": whole(*number) })
        });
        let backends = self.speed.backends.names().map(|(name, backend)| (name.to_owned(), json!(backend)));
        let report = json!({
            "version": VERSION,
            "scheme": self.scheme.to_string(),
            "packet_bytes": self.settings.geometry.packet_len(),
            "threads": self.settings.threads,
            "backends": backends.into_iter().collect::<Map<_, _>>(),
            "rates": rates.collect::<Map<_, _>>(),
            "micros_per_packet": parts,
            "limit": self.speed.bottleneck().name(),
            "users_per_mix": users.collect::<Value>(),
        });
        format!("{report:#}\n")
    }

    /// The table.
    pub(super) fn table(&self) -> String {
        let Self { scheme, settings, speed, .. } = self;
        let mut out = format!("Packets of {scheme}, {} bytes\n\n", grouped(settings.geometry.packet_len()));
        let mut line = |line: String| _ = writeln!(out, "{line}");
        line(format!("{HEADING}{:<42} {:>10} {:>9}{HEADING:#}", "", "packets/s", "Mbit/s"));
        for (_, name, rate) in self.rates() {
            let [packets, megabits] = [rate, speed.megabits(rate)].map(|number| grouped(whole(number)));
            line(format!("{name:<42} {packets:>10} {megabits:>9}"));
        }
        let backends =
            speed.backends.names().into_iter().filter_map(|(name, backend)| Some(format!("{name} by {}", backend?)));
        line(format!("\nBack ends: {}", backends.collect::<Vec<_>>().join(", ")));
        if let Some(parts) = speed.parts() {
            let sum: f64 = parts.iter().map(|(_, nanos)| nanos).sum();
            let parts = parts.map(|(part, nanos)| format!("{} {:.1}", part.phrase(), micros(nanos)));
            line(format!("A packet takes {:.1} µs of a core: {}", micros(sum), parts.join(", ")));
        }
        line(format!("Most of it goes to {}.", speed.bottleneck().phrase()));
        line(format!("\n{HEADING}{:<42} {:>10}{HEADING:#}", "users for each mix of a layer", "users"));
        for Users { network, lambda_p, lambda_l, number } in &self.users {
            let name = format!("{network}: LambdaP {lambda_p}, LambdaL {lambda_l}");
            line(format!("{name:<42} {:>10}", grouped(whole(*number))));
        }
        out
    }
}

/// The nearest whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate, which is positive")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// Microseconds, to a hundredth.
fn micros(nanos: f64) -> f64 {
    (nanos / 10.0).round() / 100.0
}
