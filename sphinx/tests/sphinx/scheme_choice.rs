//! The choice of a scheme at run time.

use crate::schemes::for_every_scheme;
use mixwell_pq_kem::{Adapter, MlKem768, MlKem768X448, MlKem768X25519, X448, X25519, XWing};
use mixwell_sphinx::{Geometry, Kem, Scheme, SchemeInfo, Sphinx, WithScheme, with_scheme};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

/// Makes a key pair and reads it again, as a program would that stores and publishes its keys.
struct StoreAndPublish(Geometry);

impl WithScheme for StoreAndPublish {
    type Output = SchemeInfo;

    fn with<S: Scheme>(self) -> SchemeInfo {
        Sphinx::<S>::new(self.0).unwrap();
        let stored = S::generate(&mut ChaCha20Rng::seed_from_u64(3));
        let (_, public) = S::expand(&stored).unwrap();
        let bytes = (stored.as_ref(), public.as_ref());
        assert_eq!((bytes.0.len(), bytes.1.len()), (S::STORED_KEY_LEN, S::PUBLIC_KEY_LEN));
        assert_eq!(S::expand(&bytes.0.try_into().unwrap()).unwrap().1, public);
        assert_eq!(S::PublicKey::try_from(bytes.1).unwrap(), public);
        assert_eq!(*S::public_key_ref(bytes.1).unwrap(), public);
        let error = S::public_key_ref(&bytes.1[1..]).unwrap_err();
        assert_eq!((error.got, error.want), (S::PUBLIC_KEY_LEN - 1, S::PUBLIC_KEY_LEN));
        assert!(S::StoredKey::try_from(&bytes.0[1..]).is_err());
        S::INFO
    }
}

#[test]
fn every_scheme_of_a_geometry_is_found() {
    for scheme in SchemeInfo::ALL {
        let geometry = Geometry::new(*scheme, 5, 100, true).unwrap();
        assert_eq!(with_scheme(*scheme, StoreAndPublish(geometry)), Some(*scheme));
    }
}

#[test]
fn a_name_alone_is_no_scheme() {
    let geometry = Geometry::new(SchemeInfo::ALL[0], 5, 100, true).unwrap();
    for unknown in [
        SchemeInfo::nike("x25519", 33),
        SchemeInfo::kem("XWING", 32),
        SchemeInfo::nike("XWING", 1120),
        SchemeInfo::kem("no such", 32),
        SchemeInfo::nike("", 32),
    ] {
        assert_eq!(with_scheme(unknown, StoreAndPublish(geometry)), None, "{unknown}");
    }
}

/// A key can be used by several threads, whatever the scheme.
#[test]
fn keys_are_shared_by_threads() {
    fn check<S: Scheme>() {
        let (private, public) = S::expand(&S::generate(&mut ChaCha20Rng::seed_from_u64(4))).unwrap();
        std::thread::scope(|scope| {
            let _ = scope.spawn(|| (&private, &public));
        });
    }
    for_every_scheme!(check());
}
