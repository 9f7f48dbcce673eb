//! Playing one side of a conversation.

use super::{
    Ending, Heard, PACE, Player, RecordedNetwork,
    answer::Chunks,
    similar::{asks_for_consensus, epoch_of, is_chunk, is_no_op, is_same, with_epoch},
};
use core::time::Duration;
use mixwell_vectors::conversation::{Conversation, Said, Side};
use mixwell_wire::Link;
use tokio::time::{self, Instant};

/// One side of a conversation; the other side is ours.
pub struct Script<'a> {
    /// File and number of the conversation, for messages.
    pub name: &'a str,
    /// The conversation.
    pub talk: &'a Conversation,
    /// The side that is played.
    pub side: Side,
    /// Our present epoch, which stands for the recorded one.
    pub epoch: u64,
    /// When ours may send `no_op`s that were not recorded.
    pub keep_alives: KeepAlives,
}

/// When our side may send `no_op`s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "for tests")]
pub enum KeepAlives {
    /// Where they were recorded alone.
    AsRecorded,
    /// At any time. The recorded ones have to come too.
    Regular,
    /// At any time, but none before the initiator's first command: until then ours does not know
    /// who the initiator is. The recorded ones after it have to come.
    OnceProven,
    /// At any time, and whether or not the recorded ones come.
    Optional,
}

/// A test's part in a conversation: the contents that depend on keys and epochs.
pub trait Cues {
    /// The plaintext of a command to be sent, which is `usual` if that could be made of the
    /// recorded bytes. `answer` is our side's next recorded command.
    fn say(&mut self, said: &Said, usual: Option<Vec<u8>>, answer: Option<&Said>) -> Vec<u8> {
        let _ = (said, answer);
        usual.expect("recorded whole")
    }

    /// Makes our side send a command, unless it does so by itself.
    fn prompt(&mut self, said: &Said) {
        let _ = said;
    }

    /// Compares a command of ours with the recorded one.
    ///
    /// # Errors
    /// A description of the difference.
    fn compare(&mut self, said: &Said, ours: &[u8]) -> Result<(), String> {
        is_same(said, ours)
    }

    /// Takes the consensus that ours sent in chunks.
    fn consensus(&mut self, certificate: &[u8]) {
        let _ = certificate;
    }
}

/// No cues: all commands are sent as recorded.
impl Cues for () {}

impl Script<'_> {
    /// Plays the conversation to its end.
    ///
    /// # Panics
    /// If our side says or does anything else than the recorded one.
    pub async fn play(&self, mut player: Player, cues: &mut impl Cues) {
        let begun = Instant::now();
        let spoken = self.play_commands(&mut player, begun, cues).await;
        self.end(player, begun, spoken).await;
    }

    /// Plays the commands. Returns when the last one was sent.
    ///
    /// # Panics
    /// As [`play`](Self::play).
    pub async fn play_commands(&self, player: &mut Player, begun: Instant, cues: &mut impl Cues) -> Option<Instant> {
        let commands = &self.talk.commands;
        let mut spoken = None;
        let mut rest = commands.as_slice();
        // the handshake ends with the responder's first `no_op`
        match rest.split_first() {
            Some((first, others)) if first.from == Side::Responder && is_no_op(first.front()) => rest = others,
            _ => panic!("{}: no first no_op", self.name),
        }
        let mut in_chunks = false;
        while let Some((said, others)) = rest.split_first() {
            rest = others;
            if said.from == self.side {
                time::sleep_until(begun + scaled(said.ms)).await;
                let answer = others.iter().find(|later| later.from != self.side && !is_no_op(later.front()));
                let text = cues.say(said, self.usual(said), answer);
                player.say(&text).await.unwrap_or_else(|error| self.fail(said, &error.to_string()));
                spoken = Some(Instant::now());
                in_chunks = false;
            } else if is_chunk(said.front()) {
                // the recorded consensus may have another number of chunks; one that follows the
                // first of a consensus is part of the same answer
                let is_first = said.front().get(7..11) == Some(&[0; 4]);
                assert!(is_first || in_chunks, "{}: a consensus without its first chunk", self.name);
                if is_first {
                    cues.prompt(said);
                    cues.consensus(&self.hear_consensus(player, said).await);
                }
                in_chunks = true;
            } else {
                let is_unproven = self.keep_alives == KeepAlives::OnceProven && spoken.is_none();
                let is_optional = self.keep_alives == KeepAlives::Optional || is_unproven;
                if is_no_op(said.front()) && is_optional {
                    continue;
                }
                cues.prompt(said);
                self.hear(player, said, cues).await;
            }
        }
        if let Some(frame) = &self.talk.frame
            && commands.iter().all(|said| said.from != self.side)
        {
            let text = self.described(&frame.plaintext);
            let length = usize::try_from(frame.length).unwrap();
            player.say_claiming(&text, length).await.unwrap();
            spoken = Some(Instant::now());
        }
        spoken
    }

    /// The plaintext of a recorded command that depends on no key: as recorded, about our epochs.
    fn usual(&self, said: &Said) -> Option<Vec<u8>> {
        let text = said.text()?;
        Some(match self.epoch_for(said) {
            Some(epoch) => with_epoch(text, epoch),
            None => text,
        })
    }

    /// Our epoch for that of a recorded command.
    ///
    /// # Panics
    /// If it is before our first one.
    pub fn epoch_for(&self, said: &Said) -> Option<u64> {
        let ahead = self.epochs_ahead(said)?;
        Some(self.epoch.checked_add_signed(ahead).expect("our epochs are numbered like the reference's"))
    }

    /// Number of epochs from the present to that of a recorded command.
    pub fn epochs_ahead(&self, said: &Said) -> Option<i64> {
        let epoch = epoch_of(said.front())?;
        Some(RecordedNetwork::of(self.talk).epochs_ahead(self.talk, said.ms, epoch))
    }

    /// Whether a recorded command asks for a consensus.
    pub fn asks_for_consensus(said: &Said) -> bool {
        asks_for_consensus(said.front())
    }

    /// A plaintext that the recording describes in words.
    fn described(&self, words: &str) -> Vec<u8> {
        match words {
            "" => Vec::new(),
            "no_op, padded" => vec![0; Link::node(RecordedNetwork::of(self.talk).sizes()).up_len()],
            other => panic!("{}: no such plaintext: {other}", self.name),
        }
    }

    async fn hear(&self, player: &mut Player, said: &Said, cues: &mut impl Cues) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match player.hear(deadline.saturating_duration_since(Instant::now())).await {
                Heard::Command(text) => {
                    if is_no_op(&text) && !is_no_op(said.front()) && self.keep_alives != KeepAlives::AsRecorded {
                        continue;
                    }
                    return cues.compare(said, &text).unwrap_or_else(|error| self.fail(said, &error));
                }
                Heard::Closed => self.fail(said, "ours closed the connection"),
                Heard::Nothing => self.fail(said, "nothing comes"),
            }
        }
    }

    async fn hear_consensus(&self, player: &mut Player, said: &Said) -> Vec<u8> {
        let link = Link::gateway(RecordedNetwork::of(self.talk).sizes());
        let mut chunks = Chunks::default();
        loop {
            let Heard::Command(text) = player.hear(PATIENCE).await else { self.fail(said, "no whole consensus") };
            let full = link.down_len() + FULL_CHUNK_FIELDS;
            if let Some(certificate) = chunks.push(text, (full, link.down_len())) {
                return certificate;
            }
        }
    }

    /// Ends the conversation as recorded.
    ///
    /// # Panics
    /// As [`play`](Self::play).
    pub async fn end(&self, mut player: Player, begun: Instant, spoken: Option<Instant>) {
        let ended = self.talk.ended_ms.unwrap_or_default();
        match Ending::of(self.talk) {
            Ending::ClosedBy(side) if side == self.side => {
                let open_until = (begun + scaled(ended)).max(Instant::now() + STAYS_OPEN);
                while Instant::now() < open_until {
                    match player.hear(open_until - Instant::now()).await {
                        Heard::Command(text) => self.check_keep_alive(&text),
                        Heard::Closed => panic!("{}: ours closed the connection", self.name),
                        Heard::Nothing => {}
                    }
                }
            }
            Ending::ClosedBy(_) => {
                let last = self.talk.commands.iter().rfind(|said| said.from == self.side).map(|said| said.ms);
                let silence = scaled(ended - last.or(self.talk.handshake_ms).unwrap_or_default());
                self.wait_until_closed(&mut player).await;
                // ours was to wait for a time: a little less on a clock of its own
                let since = spoken.unwrap_or(begun).elapsed();
                let is_timeout = silence > scaled(1000.0);
                assert!(!is_timeout || since > silence.mul_f64(0.8), "{}: closed after {since:?}", self.name);
            }
            Ending::Unclear => println!("{}: the end is not checked: {}", self.name, self.talk.ends),
            Ending::Refused(_) => panic!("{}: there was no session", self.name),
        }
    }

    /// Waits until our side closes the connection, without a further command.
    ///
    /// # Panics
    /// As [`play`](Self::play).
    pub async fn wait_until_closed(&self, player: &mut Player) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match player.hear(deadline.saturating_duration_since(Instant::now())).await {
                Heard::Command(text) => self.check_keep_alive(&text),
                Heard::Closed => return,
                Heard::Nothing => panic!("{}: ours does not close the connection", self.name),
            }
        }
    }

    fn check_keep_alive(&self, text: &[u8]) {
        let may_come = is_no_op(text) && self.keep_alives != KeepAlives::AsRecorded;
        assert!(may_come, "{}: ours says more than was recorded: {:02x?}", self.name, &text[..text.len().min(20)]);
    }

    fn fail(&self, said: &Said, error: &str) -> ! {
        let front = &said.front()[..said.front().len().min(20)];
        panic!("{} ({}), at {} ms, {front:02x?}: {error}", self.name, self.talk.about, said.ms)
    }
}

/// A recorded time in our shorter one.
fn scaled(ms: f64) -> Duration {
    Duration::from_secs_f64(ms.max(0.0) / 1000.0 / f64::from(PACE))
}

/// Header, status, number and total of a chunk.
const FULL_CHUNK_FIELDS: usize = 6 + 9;

/// Time for a command or an end that has to come, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// Minimum time for which a connection is seen to stay open.
const STAYS_OPEN: Duration = Duration::from_millis(100);
