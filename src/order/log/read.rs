//! Reading a log from JSON lines: blocks of whole lines are parsed and checked on all cores, and put together in the order
//! of the file. At most a few blocks are in flight, whatever the file's length.

use super::{BOM, LINE_BYTES_MAX, LineError, Log, Place, Refused, pack};
use crate::order::body::{Body, BodyReader, Checked};
use crate::time::Instant;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::io::Read;
use std::num::NonZero;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

const BLOCK_BYTES: usize = 1 << 20;

/// A log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The input failed.
    #[error("failed to read events")]
    Input(#[source] std::io::Error),
    /// More orders, events or bytes than a log can hold.
    #[error("the log has more than four thousand million events")]
    TooMany,
}

/// Reads events, one JSON object a line; blank lines are nothing. What is refused stands in the log.
pub fn read(input: impl Read, reader: &BodyReader, threads: NonZero<usize>) -> Result<Log, ReadError> {
    let ids = RandomState::new();
    thread::scope(|scope| {
        let (blocks, taken) = sync_channel::<Block>(threads.get());
        let (parsed, results) = channel::<Parsed>();
        let taken = Arc::new(Mutex::new(taken));
        for _ in 0..threads.get() {
            let (taken, parsed, ids) = (Arc::clone(&taken), parsed.clone(), &ids);
            scope.spawn(move || parse_blocks(&taken, &parsed, reader, ids));
        }
        drop(parsed);
        put_together(input, &blocks, &results).map(|merge| {
            drop(blocks);
            results.iter().fold(merge, Merge::take).finish()
        })?
    })
}

fn put_together(input: impl Read, blocks: &SyncSender<Block>, results: &Receiver<Parsed>) -> Result<Merge, ReadError> {
    let mut source = Source { input, rest: Vec::new() };
    let mut merge = Merge::default();
    let mut number = 0;
    while let Some(mut bytes) = source.block().map_err(ReadError::Input)? {
        if number == 0 && bytes.starts_with(BOM) {
            bytes.drain(..BOM.len());
        }
        // Nobody takes blocks only after a worker panicked, and then the scope does so too.
        if blocks.send(Block { number, bytes }).is_err() {
            break;
        }
        number += 1;
        merge = results.try_iter().fold(merge, Merge::take);
    }
    Ok(merge)
}

/// Whole lines.
struct Block {
    number: u64,
    bytes: Vec<u8>,
}

struct Source<R> {
    input: R,
    rest: Vec<u8>,
}

impl<R: Read> Source<R> {
    /// The next whole lines; the last may lack its end.
    fn block(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut bytes = std::mem::take(&mut self.rest);
        loop {
            let before = bytes.len();
            let wanted = BLOCK_BYTES.max(before) as u64;
            bytes.reserve(BLOCK_BYTES);
            let read = self.input.by_ref().take(wanted).read_to_end(&mut bytes)?;
            if read == 0 {
                return Ok((!bytes.is_empty()).then_some(bytes));
            }
            if let Some(end) = bytes[before..].iter().rposition(|byte| *byte == b'\n') {
                self.rest = bytes.split_off(before + end + 1);
                return Ok(Some(bytes));
            }
        }
    }
}

/// A block's lines, parsed.
struct Parsed {
    number: u64,
    lines_total: u32,
    lines: Vec<Line>,
    orders: String,
    packed: Vec<u8>,
    undeclared: u64,
}

struct Line {
    /// Within the block, from 1.
    number: u32,
    id: u64,
    content: u64,
    what: What,
}

enum What {
    Event { order_end: u32, offset: u32, recorded_at: Instant },
    Figure,
    Refused(LineError),
}

fn parse_blocks(taken: &Mutex<Receiver<Block>>, parsed: &Sender<Parsed>, reader: &BodyReader, ids: &RandomState) {
    loop {
        let block = taken.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(block) = block else { return };
        if parsed.send(parse_block(&block, reader, ids)).is_err() {
            return;
        }
    }
}

fn parse_block(block: &Block, reader: &BodyReader, ids: &RandomState) -> Parsed {
    let mut parsed = Parsed {
        number: block.number,
        lines_total: 0,
        lines: Vec::with_capacity(block.bytes.len() / 128),
        orders: String::new(),
        packed: Vec::with_capacity(block.bytes.len() / 3),
        undeclared: 0,
    };
    for text in block.bytes.split_inclusive(|byte| *byte == b'\n') {
        parsed.lines_total += 1;
        let text = text.trim_ascii();
        if text.is_empty() {
            continue;
        }
        let line = parsed.line(text, reader, ids).unwrap_or_else(|error| (0, 0, What::Refused(error)));
        let (id, content, what) = line;
        parsed.lines.push(Line { number: parsed.lines_total, id, content, what });
    }
    parsed.packed.shrink_to_fit();
    parsed
}

impl Parsed {
    fn line(&mut self, text: &[u8], reader: &BodyReader, ids: &RandomState) -> Result<(u64, u64, What), LineError> {
        if text.len() > LINE_BYTES_MAX {
            return Err(LineError::TooLong);
        }
        let body = Body::parse(text).and_then(Body::believed).map_err(LineError::Body)?;
        let what = match reader.check(&body).map_err(LineError::Body)? {
            Checked::Figure(_) => What::Figure,
            Checked::Event(event) => {
                self.undeclared += u64::from(event.undeclared);
                self.orders.push_str(event.order);
                let offset = short(self.packed.len());
                pack::pack(&event, &mut self.packed);
                let recorded_at = event.recorded_at.unwrap_or(event.at);
                What::Event { order_end: short(self.orders.len()), offset, recorded_at }
            }
        };
        Ok((ids.hash_one(body.id()), body.content_hash(), what))
    }
}

/// Places within a block: a line is at most a mebibyte long, so a block stays far below 4 GiB.
fn short(place: usize) -> u32 {
    u32::try_from(place).expect("a block is short")
}

/// What has been put together so far. Ids are compared by a hash of 64 bits with a key of this process.
#[derive(Default)]
struct Merge {
    log: Log,
    lines: u64,
    next: u64,
    waiting: BTreeMap<u64, Parsed>,
    numbers: HashMap<Arc<str>, u32>,
    seen: HashMap<u64, u64, BuildHasherDefault<AlreadyHashed>>,
    /// Each event's order and place, by arrival.
    arrived: Vec<(u32, Place)>,
    too_many: bool,
}

impl Merge {
    fn take(mut self, parsed: Parsed) -> Merge {
        self.waiting.insert(parsed.number, parsed);
        while let Some(parsed) = self.waiting.remove(&self.next) {
            self.next += 1;
            self.append(parsed);
        }
        self
    }

    fn append(&mut self, parsed: Parsed) {
        let Ok(block) = u32::try_from(self.log.packed.len()) else { return self.too_many = true };
        let mut order_start = 0;
        for Line { number, id, content, what } in parsed.lines {
            let line = self.lines + u64::from(number);
            match what {
                What::Refused(why) => self.log.refused.push(Refused { line, why }),
                What::Figure => self.log.figures += u64::from(self.is_new(line, id, content)),
                What::Event { order_end, offset, recorded_at } => {
                    let order = &parsed.orders[order_start as usize..order_end as usize];
                    order_start = order_end;
                    if self.is_new(line, id, content) {
                        self.event(order, Place { block, offset }, recorded_at);
                    }
                }
            }
        }
        self.lines += u64::from(parsed.lines_total);
        self.log.undeclared += parsed.undeclared;
        self.log.packed.push(parsed.packed);
    }

    fn is_new(&mut self, line: u64, id: u64, content: u64) -> bool {
        match self.seen.entry(id) {
            Entry::Vacant(free) => {
                free.insert(content);
                return true;
            }
            Entry::Occupied(first) if *first.get() == content => self.log.duplicates += 1,
            Entry::Occupied(_) => self.log.refused.push(Refused { line, why: LineError::OtherContent }),
        }
        false
    }

    fn event(&mut self, order: &str, place: Place, recorded_at: Instant) {
        let number = self.number_of(order);
        self.arrived.push((number, place));
        self.log.last_recorded_at = self.log.last_recorded_at.max(Some(recorded_at));
    }

    fn number_of(&mut self, order: &str) -> u32 {
        if let Some(known) = self.numbers.get(order) {
            return *known;
        }
        let name: Arc<str> = order.into();
        let number = u32::try_from(self.log.orders.len()).unwrap_or_else(|_| {
            self.too_many = true;
            0
        });
        self.log.orders.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    /// Groups the events by order, each order's by arrival.
    fn finish(self) -> Result<Log, ReadError> {
        let Merge { mut log, arrived, too_many, .. } = self;
        if too_many || u32::try_from(arrived.len()).is_err() {
            return Err(ReadError::TooMany);
        }
        let mut starts = vec![0_u32; log.orders.len() + 1];
        for (order, _) in &arrived {
            starts[*order as usize + 1] += 1;
        }
        for order in 1..starts.len() {
            starts[order] += starts[order - 1];
        }
        let mut next = starts.clone();
        log.places = vec![Place { block: 0, offset: 0 }; arrived.len()];
        for (order, place) in arrived {
            let slot = &mut next[order as usize];
            log.places[*slot as usize] = place;
            *slot += 1;
        }
        log.starts = starts;
        Ok(log)
    }
}

/// Passes a number that is a hash already.
#[derive(Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests;
