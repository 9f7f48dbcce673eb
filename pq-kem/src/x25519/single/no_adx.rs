//! MULX, ADCX and ADOX where there are none: a type of which there is no value.

use super::registers::{Arithmetic, Contents, Limbs};

#[derive(Clone, Copy)]
pub(super) enum Adx {}

impl Adx {
    pub(super) const fn find() -> Option<Self> {
        None
    }
}

impl Arithmetic for Adx {
    fn mul<const O: usize, const A: usize, const B: usize>(self, _: &mut Contents) {
        match self {}
    }

    fn square<const O: usize, const A: usize>(self, _: &mut Contents) {
        match self {}
    }

    fn add<const O: usize, const A: usize, const B: usize>(self, _: &mut Contents) {
        match self {}
    }

    fn sub<const O: usize, const A: usize, const B: usize>(self, _: &mut Contents) {
        match self {}
    }

    fn add_121665_times<const O: usize, const A: usize, const B: usize>(self, _: &mut Contents) {
        match self {}
    }

    fn select<const O: usize, const A: usize, const B: usize>(self, _: u64, _: &mut Contents) {
        match self {}
    }

    fn look_up<const O: usize, const WIDTH: usize, const ENTRIES: usize>(
        self,
        _: &[[Limbs; WIDTH]; ENTRIES],
        _: u64,
        _: &mut Contents,
    ) {
        match self {}
    }
}
