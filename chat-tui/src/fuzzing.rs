//! Entry points of fuzz targets: drawing and writing lines.

use crate::{
    layout::Rows,
    lines::{Kind, Line},
    plain::written,
};

/// The rows of a text, in rows of these widths.
#[must_use]
pub fn rows(text: &str, first: usize, others: usize) -> Vec<String> {
    let rows = Rows::of(text, first, others);
    (0..rows.count()).map(|number| rows.row(number, text).to_owned()).collect()
}

/// A friend's text as plain lines.
#[must_use]
pub fn plain(name: &str, text: &str) -> String {
    let line = Line { time: 0, kind: Kind::Theirs(name.to_owned()), text: text.to_owned() };
    written(&line, None).unwrap_or_default()
}
