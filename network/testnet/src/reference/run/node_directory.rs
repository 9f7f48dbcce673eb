//! A running node and the authorities: uploads, and consensuses.

use super::{
    lock,
    member::link_key,
    node::Shared,
    session::{Connection, Side},
    sleep_until,
};
use crate::reference::{
    command::OwnedCommand,
    uploads::{ConsensusRequests, Uploads},
};
use mixwell_net::{authorities::Authority, consensus::Consensus};
use mixwell_pki_types::Epoch;
use mixwell_wire::{Command, ConsensusStatus, DescriptorStatus};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Uploads descriptors to one authority.
pub(super) async fn upload(shared: Arc<Shared>, authority: Authority) {
    let mut uploads = Uploads::new(shared.clock.now(), shared.clock, shared.times);
    loop {
        let (due, epoch) = uploads.next(shared.clock.now());
        if shared.clock.now() < due {
            sleep_until(shared.clock, due).await;
            continue;
        }
        let descriptor = shared.descriptor(epoch);
        let upload = shared.member.identity.sign_upload(&descriptor, &mut shared.randomness.rng()).unwrap();
        let request = OwnedCommand::PostDescriptor { epoch: epoch.0, payload: upload };
        let side = shared.side();
        let status = ask(&side, &authority, &request, |answer| match answer {
            Command::PostDescriptorStatus(status) => Some(*status),
            _ => None,
        });
        let status = status.await;
        let seen = &mut lock(&shared.core).stats;
        match status.flatten() {
            Some(DescriptorStatus::Ok) => seen.uploads += 1,
            Some(DescriptorStatus::Conflict) => seen.conflicts += 1,
            _ => {}
        }
        match status {
            Some(_) => uploads.answered(),
            None => uploads.failed(shared.clock.now()),
        }
    }
}

/// Fetches consensuses: all authorities are asked at once, each with a fresh link key and an empty
/// `ad`, and the others are hung up on when one has answered.
pub(super) async fn follow(shared: Arc<Shared>) {
    let mut requests = ConsensusRequests::new(shared.clock);
    loop {
        let next = {
            let mut core = lock(&shared.core);
            if core.known.epoch != shared.clock.epoch() {
                shared.update(&mut core);
            }
            requests.next(shared.clock.now(), &core.known)
        };
        let epoch = match next {
            Ok(epoch) => epoch,
            Err(at) => {
                sleep_until(shared.clock, at).await;
                continue;
            }
        };
        let mut asked = JoinSet::new();
        for authority in &*shared.authorities {
            let (shared, authority) = (Arc::clone(&shared), authority.clone());
            asked.spawn(async move { fetch(&shared, &authority, epoch).await });
        }
        while let Some(fetched) = asked.join_next().await {
            if let Ok(Some(consensus)) = fetched {
                let mut core = lock(&shared.core);
                core.known = core::mem::take(&mut core.known).with(Arc::new(consensus));
                shared.update(&mut core);
                break;
            }
        }
    }
}

async fn fetch(shared: &Shared, authority: &Authority, epoch: Epoch) -> Option<Consensus> {
    let key = link_key(&shared.randomness);
    let side = Side { key: &key, ad: &[], ..shared.side() };
    let request = OwnedCommand::GetConsensus { epoch: epoch.0 };
    let certificate = ask(&side, authority, &request, |answer| match answer {
        Command::Consensus { code: ConsensusStatus::Ok, payload } => Some(payload.to_vec()),
        _ => None,
    });
    let certificate = certificate.await.flatten()?;
    let hash = shared.sphinx.geometry().hash();
    Consensus::verify(certificate, &shared.authorities, (epoch, shared.clock.epoch()), Some(&hash)).ok()
}

/// A round trip with an authority; `None` if it is down, or closes without an answer.
async fn ask<T>(
    side: &Side<'_>,
    authority: &Authority,
    request: &OwnedCommand,
    read: impl FnOnce(&Command<'_>) -> T,
) -> Option<T> {
    let socket = authority.peer.addresses.first()?.resolve().await.ok()?.first().copied()?;
    Connection::ask(socket, side, &authority.peer, request, read).await.ok().flatten()
}
