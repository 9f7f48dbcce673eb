//! The bytes that `arbitrary` reads as a given value, for the types of our targets.

use arbitrary::{Arbitrary, Unstructured};
use std::fmt::Debug;

/// Appends the bytes that `arbitrary` reads back as this value.
pub(crate) trait Write {
    fn write(&self, out: &mut Vec<u8>);
}

macro_rules! number {
    ($($number:ty),+) => {$(
        impl Write for $number {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }
        }
    )+};
}

number!(u8, u16, u32, u64, i8);

impl Write for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push((*self).into());
    }
}

impl<T: Write, const N: usize> Write for [T; N] {
    fn write(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|part| part.write(out));
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        self.iter().for_each(|part| part.write(out));
    }
}

/// A `true` before each element, and a `false` after the last.
impl<T: Write> Write for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        for part in self {
            true.write(out);
            part.write(out);
        }
        false.write(out);
    }
}

/// The rest of an input, unchanged.
impl Write for &[u8] {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(*self);
    }
}

macro_rules! tuple {
    ($($part:ident),+) => {
        impl<$($part: Write),+> Write for ($($part,)+) {
            #[allow(non_snake_case, reason = "a type and its value")]
            fn write(&self, out: &mut Vec<u8>) {
                let ($($part,)+) = self;
                $($part.write(out);)+
            }
        }
    };
}

tuple!(A, B);
tuple!(A, B, C);
tuple!(A, B, C, D);
tuple!(A, B, C, D, E);

/// The input that a target reads as `value`.
pub(crate) fn input<'a, T: Write + Arbitrary<'a> + PartialEq + Debug>(value: &T, out: &'a mut Vec<u8>) {
    value.write(out);
    let read = T::arbitrary_take_rest(Unstructured::new(out)).expect("it is read");
    assert_eq!(&read, value, "another value is read");
}
