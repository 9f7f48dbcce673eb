//! The configurations, as Katzenpost's own tools lay them out.

use crate::cmd::genconfig::plan::{Common, Part, Plan, Role};
use core::fmt::Write as _;
use mixwell_config::geometry;
use mixwell_pki_types::Period;

/// `authority.toml`.
pub(super) fn authority(plan: &Plan, part: &Part, parts: &[Part]) -> String {
    let mut text = format!(
        "[Server]\n  Identifier = \"{}\"\n  WireKEMScheme = \"{}\"\n  PKISignatureScheme = \"{}\"\n  \
         Addresses = [\"tcp://{}\"]\n  DataDir = \".\"\n\n",
        part.name,
        plan.common.schemes.kem.name(),
        plan.common.schemes.signatures.name(),
        part.address
    );
    peers(&mut text, "Authorities", &plan.common, parts);
    let _ = write!(text, "[Debug]\n  Layers = {}\n  MinNodesPerLayer = 1\n\n", plan.layers);
    let _ = writeln!(text, "[Parameters]\n{PARAMETERS}");
    let sections = [("Mixes", Role::Mix), ("GatewayNodes", Role::Gateway), ("ServiceNodes", Role::Service)];
    for (section, role) in sections {
        for node in parts.iter().filter(|node| node.role == role) {
            let _ = write!(
                text,
                "[[{section}]]\n  Identifier = \"{}\"\n  IdentityPublicKeyPem = '''\n{}'''\n\n",
                node.name, node.identity_pem
            );
        }
    }
    common(&mut text, &plan.common);
    text
}

/// `katzenpost.toml`.
pub(super) fn server(plan: &Plan, part: &Part, parts: &[Part]) -> String {
    let mut text = format!(
        "[Server]\n  Identifier = \"{}\"\n  WireKEM = \"{}\"\n  PKISignatureScheme = \"{}\"\n  \
         Addresses = [\"tcp://{}\"]\n{}  DataDir = \".\"\n  \
         IsGatewayNode = {}\n  IsServiceNode = {}\n\n",
        part.name,
        plan.common.schemes.kem.name(),
        plan.common.schemes.signatures.name(),
        part.address,
        part.metrics.map(|address| format!("  MetricsAddress = \"{address}\"\n")).unwrap_or_default(),
        part.role == Role::Gateway,
        part.role == Role::Service,
    );
    peers(&mut text, "PKI.Voting.Authorities", &plan.common, parts);
    text.push_str("[Debug]\n  SendDecoyTraffic = true\n\n");
    common(&mut text, &plan.common);
    text
}

/// `client.toml`.
pub(crate) fn client(plan: &Common, parts: &[Part]) -> String {
    let mut text = format!(
        "WireKEMScheme = \"{}\"\nPKISignatureScheme = \"{}\"\n\n",
        plan.schemes.kem.name(),
        plan.schemes.signatures.name()
    );
    peers(&mut text, "VotingAuthority.Peers", plan, parts);
    for gateway in parts.iter().filter(|part| part.role == Role::Gateway) {
        let _ = write!(
            text,
            "[[PinnedGateways.Gateways]]\n  Name = \"{}\"\n  IdentityKey = '''\n{}'''\n  LinkKey = '''\n{}'''\n  \
             WireKEMScheme = \"{}\"\n  PKISignatureScheme = \"{}\"\n  Addresses = [\"tcp://{}\"]\n\n",
            gateway.name,
            gateway.identity_pem,
            gateway.link_pem,
            plan.schemes.kem.name(),
            plan.schemes.signatures.name(),
            gateway.address
        );
    }
    common(&mut text, plan);
    text
}

/// A shell script that runs everything until it is interrupted.
pub(super) fn script(parts: &[Part]) -> String {
    let mut text = String::from(
        "#!/bin/sh\n# Runs the whole network until it is interrupted; each part's log is in its folder.\n\
         cd \"$(dirname \"$0\")\" || exit\nmixwell=${MIXWELL:-mixwell}\ntrap 'kill $(jobs -p) 2>/dev/null' INT TERM EXIT\n",
    );
    for part in parts {
        let (command, file) =
            if part.role == Role::Authority { ("authority", "authority.toml") } else { ("node", "katzenpost.toml") };
        let _ = writeln!(text, "$mixwell {command} --config {0}/{file} 2>>{0}/log &", part.name);
    }
    text + "wait\n"
}

fn peers(text: &mut String, section: &str, plan: &Common, parts: &[Part]) {
    for authority in parts.iter().filter(|part| part.role == Role::Authority) {
        let _ = write!(
            text,
            "[[{section}]]\n  Identifier = \"{}\"\n  IdentityPublicKey = '''\n{}'''\n  PKISignatureScheme = \"{}\"\n  \
             LinkPublicKey = '''\n{}'''\n  WireKEMScheme = \"{}\"\n  Addresses = [\"tcp://{}\"]\n\n",
            authority.name,
            authority.identity_pem,
            plan.schemes.signatures.name(),
            authority.link_pem,
            plan.schemes.kem.name(),
            authority.address
        );
    }
}

/// What every part has to know alike.
fn common(text: &mut String, plan: &Common) {
    text.push_str(&geometry::write(&plan.geometry.fields()));
}

/// `mixwell.toml`, which stands beside each of the others.
pub(crate) fn own(period: Period) -> String {
    format!("# Settings that Katzenpost's programs have none for.\nEpochSeconds = {}\n", period.duration().as_secs())
}

/// Rates per millisecond: 200 ms at each hop, and a packet of a client each second.
const PARAMETERS: &str =
    "  Mu = 0.005\n  LambdaP = 0.001\n  LambdaL = 0.0005\n  LambdaM = 0.0005\n  LambdaG = 0.0005\n";
