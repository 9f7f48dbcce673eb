//! Documents: the consensus on an epoch, or an authority's vote.

mod error;
mod nodes;
mod well_formed;

pub use error::{DocumentError, DocumentFault};
pub use nodes::{Layer, Node, Nodes, Place};

use crate::{
    Epoch, KeyHash, Replica, Verified,
    cbor::{Array, Item, Map},
    decode::{DecodeError, Field, fields},
};

/// A document. Borrows the bytes; descriptors are decoded as they are walked.
///
/// Parsing checks the kind of each field, including those of descriptors; [`check`](Self::check)
/// checks their values.
///
/// ```
/// use mixwell_pki_types::{Certificate, DocumentError, Epoch, KeyHash, VerifyingKey, majority};
///
/// /// Lists the nodes of a consensus.
/// fn list(bytes: &[u8], authorities: &[VerifyingKey<'_>], now: Epoch) -> Result<(), Box<dyn std::error::Error>> {
///     let certificate = Certificate::parse(bytes)?;
///     let verified = certificate.verify_threshold(authorities, majority(authorities.len()), now)?;
///     let document = verified.document_for(now)?;
///     document.check(authorities, &mut [KeyHash::default(); 64])?;
///     for node in document.nodes() {
///         println!("{}: {:?}", node.name(), node.mix_key(now).map(<[u8]>::len));
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    epoch: Epoch,
    genesis_epoch: Epoch,
    rates: Rates,
    pub(crate) topology: Option<Array<'a>>,
    pub(crate) gateways: Option<Array<'a>>,
    pub(crate) services: Option<Array<'a>>,
    pub(crate) replicas: Option<Array<'a>>,
    configured_replica_ids: &'a [u8],
    pub(crate) configured_replica_keys: Option<Array<'a>>,
    pub(crate) commits: Option<Map<'a>>,
    pub(crate) reveals: Option<Map<'a>>,
    shared_random_value: [u8; 32],
    pub(crate) prior_shared_random: Option<Array<'a>>,
    sphinx_geometry_hash: [u8; 32],
    version: &'a str,
    signature_scheme: &'a str,
}

/// The rates of the network's exponential delays and intervals, each per millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// Delay at each hop.
    pub mu: f64,
    /// A client's packets: messages, or decoys while there are none.
    pub lambda_p: f64,
    /// A client's loop decoys.
    pub lambda_l: f64,
    /// Loop decoys of a mix or service node.
    pub lambda_m: f64,
    /// Loop decoys of a gateway.
    pub lambda_g: f64,
    /// Decoys between couriers and replicas.
    pub lambda_r: f64,
}

impl<'a> Document<'a> {
    /// Reads a document.
    ///
    /// # Errors
    /// If it, or a descriptor in it, cannot be decoded.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DocumentError> {
        let mut read = Self {
            epoch: Epoch(0),
            genesis_epoch: Epoch(0),
            rates: Rates::default(),
            topology: None,
            gateways: None,
            services: None,
            replicas: None,
            configured_replica_ids: &[],
            configured_replica_keys: None,
            commits: None,
            reveals: None,
            shared_random_value: [0; 32],
            prior_shared_random: None,
            sphinx_geometry_hash: [0; 32],
            version: "",
            signature_scheme: "",
        };
        for (name, item) in fields("Document", Item::parse(bytes).map_err(DecodeError::Cbor)?)? {
            read.read_field(name, item)?;
        }
        nodes::check_all(&read)?;
        Ok(read)
    }

    fn read_field(&mut self, name: &str, item: Item<'a>) -> Result<(), DecodeError> {
        let field = |name| Field::new(name, item);
        match name {
            "Epoch" => self.epoch = field("Epoch").epoch()?,
            "GenesisEpoch" => self.genesis_epoch = field("GenesisEpoch").epoch()?,
            "Mu" => self.rates.mu = field("Mu").float()?,
            "LambdaP" => self.rates.lambda_p = field("LambdaP").float()?,
            "LambdaL" => self.rates.lambda_l = field("LambdaL").float()?,
            "LambdaM" => self.rates.lambda_m = field("LambdaM").float()?,
            "LambdaG" => self.rates.lambda_g = field("LambdaG").float()?,
            "LambdaR" => self.rates.lambda_r = field("LambdaR").float()?,
            "Topology" => self.topology = field("Topology").array_of(|layer| layer.array_of(Field::bytes))?,
            "GatewayNodes" => self.gateways = field("GatewayNodes").array_of(Field::bytes)?,
            "ServiceNodes" => self.services = field("ServiceNodes").array_of(Field::bytes)?,
            "StorageReplicas" => {
                self.replicas = field("StorageReplicas").array_of(|field| Replica::read(field.item))?;
            }
            "ConfiguredReplicaIDs" => self.configured_replica_ids = field("ConfiguredReplicaIDs").bytes()?,
            "ConfiguredReplicaIdentityKeys" => {
                self.configured_replica_keys = field("ConfiguredReplicaIdentityKeys").array_of(Field::bytes)?;
            }
            "SharedRandomCommit" => {
                self.commits = field("SharedRandomCommit").map_of(Field::hash, Field::bytes)?;
            }
            "SharedRandomReveal" => {
                self.reveals = field("SharedRandomReveal").map_of(Field::hash, Field::bytes)?;
            }
            "SharedRandomValue" => self.shared_random_value = field("SharedRandomValue").bytes32()?,
            "PriorSharedRandom" => self.prior_shared_random = field("PriorSharedRandom").array_of(Field::bytes32)?,
            "SphinxGeometryHash" => self.sphinx_geometry_hash = field("SphinxGeometryHash").bytes32()?,
            "Version" => self.version = field("Version").text()?,
            "PKISignatureScheme" => self.signature_scheme = field("PKISignatureScheme").text()?,
            _ => {}
        }
        Ok(())
    }

    /// The document's epoch.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The first epoch of the network.
    #[must_use]
    pub const fn genesis_epoch(&self) -> Epoch {
        self.genesis_epoch
    }

    /// The rates of delays and cover traffic.
    #[must_use]
    pub const fn rates(&self) -> Rates {
        self.rates
    }

    /// The storage replicas.
    pub fn replicas(&self) -> impl Iterator<Item = Replica<'a>> + use<'a> {
        // each was read in `parse`
        self.replicas.unwrap_or_default().filter_map(|item| Replica::read(item).ok())
    }

    /// The storage replica with this number.
    #[must_use]
    pub fn replica_by_id(&self, id: u8) -> Option<Replica<'a>> {
        self.replicas().find(|replica| replica.replica_id() == id)
    }

    /// The storage replica with this identity key hash.
    #[must_use]
    pub fn replica_by_hash(&self, id: KeyHash) -> Option<Replica<'a>> {
        self.replicas().find(|replica| replica.id() == id)
    }

    /// The numbers of all storage replicas that the authorities know, present or not.
    #[must_use]
    pub const fn configured_replica_ids(&self) -> &'a [u8] {
        self.configured_replica_ids
    }

    /// The identity keys of all storage replicas that the authorities know, present or not.
    pub fn configured_replica_identity_keys(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let keys = self.configured_replica_keys.unwrap_or_default();
        keys.filter_map(|key| Field::new("ConfiguredReplicaIdentityKeys", key).bytes().ok())
    }

    /// The authorities' commits to the shared random, by key hash: a certificate of a
    /// [`Commit`](crate::Commit) each.
    pub fn commits(&self) -> impl Iterator<Item = (KeyHash, &'a [u8])> + use<'a> {
        certificates("SharedRandomCommit", self.commits)
    }

    /// The authorities' reveals, by key hash: a certificate of a [`Reveal`](crate::Reveal) each.
    pub fn reveals(&self) -> impl Iterator<Item = (KeyHash, &'a [u8])> + use<'a> {
        certificates("SharedRandomReveal", self.reveals)
    }

    /// The shared random value of the epoch.
    #[must_use]
    pub const fn shared_random_value(&self) -> &[u8; 32] {
        &self.shared_random_value
    }

    /// Shared random values of previous epochs.
    pub fn prior_shared_random(&self) -> impl Iterator<Item = [u8; 32]> + use<'a> {
        let values = self.prior_shared_random.unwrap_or_default();
        values.filter_map(|value| Field::new("PriorSharedRandom", value).bytes32().ok())
    }

    /// The hash of the network's Sphinx geometry.
    #[must_use]
    pub const fn sphinx_geometry_hash(&self) -> &[u8; 32] {
        &self.sphinx_geometry_hash
    }

    /// The version of the document's format: `v1`.
    #[must_use]
    pub const fn version(&self) -> &'a str {
        self.version
    }

    /// The name of the signature scheme of authorities and nodes.
    #[must_use]
    pub const fn signature_scheme(&self) -> &'a str {
        self.signature_scheme
    }
}

impl<'a> Verified<'a> {
    /// The signed document, of any epoch: a certificate is valid for [`LIFETIME`] epochs, so
    /// compare [`Document::epoch`], or call [`document_for`](Self::document_for).
    ///
    /// # Errors
    /// If the document cannot be decoded, or its epoch or signature scheme do not match the
    /// certificate.
    pub fn document(&self) -> Result<Document<'a>, DocumentError> {
        let document = Document::parse(self.payload())?;
        let (epoch, expiration) = (document.epoch, self.expiration());
        if expiration != epoch.plus(LIFETIME) {
            return Err(DocumentError::Expiration { expiration, epoch });
        }
        if document.signature_scheme != self.key_type() {
            return Err(DocumentError::Scheme);
        }
        Ok(document)
    }

    /// The signed document, if it is for this epoch and not for an earlier one.
    ///
    /// # Errors
    /// As [`document`](Self::document), or if the document is for another epoch.
    pub fn document_for(&self, epoch: Epoch) -> Result<Document<'a>, DocumentError> {
        let document = self.document()?;
        if document.epoch != epoch {
            return Err(DocumentError::Epoch { got: document.epoch, want: epoch });
        }
        Ok(document)
    }
}

fn certificates<'a>(name: &'static str, map: Option<Map<'a>>) -> impl Iterator<Item = (KeyHash, &'a [u8])> + use<'a> {
    map.unwrap_or_default().filter_map(move |(authority, certificate)| {
        Some((Field::new(name, authority).hash().ok()?, Field::new(name, certificate).bytes().ok()?))
    })
}

/// Number of epochs after a document's own at which its certificate expires.
pub const LIFETIME: u64 = 5;
