//! Clients of both kinds, one of each at each gateway.

use crate::network::{MixedNetwork, TIMES};
use core::{sync::atomic::Ordering::Relaxed, time::Duration};
use mixwell_client::{Client, Options};
use mixwell_net::directory::Consensuses;
use mixwell_testnet::reference::run::RunningClient;
use tokio::time;

/// A client of ours and one of the reference's, at one gateway.
pub(crate) struct Pair {
    ours: Client,
    theirs: RunningClient,
}

/// The clients at all gateways.
pub(crate) struct Clients(Vec<Pair>);

/// Messages in each call of [`Pair::ping`].
const PINGS: u32 = 12;

/// Time for the replies.
const PATIENCE: Duration = Duration::from_secs(30);

impl Clients {
    /// Starts the clients, and waits until they have the consensus, from their gateways.
    pub(crate) async fn start(network: &MixedNetwork) -> Self {
        let pairs = network.gateways.iter().map(|gateway| {
            let options = Options { gateway: Some(gateway.name.clone()), ..Options::default() };
            let mut configuration = network.network.clone();
            configuration.gateways = vec![gateway.clone()];
            let theirs = RunningClient::start(&configuration, gateway.clone(), TIMES, &network.randomness);
            let known = Consensuses::default();
            Pair { ours: Client::start(configuration, options, known, &network.randomness).unwrap(), theirs }
        });
        let pairs: Vec<Pair> = pairs.collect();
        let is_ready = |pair: &Pair| pair.theirs.has_consensus() && pair.ours.tally().has_consensus.load(Relaxed);
        while !pairs.iter().all(is_ready) {
            time::sleep(Duration::from_millis(20)).await;
        }
        Self(pairs)
    }

    /// The clients at one gateway.
    pub(crate) fn of(&self, gateway: usize) -> &Pair {
        &self.0[gateway]
    }

    /// Sends messages of all clients within a time, and expects every reply.
    pub(crate) async fn ping(&self, during: Duration) {
        let (first, second) = (self.of(0), self.of(1));
        tokio::join!(first.ping(during), second.ping(during));
    }
}

impl Pair {
    pub(crate) async fn ping(&self, during: Duration) {
        tokio::join!(self.ping_ours(during), self.ping_theirs(during));
    }

    async fn ping_ours(&self, during: Duration) {
        let mut replies = Vec::new();
        for number in 0..PINGS {
            let message = format!("ours {number}");
            replies.push((self.ours.queue(message.as_bytes()).await.unwrap(), message));
            time::sleep(during / PINGS).await;
        }
        for (reply, message) in replies {
            let reply = reply.await.unwrap();
            assert!(reply.payload.starts_with(message.as_bytes()));
        }
    }

    async fn ping_theirs(&self, during: Duration) {
        let before = self.theirs.replies(0, PATIENCE).await.len();
        for number in 0..PINGS {
            self.theirs.send(format!("theirs {number}").as_bytes());
            time::sleep(during / PINGS).await;
        }
        let all = before + usize::try_from(PINGS).unwrap();
        let replies = self.theirs.replies(all, PATIENCE).await;
        let mut got: Vec<String> = replies[before..].iter().map(|reply| text(reply)).collect();
        let mut want: Vec<String> = (0..PINGS).map(|number| format!("theirs {number}")).collect();
        got.sort();
        want.sort();
        assert_eq!(got, want);
    }
}

/// A reply without the zeros that follow it.
fn text(reply: &[u8]) -> String {
    String::from_utf8(reply.iter().copied().take_while(|byte| *byte != 0).collect()).unwrap()
}
