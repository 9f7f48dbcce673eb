//! The vectors of x86-64 where there are none: types of which there is no value.

use super::{Fractions, Words};

macro_rules! none {
    ($($name:ident: $lanes:literal),+) => {$(
        #[derive(Clone, Copy)]
        pub(super) enum $name {}

        impl $name {
            pub(super) const fn find() -> Option<Self> {
                None
            }

            pub(super) const fn multiply(self, _: &Words<$lanes>, _: &Words<$lanes>) -> Fractions<$lanes> {
                match self {}
            }
        }
    )+};
}

none!(HasIfma: 8, HasAvx512f: 8, HasAvx2: 4);
