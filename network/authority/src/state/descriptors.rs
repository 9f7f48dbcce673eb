//! The descriptors that an authority has accepted.

use super::{State, time_at};
use crate::journal::{Change, Record};
use core::time::Duration;
use mixwell_pki_types::{Descriptor, Epoch, KeyHash, Replica};
use mixwell_wire::DescriptorStatus;
use std::{collections::BTreeMap, sync::Arc};

/// The descriptors of an epoch, as uploaded.
#[derive(Default)]
pub(super) struct Descriptors {
    pub(super) nodes: BTreeMap<KeyHash, Arc<[u8]>>,
    pub(super) replicas: BTreeMap<KeyHash, Arc<[u8]>>,
}

impl State {
    /// Inserts a descriptor that the policy has accepted for an epoch. Signatures are checked
    /// before, without a lock on the state.
    pub(crate) fn insert_descriptor(
        &mut self,
        now: Duration,
        epoch: Epoch,
        descriptor: &Descriptor<'_>,
    ) -> DescriptorStatus {
        self.advance_to(&time_at(&self.policy, now));
        let next = self.round.epoch();
        // the epoch may have turned meanwhile
        if epoch != next && epoch.plus(1) != next {
            return DescriptorStatus::Invalid;
        }
        let accepted = &mut self.descriptors.entry(epoch).or_default().nodes;
        let status = insert_upload(accepted, descriptor.id(), descriptor.encoded());
        if let Ok(Some(bytes)) = &status {
            tracing::info!(%epoch, node = descriptor.name(), "accepted descriptor");
            self.changes.push(Change::Record(epoch, Record::Descriptor(Arc::clone(bytes))));
        }
        status.map_or_else(|Conflict| DescriptorStatus::Conflict, |_| DescriptorStatus::Ok)
    }

    pub(super) fn insert_replica(&mut self, epoch: Epoch, replica: &Replica<'_>) -> DescriptorStatus {
        let accepted = &mut self.descriptors.entry(epoch).or_default().replicas;
        let status = insert_upload(accepted, replica.id(), replica.encoded());
        if let Ok(Some(bytes)) = &status {
            tracing::info!(%epoch, replica = replica.name(), "accepted descriptor");
            self.changes.push(Change::Record(epoch, Record::Replica(Arc::clone(bytes))));
        }
        status.map_or_else(|Conflict| DescriptorStatus::Conflict, |_| DescriptorStatus::Ok)
    }
}

struct Conflict;

/// Inserts an upload; returns its bytes if it is new.
fn insert_upload(
    accepted: &mut BTreeMap<KeyHash, Arc<[u8]>>,
    id: KeyHash,
    upload: &[u8],
) -> Result<Option<Arc<[u8]>>, Conflict> {
    match accepted.get(&id) {
        Some(before) if **before == *upload => Ok(None),
        Some(_) => Err(Conflict),
        None => {
            let bytes: Arc<[u8]> = upload.into();
            accepted.insert(id, Arc::clone(&bytes));
            Ok(Some(bytes))
        }
    }
}
