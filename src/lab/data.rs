//! `Produce`, `Fetch` and `ListOffsets`: as much of them as clients need to write records and read them back.
//!
//! Source: <https://kafka.apache.org/protocol>.

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::{
    BrokerId, FetchResponse, ListOffsetsResponse, ProduceResponse, TopicName,
    fetch_response::{FetchableTopicResponse, PartitionData},
    list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse},
    produce_response::{PartitionProduceResponse, TopicProduceResponse},
};
use kafka_protocol::protocol::StrBytes;

use super::log::{Batch, Log};
use super::messages::{Request, framed};
use super::reader::Reader;

/// `OFFSET_OUT_OF_RANGE`.
const OUT_OF_RANGE: i16 = 1;
/// The longest that a fetch waits for records, whatever the client asks for.
const MOST_PATIENCE: Duration = Duration::from_secs(30);

/// Something about each of some partitions.
pub(super) type OfPartitions<T> = Vec<(String, Vec<(i32, T)>)>;

/// `Produce`: a batch for each partition.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Produce {
    /// Whether the client waits for an answer.
    pub(super) answered: bool,
    pub(super) topics: OfPartitions<Vec<u8>>,
}

/// `Fetch`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fetch {
    /// How long to wait for the first record.
    pub(super) patience: Duration,
    /// The offset of each partition, and how many bytes of it.
    pub(super) topics: OfPartitions<(i64, usize)>,
}

/// `ListOffsets`: a time for each partition.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListOffsets {
    pub(super) topics: OfPartitions<i64>,
}

/// What the broker says of a partition before it looks at the request: an error, or 0.
pub(super) type Judge<'a> = &'a dyn Fn(&str, i32) -> i16;

/// Topics with their partitions, each read by `each`.
fn of_partitions<T>(
    bytes: &mut Reader<'_>,
    each: impl Fn(&mut Reader<'_>) -> Option<T>,
) -> Option<OfPartitions<T>> {
    let mut topics = Vec::new();
    for _ in 0..bytes.i32()?.max(0) {
        let name = bytes.string()?;
        let mut partitions = Vec::new();
        for _ in 0..bytes.i32()?.max(0) {
            partitions.push((bytes.i32()?, each(bytes)?));
        }
        topics.push((name, partitions));
    }
    Some(topics)
}

impl Produce {
    /// Reads versions 3 to 8.
    pub(super) fn read(bytes: &mut Reader<'_>) -> Option<Self> {
        bytes.nullable_string()?;
        let acks = bytes.i16()?;
        bytes.i32()?;
        let topics = of_partitions(bytes, |bytes| {
            Some(bytes.nullable_bytes()?.unwrap_or_default())
        })?;
        Some(Self {
            answered: acks != 0,
            topics,
        })
    }

    /// Appends what fits, and answers; `None` where the client waits for no answer.
    pub(super) fn answer(&self, request: &Request, log: &Log, judge: Judge<'_>) -> Option<Vec<u8>> {
        let answered = answers(&self.topics, |name, (index, bytes)| {
            let offset = match judge(name, *index) {
                0 => Batch::read(bytes)
                    .map(|batch| log.append(name, *index, batch))
                    .map_err(|unfit| unfit as i16),
                error => Err(error),
            };
            PartitionProduceResponse::default()
                .with_index(*index)
                .with_error_code(offset.err().unwrap_or(0))
                .with_base_offset(offset.unwrap_or(-1))
        });
        let topics = answered.map(|(name, partitions)| {
            TopicProduceResponse::default()
                .with_name(name)
                .with_partition_responses(partitions)
        });
        let response = ProduceResponse::default().with_responses(topics.collect());
        self.answered
            .then(|| framed(request, request.version, &response))
    }
}

/// The answers of each topic.
fn answers<'a, T, R>(
    topics: &'a OfPartitions<T>,
    each: impl Fn(&str, &(i32, T)) -> R + 'a,
) -> impl Iterator<Item = (TopicName, Vec<R>)> + 'a
where
    R: 'a,
{
    topics.iter().map(move |(name, partitions)| {
        let topic = TopicName(StrBytes::from_string(name.clone()));
        let all = partitions.iter().map(|partition| each(name, partition));
        (topic, all.collect())
    })
}

impl Fetch {
    /// Reads versions 4 to 11.
    pub(super) fn read(bytes: &mut Reader<'_>, version: i16) -> Option<Self> {
        bytes.i32()?;
        let patience = Duration::from_millis(u64::try_from(bytes.i32()?).unwrap_or(0));
        bytes.take(4 + 4 + 1)?;
        if version >= 7 {
            bytes.take(4 + 4)?;
        }
        let topics = of_partitions(bytes, |bytes| {
            if version >= 9 {
                bytes.i32()?;
            }
            let offset = bytes.i64()?;
            if version >= 5 {
                bytes.i64()?;
            }
            Some((offset, usize::try_from(bytes.i32()?).unwrap_or(0)))
        })?;
        Some(Self {
            patience: patience.min(MOST_PATIENCE),
            topics,
        })
    }

    /// Answers with what is there; whether that is anything: records, or an error. Without sessions (KIP-227), which a broker may always
    /// refuse.
    pub(super) fn answer(&self, request: &Request, log: &Log, judge: Judge<'_>) -> (Vec<u8>, bool) {
        let answered: Vec<_> = answers(&self.topics, |name, (index, (offset, limit))| {
            let data = PartitionData::default().with_partition_index(*index);
            let error = judge(name, *index);
            if error != 0 {
                return data.with_error_code(error).with_high_watermark(-1);
            }
            let found = log.fetch(name, *index, *offset, *limit);
            let data = data
                .with_error_code(if found.bytes.is_some() {
                    0
                } else {
                    OUT_OF_RANGE
                })
                .with_high_watermark(found.end)
                .with_last_stable_offset(found.end)
                .with_records(Some(Bytes::from(found.bytes.unwrap_or_default())));
            if request.version >= 5 {
                data.with_log_start_offset(found.start)
            } else {
                data
            }
        })
        .collect();
        let is_news = |data: &PartitionData| {
            data.error_code != 0
                || data
                    .records
                    .as_ref()
                    .is_some_and(|records| !records.is_empty())
        };
        let news = answered.iter().flat_map(|(_, all)| all).any(is_news);
        let topics = answered.into_iter().map(|(name, partitions)| {
            FetchableTopicResponse::default()
                .with_topic(name)
                .with_partitions(partitions)
        });
        let response = FetchResponse::default().with_responses(topics.collect());
        (framed(request, request.version, &response), news)
    }
}

impl ListOffsets {
    /// Reads versions 1 to 5.
    pub(super) fn read(bytes: &mut Reader<'_>, version: i16) -> Option<Self> {
        bytes.i32()?;
        if version >= 2 {
            bytes.take(1)?;
        }
        let topics = of_partitions(bytes, |bytes| {
            if version >= 4 {
                bytes.i32()?;
            }
            bytes.i64()
        })?;
        Some(Self { topics })
    }

    pub(super) fn answer(&self, request: &Request, log: &Log, judge: Judge<'_>) -> Vec<u8> {
        let answered = answers(&self.topics, |name, (index, time)| {
            let own = ListOffsetsPartitionResponse::default().with_partition_index(*index);
            let error = judge(name, *index);
            if error != 0 {
                return own.with_error_code(error);
            }
            let (offset, time) = log.offset_of(name, *index, *time);
            let own = own.with_offset(offset).with_timestamp(time);
            if request.version >= 4 {
                own.with_leader_epoch(0)
            } else {
                own
            }
        });
        let topics = answered.map(|(name, partitions)| {
            ListOffsetsTopicResponse::default()
                .with_name(name)
                .with_partitions(partitions)
        });
        let response = ListOffsetsResponse::default().with_topics(topics.collect());
        framed(request, request.version, &response)
    }
}

/// The broker that leads a partition: the one of its number.
pub(super) fn leader(brokers: &[super::messages::Listed], index: i32) -> Option<BrokerId> {
    let index = usize::try_from(index).ok()?;
    Some(BrokerId(brokers.get(index)?.id))
}
