//! Histograms as SVG pictures.

use super::{closed_forms, histogram::Histogram, measurements::Measurements, scenario::Scenario};
use core::fmt::Write as _;

/// A picture.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SvgPlot {
    /// File name of the picture.
    pub file_name: &'static str,
    /// The SVG document.
    pub svg: String,
}

/// The pictures of a simulation: latency, occupancy of mixes, and the users' entropy, each beside
/// its closed form.
#[must_use]
pub fn plots(scenario: &Scenario, measured: &Measurements) -> [SvgPlot; 3] {
    let (hop_count, mu) = (scenario.hop_count(), scenario.topology().rates.mu.per_milli());
    let latency_cdf = |x| closed_forms::erlang_cdf(hop_count, mu, x - scenario.rounding_millis());
    let (low, high) = scenario
        .mean_occupancies()
        .fold((f64::MAX, 0.0), |(low, high): (f64, f64), mean| (low.min(mean), high.max(mean)));
    let max_entropy = f64::from(scenario.load().users).log2();
    [
        (
            "latency.svg",
            Plot {
                title: "Latency in the mixes",
                x: "milliseconds from sending to leaving the last mix",
                bars: &measured.latency,
                range: (0.0, closed_forms::erlang_quantile(hop_count, mu, 0.9995)),
                curve: Some(("Erlang", &|low, width| latency_cdf(low + width) - latency_cdf(low))),
                mark: None,
            },
        ),
        (
            "packets-in-a-mix.svg",
            Plot {
                title: "Packets in a mix",
                x: "packets in a mix when a packet arrives",
                bars: &measured.occupancy,
                range: ((low - 5.0 * low.sqrt()).max(0.0).floor(), (high + 5.0 * high.sqrt() + 2.0).ceil()),
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
                curve: Some(("Poisson", &|low, _| scenario.occupancy_probability(low.round() as u32))),
                mark: None,
            },
        ),
        (
            "sender-entropy.svg",
            Plot {
                title: "Entropy of the sender, for an observer of all links",
                x: "entropy of the sender of a leaving packet, in bits",
                bars: &measured.user_entropy,
                range: ((measured.user_entropy.quantile(0.001) - 0.2).max(0.0), max_entropy + 0.1),
                curve: None,
                mark: Some(("maximum", max_entropy)),
            },
        ),
    ]
    .map(|(file_name, plot): (_, Plot<'_>)| SvgPlot { file_name, svg: plot.svg() })
}

/// Expected share of a bin, by its lower end and width.
type Curve<'a> = &'a dyn Fn(f64, f64) -> f64;

struct Plot<'a> {
    title: &'a str,
    x: &'a str,
    bars: &'a Histogram,
    range: (f64, f64),
    curve: Option<(&'a str, Curve<'a>)>,
    /// A labelled value.
    mark: Option<(&'a str, f64)>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 56.0;

impl Plot<'_> {
    fn svg(&self) -> String {
        let (low, high) = self.range;
        let width = self.bars.width();
        let bins: Vec<(f64, f64)> = self.bars.shares().filter(|(at, _)| *at + width > low && *at <= high).collect();
        let expected = |at: f64| self.curve.map_or(0.0, |(_, curve)| curve(at, width));
        let top = bins.iter().map(|(at, share)| share.max(expected(*at))).fold(1e-9, f64::max) * 1.08;
        let x = |value: f64| LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT);
        let y = |share: f64| HEIGHT - BOTTOM - share / top * (HEIGHT - TOP - BOTTOM);
        let mut body = String::new();
        for step in ticks(0.0, top * 100.0) {
            let at = y(step / 100.0);
            let _ =
                write!(body, "<line x1='{LEFT}' x2='{:.1}' y1='{at:.1}' y2='{at:.1}' class='grid'/>", WIDTH - RIGHT);
            let _ = writeln!(
                body,
                "<text x='{:.1}' y='{:.1}' text-anchor='end'>{} %</text>",
                LEFT - 8.0,
                at + 4.0,
                short(step)
            );
        }
        for (at, share) in &bins {
            let (from, to) = (x(*at).max(LEFT), x(at + width).min(WIDTH - RIGHT));
            let _ = writeln!(
                body,
                "<rect x='{from:.2}' y='{:.2}' width='{:.2}' height='{:.2}' class='bar'/>",
                y(*share),
                (to - from - 0.5).max(0.5),
                y(0.0) - y(*share)
            );
        }
        if let Some((name, _)) = self.curve {
            let points: Vec<String> = bins
                .iter()
                .map(|(at, _)| format!("{:.2},{:.2}", x((at + width / 2.0).min(high)), y(expected(*at))))
                .collect();
            let _ = writeln!(body, "<polyline points='{}' class='curve'/>", points.join(" "));
            let right = WIDTH - RIGHT;
            let _ = write!(
                body,
                "<line x1='{:.1}' x2='{:.1}' y1='40' y2='40' class='curve'/>",
                right - 150.0,
                right - 126.0
            );
            let _ = writeln!(body, "<text x='{:.1}' y='44'>{name}, closed form</text>", right - 120.0);
        }
        if let Some((name, value)) = self.mark {
            let at = x(value);
            let (bottom, label) = (y(0.0), at - 8.0);
            let _ = write!(body, "<line x1='{at:.1}' x2='{at:.1}' y1='{TOP}' y2='{bottom:.1}' class='curve'/>");
            let _ = writeln!(body, "<text x='{label:.1}' y='{}' text-anchor='end'>{name}</text>", TOP + 12.0);
        }
        for step in ticks(low, high) {
            let at = x(step);
            let _ = writeln!(
                body,
                "<text x='{at:.1}' y='{:.1}' text-anchor='middle'>{}</text>",
                HEIGHT - BOTTOM + 18.0,
                short(step)
            );
        }
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' font-family='sans-serif' font-size='12' fill='#333'>\n\
             <style>.grid{{stroke:#ddd}}.bar{{fill:#4c8bbf}}.curve{{fill:none;stroke:#d1495b;stroke-width:2}}</style>\n\
             <rect width='{WIDTH}' height='{HEIGHT}' fill='#fff'/>\n\
             <text x='{LEFT}' y='26' font-size='16' font-weight='bold'>{}</text>\n<text x='{LEFT}' y='44'>share of packets</text>\n\
             {body}<line x1='{LEFT}' x2='{:.1}' y1='{:.1}' y2='{:.1}' stroke='#333'/>\n\
             <text x='{:.1}' y='{:.1}' text-anchor='middle'>{}</text>\n</svg>\n",
            self.title,
            WIDTH - RIGHT,
            y(0.0),
            y(0.0),
            f64::midpoint(LEFT, WIDTH - RIGHT),
            HEIGHT - 14.0,
            self.x
        )
    }
}

/// About seven round numbers between `low` and `high`.
fn ticks(low: f64, high: f64) -> impl Iterator<Item = f64> {
    let rough = (high - low) / 7.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= rough).unwrap_or(rough);
    let first = (low / step).ceil();
    (0..20).map(move |n| (first + f64::from(n)) * step).take_while(move |tick| *tick <= high)
}

fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
