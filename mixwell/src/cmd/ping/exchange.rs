//! The exchange of messages with the service.

use super::Outcome;
use core::{pin::pin, time::Duration};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mixwell_client::{Client, ClientError};
use mixwell_net::randomness::Randomness;
use rand_core::Rng as _;
use std::sync::Arc;
use tokio::{task::JoinSet, time, time::Instant};

/// Messages to the service, up to `WAITING` of them at a time.
pub(super) struct Exchange {
    pub(super) client: Arc<Client>,
    pub(super) count: u32,
    pub(super) max_bytes: usize,
    /// Time without a reply or a loss after which the exchange ends.
    pub(super) patience: Duration,
}

impl Exchange {
    pub(super) async fn run(
        self,
        randomness: &Randomness,
        interrupted: impl Future<Output = ()>,
    ) -> Result<Outcome, ClientError> {
        let mut interrupted = pin!(interrupted);
        let bar = bar(self.count);
        let mut rng = randomness.rng();
        let mut outcome = Outcome { tally: Arc::clone(self.client.tally()), ..Outcome::default() };
        let mut replies = JoinSet::new();
        let mut asked = 0;
        let mut last = Instant::now();
        while asked < self.count || !replies.is_empty() {
            while asked < self.count && replies.len() < WAITING {
                let mut payload = vec![0; self.max_bytes];
                rng.fill_bytes(&mut payload);
                let client = Arc::clone(&self.client);
                replies.spawn(async move {
                    let reply = client.send(&payload).await;
                    (payload, reply)
                });
                asked += 1;
            }
            tokio::select! {
                biased;
                () = &mut interrupted => {
                    outcome.is_interrupted = true;
                    break;
                }
                Some(Ok((payload, reply))) = replies.join_next() => {
                    last = Instant::now();
                    outcome.take(&payload, reply);
                    bar.inc(1);
                    bar.set_message(outcome.progress());
                }
                () = time::sleep_until(last.checked_add(self.patience).unwrap_or(last)) => {
                    outcome.lost = self.count - outcome.good - outcome.wrong;
                    outcome.is_over = true;
                    break;
                }
            }
        }
        bar.finish_and_clear();
        replies.shutdown().await;
        if let Some(client) = Arc::into_inner(self.client) {
            client.stop().await?;
        }
        Ok(outcome)
    }
}

fn bar(count: u32) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(count.into()), ProgressDrawTarget::stderr());
    // the remains of a wrapped line would stay on the screen
    let is_wide = crossterm::terminal::size().is_ok_and(|(columns, _)| columns >= WIDE);
    let template = if is_wide { "ping {bar:30.cyan/dim} {pos}/{len}  {wide_msg}" } else { "{pos}/{len}  {wide_msg}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar.set_message("no reply yet");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Minimum number of columns for a progress bar.
const WIDE: u16 = 72;

/// Maximum number of messages that wait for their tick or their reply.
const WAITING: usize = 64;
