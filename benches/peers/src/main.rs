//! Mixwell and other implementations in one run:
//! `cargo run --release --manifest-path benches/peers/Cargo.toml`.

mod handshakes;
mod packets;

fn main() {
    println!("minimum of 60 samples each, taken in turns: µs, and operations per second on one core\n");
    packets::measure(2000);
    packets::measure(30_000);
    handshakes::measure();
}

/// Prints a row for each of the two, and their ratio.
fn compare(ours: &str, theirs: &str, nanos: [f64; 2]) {
    for (name, nanos) in [(ours, nanos[0]), (theirs, nanos[1])] {
        println!("{name:<60} {:>9.1} {:>9.0}/s", nanos / 1e3, 1e9 / nanos);
    }
    println!("{:<60} {:>9.3}\n", "ratio", nanos[0] / nanos[1]);
}
