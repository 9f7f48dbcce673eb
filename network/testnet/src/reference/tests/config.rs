//! Configuration files that the reference's programs read, and those that they refuse.

use crate::reference::config::{
    ConfigurationFile::{Authority, Client, Server},
    Refusal,
};

const GEOMETRY: &str = "[SphinxGeometry]\nPacketLength = 3082\nNIKEName = \"x25519\"\n";
const SERVER: &str =
    "[Server]\nIdentifier = \"mix1\"\nDataDir = \".\"\n[[PKI.Voting.Authorities]]\nIdentifier = \"auth1\"\n";
const AUTHORITY: &str = "[Server]\nIdentifier = \"auth1\"\nDataDir = \".\"\n[[Authorities]]\nIdentifier = \"auth1\"\n";
const CLIENT: &str = "[[VotingAuthority.Peers]]\nIdentifier = \"auth1\"\n";

fn unknown(paths: &[&str]) -> Result<(), Refusal> {
    Err(Refusal::Unknown(paths.iter().map(|path| (*path).to_owned()).collect()))
}

#[test]
fn files_with_known_tables_and_keys_are_read() {
    for (file, text) in [(Server, SERVER), (Authority, AUTHORITY), (Client, CLIENT)] {
        assert_eq!(file.read(&format!("{text}{GEOMETRY}")), Ok(()), "{file:?}");
        assert!(matches!(file.read(text), Err(Refusal::Missing("SphinxGeometry"))));
        assert!(matches!(file.read(GEOMETRY), Err(Refusal::Missing(_))));
        assert_eq!(file.read("["), Err(Refusal::Syntax));
    }
    let more = "[Management]\nEnable = true\n[[ServiceNode.CBORPluginKaetzchen]]\nCapability = \"a\"\n\
                [ServiceNode.CBORPluginKaetzchen.Config]\nanything = 1\n[Debug]\nSendDecoyTraffic = true\n";
    assert_eq!(Server.read(&format!("{SERVER}{GEOMETRY}{more}")), Ok(()));
}

#[test]
fn unknown_tables_and_keys_are_refused() {
    for (file, text) in [(Server, SERVER), (Authority, AUTHORITY), (Client, CLIENT)] {
        for (more, paths) in [
            ("[Mixwell]\nEpochSeconds = 20\n", &["Mixwell", "Mixwell.EpochSeconds"][..]),
            ("[[Mixwell.List]]\na = 1\n", &["Mixwell", "Mixwell.List", "Mixwell.List.a"]),
            ("[SphinxGeometry.More]\na = 1\n", &["SphinxGeometry.More", "SphinxGeometry.More.a"]),
        ] {
            assert_eq!(file.read(&format!("{text}{GEOMETRY}{more}")), unknown(paths), "{file:?} {more}");
        }
    }
    let of = |text: &str, more: &str| format!("{more}{text}{GEOMETRY}");
    assert_eq!(Client.read(&of(CLIENT, "EpochSeconds = 20\n")), unknown(&["EpochSeconds"]));
    // a key in place of a table, and a name that begins like a known one
    assert_eq!(Client.read(&of(CLIENT, "PinnedGateways = 1\n")), unknown(&["PinnedGateways"]));
    assert_eq!(Client.read(&of(CLIENT, "[Debugging]\na = 1\n")), unknown(&["Debugging", "Debugging.a"]));
    let server = SERVER.replace("DataDir", "Data") + GEOMETRY;
    assert_eq!(Server.read(&server), unknown(&["Server.Data"]));
    // each program has its own names
    let authority = AUTHORITY.replace("DataDir", "WireKEM = \"xwing\"\nDataDir") + GEOMETRY;
    assert_eq!(Authority.read(&authority), unknown(&["Server.WireKEM"]));
}
