//! `mixwell chat`: two people talk over a mix network.
#![expect(clippy::integer_division_remainder_used, reason = "what `select!` is made of")]

mod archive;
mod command;
mod desk;
mod disk;
mod lines;
mod plain;
mod post;
mod screen;
mod store;
#[cfg(test)]
mod tests;
mod view;

use crate::{
    error::Error,
    network::{
        carrier::{Answered, Carrier},
        clock::Clock,
        config::ClientConfiguration,
        error::NetworkError,
        logging::{self, LogLevel},
        randomness::Randomness,
        rendezvous::Shape,
        runtime,
    },
};
use archive::Archive;
use clap::Args;
use core::time::Duration;
use desk::{Desk, Flow};
use mixwell_chat::BoxLen;
use plain::Plain;
use post::Post;
use screen::Screen;
use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
    sync::Arc,
};
use store::Store;
use tokio::{sync::mpsc, time};
use view::{Input, View};

/// Talk with a friend over a mix network
///
/// Two people pair by a code of nine words, compare a safety string, and write lines to each other, end-to-end encrypted by
/// a post-quantum double ratchet. What they write goes through the rendezvous service of the network, in boxes of one size
/// that are written and read at every tick of a Poisson clock, whether or not there is anything to say. Keys and what
/// waits to be sent are in a folder of their owner's; nothing else is kept unless --history asks for it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The folder of this side's keys, state and files; made if there is none
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,

    /// The client's configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,

    /// What the friend is to see; the folder's name if not given. It counts when the folder is made
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The gateway to connect to; any if not given
    #[arg(long, value_name = "NAME")]
    gateway: Option<String>,

    /// Keep what is said in this file, under a passphrase that is asked for
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,

    /// The largest file to take from the friend
    #[arg(long, value_name = "MEGABYTES", default_value_t = 100)]
    most_file: u64,

    /// Plain lines, even on a terminal
    #[arg(long)]
    plain: bool,

    /// How much to tell on standard error
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "off")]
    log: LogLevel,
}

const EXAMPLES: &str = "\
Examples:
  mixwell demo --serve net                           a network, until Ctrl-C
  mixwell chat alice --config net/client.toml        one side: /code shows a code
  mixwell chat bob --config net/client.toml          the other, in another terminal: /code WORDS enters it

In it: /code, /code WORDS, /safety, /send FILE, /forget, /help, /quit; anything else is said.";

/// Runs one side until it is told to quit.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    logging::start(arguments.log);
    let configuration = ClientConfiguration::read(&arguments.config).map_err(NetworkError::from)?;
    let randomness = Randomness::from_system()?;
    let has_terminal = !arguments.plain && io::stdin().is_terminal() && io::stdout().is_terminal();
    let archive = match &arguments.history {
        Some(path) => Some(Archive::open(path, has_terminal, &randomness)?),
        None => None,
    };
    let store = Store::open(&arguments.folder, &randomness)?;
    let no_room = || NetworkError::Client("the packets of this network have no room for boxes".to_owned());
    let shape = Shape::of(&configuration.geometry).ok_or_else(no_room)?;
    let len = BoxLen::new(shape.box_len()).map_err(|error| NetworkError::Client(error.to_string()))?;
    let name = arguments.name.clone().unwrap_or_else(|| store.name());
    let (post, taken) = Post::new();
    let most_bytes = arguments.most_file.saturating_mul(1_000_000);
    let clock = Clock::new(configuration.period);
    let desk = Desk::open(desk::Parts { store, name, len, clock, post, archive, randomness, most_bytes })?;
    let outcome = if has_terminal {
        let (screen, inputs) = Screen::open().map_err(Error::Output)?;
        runtime::run(talk(arguments, &configuration, desk, taken, screen, inputs))
    } else {
        let (plain, inputs) = Plain::open();
        runtime::run(talk(arguments, &configuration, desk, taken, plain, inputs))
    };
    outcome.map_err(Error::from)
}

async fn talk(
    arguments: &Arguments,
    configuration: &ClientConfiguration,
    mut desk: Desk,
    mut taken: mpsc::UnboundedReceiver<u64>,
    mut view: impl View,
    mut inputs: mpsc::Receiver<Input>,
) -> Result<(), NetworkError> {
    let post = Arc::clone(desk.post());
    let next = move |number| post.take(number);
    let (carrier, mut answers) = Carrier::start(configuration, arguments.gateway.clone(), desk.randomness(), next)?;
    desk.prepare()?;
    let mut looks = time::interval(LOOK);
    looks.set_missed_tick_behavior(time::MissedTickBehavior::Skip);
    let mut stop = core::pin::pin!(runtime::stop_signal());
    loop {
        let flow = tokio::select! {
            // that a tick was taken is known before what came of it
            biased;
            Some(number) = taken.recv() => desk.taken(number)?,
            Some(Answered { number, outcome }) = answers.recv() => desk.answered(number, outcome)?,
            Some(input) = inputs.recv() => match view.take(input) {
                view::Wish::Line(line) => desk.line(&line)?,
                view::Wish::Quit => Flow::Quits,
                view::Wish::Nothing => Flow::Goes,
            },
            _ = looks.tick() => Flow::Goes,
            () = &mut stop => Flow::Quits,
        };
        desk.set_standing(carrier.standing());
        if flow == Flow::Quits {
            break;
        }
        view.show(&mut desk).map_err(NetworkError::Runtime)?;
    }
    desk.leave()?;
    view.close(&mut desk).map_err(NetworkError::Runtime)?;
    carrier.stop().await;
    Ok(())
}

/// How often it is looked at what has changed without an event.
const LOOK: Duration = Duration::from_millis(250);
