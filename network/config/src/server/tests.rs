//! The reference's configurations, and our own settings beside them.

use super::{
    super::reference::{Effect, SERVER},
    *,
};
use crate::{logging::LogLevel, source::NoteLevel};
use core::error::Error as _;
use mixwell_net::{
    keys::{Identity, LinkKey},
    randomness::Randomness,
    services::ServiceKind,
};
use mixwell_pki_types::Ed25519;
use mixwell_pq_kem::X25519;
use std::{fs, path::PathBuf};
use tempfile::TempDir;

/// A folder with a `katzenpost.toml`.
struct Configured {
    folder: TempDir,
    authority: String,
    geometry: String,
}

impl Configured {
    fn new() -> Self {
        let mut rng = Randomness::from_seed(1).rng();
        let identity = Identity::generate(&Ed25519, &mut rng).unwrap().public_pem();
        let link = LinkKey::generate(LinkKem::default(), &mut rng).unwrap().public_pem();
        let authority = format!(
            "[[PKI.Voting.Authorities]]\nIdentifier = \"auth1\"\nIdentityPublicKey = '''\n{identity}'''\n\
             PKISignatureScheme = \"Ed25519\"\nLinkPublicKey = '''\n{link}'''\nWireKEMScheme = \"xwing\"\n\
             Addresses = [\"tcp://127.0.0.1:1\"]\n"
        );
        let geometry = Geometry::of::<X25519>(5, 2000, true).unwrap();
        let geometry = crate::geometry::write(&geometry.fields()).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), authority, geometry }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("katzenpost.toml")
    }

    /// A mix with these settings in `[Server]`, followed by these sections.
    fn read(&self, server: &str, sections: &str) -> Result<ServerConfiguration, String> {
        let addresses = if server.contains("Addresses = [") { "" } else { "Addresses = [\"tcp://192.0.2.1:1\"]\n" };
        let text = format!(
            "[Server]\nIdentifier = \"mix1\"\nDataDir = \"data\"\n{addresses}{server}\n{sections}\n{}{}",
            self.authority, self.geometry
        );
        fs::write(self.path(), text).unwrap();
        ServerConfiguration::read(&self.path(), None).map_err(|error| with_source(&error))
    }

    /// The number of the first line that starts with `begin`.
    fn line(&self, begin: &str) -> usize {
        let text = fs::read_to_string(self.path()).unwrap();
        text.lines().zip(1..).find_map(|(line, number)| line.starts_with(begin).then_some(number)).unwrap()
    }

    /// An error message at the line that starts with `begin`.
    fn at(&self, begin: &str, error: &str) -> String {
        format!("{}:{}: {error}", self.path().display(), self.line(begin))
    }
}

/// The documentation's table matches the code's, row by row.
#[test]
fn every_setting_of_the_reference_is_in_the_documentation() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/settings.md");
    let text = fs::read_to_string(path).unwrap();
    let rows: Vec<String> = SERVER
        .iter()
        .map(|(name, effect)| match effect {
            Effect::Obeyed("") => format!("| `{name}` | obeyed | |"),
            Effect::Obeyed(remark) => format!("| `{name}` | obeyed | {remark} |"),
            Effect::Unused(why) => format!("| `{name}` | not used | {why} |"),
        })
        .collect();
    let (_, table) = text.split_once("## Katzenpost's server").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let documented: Vec<&str> = table.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(documented, rows, "\n{}\n", rows.join("\n"));
}

/// All settings of the reference at once: each unused one is reported with its line and a reason,
/// and the others are not reported.
#[test]
fn a_configuration_of_the_reference_is_read_whole() {
    let configured = Configured::new();
    let server = "WireKEM = \"xwing\"\nPKISignatureScheme = \"ed25519\"\nAddresses = [\"tcp://192.0.2.1:1\"]\n\
                  BindAddresses = [\"tcp://127.0.0.1:1\"]\nMetricsAddress = \"\"\nIsGatewayNode = false\n\
                  IsServiceNode = true";
    let sections = "[Logging]\nDisable = false\nFile = \"katzenpost.log\"\nLevel = \"NOTICE\"\n\
                    [[ServiceNode.Kaetzchen]]\nCapability = \"echo\"\nEndpoint = \"+echo\"\nDisable = false\n\
                    [ServiceNode.Kaetzchen.Config]\nx = 1\n\
                    [[ServiceNode.CBORPluginKaetzchen]]\nCapability = \"proxy\"\nEndpoint = \"+proxy\"\nDisable = true\n\
                    Command = \"proxy\"\nMaxConcurrency = 1\nPKIAdvertizedData = {}\n\
                    [ServiceNode.CBORPluginKaetzchen.Config]\nlog_dir = \"x\"\n\
                    [Gateway]\n[Gateway.UserDB]\nBackend = \"bolt\"\n\
                    [Management]\nEnable = false\nPath = \"x\"\n\
                    [Debug]\nNumSphinxWorkers = 1\nNumServiceWorkers = 1\nNumGatewayWorkers = 1\nNumKaetzchenWorkers = 1\n\
                    SchedulerExternalMemoryQueue = false\nSchedulerQueueSize = 100\nSchedulerMaxBurst = 16\n\
                    UnwrapDelay = 251\nGatewayDelay = 500\nServiceDelay = 500\nKaetzchenDelay = 750\n\
                    SchedulerSlack = 451\nSendSlack = 51\nDecoySlack = 15000\nConnectTimeout = 60000\n\
                    HandshakeTimeout = 30000\nReauthInterval = 30000\nSendDecoyTraffic = true\n\
                    DisableRateLimit = false\nGenerateOnly = true\n";
    let read = configured.read(server, sections).unwrap();
    assert!(read.notes.iter().all(|note| note.level == NoteLevel::Expected), "{:#?}", read.notes);
    let told: Vec<&str> = read.notes.iter().map(|note| note.text.as_str()).collect();
    let unused: Vec<_> = SERVER
        .iter()
        .filter_map(|(name, effect)| match effect {
            Effect::Unused(why) => Some((*name, *why)),
            Effect::Obeyed(_) => None,
        })
        .collect();
    assert_eq!(told.len(), unused.len(), "{told:#?}");
    for (name, why) in unused {
        let text = format!(": {name} is not used: {why}");
        let note = told.iter().find(|note| note.ends_with(&text)).unwrap_or_else(|| panic!("{name}: {told:#?}"));
        let last = name.rsplit('.').next().unwrap();
        let place = note.strip_suffix(&text).unwrap();
        let line: usize = place.rsplit(':').next().unwrap().parse().unwrap();
        let text = fs::read_to_string(configured.path()).unwrap();
        assert!(text.lines().nth(line - 1).unwrap().contains(last), "{note}");
    }
    let millis = |millis| Some(Duration::from_millis(millis));
    let want = NodeLimits {
        queue: Some(100),
        unwrap_wait: millis(251),
        release_slack: millis(451),
        write_wait: millis(51),
        decoy_grace: millis(15_000),
        ..read.limits
    };
    assert_eq!(read.limits, want);
    assert!(read.sends_decoys && read.generate_only && read.metrics.is_none());
    let file = configured.folder.path().join("data/katzenpost.log");
    assert_eq!(read.logging, LogSettings { level: Some(LogLevel::Info), file: Some(file) });
    assert_eq!(read.bind_addresses, ["tcp://127.0.0.1:1".parse().unwrap()]);
}

#[test]
fn defaults_of_the_reference() {
    let read = Configured::new().read("", "").unwrap();
    assert!(!read.sends_decoys && !read.generate_only && read.metrics.is_none() && read.services.is_empty());
    assert_eq!(read.logging, LogSettings::default());
    assert_eq!(read.period, Period::default());
    assert_eq!(read.bind_addresses, ["tcp://192.0.2.1:1".parse().unwrap()]);
    let zeros = "[Debug]\nSchedulerQueueSize = 0\nUnwrapDelay = 0\nSchedulerSlack = 0\nSendSlack = 0\nDecoySlack = 0\n";
    assert_eq!(Configured::new().read("", zeros).unwrap().limits, read.limits);
}

#[test]
fn what_no_program_knows_is_doubted() {
    let configured = Configured::new();
    let read = configured.read("Adresses = 1", "[Debug]\nSendDecoyTrafic = true\n[Nonsense]\nx = 1\n").unwrap();
    let told: Vec<_> = read.notes.iter().map(|note| (note.level, note.text.clone())).collect();
    let unknown = |begin: &str, name: &str| {
        (NoteLevel::Doubtful, configured.at(begin, &format!("{name} is not a known setting")))
    };
    let mut want = [
        unknown("Adresses", "Server.Adresses"),
        unknown("SendDecoyTrafic", "Debug.SendDecoyTrafic"),
        unknown("[Nonsense]", "Nonsense"),
    ];
    want.sort_by(|a, b| a.1.cmp(&b.1));
    let mut told = told;
    told.sort_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(told, want);
}

#[tokio::test]
async fn every_form_of_address_that_the_reference_takes() {
    let configured = Configured::new();
    let listed = "Addresses = [\"tcp://192.0.2.1:1\", \"tcp4://192.0.2.2:2\", \"tcp6://[2001:db8::1]:3\", \
                  \"quic://192.0.2.1:1\", \"ws://192.0.2.1:1\", \"onion://abc.onion:80\"]\nIsGatewayNode = true";
    let read = configured.read(listed, "").unwrap();
    let published = read.public_addresses.publish().await.unwrap();
    let keys: Vec<_> = published.iter().map(|(family, list)| (family.as_str(), list.len())).collect();
    assert_eq!(keys, [("onion", 1), ("tcp4", 2), ("tcp6", 1)]);
    assert_eq!(read.bind_addresses.len(), 3);
    let told: Vec<_> = read.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].starts_with(&configured.at("Addresses", "\"quic://192.0.2.1:1\" is not published: ")), "{told:?}");

    let wrong = |server: &str, error: &str| {
        let got = configured.read(server, "").unwrap_err();
        assert!(got.starts_with(&configured.at("Addresses", error)), "{server}: {got}");
    };
    wrong("Addresses = [\"tcp://0.0.0.0:1\"]", "\"tcp://0.0.0.0:1\": others can't reach a node there");
    wrong("Addresses = [\"onion://abc.onion:80\"]", "only gateways can be reached over Tor");
    wrong("Addresses = [\"quic://192.0.2.1:1\"]", "no usable address");
    wrong("Addresses = [\"ftp://192.0.2.1:1\"]", "\"ftp://192.0.2.1:1\": unsupported transport");
    wrong("Addresses = [\"onion://abc.onion:80\"]\nIsGatewayNode = true", "BindAddresses are needed");
    let behind =
        "Addresses = [\"onion://abc.onion:80\"]\nBindAddresses = [\"tcp://127.0.0.1:1\"]\nIsGatewayNode = true";
    assert!(configured.read(behind, "").is_ok());
}

#[test]
fn metrics_at_a_name_or_nowhere() {
    let configured = Configured::new();
    let metrics = |address: &str| configured.read(&format!("MetricsAddress = \"{address}\""), "");
    assert_eq!(metrics("").unwrap().metrics, None);
    assert_eq!(metrics("127.0.0.1:6543").unwrap().metrics, Some("127.0.0.1:6543".parse().unwrap()));
    let named = metrics("localhost:6543").unwrap().metrics.unwrap();
    assert!(named.ip().is_loopback() && named.port() == 6543);
    for (wrong, why) in [
        ("0.0.0.0:6543", "want a loopback address"),
        ("here", "want host:port"),
        ("no.such.host.invalid:1", "want host:port"),
    ] {
        let error = metrics(wrong).unwrap_err();
        assert!(error.starts_with(&configured.at("MetricsAddress", &format!("MetricsAddress: {why}"))), "{error}");
    }
}

#[test]
fn services_that_can_be_served_and_others() {
    let configured = Configured::new();
    let is_service = "IsServiceNode = true";
    let section = |kind: &str, capability: &str, endpoint: &str, more: &str| {
        format!("[[ServiceNode.{kind}]]\nCapability = \"{capability}\"\nEndpoint = \"{endpoint}\"\n{more}\n")
    };
    let specs = |sections: &str| configured.read(is_service, sections).unwrap().services;
    // by default both services, otherwise those that the configuration lists
    let names = |specs: &[ServiceSpec]| specs.iter().map(|spec| spec.endpoint.clone()).collect::<Vec<_>>();
    assert_eq!(names(&specs("")), ["+echo", "+rendezvous"]);
    let echo = section("Kaetzchen", "echo", "+here", "");
    let boxes = section("Kaetzchen", "rendezvous", "+boxes", "");
    let found = specs(&format!("{echo}{boxes}"));
    assert_eq!(names(&found), ["+here", "+boxes"]);
    assert_eq!(found[0].kind, ServiceKind::Echo);
    assert_eq!(names(&specs(&section("Kaetzchen", "testdest", "+testdest", "Disable = true"))), [""; 0]);
    // a plugin for a service that the node provides itself
    let read =
        configured.read(is_service, &section("CBORPluginKaetzchen", "echo", "+echo", "Command = \"x\"")).unwrap();
    assert_eq!(names(&read.services), ["+echo"]);
    assert!(read.notes.iter().any(|note| note.text.contains("is built in")), "{:?}", read.notes);

    let wrong = |sections: &str, begin: &str, why: &str| {
        let error = configured.read(is_service, sections).unwrap_err();
        assert!(error.starts_with(&configured.at(begin, why)), "{error}");
    };
    wrong(
        &section("Kaetzchen", "testdest", "+t", ""),
        "Capability = \"testdest\"",
        "no such service: \"testdest\", want",
    );
    let plugin = section("CBORPluginKaetzchen", "http_proxy", "+http", "Command = \"x\"");
    wrong(&plugin, "Capability = \"http_proxy\"", "can't start a program for the service \"http_proxy\"");
    wrong(&section("Kaetzchen", "echo", "", ""), "Endpoint = \"\"", "Endpoint: want 1 to 32 bytes in lower case");
    wrong(&section("Kaetzchen", "echo", "+Echo", ""), "Endpoint = \"+Echo\"", "Endpoint: want 1 to 32 bytes");
    let error = configured.read(is_service, &format!("{echo}{echo}")).unwrap_err();
    assert!(error.ends_with("another service has the capability \"echo\""), "{error}");
    let same = section("Kaetzchen", "rendezvous", "+here", "");
    let error = configured.read(is_service, &format!("{echo}{same}")).unwrap_err();
    assert!(error.ends_with("another service has the endpoint \"+here\""), "{error}");
    // a mix has no services
    let read = configured.read("", &echo).unwrap();
    assert!(read.services.is_empty() && read.notes.iter().any(|note| note.text.contains("this is not a service node")));
}

#[test]
fn our_own_settings_stand_beside_the_configuration() {
    let configured = Configured::new();
    let own = |text: &str| fs::write(configured.folder.path().join("mixwell.toml"), text).unwrap();
    own("EpochSeconds = 120\nPacketsPerSecond = 5\n");
    let read = configured.read("", "").unwrap();
    assert_eq!(read.period.duration().as_secs(), 120);
    assert_eq!(read.limits.packets_per_second, 5);
    // the command line and the environment take precedence
    let given = ServerConfiguration::read(&configured.path(), Some(8)).unwrap();
    assert_eq!(given.period.duration().as_secs(), 8);
    for (text, error) in [
        ("\nEpochSeconds = 1", "mixwell.toml:2: EpochSeconds: want 2 to 604800"),
        ("PacketsPerSecond = 0", "mixwell.toml:1: PacketsPerSecond: want 1 to 1000000"),
        ("Boxes = 0", "mixwell.toml:1: Boxes: want 1 to 16777216"),
        ("BoxSeconds = 0", "mixwell.toml:1: BoxSeconds: want 1 to 604800"),
        ("\n\nEpochSecond = 7", "mixwell.toml:3: unknown field `EpochSecond`"),
    ] {
        own(text);
        let got = configured.read("", "").unwrap_err();
        assert!(got.contains(error), "{got}");
    }
    own("");
    let error = configured.read("", "[Mixwell]\nEpochSeconds = 120\n").unwrap_err();
    let want = "the settings of [Mixwell] belong in a file of their own beside this one, mixwell.toml";
    assert_eq!(error, configured.at("[Mixwell]", want));
}

#[test]
fn levels_of_the_log() {
    let configured = Configured::new();
    let level = |logging: &str| configured.read("", &format!("[Logging]\n{logging}\n")).map(|read| read.logging.level);
    assert_eq!(level("Level = \"DEBUG\"").unwrap(), Some(LogLevel::Debug));
    assert_eq!(level("Level = \"\"\nFile = \"\"").unwrap(), None);
    assert_eq!(level("Disable = true\nLevel = \"DEBUG\"").unwrap(), Some(LogLevel::Off));
    let error = level("Level = \"LOUD\"").unwrap_err();
    assert_eq!(error, configured.at("Level", "Level: want ERROR, WARNING, NOTICE, INFO or DEBUG"));
}

/// An error with its source, as programs print it.
fn with_source(error: &ConfigurationError) -> String {
    let source = error.source().map(|source| format!(": {source}"));
    format!("{error}{}", source.unwrap_or_default())
}

#[test]
fn errors_have_their_cause_as_source() {
    let configured = Configured::new();
    let read = || ServerConfiguration::read(&configured.path(), None).map(|_| ()).unwrap_err();
    let missing = read();
    assert!(missing.to_string().ends_with("katzenpost.toml: can't be read"), "{missing}");
    assert!(missing.source().is_some());
    assert!(configured.read("Addresses = [\"ftp://192.0.2.1:1\"]", "").is_err());
    let address = read();
    assert!(address.to_string().ends_with(": \"ftp://192.0.2.1:1\""), "{address}");
    assert!(address.source().unwrap().to_string().starts_with("unsupported transport"));
    // a value that is itself wrong has no source
    assert!(configured.read("", "[Nonsense").is_err());
    assert!(read().source().is_none());
}
