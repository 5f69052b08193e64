//! A log of many orders' events, as simulate, compare and tests replay it.
//!
//! Events are kept packed (about 50 bytes each) and are unpacked one order at a time, so that a log of millions of events
//! fits into memory. Arrival is the order of the lines. Of lines with one id the first that is good counts: the same
//! content again is a duplicate and ignored, other content is refused.

mod pack;
mod read;

pub use read::{ReadError, read};

use crate::order::body::BodyError;
use crate::order::{Event, History};
use crate::text::Lang;
use crate::time::Instant;
use std::sync::Arc;

/// Lines are at most so many bytes long.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// What some editors put before a text in UTF-8; it is no part of the first line.
pub(crate) const BOM: &[u8] = "\u{feff}".as_bytes();

/// The events of many orders, grouped by order.
#[derive(Debug, Default)]
pub struct Log {
    /// In the order of their first lines.
    orders: Vec<Arc<str>>,
    /// Where each order's events begin in `places`, and at last where the last order's end.
    starts: Vec<u32>,
    /// By order, then by arrival.
    places: Vec<Place>,
    packed: Vec<Vec<u8>>,
    /// The latest `recorded_at` of all.
    pub last_recorded_at: Option<Instant>,
    /// Lines left out, ascending.
    pub refused: Vec<Refused>,
    /// Lines ignored, because the same was there before.
    pub duplicates: u64,
    /// Figures, which belong to no order.
    pub figures: u64,
    /// Attributes and fields that no vocabulary declares.
    pub undeclared: u64,
}

/// Where a packed event stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    block: u32,
    offset: u32,
}

/// A line that was left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub why: LineError,
}

/// Why a line is left out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", self.message(Lang::En))]
pub enum LineError {
    /// It is no good event or figure.
    Body(BodyError),
    /// An earlier line has the same id and says something else.
    OtherContent,
    /// It is longer than [`LINE_BYTES_MAX`].
    TooLong,
}

impl LineError {
    /// What is wrong, in words.
    pub fn message(&self, lang: Lang) -> String {
        match (self, lang) {
            (LineError::Body(error), lang) => error.message(lang),
            (LineError::OtherContent, Lang::Zh) => "前面已有相同 `id` 而内容不同的一行".into(),
            (LineError::OtherContent, Lang::En) => "an earlier line has the same `id` and other content".into(),
            (LineError::TooLong, Lang::Zh) => format!("过长，一行最多 {LINE_BYTES_MAX} 字节"),
            (LineError::TooLong, Lang::En) => format!("too long, at most {LINE_BYTES_MAX} bytes a line"),
        }
    }
}

impl Log {
    /// The orders, in the order of their first lines.
    pub fn orders(&self) -> &[Arc<str>] {
        &self.orders
    }

    /// The orders alone; what was packed is freed.
    pub fn into_orders(self) -> Vec<Arc<str>> {
        self.orders
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What is known of an order (by its place in [`Log::orders`]) at an instant; none if nothing is.
    pub fn history(&self, order: usize, known_at: Instant) -> Option<History> {
        let places = &self.places[self.starts[order] as usize..self.starts[order + 1] as usize];
        let unpacked = places.iter().zip(1..).map(|(place, arrival)| self.event(*place, arrival));
        let known: Vec<Event> = unpacked.filter(|event| event.recorded_at <= known_at).collect();
        (!known.is_empty()).then(|| History::new(self.orders[order].clone(), known))
    }

    fn event(&self, place: Place, arrival: u64) -> Event {
        pack::unpack(&self.packed[place.block as usize][place.offset as usize..], arrival)
    }
}
