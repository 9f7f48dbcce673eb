//! Rendezvous clients in a network of nodes on real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::integer_division_remainder_used,
    clippy::cast_precision_loss,
    reason = "a test may panic"
)]

mod compare;
mod model;
mod observer;

use core::{sync::atomic::Ordering::Relaxed, time::Duration};
use mixwell_client::{
    Unanswered,
    rendezvous_client::{Answered, RendezvousClient, RequestError, Status},
};
use mixwell_net::rendezvous::{Request, Shape, id_of};
use mixwell_node::{counters::PacketEvent, rendezvous::BoxEvent};
use mixwell_pki_types::Rates;
use mixwell_testnet::{RATES, TestNetwork, faults::Wrong};
use std::sync::{Arc, Mutex};
use tokio::{sync::mpsc, time::timeout};

/// Low rates, because all nodes share the machine with other tests.
const QUIET: Rates = Rates { lambda_p: 0.008, lambda_l: 0.002, ..RATES };

/// One user, who writes boxes until they are known to have been read, and reads the friend's boxes.
struct Speaker {
    own: u8,
    /// The number of boxes that the friend has read, and of the friend's boxes that were read here.
    written: u16,
    read: u16,
}

/// Two users in conversation, with a side channel from each to the other that tells what was read.
struct Pair {
    clients: [RendezvousClient; 2],
    answers: [mpsc::UnboundedReceiver<Answered>; 2],
    speakers: [Arc<Mutex<Speaker>>; 2],
    shape: Shape,
}

fn token(of: u8, number: u16) -> [u8; 32] {
    let mut bytes = [of; 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn boxed(shape: Shape, of: u8, number: u16) -> Vec<u8> {
    let mut bytes = vec![of; shape.box_len()];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    bytes
}

impl Pair {
    fn start(network: &TestNetwork) -> Self {
        let shape = Shape::of(network.sphinx.geometry()).unwrap();
        let speakers = [1, 2].map(|own| Arc::new(Mutex::new(Speaker { own, written: 0, read: 0 })));
        let started = speakers.clone().map(|speaker| {
            let next = move |_| {
                let Speaker { own, written, read } = *speaker.lock().unwrap();
                Request {
                    token: &token(3 - own, read),
                    id: id_of(&token(own, written)),
                    stored: &boxed(shape, own, written),
                }
                .encode()
            };
            RendezvousClient::start(&network.configuration(), None, &network.randomness, next).unwrap()
        });
        let [(one, one_answers), (other, other_answers)] = started;
        Self { clients: [one, other], answers: [one_answers, other_answers], speakers, shape }
    }

    /// Runs until each user has read `count` of the other's boxes; returns the errors of lost
    /// requests.
    async fn until(&mut self, count: u16) -> Vec<RequestError> {
        let mut lost = Vec::new();
        while self.speakers.iter().any(|speaker| speaker.lock().unwrap().read < count) {
            let [one, other] = &mut self.answers;
            let (reader, answered) = tokio::select! {
                answered = one.recv() => (0, answered),
                answered = other.recv() => (1, answered),
            };
            match answered.unwrap().outcome {
                Ok(Some(bytes)) => {
                    let mut speaker = self.speakers[reader].lock().unwrap();
                    let number = u16::from_be_bytes([bytes[0], bytes[1]]);
                    assert_eq!(bytes, boxed(self.shape, 3 - speaker.own, number));
                    assert!(number <= speaker.read);
                    // the reply to another request for the same box may have arrived first
                    if number == speaker.read {
                        speaker.read += 1;
                        self.speakers[1 - reader].lock().unwrap().written = number + 1;
                    }
                }
                Ok(None) => {}
                Err(error) => lost.push(error),
            }
        }
        lost
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_read_what_the_other_writes_and_every_tick_has_a_request() {
    let network = TestNetwork::start(&[1, 1], QUIET, |limits| limits).await;
    let mut pair = Pair::start(&network);
    let lost = timeout(Duration::from_mins(2), pair.until(20)).await.unwrap();
    assert_eq!(lost, []);
    let (mut messages, mut decoys) = (0, 0);
    for client in &pair.clients {
        assert_eq!(client.status(), Status::Connected);
        messages += client.tally().messages.load(Relaxed);
        decoys += client.tally().decoys.load(Relaxed);
        assert_eq!(client.tally().changed.load(Relaxed), 0);
    }
    // loop decoys are sent at a quarter of the rate of messages; if messages were skipped, there
    // would be more decoys
    assert!(messages > 100 && decoys > 0 && decoys < messages / 2, "{messages} {decoys}");
    let [one, other] = pair.clients;
    one.stop().await;
    other.stop().await;
    let service = network.nodes.last().unwrap();
    let counts = service.boxes().unwrap().counts();
    // each box is stored once, however often it was sent
    let stored = counts.of(BoxEvent::Stored);
    let written: u64 = pair.speakers.iter().map(|speaker| u64::from(speaker.lock().unwrap().written)).sum();
    assert!((written..=written + 2).contains(&stored), "{stored} of {written}");
    assert!(counts.of(BoxEvent::Read) >= 40 && counts.of(BoxEvent::Refused) > 0);
    assert_eq!(counts.of(BoxEvent::Malformed), 0);
    assert!(service.counters().of(PacketEvent::Answered) >= stored);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_is_told_and_loses_no_box() {
    let network = TestNetwork::start(&[1, 1], QUIET, |limits| limits).await;
    network.faults[1].set(Some(Wrong::Drop));
    let mut pair = Pair::start(&network);
    timeout(Duration::from_mins(2), pair.until(30)).await.unwrap();
    network.faults[1].set(None);
    assert!(network.faults[1].done() > 10);
    // a lost request is reported when the time for its reply is over
    let [one, _] = &mut pair.answers;
    let told = timeout(Duration::from_mins(1), async {
        loop {
            let Some(Answered { outcome: Err(error), .. }) = one.recv().await else { continue };
            return error;
        }
    });
    assert_eq!(told.await.unwrap(), RequestError::Unanswered(Unanswered::Late));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_comes_back_is_found_again() {
    let mut network = TestNetwork::start(&[1], QUIET, |limits| limits).await;
    let mut pair = Pair::start(&network);
    timeout(Duration::from_mins(1), pair.until(5)).await.unwrap();
    network.stop_gateway().await;
    timeout(Duration::from_mins(1), async {
        while pair.clients.iter().any(|client| client.status() != Status::Connecting) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    network.start_gateway().await;
    timeout(Duration::from_mins(1), pair.until(15)).await.unwrap();
    for client in pair.clients {
        assert!(client.tally().connections.load(Relaxed) >= 2);
        client.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_of_another_length_is_replaced() {
    let network = TestNetwork::start(&[1], QUIET, |limits| limits).await;
    let next = |number| vec![1; usize::try_from(number).unwrap() * 100];
    let (client, mut answers) =
        RendezvousClient::start(&network.configuration(), None, &network.randomness, next).unwrap();
    for _ in 0..10 {
        let answered = timeout(Duration::from_mins(1), answers.recv()).await.unwrap().unwrap();
        let is_whole = answered.number * 100 == 500;
        assert_eq!(answered.outcome, if is_whole { Ok(None) } else { Err(RequestError::Length) });
    }
    // the requests that were sent in their place were stored like any others
    let store = network.nodes.last().unwrap().boxes().unwrap();
    assert!(store.len() >= 9 && store.counts().of(BoxEvent::Malformed) == 0);
    drop(client);
}
