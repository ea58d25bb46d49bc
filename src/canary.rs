//! A record written and read back by a real client, librdkafka, set up as applications set it up.
//!
//! It is the one thing that msk-doctor writes, and only when asked to.

mod context;

use std::time::{Duration, Instant};

use rdkafka::client::Client;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::metadata::Metadata;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::util::get_rdkafka_version;
use rdkafka::{Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use self::context::{Context, Delivered};
use crate::probe::observation::{CanaryDetail, CanaryPart, End};
use crate::sasl::msk_iam::Token;
use crate::secret::{ExposeSecret as _, Printable, SecretString};
use crate::target::Endpoint;

/// The header that names the run.
const HEADER: &str = "msk-doctor";
/// What is left of the deadline for the client to say why it gave up.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// How often the client's events are served, and the end of the run looked for.
const TICK: Duration = Duration::from_millis(20);

/// How the client logs in.
#[derive(Debug, Clone)]
pub enum Login {
    /// Not at all.
    None,
    /// With an MSK IAM token (OAUTHBEARER).
    Token {
        /// The token.
        token: Token,
        /// When it ends, milliseconds since 1970.
        ends_ms: i64,
    },
    /// By SCRAM.
    Password {
        /// The mechanism.
        mechanism: String,
        /// The user's name.
        user: String,
        /// The password.
        password: SecretString,
    },
}

/// A client certificate and its key, PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate with its chain.
    pub certificate: String,
    /// The key.
    pub key: SecretString,
}

/// Everything that the client needs.
#[derive(Debug, Clone)]
pub struct Canary {
    /// The bootstrap string.
    pub bootstrap: String,
    /// The topic, which exists.
    pub topic: String,
    /// What names the run in the record's key and header.
    pub run: String,
    /// The roots to trust, PEM; `None` for a listener in clear text.
    pub roots: Option<String>,
    /// Whether the broker's certificate is verified.
    pub verifies: bool,
    /// The client certificate.
    pub identity: Option<Identity>,
    /// How the client logs in.
    pub login: Login,
    /// What the client calls itself.
    pub client_id: String,
}

/// How far the canary came.
struct Progress<'a> {
    canary: &'a Canary,
    detail: CanaryDetail,
    deadline: Instant,
    cancel: &'a CancellationToken,
}

/// Why it went no further.
struct Failure {
    part: CanaryPart,
    end: End,
    error_code: i16,
    words: String,
}

/// What the canary saw: how it ended, what it learnt, and the partition's leader where the client knew one.
pub struct Seen {
    /// How it ended.
    pub end: End,
    /// What it learnt.
    pub detail: CanaryDetail,
    /// The broker that leads the partition.
    pub leader: Option<Endpoint>,
}

/// What librdkafka is, in words.
#[must_use]
pub fn library() -> String {
    format!("librdkafka {}", get_rdkafka_version().1)
}

/// Writes the record and reads it back, on this thread, until `deadline`.
#[must_use]
pub fn run(canary: &Canary, deadline: Instant, cancel: &CancellationToken) -> Seen {
    let mut progress = Progress {
        canary,
        detail: CanaryDetail {
            run: canary.run.clone(),
            client: library(),
            topic: canary.topic.clone(),
            ..CanaryDetail::default()
        },
        deadline,
        cancel,
    };
    let context = Context::new(canary.login.clone());
    let mut leader = None;
    let end = match progress.go(&context, &mut leader) {
        Ok(()) => End::Answered,
        Err(failure) => {
            progress.detail.failed = Some(failure.part);
            progress.detail.error_code = failure.error_code;
            progress.detail.error = Some(failure.words);
            progress.detail.log = context.last_words();
            failure.end
        }
    };
    Seen {
        end,
        detail: progress.detail,
        leader,
    }
}

impl Progress<'_> {
    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Whether there is time and nobody has ended the run.
    fn goes_on(&self) -> bool {
        !self.left().is_zero() && !self.cancel.is_cancelled()
    }

    /// What went wrong in `part`: the broker's error, or the client's own.
    fn failure(&self, part: CanaryPart, error: &KafkaError) -> Failure {
        let code = error.rdkafka_error_code();
        let number = code.map_or(0, |code| code as i32);
        let of_broker = i16::try_from(number).unwrap_or(0).max(0);
        let end = if of_broker > 0 {
            End::KafkaError
        } else if self.cancel.is_cancelled() {
            End::Cancelled
        } else {
            End::ClientError
        };
        Failure {
            part,
            end,
            error_code: of_broker,
            words: words(error),
        }
    }

    fn out_of_time(&self, part: CanaryPart, what: &str) -> Failure {
        Failure {
            part,
            end: if self.cancel.is_cancelled() {
                End::Cancelled
            } else {
                End::ClientError
            },
            error_code: 0,
            words: what.to_owned(),
        }
    }

    fn go(&mut self, context: &Context, leader: &mut Option<Endpoint>) -> Result<(), Failure> {
        let began = Instant::now();
        let fails = |own: &Self, error: &KafkaError| own.failure(CanaryPart::Connect, error);
        let config = self.canary.config();
        let producer: BaseProducer<Context> = BaseProducer::from_config_and_context(
            &producer_config(&config, self.left()),
            context.clone(),
        )
        .map_err(|error| fails(self, &error))?;
        // The token has to be there before the client is asked for anything.
        producer.poll(Duration::ZERO);
        let metadata = self.metadata(producer.client())?;
        *leader = leader_of(&metadata, &self.canary.topic, None);
        self.detail.connect_us = Some(micros(began.elapsed()));
        let (partition, offset) = self.write(&producer, context)?;
        *leader = leader_of(&metadata, &self.canary.topic, Some(partition)).or(leader.take());
        self.read(&config, context, partition, offset)
    }

    /// What the client knows of the topic, once it is connected.
    fn metadata(&self, client: &Client<Context>) -> Result<Metadata, Failure> {
        let topic = &self.canary.topic;
        let metadata = client
            .fetch_metadata(Some(topic), self.left())
            .map_err(|error| self.failure(CanaryPart::Connect, &error))?;
        let error = metadata
            .topics()
            .iter()
            .find(|own| own.name() == topic)
            .and_then(rdkafka::metadata::MetadataTopic::error);
        match error {
            Some(error) => {
                let error = KafkaError::MetadataFetch(RDKafkaErrorCode::from(error));
                Err(self.failure(CanaryPart::Connect, &error))
            }
            None => Ok(metadata),
        }
    }

    fn write(
        &mut self,
        producer: &BaseProducer<Context>,
        context: &Context,
    ) -> Result<(i32, i64), Failure> {
        let began = Instant::now();
        let canary = self.canary;
        let key = format!("msk-doctor {}", canary.run);
        let headers = OwnedHeaders::new().insert(Header {
            key: HEADER,
            value: Some(canary.run.as_bytes()),
        });
        let record: BaseRecord<'_, String, str> = BaseRecord::to(&canary.topic)
            .key(&key)
            .payload("a canary of msk-doctor: it may be ignored")
            .headers(headers);
        producer
            .send(record)
            .map_err(|(error, _)| self.failure(CanaryPart::Write, &error))?;
        self.detail.sent = true;
        loop {
            producer.poll(TICK);
            match context.delivered() {
                Some(Delivered::At(partition, offset)) => {
                    self.detail.partition = Some(partition);
                    self.detail.offset = Some(offset);
                    self.detail.write_us = Some(micros(began.elapsed()));
                    // Nothing is left to flush; an application does so all the same.
                    let _ = producer.flush(self.left().min(Duration::from_secs(1)));
                    return Ok((partition, offset));
                }
                Some(Delivered::Not(error)) => {
                    return Err(self.failure(CanaryPart::Write, &error));
                }
                None if !self.goes_on() => {
                    return Err(self.out_of_time(
                        CanaryPart::Write,
                        "the record was not acknowledged before the time was up",
                    ));
                }
                None => {}
            }
        }
    }

    fn read(
        &mut self,
        config: &ClientConfig,
        context: &Context,
        partition: i32,
        offset: i64,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        let part = CanaryPart::Read;
        let fails = |own: &Self, error: &KafkaError| own.failure(part, error);
        let consumer: BaseConsumer<Context> =
            BaseConsumer::from_config_and_context(&consumer_config(config), context.clone())
                .map_err(|error| fails(self, &error))?;
        let mut wanted = TopicPartitionList::new();
        wanted
            .add_partition_offset(&self.canary.topic, partition, Offset::Offset(offset))
            .map_err(|error| fails(self, &error))?;
        consumer
            .assign(&wanted)
            .map_err(|error| fails(self, &error))?;
        let mut last = None;
        while self.goes_on() {
            match consumer.poll(TICK) {
                Some(Ok(message)) if message.offset() == offset => {
                    let found = message.headers().is_some_and(|headers| {
                        headers.iter().any(|own| {
                            own.key == HEADER && own.value == Some(self.canary.run.as_bytes())
                        })
                    });
                    if !found {
                        return Err(self.out_of_time(
                            part,
                            "another record stands at the offset that was acknowledged",
                        ));
                    }
                    self.detail.read_us = Some(micros(began.elapsed()));
                    return Ok(());
                }
                // A lost connection is tried again; and groups are not used, so their rights do not matter.
                Some(Err(error)) if is_final(&error) => return Err(fails(self, &error)),
                Some(Err(error)) => last = Some(error),
                Some(Ok(_)) | None => {}
            }
        }
        Err(match last {
            Some(error) => fails(self, &error),
            None => self.out_of_time(part, "the record did not come back before the time was up"),
        })
    }
}

/// Whether a consumer's error is the broker's last word on the partition.
fn is_final(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::TopicAuthorizationFailed
                | Code::OffsetOutOfRange
                | Code::UnknownTopicOrPartition
                | Code::SaslAuthenticationFailed
                | Code::AutoOffsetReset
        )
    )
}

/// The broker that leads a partition, or the first one.
fn leader_of(metadata: &Metadata, topic: &str, partition: Option<i32>) -> Option<Endpoint> {
    let topic = metadata.topics().iter().find(|own| own.name() == topic)?;
    let partition = topic
        .partitions()
        .iter()
        .find(|own| partition.is_none_or(|wanted| own.id() == wanted))?;
    let broker = metadata
        .brokers()
        .iter()
        .find(|broker| broker.id() == partition.leader())?;
    let port = u16::try_from(broker.port()).ok()?;
    Some(Endpoint::new(broker.host(), port)).filter(Endpoint::is_plausible)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// librdkafka's own words.
fn words(error: &KafkaError) -> String {
    let words = match error.rdkafka_error_code() {
        Some(code) => format!("{code} ({error})"),
        None => error.to_string(),
    };
    Printable::new(&words).to_string()
}

impl Canary {
    /// What producer and consumer have in common.
    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        let protocol = match (&self.login, &self.roots) {
            (Login::None, None) => "plaintext",
            (Login::None, Some(_)) => "ssl",
            (_, None) => "sasl_plaintext",
            (_, Some(_)) => "sasl_ssl",
        };
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("client.id", &self.client_id)
            .set("security.protocol", protocol)
            .set("allow.auto.create.topics", "false")
            .set("log_level", "6")
            .set_log_level(RDKafkaLogLevel::Info);
        if let Some(roots) = &self.roots {
            config.set("ssl.ca.pem", roots);
        }
        if !self.verifies {
            config.set("enable.ssl.certificate.verification", "false");
        }
        if let Some(identity) = &self.identity {
            config
                .set("ssl.certificate.pem", &identity.certificate)
                .set("ssl.key.pem", identity.key.expose_secret());
        }
        match &self.login {
            Login::None => {}
            Login::Token { .. } => {
                config.set("sasl.mechanism", "OAUTHBEARER");
            }
            Login::Password {
                mechanism,
                user,
                password,
            } => {
                config
                    .set("sasl.mechanism", mechanism)
                    .set("sasl.username", user)
                    .set("sasl.password", password.expose_secret());
            }
        }
        config
    }
}

fn producer_config(common: &ClientConfig, left: Duration) -> ClientConfig {
    // Its own words come before we lose patience.
    let own = left.saturating_sub(LAST_WORDS);
    let mut config = common.clone();
    config
        .set("acks", "all")
        // Not for ever: the broker's reason comes with the last try.
        .set("retries", "5")
        .set("message.timeout.ms", own.as_millis().max(1).to_string());
    config
}

fn consumer_config(common: &ClientConfig) -> ClientConfig {
    let mut config = common.clone();
    config
        // The client wants one; it is never joined, and nothing is committed.
        .set("group.id", "msk-doctor-canary")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error");
    config
}
