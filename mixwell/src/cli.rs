//! The command line.

use crate::{
    cmd::{
        anonymity, authority, chat, demo, document, fetch, genconfig, genkeypair, geometry, node, packet, packets,
        ping, schemes, speed,
    },
    error::Error,
    style,
};
use clap::{Parser, Subcommand};

/// Mixwell: Sphinx packets, their geometries and keys.
#[derive(Debug, Parser)]
#[command(version, styles = style::HELP, max_term_width = 100, after_help = EXAMPLES)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Anonymity(Box<anonymity::Arguments>),
    Authority(authority::Arguments),
    Chat(chat::Arguments),
    Demo(demo::Arguments),
    Document(document::Arguments),
    Fetch(fetch::Arguments),
    Genconfig(genconfig::Arguments),
    Geometry(geometry::Arguments),
    Genkeypair(genkeypair::Arguments),
    Node(node::Arguments),
    Packet(packet::Arguments),
    Packets(packets::Arguments),
    Ping(ping::Arguments),
    Schemes(schemes::Arguments),
    Speed(speed::Arguments),
}

const EXAMPLES: &str = "\
Examples:
  mixwell demo                                        a complete network in this process, with messages through it
  mixwell document consensus.cbor                     the nodes of a network and their keys, as JSON
  mixwell packets                                     500 packets through five hops and back, timed
  mixwell packets --scheme x448 --file letter.txt     your own text, in packets of another scheme
  mixwell geometry --scheme xwing --payload 30000     the lengths of a network's packets, as TOML
  mixwell geometry --check client.toml                checks a client's geometry
  mixwell genkeypair --scheme x25519 alice            alice.private.pem and alice.public.pem
  mixwell anonymity --plots plots                     anonymity against an observer of all links
  mixwell genconfig net                               configurations and keys of a network, and a script to run it
  mixwell authority --config net/auth1/authority.toml
  mixwell node --config net/mix1/katzenpost.toml      runs one authority or node of that network
  mixwell fetch --config net/client.toml              fetches and verifies its consensus
  mixwell ping --config net/client.toml               sends messages to its echo service
  mixwell chat alice --config net/client.toml         a chat with a friend over it
  mixwell packet letter.packet --config client.toml --key mix-1.private.pem    decrypts a packet as a hop does
  mixwell schemes                                     the schemes for --scheme, with their sizes
  mixwell speed                                       how many packets a second this machine can route

Results go to standard output, progress and errors to standard error.
Exit status: 0 if all went well, 1 if something failed, 2 if the command line is wrong.";

impl Cli {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<(), Error> {
        match self.command {
            Command::Anonymity(arguments) => anonymity::run(&arguments),
            Command::Authority(arguments) => authority::run(&arguments),
            Command::Chat(arguments) => chat::run(&arguments),
            Command::Demo(arguments) => demo::run(&arguments),
            Command::Document(arguments) => document::run(&arguments),
            Command::Fetch(arguments) => fetch::run(&arguments),
            Command::Genconfig(arguments) => genconfig::run(&arguments),
            Command::Geometry(arguments) => geometry::run(&arguments),
            Command::Genkeypair(arguments) => genkeypair::run(&arguments),
            Command::Node(arguments) => node::run(&arguments),
            Command::Packet(arguments) => packet::run(&arguments),
            Command::Packets(arguments) => packets::run(&arguments),
            Command::Ping(arguments) => ping::run(&arguments),
            Command::Schemes(arguments) => schemes::run(&arguments),
            Command::Speed(arguments) => speed::run(&arguments),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_well_formed() {
        Cli::command().debug_assert();
    }
}
