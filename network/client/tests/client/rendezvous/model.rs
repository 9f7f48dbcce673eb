//! Conversations in virtual time: the clocks, requests and chat of real clients, the store of a
//! real service, and between them only the delays of the hops.

use chacha20::ChaCha20Rng;
use core::time::Duration;
use mixwell_chat::{BoxLen, Chat, Code, Context, NoFiles, Ticket, id_of};
use mixwell_client::{
    Reply, Unanswered,
    rendezvous_client::{Answered, Requests},
};
use mixwell_mixdelay::{ClientClock, Instant, Poisson, Rate, Tick};
use mixwell_net::rendezvous::{ID_LEN, Limits, Request, Shape};
use mixwell_node::rendezvous::Store;
use mixwell_pq_kem::X25519;
use mixwell_sphinx::Geometry;
use rand_core::{Rng as _, SeedableRng as _};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};
use tokio::sync::{mpsc, oneshot};

/// A client's traffic habits. Real clients have both; only this test can switch them off.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habits {
    /// Boxes have the same length when there is nothing to send.
    pub(super) pads: bool,
    /// Requests are sent when there is nothing to send.
    pub(super) polls: bool,
}

/// The service's view of a request. The service does not see the client: that the test records it
/// makes its observer stronger.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    pub(super) client: usize,
    pub(super) at: f64,
    /// Length without trailing zeros.
    pub(super) len: usize,
    pub(super) written: [u8; ID_LEN],
    pub(super) wanted: [u8; ID_LEN],
    pub(super) is_hit: bool,
}

/// The service's view of a conversation, and facts that the service does not see.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) sights: Vec<Sight>,
    /// The times at which one of the users wrote a text, or would have.
    pub(super) moments: Vec<f64>,
    /// The number of texts that were read.
    pub(super) texts: u64,
}

/// One of the two users.
struct Talker {
    chat: Chat,
    rng: ChaCha20Rng,
    /// Randomness outside the program: the lengths of texts.
    mood: ChaCha20Rng,
    tickets: HashMap<u64, Ticket>,
    now: Instant,
}

struct Client {
    talker: Arc<Mutex<Talker>>,
    clock: ClientClock,
    requests: Requests<Box<dyn FnMut(u64) -> Vec<u8> + Send>>,
    answers: mpsc::UnboundedReceiver<Answered>,
    /// The times at which texts are written.
    texts: Poisson,
}

type Answer = oneshot::Sender<Result<Reply, Unanswered>>;

enum Letter {
    Request(Vec<u8>),
    Reply(Vec<u8>),
}

struct Model {
    now: Instant,
    rng: ChaCha20Rng,
    clients: [Client; 2],
    store: Store,
    shape: Shape,
    /// Messages in transit, by arrival time.
    letters: BTreeMap<(Instant, u64), (usize, Answer, Letter)>,
    count: u64,
    record: Record,
}

/// Records a conversation of length `span` between two users who have just paired. In a busy one
/// each user writes a text every few seconds, every other one longer than a box.
pub(super) async fn record(seed: u64, is_busy: bool, habits: Habits, span: Duration) -> Record {
    let mut model = Model::new(seed);
    let always = Habits { pads: true, polls: true };
    while model.clients.iter().any(|client| client.talker.lock().unwrap().chat.friend().is_none()) {
        model.step(false, always).await;
        assert!(model.now < Instant::from_millis(600_000), "they do not pair");
    }
    let begin = model.now;
    model.record = Record::default();
    while model.now.nanos_since(begin) < u64::try_from(span.as_nanos()).unwrap() {
        model.step(is_busy, habits).await;
    }
    model.record.texts = model.clients.iter().map(|client| client.talker.lock().unwrap().chat.counts().read).sum();
    model.record
}

/// One packet per second and 200 ms at each hop, the values of `genconfig`.
const LAMBDA_P: f64 = 0.001;
const LAMBDA_L: f64 = 0.0005;
const MU: f64 = 0.005;
const TEXTS: f64 = 0.0004;
const HOPS: usize = 4;

impl Model {
    fn new(seed: u64) -> Self {
        let geometry = Geometry::of::<X25519>(5, 2000, true).unwrap();
        let shape = Shape::of(&geometry).unwrap();
        let len = BoxLen::new(shape.box_len()).unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut branch = || ChaCha20Rng::seed_from_u64(rng.next_u64());
        let limits = Limits { boxes: 1000, life: Duration::from_mins(10) };
        let store = Store::new(shape, limits, branch());
        let (mut alice, mut bob) = (Chat::new("alice", len), Chat::new("bob", len));
        let code = alice.invite(&mut branch()).unwrap();
        bob.join(&Code::parse(&code.words()).unwrap(), &mut branch()).unwrap();
        let clients = [alice, bob].map(|chat| Client::new(shape, chat, &mut branch));
        let (letters, record) = (BTreeMap::new(), Record::default());
        Self { now: Instant::ZERO, rng, clients, store, shape, letters, count: 0, record }
    }

    /// Advances to the next event.
    async fn step(&mut self, is_busy: bool, habits: Habits) {
        let letter = self.letters.keys().next().map(|(at, _)| *at);
        let ticks = self.clients.iter().flat_map(|client| [client.clock.poll_timeout(), client.texts.poll_timeout()]);
        self.now = ticks.flatten().chain(letter).min().unwrap();
        for place in 0..2 {
            self.clients[place].talker.lock().unwrap().now = self.now;
            if self.clients[place].texts.poll(self.now, &mut self.rng) {
                self.record.moments.push(seconds(self.now));
                if is_busy {
                    self.clients[place].talker.lock().unwrap().write();
                }
            }
            while let Some(tick) = self.clients[place].clock.poll(self.now, &mut self.rng) {
                if tick == Tick::MessageOrDecoy {
                    self.tick(place, habits);
                }
            }
        }
        while let Some(entry) = self.letters.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let (place, answer, letter) = entry.remove();
            self.deliver(place, answer, letter).await;
        }
    }

    fn tick(&mut self, place: usize, habits: Habits) {
        let client = &mut self.clients[place];
        let is_silent = client.talker.lock().unwrap().is_silent();
        if is_silent && !habits.polls {
            return;
        }
        let request = client.requests.make();
        let mut payload = request.payload;
        if is_silent && !habits.pads {
            payload[300..].fill(0);
        }
        self.send(place, request.answer, Letter::Request(payload));
    }

    fn send(&mut self, place: usize, answer: Answer, letter: Letter) {
        let rate = Rate::per_milli(MU).unwrap();
        let delay: u64 = (0..HOPS).map(|_| u64::from(rate.hop_delay_millis(&mut self.rng))).sum();
        self.count += 1;
        self.letters.insert((self.now.plus_millis(delay), self.count), (place, answer, letter));
    }

    async fn deliver(&mut self, place: usize, answer: Answer, letter: Letter) {
        match letter {
            Letter::Request(payload) => {
                let mut room = vec![0; self.shape.reply_len()];
                self.store.answer(self.now, &payload, &mut room);
                let Request { token, id, .. } = Request::parse(&payload, self.shape).unwrap();
                self.record.sights.push(Sight {
                    client: place,
                    at: seconds(self.now),
                    len: payload.len() - payload.iter().rev().take_while(|byte| **byte == 0).count(),
                    written: id.0,
                    wanted: id_of(token),
                    is_hit: room[0] == 1,
                });
                self.send(place, answer, Letter::Reply(room));
            }
            Letter::Reply(payload) => {
                let reply = Reply { payload, round_trip: Duration::ZERO, delays: Duration::ZERO };
                answer.send(Ok(reply)).unwrap();
                let client = &mut self.clients[place];
                let Answered { number, outcome } = client.answers.recv().await.unwrap();
                client.talker.lock().unwrap().answered(number, outcome.unwrap().as_deref());
            }
        }
    }
}

impl Client {
    fn new(shape: Shape, chat: Chat, branch: &mut impl FnMut() -> ChaCha20Rng) -> Self {
        let talker = Talker { chat, rng: branch(), mood: branch(), tickets: HashMap::new(), now: Instant::ZERO };
        let talker = Arc::new(Mutex::new(talker));
        let asked = Arc::clone(&talker);
        let next: Box<dyn FnMut(u64) -> Vec<u8> + Send> = Box::new(move |number| asked.lock().unwrap().request(number));
        let (requests, answers) = Requests::new(shape, branch(), next);
        let (mut clock, mut texts, mut rng) = (ClientClock::new(), Poisson::new(), branch());
        let rate = |lambda| Some(Rate::per_milli(lambda).unwrap());
        clock.set_rates(Instant::ZERO, rate(LAMBDA_P), rate(LAMBDA_L), &mut rng);
        clock.set_link(Instant::ZERO, true, &mut rng);
        texts.set_rate(Instant::ZERO, rate(TEXTS), &mut rng);
        texts.set_link(Instant::ZERO, true, &mut rng);
        Self { talker, clock, requests, answers, texts }
    }
}

impl Talker {
    fn request(&mut self, number: u64) -> Vec<u8> {
        let (ticket, exchange) = self.chat.tick(Context::new(&mut NoFiles, &mut self.rng, self.now.as_millis() / 1000));
        self.tickets.insert(number, ticket);
        exchange.request()
    }

    fn answered(&mut self, number: u64, boxed: Option<&[u8]>) {
        let ticket = self.tickets.remove(&number).unwrap();
        self.chat.answered(ticket, boxed, Context::new(&mut NoFiles, &mut self.rng, 0));
        while self.chat.event().is_some() {}
    }

    /// Writes a text, unless many are waiting.
    fn write(&mut self) {
        let counts = self.chat.counts();
        if counts.queued - counts.sent < 5 {
            let len = 1 + usize::try_from(self.mood.next_u32() % 3000).unwrap();
            self.chat.say(&"x".repeat(len)).unwrap();
        }
    }

    fn is_silent(&self) -> bool {
        let counts = self.chat.counts();
        counts.queued == counts.read
    }
}

fn seconds(moment: Instant) -> f64 {
    moment.as_millis() as f64 / 1000.0
}
