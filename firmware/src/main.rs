//! Measures Mixwell on a Cortex-M4 under emulation: `firmware/run`.
#![no_std]
#![no_main]

#[cfg(feature = "client")]
mod client;
#[cfg(any(
    feature = "x25519",
    feature = "x448",
    feature = "mlkem768",
    feature = "xwing",
    feature = "mlkem768-x25519",
    feature = "mlkem768-x448"
))]
mod kem;
#[allow(dead_code, reason = "an image without features measures nothing")]
mod measure;
#[cfg(any(feature = "x25519", feature = "x448"))]
mod nike;
#[allow(dead_code, reason = "as above")]
mod rng;
#[cfg(feature = "sphinx")]
mod sphinx;

use cortex_m_rt::entry;
use cortex_m_semihosting::debug;
use panic_semihosting as _;

#[entry]
fn main() -> ! {
    measure::start();
    measure::check();
    #[cfg(feature = "x25519")]
    {
        nike::measure::<mixwell_pq_kem::X25519>();
        kem::measure::<mixwell_pq_kem::Adapter<mixwell_pq_kem::X25519>>();
    }
    #[cfg(feature = "x448")]
    {
        nike::measure::<mixwell_pq_kem::X448>();
        kem::measure::<mixwell_pq_kem::Adapter<mixwell_pq_kem::X448>>();
    }
    #[cfg(feature = "mlkem768")]
    kem::measure::<mixwell_pq_kem::MlKem768>();
    #[cfg(feature = "xwing")]
    kem::measure::<mixwell_pq_kem::XWing>();
    #[cfg(feature = "mlkem768-x25519")]
    kem::measure::<mixwell_pq_kem::MlKem768X25519>();
    #[cfg(feature = "mlkem768-x448")]
    kem::measure::<mixwell_pq_kem::MlKem768X448>();
    #[cfg(feature = "sphinx")]
    sphinx::measure();
    #[cfg(feature = "client")]
    client::measure();
    debug::exit(debug::EXIT_SUCCESS);
    unreachable!("the emulator has ended")
}
