//! The packets of the demonstration, as the command line names them.

use crate::scheme::{Info, SchemeName};
use core::str::FromStr;
use mixwell_sphinx::{Geometry, GeometryError};

/// A scheme and the user payload length in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packets {
    pub(super) scheme: SchemeName,
    user_bytes: usize,
}

const DEFAULT_USER_BYTES: usize = 2000;
const MAX_USER_BYTES: usize = 1 << 16;

impl Packets {
    /// The geometry for routes through a gateway, a number of layers and a service node.
    pub(super) fn geometry(&self, layers: u8) -> Result<Geometry, GeometryError> {
        Geometry::new(self.scheme.run(Info), usize::from(layers) + 2, self.user_bytes, true)
    }
}

impl FromStr for Packets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, bytes) = text.split_once(':').map_or((text, None), |(name, bytes)| (name, Some(bytes)));
        let scheme = SchemeName::parse(name)?;
        let user_bytes = match bytes.map(str::parse) {
            None => DEFAULT_USER_BYTES,
            Some(Ok(bytes)) if (8..=MAX_USER_BYTES).contains(&bytes) => bytes,
            Some(_) => return Err(format!("want a user payload of 8 to {MAX_USER_BYTES} bytes")),
        };
        Ok(Self { scheme, user_bytes })
    }
}
