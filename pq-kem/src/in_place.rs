//! Public keys and ciphertexts over bytes that lie elsewhere, in a message say.

use crate::{
    Kem, Nike,
    kem::{Ciphertext, PublicKey},
    nike,
};
use core::ptr;

macro_rules! in_place {
    ($($scheme:ident: $name:ty, $bytes:ident;)+) => {$(
        impl<S: $scheme> $name {
            /// The encoding where it lies, as it is.
            #[must_use]
            #[expect(unsafe_code, reason = "a reference to the one is a reference to the other")]
            pub const fn from_bytes_ref(bytes: &S::$bytes) -> &Self {
                // SAFETY: the type is transparent over these bytes, every value of them is one of
                // it, and the borrow is theirs
                unsafe { &*ptr::from_ref(bytes).cast() }
            }

            /// A place for an encoding, to be filled.
            #[must_use]
            #[expect(unsafe_code, reason = "as above")]
            pub const fn from_bytes_mut(bytes: &mut S::$bytes) -> &mut Self {
                // SAFETY: as above, and every value of it is one of these bytes
                unsafe { &mut *ptr::from_mut(bytes).cast() }
            }
        }
    )+};
}

in_place! {
    Nike: nike::PublicKey<S>, PublicBytes;
    Kem: PublicKey<S>, PublicBytes;
    Kem: Ciphertext<S>, CiphertextBytes;
}

#[cfg(all(test, feature = "x25519"))]
mod tests {
    use super::*;
    use crate::{Adapter, X25519};

    type K = Adapter<X25519>;

    #[test]
    fn the_same_bytes_in_the_same_place() {
        let mut bytes = core::array::from_fn(|i| u8::try_from(i).unwrap());
        assert!(ptr::eq(PublicKey::<K>::from_bytes_ref(&bytes).as_bytes(), &raw const bytes));
        assert_eq!(*Ciphertext::<K>::from_bytes_ref(&bytes), Ciphertext::from_bytes(bytes));
        PublicKey::<K>::from_bytes_mut(&mut bytes).as_bytes_mut()[0] = 7;
        Ciphertext::<K>::from_bytes_mut(&mut bytes).as_bytes_mut()[31] = 8;
        assert_eq!((bytes[0], bytes[1], bytes[31]), (7, 1, 8));
        assert!(ptr::eq(nike::PublicKey::<X25519>::from_bytes_ref(&bytes).as_bytes(), &raw const bytes));
        nike::PublicKey::<X25519>::from_bytes_mut(&mut bytes).as_bytes_mut()[2] = 9;
        assert_eq!(bytes[2], 9);
        assert_eq!(size_of::<PublicKey<K>>(), bytes.len());
        assert_eq!(size_of::<nike::PublicKey<X25519>>(), bytes.len());
    }
}
