//! Decryption of a packet by each hop, as text.

use crate::{
    error::Error,
    hex::hex,
    style::{DIM, GOOD, HEADING},
};
use core::fmt::Write as _;
use mixwell_net::{files, files::KeyFileError, pem, pem::Kind};
use mixwell_sphinx::{Action, Geometry, Message, Scheme, Sphinx, WithScheme, pq_kem::kem::KeyError};
use std::path::{Path, PathBuf};

/// A packet at one of the hops whose keys are given.
pub(super) struct Hops<'a> {
    pub(super) geometry: Geometry,
    pub(super) keys: &'a [PathBuf],
    pub(super) packet: &'a mut [u8],
    pub(super) text: &'a mut String,
}

impl WithScheme for Hops<'_> {
    type Output = Result<(), Error>;

    fn with<S: Scheme>(self) -> Result<(), Error> {
        let sphinx = Sphinx::<S>::new(self.geometry)?;
        for (number, path) in (1..).zip(self.keys) {
            let key = read_key::<S>(path)?;
            let opened = sphinx.open(self.packet, &key)?;
            let _ = writeln!(self.text, "{HEADING}hop {number}{HEADING:#}, {}", path.display());
            let _ = writeln!(self.text, "  {:<14}{DIM}{}{DIM:#}", "replay tag", opened.replay_tag());
            match opened.finish()? {
                Action::Forward { next_hop, delay_millis } => {
                    let _ = writeln!(self.text, "  {:<14}{GOOD}{next_hop}{GOOD:#}", "next hop");
                    delay(self.text, delay_millis);
                }
                Action::Deliver { recipient, delay_millis, payload } => {
                    let _ = writeln!(self.text, "  {:<14}{}", "recipient", name(recipient.as_bytes()));
                    delay(self.text, delay_millis);
                    self.text.push_str(&letter(&self.geometry, payload));
                    break;
                }
                Action::Reply { recipient, surb_id, delay_millis, payload } => {
                    let _ = writeln!(self.text, "  {:<14}{}", "recipient", name(recipient.as_bytes()));
                    let _ = writeln!(self.text, "  {:<14}{surb_id}", "SURB id");
                    delay(self.text, delay_millis);
                    let _ =
                        writeln!(self.text, "  {:<14}{:>6} bytes, for the recipient alone", "payload", payload.len());
                    break;
                }
                _ => break,
            }
        }
        Ok(())
    }
}

fn delay(text: &mut String, millis: Option<u32>) {
    let _ = match millis {
        Some(millis) => writeln!(text, "  {:<14}{millis:>6} ms", "delay"),
        None => writeln!(text, "  {:<14}  none", "delay"),
    };
}

/// A recipient as text, if its bytes are a readable name.
fn name(recipient: &[u8; 32]) -> String {
    let end = recipient.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    match recipient.get(..end).and_then(|bytes| str::from_utf8(bytes).ok()) {
        Some(text) if !text.is_empty() && text.chars().all(|char| char.is_ascii_graphic()) => text.to_owned(),
        _ => hex(recipient),
    }
}

fn letter(geometry: &Geometry, payload: &[u8]) -> String {
    let Ok(message) = Message::parse(geometry, payload) else {
        return format!("  {:<14}{:>6} bytes\n", "payload", payload.len());
    };
    let surb = message.surb.map_or(String::from("  none"), |surb| format!("{:>6} bytes", surb.len()));
    let user = message.user_payload;
    let end = user.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let shown = user.get(..end.min(SHOWN_BYTES)).unwrap_or_default();
    let text = match str::from_utf8(shown) {
        Ok(text) if !text.chars().any(char::is_control) => format!("{text:?}"),
        _ => hex(shown),
    };
    let more = if end > SHOWN_BYTES { "…" } else { "" };
    format!(
        "  {:<14}{surb}\n  {:<14}{:>6} bytes, {end} of them not padding: {text}{more}\n",
        "SURB",
        "for the user",
        user.len()
    )
}

fn read_key<S: Scheme>(path: &Path) -> Result<S::PrivateKey, Error> {
    let text = files::read_private(path)?
        .ok_or_else(|| KeyFileError::Read(path.to_path_buf(), std::io::ErrorKind::NotFound.into()))?;
    let bytes = pem::decode(S::INFO.name(), Kind::Private, S::STORED_KEY_LEN, &text)
        .map_err(|error| KeyFileError::Malformed(path.to_path_buf(), error.to_string()))?;
    let stored = bytes.as_slice().try_into().map_err(|_| KeyError)?;
    Ok(S::expand(&stored)?.0)
}

const SHOWN_BYTES: usize = 64;
