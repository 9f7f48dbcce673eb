//! Two sides, the service, and between them a network that loses, delays, changes and duplicates
//! messages.

use mixwell_chat::{
    BoxLen, Chat, Code, Context, Event, Exchange, FileError, FileHasher, FileId, FileOffer, Files, Ticket, id_of,
};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use std::collections::{BTreeMap, HashMap};
use zeroize::Zeroizing;

pub(crate) const BOX_LEN: usize = 1936;

/// Probabilities of faults, each out of 256, and the latency.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) lost_requests: u8,
    pub(crate) lost_replies: u8,
    pub(crate) changed: u8,
    pub(crate) doubled: u8,
    /// Maximum latency one way, in steps; a side ticks every 16 steps on average.
    pub(crate) delay: u64,
}

/// A network without faults.
pub(crate) const GOOD: Faults = Faults { lost_requests: 0, lost_replies: 0, changed: 0, doubled: 0, delay: 40 };

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) faults: Faults,
    /// Ticks only when there is something to say, which a real client must never do.
    pub(crate) is_lazy: bool,
    pub(crate) sides: [Side; 2],
    pub(crate) service: HashMap<[u8; 32], Vec<u8>>,
    /// Everything that the service sees: the side, the ids written and read, and whether there was
    /// a box to read.
    pub(crate) seen: Vec<(usize, [u8; 32], [u8; 32], bool)>,
    /// The names of the offered files.
    pub(crate) names: Vec<String>,
    on_way: BTreeMap<(u64, u64), Letter>,
    letters: u64,
    chance: ChaCha8Rng,
}

enum Letter {
    Request { side: usize, life: u32, ticket: Ticket, exchange: Exchange },
    Reply { side: usize, life: u32, ticket: Ticket, boxed: Option<Vec<u8>> },
    Lost { side: usize, life: u32, ticket: Ticket },
}

pub(crate) struct Side {
    pub(crate) chat: Chat,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) disk: Disk,
    /// Secret, like the saved state itself.
    pub(crate) saved: Zeroizing<Vec<u8>>,
    pub(crate) shown: Vec<Event>,
    pub(crate) is_online: bool,
    /// Whether the side handles events as soon as they occur.
    pub(crate) shows: bool,
    life: u32,
    next_tick: u64,
}

/// Files in memory.
#[derive(Debug, Default, Clone)]
pub(crate) struct Disk {
    pub(crate) ours: HashMap<FileId, Vec<u8>>,
    pub(crate) theirs: HashMap<FileId, Vec<u8>>,
}

impl Files for Disk {
    fn read(&mut self, file: FileId, offset: u64, bytes: &mut [u8]) -> Result<(), FileError> {
        piece(self.ours.get(&file), offset, bytes)
    }

    fn write(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> Result<(), FileError> {
        let content = self.theirs.entry(file).or_default();
        let end = offset as usize + bytes.len();
        content.resize(end.max(content.len()), 0);
        content[offset as usize..end].copy_from_slice(bytes);
        Ok(())
    }
}

fn piece(content: Option<&Vec<u8>>, offset: u64, bytes: &mut [u8]) -> Result<(), FileError> {
    let piece =
        content.and_then(|content| content.get(offset as usize..offset as usize + bytes.len())).ok_or(FileError)?;
    bytes.copy_from_slice(piece);
    Ok(())
}

impl Side {
    fn new(name: &str, seed: u64) -> Self {
        let chat = Chat::new(name, BoxLen::new(BOX_LEN).unwrap());
        let saved = chat.save();
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Self {
            chat,
            rng,
            disk: Disk::default(),
            saved,
            shown: Vec::new(),
            is_online: true,
            shows: true,
            life: 0,
            next_tick: 0,
        }
    }

    /// Shows all pending events, and saves that they were shown.
    pub(crate) fn settle(&mut self) {
        while let Some(event) = if self.shows { self.chat.event() } else { None } {
            if let Event::FileOffered(file) = event {
                assert!(self.chat.accept(file, Context::new(&mut self.disk, &mut self.rng, 0)));
            }
            self.shown.push(event);
        }
        // also after a restart, when the event was shown earlier
        let complete: Vec<_> = self.chat.receiving().filter(|file| self.shows && file.is_complete()).collect();
        for file in complete {
            let mut hasher = FileHasher::new();
            hasher.update(self.disk.theirs.get(&file.file).map_or(&[], Vec::as_slice));
            let hash = Some(hasher.finish());
            assert!(self.chat.check_file(file.file, hash, Context::new(&mut self.disk, &mut self.rng, 0)));
        }
        self.saved = self.chat.save();
    }

    pub(crate) fn texts(&self) -> Vec<&str> {
        self.shown
            .iter()
            .filter_map(|event| if let Event::Text(text) = event { Some(text.as_str()) } else { None })
            .collect()
    }

    pub(crate) fn has_sent_a_file(&self) -> bool {
        self.shown.iter().any(|event| matches!(event, Event::FileSent(_)))
    }

    pub(crate) fn has_begun_a_file(&self) -> bool {
        self.chat.receiving().any(|file| file.done > 0) || !self.disk.theirs.is_empty()
    }

    pub(crate) fn has_shown(&self, event: &Event) -> bool {
        self.shown.contains(event)
    }

    /// The program ends and starts again from a saved state.
    pub(crate) fn restart_from(&mut self, state: &[u8]) {
        self.chat = Chat::load(state, BoxLen::new(BOX_LEN).unwrap()).unwrap();
        self.life += 1;
    }

    pub(crate) fn restart(&mut self) {
        self.restart_from(&self.saved.clone());
    }
}

impl World {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        Self {
            now: 0,
            faults,
            is_lazy: false,
            sides: [Side::new("alice", seed), Side::new("bob", !seed)],
            service: HashMap::new(),
            seen: Vec::new(),
            names: Vec::new(),
            on_way: BTreeMap::new(),
            letters: 0,
            chance: ChaCha8Rng::seed_from_u64(seed ^ 0x5eed),
        }
    }

    /// Two sides that have paired.
    pub(crate) fn paired(seed: u64, faults: Faults) -> Self {
        let mut world = Self::new(seed, faults);
        world.pair();
        world.run_until(20_000, |world| world.sides.iter().all(|side| side.has_shown(&Event::Paired)));
        world
    }

    /// One side offers a file to the other.
    pub(crate) fn offer(&mut self, side: usize, name: &str, content: &[u8]) -> FileId {
        let mut hasher = FileHasher::new();
        hasher.update(content);
        let offer = FileOffer { name: name.to_owned(), size: content.len() as u64, hash: hasher.finish() };
        let side = &mut self.sides[side];
        let file = side.chat.offer(offer).unwrap();
        side.disk.ours.insert(file, content.to_vec());
        self.names.extend(side.chat.sending().map(|transfer| transfer.name));
        file
    }

    pub(crate) fn pair(&mut self) {
        let [alice, bob] = &mut self.sides;
        let code = alice.chat.invite(&mut alice.rng).unwrap();
        bob.chat.join(&Code::parse(&code.words()).unwrap(), &mut bob.rng).unwrap();
    }

    /// Runs at most `steps` steps, until `is_done` holds.
    #[track_caller]
    pub(crate) fn run_until(&mut self, steps: u64, is_done: impl Fn(&Self) -> bool) {
        for _ in 0..steps {
            if is_done(self) {
                return;
            }
            self.step();
        }
        assert!(
            is_done(self),
            "not within {steps} steps: {:?}",
            self.sides.each_ref().map(|side| (
                side.chat.counts(),
                &side.shown,
                side.chat.quiet_ticks(),
                side.chat.steps()
            ))
        );
    }

    pub(crate) fn run(&mut self, steps: u64) {
        (0..steps).for_each(|_| self.step());
    }

    fn step(&mut self) {
        self.now += 1;
        for place in 0..2 {
            if self.now >= self.sides[place].next_tick && self.sides[place].is_online {
                self.tick(place);
            }
        }
        while let Some(entry) = self.on_way.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let letter = entry.remove();
            self.deliver(letter);
        }
    }

    fn tick(&mut self, place: usize) {
        let side = &mut self.sides[place];
        let counts = side.chat.counts();
        if self.is_lazy && side.chat.friend().is_some() && counts.queued == counts.sent {
            side.next_tick = self.now + 1 + u64::from(self.chance.next_u32() % 31);
            return;
        }
        // sixteen steps are one second
        let (ticket, exchange) = side.chat.tick(Context::new(&mut side.disk, &mut side.rng, self.now / 16));
        assert_eq!(exchange.request().len(), 64 + BOX_LEN);
        side.settle();
        // one to thirty-one steps, at random
        side.next_tick = self.now + 1 + u64::from(self.chance.next_u32() % 31);
        let life = side.life;
        let is_lost = self.happens(self.faults.lost_requests);
        let letter = if is_lost {
            Letter::Lost { side: place, life, ticket }
        } else {
            Letter::Request { side: place, life, ticket, exchange }
        };
        self.send(letter);
    }

    fn send(&mut self, letter: Letter) {
        let delay = if matches!(letter, Letter::Lost { .. }) { 200 } else { self.delay() };
        self.letters += 1;
        self.on_way.insert((self.now + delay, self.letters), letter);
    }

    fn delay(&mut self) -> u64 {
        if self.faults.delay == 0 { 0 } else { u64::from(self.chance.next_u32()) % self.faults.delay }
    }

    fn happens(&mut self, of_256: u8) -> bool {
        (self.chance.next_u32() & 0xff) < u32::from(of_256)
    }

    fn deliver(&mut self, letter: Letter) {
        match letter {
            Letter::Request { side, life, ticket, exchange } => {
                if self.happens(self.faults.doubled) {
                    self.serve(side, &exchange);
                }
                let boxed = self.serve(side, &exchange);
                let is_lost = self.happens(self.faults.lost_replies);
                self.send(if is_lost {
                    Letter::Lost { side, life, ticket }
                } else {
                    Letter::Reply { side, life, ticket, boxed }
                });
            }
            Letter::Reply { side, life, ticket, mut boxed } => {
                if self.happens(self.faults.changed) {
                    let bit = self.chance.next_u32() as usize % (8 * BOX_LEN);
                    if let Some(boxed) = &mut boxed {
                        boxed[bit / 8] ^= 1 << (bit % 8);
                    }
                }
                let side = &mut self.sides[side];
                if side.life == life && side.is_online {
                    let context = Context::new(&mut side.disk, &mut side.rng, self.now / 16);
                    side.chat.answered(ticket, boxed.as_deref(), context);
                    side.settle();
                }
            }
            Letter::Lost { side, life, ticket } => {
                let side = &mut self.sides[side];
                if side.life == life {
                    side.chat.lost(ticket);
                }
            }
        }
    }

    fn serve(&mut self, side: usize, exchange: &Exchange) -> Option<Vec<u8>> {
        let boxed = self.service.get(&id_of(&exchange.read_token)).cloned();
        self.service.entry(exchange.write_id).or_insert_with(|| exchange.boxed.clone());
        self.seen.push((side, exchange.write_id, id_of(&exchange.read_token), boxed.is_some()));
        boxed
    }
}
