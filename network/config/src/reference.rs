//! Every setting of the reference's server and its effect here. A test compares this table with
//! that of `docs/settings.md`.

/// The effect of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// The setting is obeyed; with a remark if it differs from the reference.
    Obeyed(&'static str),
    /// The setting is not used, with the reason.
    Unused(&'static str),
}

use Effect::{Obeyed, Unused};

/// The settings of `katzenpost.toml`, by their path; a whole section if none of its settings is
/// used.
pub(super) const SERVER: &[(&str, Effect)] = &[
    ("Server.Identifier", Obeyed("")),
    ("Server.WireKEM", Obeyed("XWING if not given")),
    ("Server.PKISignatureScheme", Obeyed("Ed25519 if not given")),
    (
        "Server.Addresses",
        Obeyed("tcp, tcp4, tcp6, and onion for a gateway; quic and ws are neither supported nor published"),
    ),
    ("Server.BindAddresses", Obeyed("tcp, tcp4 and tcp6; the addresses of Addresses if not given")),
    ("Server.MetricsAddress", Obeyed("a loopback address or a name of one; --metrics takes any; none if empty")),
    ("Server.DataDir", Obeyed("relative to the folder of the configuration")),
    ("Server.IsGatewayNode", Obeyed("")),
    ("Server.IsServiceNode", Obeyed("")),
    ("Logging.Disable", Obeyed("--log takes precedence")),
    ("Logging.File", Obeyed("relative to DataDir; reopened at SIGHUP")),
    ("Logging.Level", Obeyed("ERROR, WARNING, NOTICE (as INFO), INFO, DEBUG; --log takes precedence")),
    ("ServiceNode.Kaetzchen.Capability", Obeyed("echo or rendezvous; another one is an error")),
    ("ServiceNode.Kaetzchen.Endpoint", Obeyed("")),
    ("ServiceNode.Kaetzchen.Disable", Obeyed("")),
    ("ServiceNode.Kaetzchen.Config", Unused("the services of this node have no settings")),
    ("ServiceNode.CBORPluginKaetzchen.Capability", Obeyed("echo, which is built in; another one is an error")),
    ("ServiceNode.CBORPluginKaetzchen.Endpoint", Obeyed("")),
    ("ServiceNode.CBORPluginKaetzchen.Disable", Obeyed("")),
    ("ServiceNode.CBORPluginKaetzchen.Command", Unused("no program is started for a built-in service")),
    ("ServiceNode.CBORPluginKaetzchen.MaxConcurrency", Unused("no program is started for a built-in service")),
    ("ServiceNode.CBORPluginKaetzchen.Config", Unused("no program is started for a built-in service")),
    (
        "ServiceNode.CBORPluginKaetzchen.PKIAdvertizedData",
        Unused("the services of this node advertise only an endpoint"),
    ),
    ("Gateway", Unused("clients have no accounts, and replies for them are kept in memory")),
    ("PKI.Voting.Authorities.Identifier", Obeyed("")),
    ("PKI.Voting.Authorities.IdentityPublicKey", Obeyed("")),
    ("PKI.Voting.Authorities.PKISignatureScheme", Obeyed("the same for all")),
    ("PKI.Voting.Authorities.LinkPublicKey", Obeyed("")),
    ("PKI.Voting.Authorities.WireKEMScheme", Obeyed("the same for all")),
    ("PKI.Voting.Authorities.Addresses", Obeyed("tcp, tcp4 and tcp6")),
    ("Management", Unused("a node has no management socket; use signals and restarts")),
    ("SphinxGeometry", Obeyed("every length is recomputed and has to match")),
    ("Debug.NumSphinxWorkers", Unused("there are as many threads as processors")),
    ("Debug.NumServiceWorkers", Unused("there are as many threads as processors")),
    ("Debug.NumGatewayWorkers", Unused("there are as many threads as processors")),
    ("Debug.NumKaetzchenWorkers", Unused("there are as many threads as processors")),
    ("Debug.SchedulerExternalMemoryQueue", Unused("packets wait in memory")),
    ("Debug.SchedulerQueueSize", Obeyed("8192 packets if 0 or not given")),
    ("Debug.SchedulerMaxBurst", Unused("packets leave when they are due")),
    ("Debug.UnwrapDelay", Obeyed("milliseconds; 250 if 0 or not given")),
    ("Debug.GatewayDelay", Unused("the gateway's work is done with the unwrap")),
    ("Debug.ServiceDelay", Unused("services answer with the unwrap")),
    ("Debug.KaetzchenDelay", Unused("services answer with the unwrap")),
    ("Debug.SchedulerSlack", Obeyed("milliseconds; 450 if 0 or not given")),
    ("Debug.SendSlack", Obeyed("milliseconds that a packet waits for its link; 50 if 0 or not given")),
    (
        "Debug.DecoySlack",
        Obeyed("milliseconds, beyond its delays, after which a decoy counts as lost; 10000 if 0 or not given"),
    ),
    ("Debug.ConnectTimeout", Unused("connecting may take 3 s")),
    (
        "Debug.HandshakeTimeout",
        Unused("a handshake may take 3 s, so that silent strangers do not occupy slots for long"),
    ),
    ("Debug.ReauthInterval", Unused("each new consensus and each packet is checked")),
    ("Debug.SendDecoyTraffic", Obeyed("no loop decoys if not given")),
    ("Debug.DisableRateLimit", Unused("the limit keeps one client from flooding the network")),
    ("Debug.GenerateOnly", Obeyed("as --generate-only")),
];

/// The effect of a setting of a server's configuration; `None` if the reference has no such
/// setting.
pub(super) fn effect(path: &str) -> Option<Effect> {
    SERVER.iter().find(|(known, _)| *known == path).map(|(_, effect)| *effect)
}
