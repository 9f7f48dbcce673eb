//! Networks of real processes.

use crate::{
    processes::{Configured, Process},
    run::{Ran, run, succeed, tool},
};
use core::time::Duration;
use mixwell_pki_types::{Certificate, Document};
use std::{fs, io::Write as _, net::TcpStream, path::Path, time::Instant};

const AUTHORITIES: [&str; 3] = ["auth1", "auth2", "auth3"];
const NODES: [&str; 5] = ["gateway1", "mix1", "mix2", "mix3", "servicenode1"];

/// The epoch and the number of signers in the output of `fetch`.
fn read(ran: &Ran, net: &Configured) -> (u64, usize) {
    assert_eq!(ran.status, 0, "{}{}\n{}", ran.stdout, ran.stderr, net.logs());
    let after = |text: &str| -> String {
        let (_, rest) = ran.stdout.split_once(text).unwrap();
        rest.chars().take_while(char::is_ascii_digit).collect()
    };
    (after("consensus of epoch ").parse().unwrap(), after("signed by ").parse().unwrap())
}

#[test]
fn an_authority_goes_and_comes_back() {
    let net = Configured::new(&["--epoch-seconds", "8"]);
    let mut authorities: Vec<_> = AUTHORITIES.map(|name| net.start(name)).into();
    let _nodes: Vec<_> = NODES.map(|name| net.start(name)).into();
    let certificate = net.path("certificate");
    let (epoch, signers) = read(&net.fetch(&["--wait", "60", "--out", certificate.to_str().unwrap()]), &net);
    assert_eq!(signers, 3);
    assert!(fs::read(&certificate).unwrap().starts_with(b"\xa5"), "a CBOR map");

    // it is killed at an arbitrary time of a round: that round may or may not count it, and the
    // next ones do not
    authorities.pop().unwrap().kill();
    let later = (epoch + 3).to_string();
    let (_, signers) = read(&net.fetch(&["--wait", "60", "--epoch", &later]), &net);
    assert_eq!(signers, 2);

    // it fetches what it has missed from the others and takes part again
    authorities.push(net.start("auth3"));
    let (_, signers) = read(&net.fetch(&["--wait", "10", "--authority", "auth3"]), &net);
    assert_eq!(signers, 2);
    let later = (epoch + 6).to_string();
    let (_, signers) = read(&net.fetch(&["--wait", "60", "--epoch", &later, "--authority", "auth3"]), &net);
    assert_eq!(signers, 3);
    authorities.into_iter().for_each(Process::stop);
}

/// Two of three authorities are killed and restarted, then all of them: the next epoch still has
/// its consensus, on the same chain.
#[test]
fn killed_authorities_remember() {
    let net = Configured::new(&["--epoch-seconds", "12"]);
    let mut authorities: Vec<_> = AUTHORITIES.map(|name| (name, net.start(name))).into();
    let _nodes: Vec<_> = NODES.map(|name| net.start(name)).into();
    let (first, _) = read(&net.fetch(&["--wait", "90"]), &net);
    let genesis = |epoch: u64| {
        let path = net.path("certificate");
        let (number, out) = (epoch.to_string(), path.to_str().unwrap());
        assert_eq!(read(&net.fetch(&["--wait", "60", "--epoch", &number, "--out", out]), &net).0, epoch);
        let bytes = fs::read(&path).unwrap();
        let document = Certificate::parse(&bytes).unwrap().unverified_payload();
        Document::parse(document).unwrap().genesis_epoch()
    };
    let begin = genesis(first + 1);
    for (epoch, killed) in (first + 2..).zip([2, 3]) {
        let down: Vec<_> = authorities.drain(..killed).collect();
        for (name, authority) in down {
            authority.kill();
            authorities.push((name, net.start(name)));
        }
        assert_eq!(genesis(epoch), begin, "{}", net.logs());
    }
    for (_, authority) in authorities {
        authority.stop();
    }
}

#[test]
fn silence_junk_and_floods_leave_others_alone() {
    let net = Configured::new(&["--authorities", "1", "--epoch-seconds", "8"]);
    let authority = net.start("auth1");
    let _nodes: Vec<_> = NODES.map(|name| net.start(name)).into();
    read(&net.fetch(&["--wait", "60"]), &net);
    let text = fs::read_to_string(net.path("auth1/authority.toml")).unwrap();
    let address = text.split_once("tcp://").unwrap().1.split_once('"').unwrap().0;

    let before = resident_kilobytes(&authority);
    let mut held = Vec::new();
    for number in 0..300 {
        let mut stream = TcpStream::connect(address).unwrap();
        // a third of the connections is silent, a third uses another protocol, a third starts a
        // Noise handshake
        let _ = match number % 3 {
            0 => Ok(()),
            1 => stream.write_all(b"GET / HTTP/1.1\r\n\r\n"),
            _ => stream.write_all(&[3; 4000]),
        };
        held.push(stream);
    }
    let begin = Instant::now();
    read(&net.fetch(&["--wait", "10"]), &net);
    assert!(begin.elapsed() < Duration::from_secs(10));
    let grown = resident_kilobytes(&authority).saturating_sub(before);
    assert!(grown < 30_000, "{grown} kB for 300 connections");
    authority.stop();
}

fn resident_kilobytes(process: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

#[test]
fn a_folder_that_exists_is_left_alone() {
    let net = Configured::new(&[]);
    let path = net.path("");
    let ran = run(&["genconfig", path.to_str().unwrap()]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("exists"), "{}", ran.stderr);
}

#[test]
fn configurations_of_every_scheme_are_read() {
    for more in [
        &["--kem", "mlkem768-x448", "--scheme", "xwing"][..],
        &["--kem", "x25519", "--scheme", "x448", "--layers", "5"],
        &["--kem", "x448", "--signatures", "Ed25519 Sphincs+", "--scheme", "mlkem768"],
    ] {
        let net = Configured::new(more);
        for name in ["auth1", "gateway1", "mix1", "servicenode1"] {
            let (command, file) =
                if name == "auth1" { ("authority", "authority.toml") } else { ("node", "katzenpost.toml") };
            let config = net.path(name).join(file);
            let keys = succeed(&[command, "--config", config.to_str().unwrap(), "--generate-only", "--log", "off"]);
            let identity = fs::read_to_string(net.path(name).join("identity.public.pem")).unwrap();
            let link = fs::read_to_string(net.path(name).join("link.public.pem")).unwrap();
            assert_eq!(keys, identity + &link);
        }
        // no authority is running, but the configuration is valid
        let ran = net.fetch(&[]);
        assert_eq!(ran.status, 1);
        assert!(ran.stderr.contains("error: no consensus of epoch "), "{}", ran.stderr);
        assert!(ran.stderr.contains("):\n  auth1: "), "{}", ran.stderr);
    }
}

/// Changes a configuration and returns the tool's error message about it.
fn complaint(net: &Configured, name: &str, command: &str, change: impl Fn(&str) -> String) -> String {
    let path = net.path(name);
    let text = fs::read_to_string(&path).unwrap();
    let changed = change(&text);
    assert_ne!(text, changed, "nothing was changed");
    let bad = path.with_file_name("bad.toml");
    fs::write(&bad, changed).unwrap();
    let ran = run(&[command, "--config", bad.to_str().unwrap(), "--log", "off"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    let prefix = format!("error: {}", bad.display());
    ran.stderr.strip_prefix(&prefix).unwrap_or_else(|| panic!("{}", ran.stderr)).trim_end().to_owned()
}

/// The number of the first line that contains `text`.
fn line_of(path: &Path, text: &str) -> usize {
    1 + fs::read_to_string(path).unwrap().lines().position(|line| line.contains(text)).unwrap()
}

#[test]
fn a_bad_configuration_is_refused_with_line_and_reason() {
    let net = Configured::new(&[]);
    for (name, command, good, bad, reason) in [
        ("client.toml", "fetch", "WireKEMScheme = \"XWING\"", "WireKEMScheme = \"YWING\"", "unknown KEM \"YWING\""),
        (
            "client.toml",
            "fetch",
            "PKISignatureScheme = \"Ed25519\"",
            "PKISignatureScheme = \"RSA\"",
            "unknown signature scheme \"RSA\"",
        ),
        ("client.toml", "fetch", "Identifier = \"auth1\"", "Identifier = auth1", ""),
        ("client.toml", "fetch", "[[VotingAuthority.Peers]]", "[[VotingAuthority.Peers]", ""),
        ("client.toml", "fetch", "Addresses = [\"tcp://", "Addresses = [\"ftp://", "no usable address"),
        ("client.toml", "fetch", "Addresses = [\"tcp://", "Addresses = [\"tcp:/", "not a URL"),
        ("client.toml", "fetch", "[SphinxGeometry]", "[SphinxGeometry]\nNonsense = 1", "unknown field `Nonsense`"),
        ("auth1/authority.toml", "authority", "Layers = 3", "Layers = 0", "Layers: want 1 to 20"),
        ("auth1/authority.toml", "authority", "Mu = 0.005", "Mu = -1.0", "a rate is a number of 0 or more"),
        ("auth1/authority.toml", "authority", "Mu = 0.005", "Mu = 0.0", "Mu: want more than 0"),
        // rates that no node can sustain
        ("auth1/authority.toml", "authority", "Mu = 0.005", "Mu = 1e9", "Mu: a rate is a number of 0 or more"),
        ("auth1/authority.toml", "authority", "LambdaP = 0.001", "LambdaP = inf", "LambdaP: a rate is a number"),
        ("auth1/authority.toml", "authority", "LambdaL = 0.0005", "LambdaL = nan", "LambdaL: a rate is a number"),
        ("auth1/authority.toml", "authority", "LambdaM = 0.0005", "LambdaM = 1e9", "no node could follow more than 10"),
        // names, and thresholds that cannot be reached
        (
            "auth1/authority.toml",
            "authority",
            "Identifier = \"auth1\"",
            "Identifier = \"auth9\"",
            "no [[Authorities]] has the Identifier \"auth9\"",
        ),
        (
            "auth1/authority.toml",
            "authority",
            "Identifier = \"auth3\"",
            "Identifier = \"auth2\"",
            "another authority is called \"auth2\"",
        ),
        (
            "auth1/authority.toml",
            "authority",
            "Identifier = \"mix2\"",
            "Identifier = \"mix1\"",
            "another node is called \"mix1\"",
        ),
        (
            "auth1/authority.toml",
            "authority",
            "MinNodesPerLayer = 1",
            "MinNodesPerLayer = 2",
            "3 layers of at least 2 mixes need 6 mixes, 3 are configured",
        ),
        ("auth1/authority.toml", "authority", "Layers = 3", "Layers = 4", "need 4 mixes, 3 are configured"),
        ("mix1/katzenpost.toml", "node", "IsGatewayNode = false", "IsGatewayNode = 7", "invalid type"),
        ("mix1/katzenpost.toml", "node", "MetricsAddress = \"127.0.0.1:", "MetricsAddress = \"here:", "MetricsAddress"),
        (
            "mix1/katzenpost.toml",
            "node",
            "MetricsAddress = \"127.0.0.1:",
            "MetricsAddress = \"0.0.0.0:",
            "want a loopback",
        ),
        ("mix1/katzenpost.toml", "node", "Identifier = \"mix1\"", "Identifier = \"\"", "want 1 to 32 bytes"),
    ] {
        let said = complaint(&net, name, command, |text| text.replacen(good, bad, 1));
        let bad_line = line_of(&net.path(name), good);
        let (line, said_reason) = said.strip_prefix(':').and_then(|rest| rest.split_once(": ")).unwrap();
        let line: usize = line.parse().unwrap();
        // an unknown field of a section is reported at the section or inside it
        assert!((bad_line..=bad_line + 1).contains(&line), "{bad}: line {line}, want {bad_line}");
        assert!(said_reason.contains(reason) && !said_reason.is_empty(), "{bad}: {said_reason}");
    }
    // a length in the geometry, a key, a missing section
    let said = complaint(&net, "client.toml", "fetch", |text| text.replacen("PacketLength = ", "PacketLength = 1", 1));
    assert!(said.contains(": SphinxGeometry: "), "{said}");
    let said = complaint(&net, "client.toml", "fetch", |text| {
        text.replacen("ED25519 PUBLIC KEY-----\n", "ED25519 PUBLIC KEY-----\nAAAA", 1)
    });
    assert!(said.starts_with(&format!(":{}: ", line_of(&net.path("client.toml"), "IdentityPublicKey"))), "{said}");
    let said =
        complaint(&net, "mix1/katzenpost.toml", "node", |text| text.replace("[[PKI.Voting.Authorities]]", "[[Other]]"));
    assert!(said.contains("missing field `PKI`"), "{said}");
    for section in ["GatewayNodes", "ServiceNodes"] {
        let without = |text: &str| text.replace(&format!("[[{section}]]"), "[[Other]]");
        let said = complaint(&net, "auth1/authority.toml", "authority", without);
        assert_eq!(said, format!(": no [[{section}]] is configured: there could be no consensus"));
    }
    // keys that the configuration lists for another authority
    fs::copy(net.path("auth2/authority.toml"), net.path("auth1/other.toml")).unwrap();
    let text = fs::read_to_string(net.path("auth1/authority.toml")).unwrap();
    let own = fs::read_to_string(net.path("auth1/identity.public.pem")).unwrap();
    let stranger = fs::read_to_string(net.path("mix1/identity.public.pem")).unwrap();
    fs::write(net.path("auth1/other.toml"), text.replace(&own, &stranger)).unwrap();
    let other = net.path("auth1/other.toml");
    let ran = run(&["authority", "--config", other.to_str().unwrap(), "--log", "off"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
}

/// Layers of one mix each, as `[[Topology.Layers]]` instead of `[[Mixes]]`.
fn with_topology(text: &str) -> String {
    text.replace("[[Mixes]]", "[[Topology.Layers]]\n[[Topology.Layers.Nodes]]")
}

#[test]
fn topologies_are_read_and_checked() {
    let net = Configured::new(&[]);
    let path = net.path("auth1/authority.toml");
    let text = with_topology(&fs::read_to_string(&path).unwrap());
    fs::write(&path, &text).unwrap();
    let config = path.to_str().unwrap();
    succeed(&["authority", "--config", config, "--generate-only", "--log", "off"]);
    // a node listed twice, a layer without nodes, a node that is a gateway, too few mixes
    let second = text.match_indices("[[Topology.Layers]]").nth(1).unwrap().0;
    let third = text.match_indices("[[Topology.Layers]]").nth(2).unwrap().0;
    let section = &text[second..third];
    for (change, reason) in [
        (format!("{section}{section}"), "the node is in another layer too, or twice"),
        ("[[Topology.Layers]]\n  Nodes = []\n".to_owned(), "a layer of 0 mixes, want 1 or more"),
        (section.replace("mix2", "gateway1"), "another node is called \"gateway1\""),
    ] {
        let said = complaint(&net, "auth1/authority.toml", "authority", |text| text.replace(section, &change));
        let line = 1 + text[..second].lines().count();
        let (at, said) = said.strip_prefix(':').and_then(|rest| rest.split_once(": ")).unwrap();
        let at: usize = at.parse().unwrap();
        assert!(at >= line && said == reason, "{reason}: line {at}: {said}");
    }
    let more = |text: &str| text.replace("MinNodesPerLayer = 1", "MinNodesPerLayer = 2");
    let said = complaint(&net, "auth1/authority.toml", "authority", more);
    assert!(said.ends_with("a layer of 1 mixes, want 2 or more"), "{said}");
}

#[test]
fn replicas_are_read_and_checked() {
    let net = Configured::new(&["--mixes", "2"]);
    // two of the six mixes become replicas
    let replica = |number: u8| format!("[[StorageReplicas]]\n  ReplicaID = {number}\n  Identifier = \"mix");
    let change = |text: &str, [first, second]: [u8; 2]| {
        let text = text.replace("Layers = 3", "Layers = 2");
        let text = text.replacen("[[Mixes]]\n  Identifier = \"mix", &replica(first), 1);
        text.replacen("[[Mixes]]\n  Identifier = \"mix", &replica(second), 1)
    };
    net.edit("auth1", |text| change(text, [0, 1]));
    let config = net.config("auth1");
    succeed(&["authority", "--config", config.to_str().unwrap(), "--generate-only", "--log", "off"]);
    for (good, bad, reason) in [
        ("ReplicaID = 1", "ReplicaID = 0", "another replica has the ReplicaID 0"),
        ("Identifier = \"mix2\"", "Identifier = \"mix1\"", "another node is called \"mix1\""),
        ("Identifier = \"mix2\"", "Identifier = \"gateway1\"", "another node is called \"gateway1\""),
    ] {
        let said = complaint(&net, "auth1/authority.toml", "authority", |text| text.replacen(good, bad, 1));
        assert_eq!(said, format!(":{}: {reason}", line_of(&config, good)));
    }
}

#[test]
fn what_is_not_used_is_noted_and_not_refused() {
    let net = Configured::new(&[]);
    let path = net.path("client.toml");
    let text = fs::read_to_string(&path).unwrap();
    let more = "Nonsense = 7\n".to_owned()
        + &text
        + "\n[Logging]\n  Level = \"DEBUG\"\n\n[UpstreamProxy]\n  Type = \"none\"\n\n[Debug]\n  X = [1, 2]\n";
    fs::write(&path, more).unwrap();
    let ran = net.fetch(&["--log", "info"]);
    assert!(ran.stderr.contains("no consensus of epoch "), "{}", ran.stderr);
    for setting in ["Nonsense", "Logging", "UpstreamProxy", "Debug"] {
        assert!(ran.stderr.contains(setting), "{setting}: {}", ran.stderr);
    }
}

/// The command line takes precedence over the environment, and both over `mixwell.toml`; error
/// messages state the length.
#[test]
fn the_length_of_epochs_by_file_environment_and_option() {
    let net = Configured::new(&["--epoch-seconds", "300"]);
    let client = net.client_toml();
    let node = net.config("mix1");
    for (variable, option, want) in [
        (None, None, Ok(300)),
        (Some("40"), None, Ok(40)),
        (Some("40"), Some("50"), Ok(50)),
        (Some("1"), None, Err(())),
    ] {
        for command in ["fetch", "ping"] {
            let mut tool = tool(&[command, "--config", &client]);
            option.map(|seconds| tool.args(["--epoch-seconds", seconds]));
            variable.map(|seconds| tool.env("MIXWELL_EPOCH_SECONDS", seconds));
            let ran = Ran::from(tool.output().unwrap());
            match want {
                Ok(seconds) => {
                    let told =
                        format!("(epochs of {seconds} s, by mixwell.toml, --epoch-seconds or MIXWELL_EPOCH_SECONDS)");
                    assert!(ran.status == 1 && ran.stderr.contains(&told), "{command}: {}", ran.stderr);
                }
                Err(()) => assert_eq!(ran.status, 2, "{}", ran.stderr),
            }
        }
        let mut tool = tool(&["node", "--config", node.to_str().unwrap(), "--generate-only"]);
        variable.map(|seconds| tool.env("MIXWELL_EPOCH_SECONDS", seconds));
        assert_eq!(Ran::from(tool.output().unwrap()).status, if want.is_ok() { 0 } else { 2 });
    }
    // the section that once held our own settings
    let said =
        complaint(&net, "mix1/katzenpost.toml", "node", |text| text.to_owned() + "\n[Mixwell]\nEpochSeconds = 7\n");
    assert!(said.contains("beside this one, mixwell.toml"), "{said}");
    let said = complaint(&net, "client.toml", "fetch", |text| text.to_owned() + "\n[Mixwell]\nEpochSeconds = 7\n");
    assert!(said.contains("beside this one, mixwell.toml"), "{said}");
}

#[cfg(unix)]
#[test]
fn private_keys_that_others_may_read_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let net = Configured::new(&[]);
    for (part, command, file) in [("auth1", "authority", "authority.toml"), ("mix1", "node", "katzenpost.toml")] {
        for key in ["identity.private.pem", "link.private.pem"] {
            let path = net.path(part).join(key);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            let ran = run(&[command, "--config", net.path(part).join(file).to_str().unwrap(), "--log", "off"]);
            assert_eq!(ran.status, 1);
            assert!(ran.stderr.contains("permissions 644") && ran.stderr.contains(key), "{}", ran.stderr);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}
