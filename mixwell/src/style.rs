//! Colours and emphasis on a terminal; elsewhere text is plain.

use anstyle::{AnsiColor, Style};
use clap::builder::Styles;

/// The `error:` label.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Headings.
pub(crate) const HEADING: Style = Style::new().bold();
/// Success.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Text of less importance.
pub(crate) const DIM: Style = Style::new().dimmed();

/// Styles of help texts.
pub(crate) const HELP: Styles = Styles::styled()
    .header(HEADING)
    .usage(HEADING)
    .literal(AnsiColor::Cyan.on_default())
    .error(ERROR)
    .invalid(AnsiColor::Yellow.on_default())
    .valid(GOOD);
