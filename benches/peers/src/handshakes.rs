//! Handshakes, both sides: pqXX in Mixwell and clatter, and the classical XX of snow.

use crate::compare;
use clatter::{
    Handshaker, PqHandshake,
    crypto::{cipher::ChaChaPoly, hash::Blake2b, kem::pqclean_ml_kem::MlKem768 as TheirMlKem768},
    handshakepattern::noise_pqxx,
    traits::Kem as _,
};
use mixwell_benches::{
    link::{Ends, SIZES},
    side_by_side,
};
use mixwell_pq_kem::{Adapter, Kem, MlKem768, X25519};
use std::hint::black_box;

pub(crate) fn measure() {
    let (mut pq, mut classical) = (ours::<MlKem768>(), ours::<Adapter<X25519>>());
    let (mut clatter, mut snow) = (clatter(), snow());
    let [pq, classical, clatter, snow] = side_by_side([&mut pq, &mut classical, &mut clatter, &mut snow]);
    compare("pqXX, MLKEM768, mixwell", "pqXX, ML-KEM-768, clatter", [pq, clatter]);
    compare("pqXX, x25519 as a KEM, mixwell", "XX, 25519, snow", [classical, snow]);
}

fn ours<K: Kem>() -> impl FnMut() {
    let mut ends = Ends::<K>::new(SIZES);
    move || _ = black_box(ends.handshake())
}

fn clatter() -> impl FnMut() {
    type Side = PqHandshake<TheirMlKem768, TheirMlKem768, ChaChaPoly, Blake2b>;
    let [client, gateway] = [(); 2].map(|()| TheirMlKem768::genkey().expect("a key pair"));
    let (mut wire, mut payload) = (vec![0; 8000], vec![0; 8000]);
    move || {
        let side = |initiator, key: &_| {
            Side::new(noise_pqxx(), &[3], initiator, Some(Clone::clone(key)), None, None, None).expect("a side")
        };
        let (mut client, mut gateway) = (side(true, &client), side(false, &gateway));
        // payloads as long as Mixwell's authenticate payloads
        for (from_client, text) in [(true, 0), (false, 260), (true, 260), (false, 0)] {
            let (from, to) = if from_client { (&mut client, &mut gateway) } else { (&mut gateway, &mut client) };
            let len = from.write_message(&vec![7; text], &mut wire).expect("a message");
            to.read_message(&wire[..len], &mut payload).expect("a good message");
        }
        black_box((client.finalize().expect("done"), gateway.finalize().expect("done")));
    }
}

fn snow() -> impl FnMut() {
    let params: snow::params::NoiseParams = "Noise_XX_25519_ChaChaPoly_BLAKE2b".parse().expect("a protocol");
    let [client, gateway] =
        [(); 2].map(|()| snow::Builder::new(params.clone()).generate_keypair().expect("a key pair").private);
    let (mut wire, mut payload) = (vec![0; 8000], vec![0; 8000]);
    move || {
        let side = |key| snow::Builder::new(params.clone()).local_private_key(key).expect("a key");
        let mut client = side(&client).build_initiator().expect("a side");
        let mut gateway = side(&gateway).build_responder().expect("a side");
        for (from_client, text) in [(true, 0), (false, 260), (true, 260)] {
            let (from, to) = if from_client { (&mut client, &mut gateway) } else { (&mut gateway, &mut client) };
            let len = from.write_message(&vec![7; text], &mut wire).expect("a message");
            to.read_message(&wire[..len], &mut payload).expect("a good message");
        }
        black_box((client.into_transport_mode().expect("done"), gateway.into_transport_mode().expect("done")));
    }
}
