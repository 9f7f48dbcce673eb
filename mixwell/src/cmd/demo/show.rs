//! The course of the demonstration.

use crate::{
    cmd::demo::{Arguments, ending::Ending, served::Served, summary::Report, view::View, world::World},
    network_error::NetworkError,
};
use core::time::Duration;
use mixwell_net::{randomness::Randomness, stopwatch::after};
use mixwell_testnet::traffic::Results;
use tokio::{time, time::Instant};

/// Epochs in which the authorities may agree on their first consensus: on a busy machine they may
/// miss each other's votes.
const MAX_TRIES: u32 = 12;

/// Maximum time for replies to come back after the last message.
const REPLY_WAIT: Duration = Duration::from_mins(1);

/// Maximum time for replies to come back after an interrupt.
const SHORT_REPLY_WAIT: Duration = Duration::from_secs(3);

/// Maximum time for stopping everything; stopping the nodes takes less.
const STOP_WAIT: Duration = Duration::from_secs(8);
const FOREVER: Duration = Duration::from_hours(24 * 365 * 10);

/// Starts the network, shows its progress until the time is over or an interrupt occurs, and
/// returns the summary and the verdict.
pub(super) async fn show(
    arguments: &Arguments,
    randomness: Randomness,
) -> Result<(String, Result<(), NetworkError>), NetworkError> {
    let begun = Instant::now();
    // first: interrupts from now on must leave nothing behind
    let mut ending = Ending::new();
    // report an unusable folder now, not when the network is up
    let mut served = arguments.serve.as_deref().map(Served::reserve).transpose()?;
    let mut world = World::start(arguments, &randomness).await?;
    let mut view = View::new(&world);
    if view.is_on_screen() {
        ending.take_keys();
    }
    let deadline = after(begun, arguments.epoch().saturating_mul(MAX_TRIES));
    if let Err(error) = wait_until_ready(&world, &mut view, &ending, deadline).await {
        view.finish();
        return Err(error);
    }

    let until = after(Instant::now(), duration(arguments, &world));
    let before = world.sent();
    world.start_traffic();
    if let Some(served) = &mut served {
        served.write(&world.network)?;
        view.tell(&served.text());
    }
    view.until(&world, until, |_, _| ending.is_near()).await;
    world.stop_traffic();
    let sent = world.sent().since(before);
    wait_for_replies(&world, &mut view, &ending).await;
    view.finish();

    // count before the network stops, because stopping loses packets in flight
    let report = Report::new(arguments, &world, sent, begun.elapsed());
    // with --serve other clients connect and disconnect: packets lost with them are not the
    // network's fault
    let outcome = (report.text(), if served.is_some() { Ok(()) } else { report.verdict() });
    stop(world, &ending).await;
    Ok(outcome)
}

async fn wait_until_ready(
    world: &World,
    view: &mut View,
    ending: &Ending,
    deadline: Instant,
) -> Result<(), NetworkError> {
    let is_up = view.until(world, deadline, |world, _| world.network.is_ready() || ending.is_near()).await;
    if ending.is_near() {
        Err(NetworkError::Demo("interrupted before the authorities had agreed on a consensus"))
    } else if is_up {
        Ok(())
    } else {
        Err(NetworkError::Demo("the authorities did not agree on a consensus in time; is the machine busy?"))
    }
}

/// Time for which the clients send messages.
fn duration(arguments: &Arguments, world: &World) -> Duration {
    let clock = world.network.clock;
    match arguments.minutes {
        _ if arguments.serve.is_some() => FOREVER,
        Some(minutes) => Duration::from_secs_f64(minutes * 60.0),
        // stop early enough for the last replies to come back within the epoch
        None => {
            let last = clock.epoch().plus(arguments.epochs.saturating_sub(1).into());
            clock.eighths_into(last, 7).saturating_sub(clock.now())
        }
    }
}

async fn wait_for_replies(world: &World, view: &mut View, ending: &Ending) {
    let mut hurry = None;
    let is_over = |_: &World, results: &Results| {
        // the interrupt may occur only now
        let until = ending.is_near().then(|| *hurry.get_or_insert_with(|| after(Instant::now(), SHORT_REPLY_WAIT)));
        results.awaited == 0 || ending.is_now() || until.is_some_and(|until| Instant::now() >= until)
    };
    view.until(world, after(Instant::now(), REPLY_WAIT), is_over).await;
}

/// Stops the network; a second interrupt ends the wait.
async fn stop(world: World, ending: &Ending) {
    let interrupted = async {
        while !ending.is_now() {
            time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        _ = time::timeout(STOP_WAIT, world.stop()) => {}
        () = interrupted => {}
    }
}
