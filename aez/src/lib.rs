//! aez
/// stub until merge
pub struct Aez;
impl Aez {
    /// x
    pub fn new(_: &[u8; 48]) -> Self {
        Self
    }
    /// x
    pub fn encrypt(&self, _: &[u8; 16], _: &mut [u8]) {}
    /// x
    pub fn decrypt(&self, _: &[u8; 16], _: &mut [u8]) {}
}
