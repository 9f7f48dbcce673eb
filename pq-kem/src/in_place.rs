//! Public keys and ciphertexts as views of bytes elsewhere, such as in a message.

use crate::{
    Kem, Nike,
    kem::{Ciphertext, PublicKey},
    nike,
};
use core::ptr;

macro_rules! in_place {
    ($($scheme:ident: $name:ty, $bytes:ident;)+) => {$(
        impl<S: $scheme> $name {
            /// A view of an encoding, which is not checked.
            #[must_use]
            #[expect(unsafe_code, reason = "a reference to the one is a reference to the other")]
            pub const fn from_bytes_ref(bytes: &S::$bytes) -> &Self {
                // SAFETY: the type is transparent over these bytes, any bytes are a valid value of
                // it, and the borrow is that of the bytes
                unsafe { &*ptr::from_ref(bytes).cast() }
            }

            /// A mutable view, to write an encoding in place.
            #[must_use]
            #[expect(unsafe_code, reason = "as above")]
            pub const fn from_bytes_mut(bytes: &mut S::$bytes) -> &mut Self {
                // SAFETY: as above, and any value of the type is valid bytes
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
