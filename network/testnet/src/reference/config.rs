//! Configuration files as the reference's programs read them: a table or key that they do not know
//! is an error (`docs/spec/network.md#configuration-files`).

use core::fmt;
use toml::{Table, Value};

/// A program of the reference that reads a configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the kinds of files")]
pub enum ConfigurationFile {
    /// `client.toml`.
    Client,
    /// `katzenpost.toml`, of a mix, gateway or service node.
    Server,
    /// `authority.toml`.
    Authority,
}

/// The reason why a program of the reference refuses a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "read by tests")]
pub enum Refusal {
    /// The text is not TOML.
    Syntax,
    /// These tables and keys are unknown, by their paths.
    Unknown(Vec<String>),
    /// This table or key is missing.
    Missing(&'static str),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str("not TOML"),
            Self::Unknown(paths) => write!(f, "unknown: {}", paths.join(", ")),
            Self::Missing(path) => write!(f, "missing: {path}"),
        }
    }
}

impl ConfigurationFile {
    /// Reads a file as strictly as the reference does.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn read(self, text: &str) -> Result<(), Refusal> {
        let file: Table = text.parse().map_err(|_| Refusal::Syntax)?;
        let (mut found, mut unknown) = (Vec::new(), Vec::new());
        walk("", &file, &mut |path, has_tables| {
            let is_known = self.known().any(|known| is_named(known, path, has_tables));
            (if is_known { &mut found } else { &mut unknown }).push(path.to_owned());
        });
        if !unknown.is_empty() {
            return Err(Refusal::Unknown(unknown));
        }
        let missing = self.needed().iter().find(|needed| !found.iter().any(|path| path == *needed));
        missing.map_or(Ok(()), |path| Err(Refusal::Missing(path)))
    }

    /// The paths of known keys.
    fn known(self) -> impl Iterator<Item = &'static str> {
        let own = match self {
            Self::Client => CLIENT,
            Self::Server => SERVER,
            Self::Authority => AUTHORITY,
        };
        own.iter().copied().chain(GEOMETRY)
    }

    fn needed(self) -> &'static [&'static str] {
        match self {
            Self::Client => &["VotingAuthority.Peers", "SphinxGeometry"],
            Self::Server => &["Server.Identifier", "Server.DataDir", "PKI.Voting.Authorities", "SphinxGeometry"],
            Self::Authority => &["Server.Identifier", "Server.DataDir", "Authorities", "SphinxGeometry"],
        }
    }
}

/// Calls `visit` with the path of each table and key; entries of lists of tables have their list's.
fn walk(above: &str, table: &Table, visit: &mut impl FnMut(&str, bool)) {
    for (name, value) in table {
        let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        let tables: Vec<&Table> = match value {
            Value::Table(table) => vec![table],
            Value::Array(list) => list.iter().filter_map(Value::as_table).collect(),
            _ => Vec::new(),
        };
        visit(&path, !tables.is_empty());
        for table in tables {
            walk(&path, table, visit);
        }
    }
}

/// Whether an entry of a list names a path: the key itself, a table that contains it, or, if it
/// ends with `.*`, everything in its section.
fn is_named(known: &str, path: &str, has_tables: bool) -> bool {
    let is_under = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
    let section = known.strip_suffix(".*");
    known == path
        || section.is_some_and(|section| section == path || is_under(path, section))
        || has_tables && is_under(known, path)
}

/// `docs/spec/network.md#configuration-files`; of the sections that are named there and not
/// described, everything passes.
const CLIENT: &[&str] = &[
    "WireKEMScheme",
    "PKISignatureScheme",
    "VotingAuthority.Peers.Identifier",
    "VotingAuthority.Peers.IdentityPublicKey",
    "VotingAuthority.Peers.PKISignatureScheme",
    "VotingAuthority.Peers.LinkPublicKey",
    "VotingAuthority.Peers.WireKEMScheme",
    "VotingAuthority.Peers.Addresses",
    "PinnedGateways.Gateways.Name",
    "PinnedGateways.Gateways.IdentityKey",
    "PinnedGateways.Gateways.LinkKey",
    "PinnedGateways.Gateways.WireKEMScheme",
    "PinnedGateways.Gateways.PKISignatureScheme",
    "PinnedGateways.Gateways.Addresses",
    "Logging.*",
    "UpstreamProxy.*",
    "Debug.*",
];

/// The table of `docs/settings.md`.
const SERVER: &[&str] = &[
    "Server.Identifier",
    "Server.WireKEM",
    "Server.PKISignatureScheme",
    "Server.Addresses",
    "Server.BindAddresses",
    "Server.MetricsAddress",
    "Server.DataDir",
    "Server.IsGatewayNode",
    "Server.IsServiceNode",
    "Logging.Disable",
    "Logging.File",
    "Logging.Level",
    "ServiceNode.Kaetzchen.Capability",
    "ServiceNode.Kaetzchen.Endpoint",
    "ServiceNode.Kaetzchen.Disable",
    "ServiceNode.Kaetzchen.Config.*",
    "ServiceNode.CBORPluginKaetzchen.Capability",
    "ServiceNode.CBORPluginKaetzchen.Endpoint",
    "ServiceNode.CBORPluginKaetzchen.Disable",
    "ServiceNode.CBORPluginKaetzchen.Command",
    "ServiceNode.CBORPluginKaetzchen.MaxConcurrency",
    "ServiceNode.CBORPluginKaetzchen.Config.*",
    "ServiceNode.CBORPluginKaetzchen.PKIAdvertizedData.*",
    "Gateway.*",
    "PKI.Voting.Authorities.Identifier",
    "PKI.Voting.Authorities.IdentityPublicKey",
    "PKI.Voting.Authorities.PKISignatureScheme",
    "PKI.Voting.Authorities.LinkPublicKey",
    "PKI.Voting.Authorities.WireKEMScheme",
    "PKI.Voting.Authorities.Addresses",
    "Management.*",
    "Debug.NumSphinxWorkers",
    "Debug.NumServiceWorkers",
    "Debug.NumGatewayWorkers",
    "Debug.NumKaetzchenWorkers",
    "Debug.SchedulerExternalMemoryQueue",
    "Debug.SchedulerQueueSize",
    "Debug.SchedulerMaxBurst",
    "Debug.UnwrapDelay",
    "Debug.GatewayDelay",
    "Debug.ServiceDelay",
    "Debug.KaetzchenDelay",
    "Debug.SchedulerSlack",
    "Debug.SendSlack",
    "Debug.DecoySlack",
    "Debug.ConnectTimeout",
    "Debug.HandshakeTimeout",
    "Debug.ReauthInterval",
    "Debug.SendDecoyTraffic",
    "Debug.DisableRateLimit",
    "Debug.GenerateOnly",
];

/// The settings that `mixwell-config` reads of Katzenpost's `authority.toml`, as no document lists
/// them; the parameters are those of `docs/spec/authority.md#tally`.
const AUTHORITY: &[&str] = &[
    "Server.Identifier",
    "Server.WireKEMScheme",
    "Server.PKISignatureScheme",
    "Server.Addresses",
    "Server.BindAddresses",
    "Server.DataDir",
    "Authorities.Identifier",
    "Authorities.IdentityPublicKey",
    "Authorities.PKISignatureScheme",
    "Authorities.LinkPublicKey",
    "Authorities.WireKEMScheme",
    "Authorities.Addresses",
    "Debug.Layers",
    "Debug.MinNodesPerLayer",
    "Parameters.Mu",
    "Parameters.LambdaP",
    "Parameters.LambdaL",
    "Parameters.LambdaM",
    "Parameters.LambdaG",
    "Parameters.LambdaR",
    "Mixes.Identifier",
    "Mixes.IdentityPublicKeyPem",
    "GatewayNodes.Identifier",
    "GatewayNodes.IdentityPublicKeyPem",
    "ServiceNodes.Identifier",
    "ServiceNodes.IdentityPublicKeyPem",
    "StorageReplicas.Identifier",
    "StorageReplicas.IdentityPublicKeyPem",
    "StorageReplicas.ReplicaID",
    "Topology.Layers.Nodes.Identifier",
    "Topology.Layers.Nodes.IdentityPublicKeyPem",
    "Logging.*",
];

/// `docs/spec/sphinx.md#configuration-form`.
const GEOMETRY: [&str; 14] = [
    "SphinxGeometry.PacketLength",
    "SphinxGeometry.NrHops",
    "SphinxGeometry.HeaderLength",
    "SphinxGeometry.RoutingInfoLength",
    "SphinxGeometry.PerHopRoutingInfoLength",
    "SphinxGeometry.SURBLength",
    "SphinxGeometry.SphinxPlaintextHeaderLength",
    "SphinxGeometry.PayloadTagLength",
    "SphinxGeometry.ForwardPayloadLength",
    "SphinxGeometry.UserForwardPayloadLength",
    "SphinxGeometry.NextNodeHopLength",
    "SphinxGeometry.SPRPKeyMaterialLength",
    "SphinxGeometry.NIKEName",
    "SphinxGeometry.KEMName",
];
