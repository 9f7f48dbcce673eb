//! Results on standard output.

use crate::error::Error;
use std::io::Write as _;

/// Prints text; without colours if standard output is not a terminal.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output)
}
