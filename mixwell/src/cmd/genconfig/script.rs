//! The script that runs a whole network on one machine.

use super::plan::{Part, Role};
use core::fmt::Write as _;

/// A shell script that runs all authorities and nodes until it is interrupted.
pub(super) fn script(parts: &[Part]) -> String {
    let mut text = String::from(
        "#!/bin/sh\n# Runs the whole network until it is interrupted; each part's log is in its folder.\n\
         cd \"$(dirname \"$0\")\" || exit\nmixwell=${MIXWELL:-mixwell}\ntrap 'kill $(jobs -p) 2>/dev/null' INT TERM EXIT\n",
    );
    for part in parts {
        let (command, file) =
            if part.role == Role::Authority { ("authority", "authority.toml") } else { ("node", "katzenpost.toml") };
        let _ = writeln!(text, "$mixwell {command} --config {0}/{file} 2>>{0}/log &", part.listing.identifier);
    }
    text + "wait\n"
}
