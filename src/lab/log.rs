//! The records of the lab's topics, in memory, as a broker's log keeps them: whole batches, never opened.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// What is kept of one partition, bytes: the oldest batches go first, as Kafka's retention has it.
const KEPT: usize = 16 * 1024 * 1024;
/// Bytes of a batch before its records.
const HEADER: usize = 61;
/// The version of batches that all versions of `Produce` from 3 on have.
const MAGIC: u8 = 2;

/// Why a batch is not taken; the numbers are Kafka's error codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub(super) enum Unfit {
    /// `CORRUPT_MESSAGE`.
    Corrupt = 2,
    /// `UNSUPPORTED_FOR_MESSAGE_FORMAT`.
    OldFormat = 43,
    /// `INVALID_RECORD`: not exactly one batch, or none.
    NotOneBatch = 87,
}

/// A batch of records (KIP-98), its checksum verified.
/// Source: <https://kafka.apache.org/documentation/#recordbatch>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// How many offsets it takes.
    offsets: i64,
    /// The latest time in it, milliseconds since 1970.
    latest: i64,
}

impl Batch {
    /// Reads a batch as a broker does before it appends it.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Unfit> {
        let Some((header, _)) = bytes.split_at_checked(HEADER) else {
            return Err(Unfit::NotOneBatch);
        };
        let i32_at = |at: usize| {
            i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let length = usize::try_from(i32_at(8)).map_err(|_| Unfit::Corrupt)?;
        if header[16] < MAGIC {
            return Err(Unfit::OldFormat);
        }
        if bytes.len() < 12 + length {
            return Err(Unfit::Corrupt);
        }
        if bytes.len() > 12 + length {
            return Err(Unfit::NotOneBatch);
        }
        // The checksum is of all that follows it; what a broker writes into a batch stands before.
        if crc32c::crc32c(&bytes[21..]).to_be_bytes() != header[17..21] {
            return Err(Unfit::Corrupt);
        }
        let last = i32_at(23);
        if last < 0 || i32_at(57) != last + 1 {
            return Err(Unfit::NotOneBatch);
        }
        let mut latest = [0; 8];
        latest.copy_from_slice(&header[35..43]);
        Ok(Self {
            bytes: bytes.to_vec(),
            offsets: i64::from(last) + 1,
            latest: i64::from_be_bytes(latest),
        })
    }
}

/// One partition's batches, with the offset of each.
#[derive(Debug, Default)]
struct Partition {
    batches: VecDeque<(i64, Batch)>,
    /// The offset of the first that is kept.
    start: i64,
    /// The next offset.
    end: i64,
    bytes: usize,
}

/// What a fetch finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The first offset that is kept.
    pub(super) start: i64,
    /// The next offset: the high watermark too.
    pub(super) end: i64,
    /// Whole batches from the one that has the offset; `None` where the offset is out of range.
    pub(super) bytes: Option<Vec<u8>>,
}

/// All partitions' records.
#[derive(Debug)]
pub(super) struct Log {
    partitions: Mutex<HashMap<(String, i32), Partition>>,
    arrivals: watch::Sender<()>,
}

impl Log {
    pub(super) fn new() -> Self {
        Self {
            partitions: Mutex::default(),
            arrivals: watch::Sender::new(()),
        }
    }

    /// Told of each batch that arrives.
    pub(super) fn arrivals(&self) -> watch::Receiver<()> {
        self.arrivals.subscribe()
    }

    fn with<T>(&self, topic: &str, index: i32, then: impl FnOnce(&mut Partition) -> T) -> T {
        let mut all = self
            .partitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        then(all.entry((topic.to_owned(), index)).or_default())
    }

    /// Appends a batch; its first offset.
    pub(super) fn append(&self, topic: &str, index: i32, mut batch: Batch) -> i64 {
        let offset = self.with(topic, index, |partition| {
            let offset = partition.end;
            // The first offset and the leader's epoch are the broker's to write.
            batch.bytes[..8].copy_from_slice(&offset.to_be_bytes());
            batch.bytes[12..16].copy_from_slice(&0i32.to_be_bytes());
            partition.end += batch.offsets;
            partition.bytes += batch.bytes.len();
            partition.batches.push_back((offset, batch));
            while partition.bytes > KEPT
                && let Some((first, gone)) = partition.batches.pop_front()
            {
                partition.bytes -= gone.bytes.len();
                partition.start = first + gone.offsets;
            }
            offset
        });
        self.arrivals.send_replace(());
        offset
    }

    /// The batches from `offset` on, at most `limit` bytes but at least one (KIP-74).
    pub(super) fn fetch(&self, topic: &str, index: i32, offset: i64, limit: usize) -> Found {
        self.with(topic, index, |partition| {
            let bytes = (partition.start..=partition.end)
                .contains(&offset)
                .then(|| {
                    let mut bytes = Vec::new();
                    let wanted = partition
                        .batches
                        .iter()
                        .filter(|(first, batch)| first + batch.offsets > offset);
                    for (_, batch) in wanted {
                        if !bytes.is_empty() && bytes.len() + batch.bytes.len() > limit {
                            break;
                        }
                        bytes.extend_from_slice(&batch.bytes);
                    }
                    bytes
                });
            Found {
                start: partition.start,
                end: partition.end,
                bytes,
            }
        })
    }

    /// The offset and time of a time, as `ListOffsets` asks: -1 is the end, -2 the start, else the first batch that is not
    /// before it; -1 where there is none.
    pub(super) fn offset_of(&self, topic: &str, index: i32, time: i64) -> (i64, i64) {
        self.with(topic, index, |partition| match time {
            -1 => (partition.end, -1),
            -2 => (partition.start, -1),
            _ => partition
                .batches
                .iter()
                .find(|(_, batch)| batch.latest >= time)
                .map_or((-1, -1), |(first, batch)| (*first, batch.latest)),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A batch of so many records of 10 bytes, which nobody opens.
    pub(in crate::lab) fn batch(records: i32) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        bytes.extend(vec![7; 10 * usize::try_from(records).expect("few")]);
        let length = i32::try_from(bytes.len() - 12).expect("short");
        bytes[8..12].copy_from_slice(&length.to_be_bytes());
        bytes[16] = MAGIC;
        bytes[23..27].copy_from_slice(&(records - 1).to_be_bytes());
        bytes[35..43].copy_from_slice(&1_000_i64.to_be_bytes());
        bytes[57..61].copy_from_slice(&records.to_be_bytes());
        let sum = crc32c::crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&sum.to_be_bytes());
        bytes
    }

    #[test]
    fn what_is_appended_is_given_back_with_its_offset() {
        let log = Log::new();
        for (records, offset) in [(3, 0), (1, 3), (2, 4)] {
            let own = Batch::read(&batch(records)).expect("a batch");
            assert_eq!(log.append("t", 0, own), offset);
        }
        let all = log.fetch("t", 0, 0, usize::MAX);
        assert_eq!((all.start, all.end), (0, 6));
        let bytes = all.bytes.expect("in range");
        assert_eq!(bytes.len(), 3 * HEADER + 60);
        assert_eq!(
            Batch::read(&bytes[..HEADER + 30]).map(|own| own.offsets),
            Ok(3)
        );
        // The batch that has the offset comes whole, and one comes whatever the limit.
        assert_eq!(
            log.fetch("t", 0, 2, 1).bytes.map(|own| own.len()),
            Some(HEADER + 30)
        );
        assert_eq!(log.fetch("t", 0, 6, 100).bytes, Some(Vec::new()));
        assert_eq!(log.fetch("t", 0, 7, 100).bytes, None);
        assert_eq!(log.fetch("t", 1, 0, 100).end, 0);
        assert_eq!(log.offset_of("t", 0, -1), (6, -1));
        assert_eq!(log.offset_of("t", 0, -2), (0, -1));
        assert_eq!(log.offset_of("t", 0, 5), (0, 1_000));
        assert_eq!(log.offset_of("t", 0, 1_001), (-1, -1));
    }

    #[test]
    fn what_is_old_goes_where_it_is_too_much() {
        let log = Log::new();
        let one = Batch::read(&batch(100_000)).expect("a batch");
        for _ in 0..20 {
            log.append("t", 0, one.clone());
        }
        let found = log.fetch("t", 0, 0, 1);
        assert!(found.start > 0 && found.bytes.is_none());
        assert_eq!(found.end, 2_000_000);
        assert!(
            log.fetch("t", 0, found.start, usize::MAX)
                .bytes
                .is_some_and(|own| own.len() <= KEPT)
        );
    }

    #[test]
    fn what_is_no_batch_is_refused() {
        let good = batch(2);
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            Batch::read(&bytes)
        };
        assert_eq!(Batch::read(&[]), Err(Unfit::NotOneBatch));
        assert_eq!(Batch::read(&good[..good.len() - 1]), Err(Unfit::Corrupt));
        assert_eq!(
            Batch::read(&[&good[..], &good].concat()),
            Err(Unfit::NotOneBatch)
        );
        assert_eq!(with(16, 1), Err(Unfit::OldFormat));
        assert_eq!(with(70, 8), Err(Unfit::Corrupt));
        assert_eq!(with(8, 0xff), Err(Unfit::Corrupt));
    }
}
