//! One side at work: what comes in, what goes out, what there is to see. No socket, no terminal.

mod events;
mod typed;

use super::{archive::Archive, disk::Disk, lines::Lines, post::Post, store::Store};
use crate::network::{
    carrier::{Lost, Standing},
    clock::Clock,
    error::NetworkError,
    randomness::Randomness,
};
use core::time::Duration;
use mixwell_chat::{BoxLen, Chat, Context, Counts, Ended, FileId, SafetyString, Ticket, Transfer};
use std::{collections::HashMap, sync::Arc, time::Instant};

/// What a desk is made of.
pub(crate) struct Parts {
    pub(crate) store: Store,
    pub(crate) name: String,
    pub(crate) len: BoxLen,
    pub(crate) clock: Clock,
    pub(crate) post: Arc<Post>,
    pub(crate) archive: Option<Archive>,
    pub(crate) randomness: Randomness,
    /// The largest file that is taken.
    pub(crate) most_bytes: u64,
}

/// One side.
pub(crate) struct Desk {
    chat: Chat,
    disk: Disk,
    store: Store,
    clock: Clock,
    post: Arc<Post>,
    archive: Option<Archive>,
    randomness: Randomness,
    most_bytes: u64,
    lines: Lines,
    /// The names of files on their way: ours, and the friend's.
    names: HashMap<FileId, String>,
    arriving: HashMap<FileId, String>,
    /// The exchange that lies ready, and those under way by the number of their tick.
    ready: Option<Ticket>,
    under_way: HashMap<u64, Ticket>,
    standing: Standing,
    since: Instant,
    /// The last one that the user was told of.
    told: Option<Standing>,
    /// It was said that nobody answers, since the code was made or entered.
    has_wondered: bool,
}

/// Whether it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Goes,
    Quits,
}

/// How long the connection has to be otherwise before the user is told.
const PASSING: Duration = Duration::from_secs(5);

/// After so many ticks without an answer to a code, the user is told.
const WONDER_TICKS: u64 = 120;

impl Desk {
    /// Goes on from the state in the store, if there is one.
    pub(crate) fn open(parts: Parts) -> Result<Self, NetworkError> {
        let Parts { store, name, len, clock, post, mut archive, randomness, most_bytes } = parts;
        let malformed =
            |error: mixwell_chat::StateError| NetworkError::KeyFile(store.folder().to_path_buf(), error.to_string());
        let chat = match store.load()? {
            Some(state) => Chat::load(&state, len).map_err(malformed)?,
            None => Chat::new(&name, len),
        };
        let disk = Disk::new(store.folder());
        let mut lines = Lines::default();
        for text in archive.as_mut().map(Archive::earlier).unwrap_or_default() {
            lines.push(super::lines::Line::Earlier(text.to_string()));
        }
        let names = chat.sending().map(|transfer| (transfer.file, transfer.name)).collect();
        let arriving = chat.receiving().map(|transfer| (transfer.file, transfer.name)).collect();
        let mut opened = Self {
            chat,
            names,
            arriving,
            disk,
            store,
            clock,
            post,
            archive,
            randomness,
            most_bytes,
            lines,
            ready: None,
            under_way: HashMap::new(),
            standing: Standing::Connecting,
            since: Instant::now(),
            told: None,
            has_wondered: false,
        };
        opened.greet();
        opened.settle()?;
        Ok(opened)
    }

    fn greet(&mut self) {
        match (self.chat.friend(), self.chat.ended()) {
            (Some(friend), None) => {
                let waiting = self.counts().queued.saturating_sub(self.counts().read);
                let text = format!("you talk with {friend}; {waiting} of your messages wait to be read");
                self.lines.note(text);
            }
            (Some(_), Some(ended)) => self.tell_end(ended),
            (None, _) if self.is_pairing() => self.lines.note("a pairing goes on; /forget gives it up"),
            (None, _) => self.lines.note("no friend yet: /code makes a code, /code WORDS enters one; /help tells more"),
        }
    }

    /// Lays the next exchange ready. The state is on the disk before it can leave.
    pub(crate) fn prepare(&mut self) -> Result<(), NetworkError> {
        let now = self.clock.now().as_secs();
        let (ticket, exchange) = self.chat.tick(Context::new(&mut self.disk, &mut self.randomness.rng(), now));
        self.save()?;
        self.ready = Some(ticket);
        self.post.put(exchange.request());
        self.settle()
    }

    /// A tick has taken what lay ready.
    pub(crate) fn taken(&mut self, number: u64) -> Result<Flow, NetworkError> {
        if let Some(ticket) = self.ready.take() {
            self.under_way.insert(number, ticket);
        }
        self.prepare()?;
        Ok(Flow::Goes)
    }

    /// What became of a tick's exchange: a box, none, or nothing is known.
    pub(crate) fn answered(
        &mut self,
        number: u64,
        outcome: Result<Option<Vec<u8>>, Lost>,
    ) -> Result<Flow, NetworkError> {
        // a tick for which nothing lay ready has no ticket
        if let Some(ticket) = self.under_way.remove(&number) {
            match outcome {
                Ok(boxed) => {
                    let (now, mut rng) = (self.clock.now().as_secs(), self.randomness.rng());
                    self.chat.answered(ticket, boxed.as_deref(), Context::new(&mut self.disk, &mut rng, now));
                }
                Err(_) => self.chat.lost(ticket),
            }
            self.settle()?;
        }
        self.wonder();
        Ok(Flow::Goes)
    }

    fn wonder(&mut self) {
        let is_odd = self.chat.pairing().is_some_and(|pairing| !pairing.has_answer && pairing.ticks >= WONDER_TICKS);
        if is_odd && !self.has_wondered {
            self.has_wondered = true;
            self.lines.warn(
                "nobody has answered under this code yet: is it the same on both sides, and is your friend there?",
            );
        }
    }

    fn save(&self) -> Result<(), NetworkError> {
        self.store.save(&self.chat.save(), &self.randomness)
    }

    /// The program is about to end.
    pub(crate) fn leave(&mut self) -> Result<(), NetworkError> {
        self.save()?;
        let waiting = self.counts().queued.saturating_sub(self.counts().read);
        if waiting > 0 && self.chat.ended().is_none() {
            self.lines.note(format!("{waiting} of your messages are not read yet; they wait for the next start"));
        }
        Ok(())
    }

    pub(crate) fn set_standing(&mut self, standing: Standing) {
        if self.standing != standing {
            (self.standing, self.since) = (standing, Instant::now());
        }
        // what passes soon, as between two consensuses, is not worth a word
        let is_first = self.told.is_none() && standing == Standing::Connected;
        if self.told != Some(standing) && (is_first || self.since.elapsed() >= PASSING) {
            self.told = Some(standing);
            match standing {
                Standing::Connecting => self.lines.note("connecting to the network"),
                Standing::Connected => self.lines.note("connected"),
                Standing::NoWay => self.lines.warn("the network has no way to a rendezvous service"),
            }
        }
    }

    pub(crate) const fn standing(&self) -> Standing {
        self.standing
    }

    pub(crate) const fn post(&self) -> &Arc<Post> {
        &self.post
    }

    pub(crate) const fn randomness(&self) -> &Randomness {
        &self.randomness
    }

    pub(crate) const fn lines(&self) -> &Lines {
        &self.lines
    }

    pub(crate) fn counts(&self) -> Counts {
        self.chat.counts()
    }

    pub(crate) fn friend(&self) -> Option<&str> {
        self.chat.friend()
    }

    pub(crate) fn safety(&self) -> Option<SafetyString> {
        self.chat.safety()
    }

    pub(crate) fn ended(&self) -> Option<Ended> {
        self.chat.ended()
    }

    pub(crate) fn is_pairing(&self) -> bool {
        self.chat.pairing().is_some()
    }

    /// Whether the friend was not heard for long.
    pub(crate) fn is_quiet(&self) -> bool {
        self.chat.quiet_ticks() > WONDER_TICKS
    }

    /// Files on their way: ours, then the friend's.
    pub(crate) fn transfers(&self) -> impl Iterator<Item = (bool, Transfer)> {
        let ours = self.chat.sending().map(|transfer| (true, transfer));
        ours.chain(self.chat.receiving().map(|transfer| (false, transfer)))
    }
}
