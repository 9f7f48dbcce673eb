//! `mixwell node --check`: reports whether a node's network lists it, without running the node.

mod permission;

use super::MIX_KEYS_FOLDER;
use crate::{daemon_args::Owner, error::Error, network_error::NetworkError, output};
use core::{fmt::Write as _, time::Duration};
use mixwell_config::ServerConfiguration;
use mixwell_net::{
    address::Address,
    clock::{Clock, ClockWatch},
    directory_client::{DirectoryClient, ExchangeError},
    files::{FolderLock, LockError},
    keys::LinkKey,
    randomness::Randomness,
};
use mixwell_node::{
    AnySphinx, MixKeys, NodeError,
    check::{Check, Entry, Findings, Traffic},
};
use mixwell_pki_types::Layer;
use std::sync::Arc;
use tokio::time;

/// Asks the authorities, dials the node's own addresses, and prints a report.
///
/// # Errors
/// If the configuration or the keys can't be used, or no authority answered.
pub(super) async fn run(configuration: &ServerConfiguration, owner: &Owner<'_>) -> Result<(), Error> {
    let (identity, link) = owner.load()?.ok_or_else(|| NetworkError::NoKeys(owner.folder.to_path_buf()))?;
    let lock = match FolderLock::acquire(owner.folder) {
        Err(LockError::InUse { .. }) => None,
        acquired => Some(acquired.map_err(NetworkError::from)?),
    };
    // not if the node is running: it may change the files of its mix keys at any time
    let mix_keys = lock.as_ref().map(|_| stored_mix_keys(configuration)).transpose()?;
    // release the lock: the authorities may take a minute to answer, and the node may be started
    // meanwhile
    let is_running = lock.is_none();
    drop(lock);
    let randomness = Randomness::from_system()?;
    let asking = LinkKey::generate(configuration.kem, &mut randomness.rng())?;
    let clock = Clock::new(configuration.period);
    let client = DirectoryClient::new(Arc::clone(&configuration.authorities), asking, None, randomness.clone())
        .with_geometry(configuration.geometry.hash())
        .with_clock_watch(ClockWatch::new(clock));
    let check =
        Check { client: &client, clock, id: identity.id(), link_key: link.public(), mix_keys: mix_keys.as_ref() };
    let findings = check.run().await;

    let mut text = String::new();
    let state = if is_running { "running, so its mix keys are not compared" } else { "not running" };
    let _ = writeln!(text, "node       {}, {state}", configuration.identifier);
    let _ = writeln!(text, "identity   {}", identity.id());
    match client.clock_offset() {
        Some(offset) => _ = writeln!(text, "clock      {offset}"),
        None if findings.has_answer() => text.push_str("clock      agrees with those of the authorities\n"),
        None => {}
    }
    for answers in &findings.authorities {
        let _ = writeln!(text, "{:<10} epoch {}: {}", answers.authority, findings.epoch, listed(&answers.current));
        let _ = writeln!(text, "{:<10} epoch {}: {}", "", findings.epoch.plus(1), listed(&answers.next));
    }
    // a running node learns it from the answers to its own uploads, and logs it
    if !is_running && findings.has_answer() {
        text += &permission::report(configuration, (&identity, &link), clock, &randomness).await?;
    }
    for (address, answer) in dialled(configuration).await {
        let _ = writeln!(text, "address    {address} {answer}");
    }
    let _ = writeln!(text, "traffic    {}", traffic(&findings, clock));
    output::print(&text)?;
    if findings.has_answer() { Ok(()) } else { Err(NetworkError::Unreachable.into()) }
}

/// The mix keys of the data folder, read as at a node's start: damaged ones are moved aside.
fn stored_mix_keys(configuration: &ServerConfiguration) -> Result<MixKeys, NetworkError> {
    let geometry = configuration.geometry;
    let unknown = || NodeError::UnknownScheme(geometry.scheme().name().to_owned());
    let sphinx = AnySphinx::new(geometry).ok_or_else(unknown)?;
    let folder = configuration.data_folder.join(MIX_KEYS_FOLDER);
    if !folder.is_dir() {
        return Ok(MixKeys::in_memory(sphinx));
    }
    Ok(MixKeys::in_folder(sphinx, folder, time::Instant::now())?)
}

fn listed(answer: &Result<Option<Entry>, ExchangeError>) -> String {
    let entry = match answer {
        Ok(Some(entry)) => entry,
        Ok(None) => return "the consensus does not list this node".to_owned(),
        Err(error) => return error.to_string(),
    };
    let place = match entry.layer {
        Layer::Mix(layer) => format!("a mix of layer {layer}"),
        Layer::Gateway => "a gateway".to_owned(),
        _ => "a service node".to_owned(),
    };
    let link = if entry.has_link_key { "its link key" } else { "another link key" };
    match entry.has_mix_key {
        Some(true) => format!("listed as {place}, with {link} and its mix key"),
        Some(false) => format!("listed as {place}, with {link} and a mix key that is not in its data folder"),
        None => format!("listed as {place}, with {link}"),
    }
}

/// The addresses in the node's descriptor, each with the result of dialling it.
async fn dialled(configuration: &ServerConfiguration) -> Vec<(String, String)> {
    let published = match configuration.public_addresses.publish().await {
        Ok(published) => published,
        Err(error) => return vec![("cannot be resolved:".to_owned(), error.to_string())],
    };
    let mut answers = Vec::new();
    for url in published.into_values().flatten() {
        let Ok(address) = url.parse::<Address>() else { continue };
        let answer = match time::timeout(DIAL_TIMEOUT, address.connect()).await {
            Ok(Ok(_)) => "is answered from here".to_owned(),
            Ok(Err(error)) => format!("is not answered from here: {error}"),
            Err(_) => "is not answered from here in time".to_owned(),
        };
        answers.push((url, answer));
    }
    answers
}

fn traffic(findings: &Findings, clock: Clock) -> String {
    let starts = |epoch| {
        let seconds = clock.eighths_into(epoch, 0).saturating_sub(clock.now()).as_secs();
        format!("from epoch {epoch}, in {seconds} s")
    };
    match findings.traffic(clock) {
        Traffic::Now => "flows in this epoch, while the node runs".to_owned(),
        Traffic::Uncompared => {
            "flows in this epoch, unless the node's log warns that the consensus lists another mix key".to_owned()
        }
        Traffic::Listed(epoch) => starts(epoch),
        Traffic::Expected(epoch) => {
            format!("{} at the earliest, if the node runs and the authorities' configurations permit it", starts(epoch))
        }
        _ => "unknown".to_owned(),
    }
}

const DIAL_TIMEOUT: Duration = Duration::from_secs(3);
