//! What a broker says to each request, and what it does then: pure, in the order that Kafka's
//! `SaslServerAuthenticator` imposes.

use std::time::{Duration, SystemTime};

use super::LabFault;
use super::broker::Broker;
use super::data;
use super::messages::{
    self, ALL_OPERATIONS, Body, DESCRIBE, Described, READ, Request, TOPIC_DENIED, UNKNOWN_TOPIC,
    WRITE, Wanted,
};
use super::scram::{self, Waiting};
use super::verify::{Refused, verify, verify_payload};
use crate::sasl::scram::Hash;

/// `sasl.server.max.receive.size`: the longest request before a login, bytes.
const MAX_BEFORE_LOGIN: usize = 512 * 1024;
/// `socket.request.max.bytes`: the longest request after it, bytes.
const MAX_REQUEST: usize = 100 * 1024 * 1024;
/// Text that would take over a terminal that printed it.
pub(super) const ESCAPES: &str = "\u{1b}[31m\u{1b}]0;owned\u{7}evil\r\n\u{202e}";
/// What stock Kafka's validator answers to a token that it refuses.
const CHALLENGE: &str = r#"{"status":"invalid_token"}"#;
/// What Kafka says of a token that its own parser refuses, and of a user or password of SCRAM; the mechanism follows.
const UNPARSEABLE: &str =
    "Authentication failed during authentication due to invalid credentials with SASL mechanism";
/// What AWS's services say of a signature from the future, and of credentials that are over.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html>.
const NOT_YET_CURRENT: &str = "Signature not yet current: 20300101T120000Z is still later than 20300101T110000Z (20300101T105500Z + 5 min.)";
const TOKEN_EXPIRED: &str = "The security token included in the request is expired";
/// Kafka's words for a login as somebody else (KIP-368).
const ANOTHER_PRINCIPAL: &str = "Cannot change principals during re-authentication from IAM.arn:aws:sts::123456789012:assumed-role/app/one: IAM.arn:aws:sts::123456789012:assumed-role/app/two";
/// The throttle time that LIM-08 announces, and keeps (KIP-219).
const THROTTLE: Duration = Duration::from_millis(25);

/// `NOT_LEADER_OR_FOLLOWER`.
const NOT_LEADER: i16 = 6;
/// `NOT_ENOUGH_REPLICAS`.
const NOT_ENOUGH_REPLICAS: i16 = 19;
/// `KAFKA_STORAGE_ERROR`.
const STORAGE_ERROR: i16 = 56;
/// `COORDINATOR_LOAD_IN_PROGRESS`.
const COORDINATOR_LOAD_IN_PROGRESS: i16 = 14;
/// `COORDINATOR_NOT_AVAILABLE`.
const COORDINATOR_NOT_AVAILABLE: i16 = 15;
/// `NOT_COORDINATOR`.
const NOT_COORDINATOR: i16 = 16;
/// `GROUP_AUTHORIZATION_FAILED`.
const GROUP_DENIED: i16 = 30;
/// `CLUSTER_AUTHORIZATION_FAILED`.
const CLUSTER_DENIED: i16 = 31;
/// `TRANSACTIONAL_ID_AUTHORIZATION_FAILED`.
const TRANSACTION_DENIED: i16 = 53;
/// `UNSUPPORTED_SASL_MECHANISM`.
const UNSUPPORTED_MECHANISM: i16 = 33;
/// `ILLEGAL_SASL_STATE`.
const ILLEGAL_STATE: i16 = 34;
/// `INVALID_REQUEST`.
const INVALID_REQUEST: i16 = 42;
/// `SASL_AUTHENTICATION_FAILED`.
const AUTHENTICATION_FAILED: i16 = 58;

/// An answer, and what follows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    pub(super) then: Then,
}

/// What the broker does after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Reads the next request.
    Listen,
    /// Reads nothing for a while, then the next request.
    Mute(Duration),
    /// Keeps the answer for so long, unless records arrive before.
    Hold(Duration),
    /// Sends `close_notify` and FIN.
    Close,
    /// Waits `connection.failed.authentication.delay.ms`, and only then answers; `close_notify`, FIN.
    CloseAfterDelay,
    /// Sends FIN alone, as something in between would.
    Fin,
    /// Sends RST.
    Reset,
    /// Nothing at all: the client gives up first.
    Silence,
}

impl Then {
    fn after(self, bytes: Vec<u8>) -> Answer {
        Answer { bytes, then: self }
    }

    fn wordless(self) -> Answer {
        self.after(Vec::new())
    }
}

/// How far a login has come. The variants name what is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// `ApiVersions` or `SaslHandshake`.
    Hello,
    /// `SaslHandshake` only: versions are asked for once.
    Handshake,
    /// A bare token, after `SaslHandshake` v0.
    BareToken,
    /// `SaslAuthenticate`, after `SaslHandshake` v1.
    FramedToken,
    /// The second message of SCRAM, in `SaslAuthenticate` or bare.
    Proof { framed: bool },
    /// The client's answer to a challenge, bare.
    BareReply,
    /// The client's answer to a challenge, in `SaslAuthenticate`.
    FramedReply,
    /// Any request, until the session ends.
    Open { ends: Option<SystemTime> },
}

/// What a connection ends at, when it ends without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Versions,
    Handshake,
    /// Framed or bare.
    Token,
    Metadata,
}

/// Ends without an answer. A device on the way sends RST, or FIN outside TLS; a broker that is being
/// restarted or has too many connections closes in order.
const ENDS: [(LabFault, At, Then); 16] = [
    (LabFault::Clu06, At::Versions, Then::Silence),
    (LabFault::Tls12Trusted, At::Versions, Then::Reset),
    (LabFault::Net03Versions, At::Versions, Then::Reset),
    (LabFault::Clu02Versions, At::Versions, Then::Close),
    (LabFault::Lim07Versions, At::Versions, Then::Close),
    (LabFault::Net03Handshake, At::Handshake, Then::Reset),
    (LabFault::Clu02Handshake, At::Handshake, Then::Close),
    (LabFault::Lim07Handshake, At::Handshake, Then::Close),
    (LabFault::Sasl26, At::Token, Then::Silence),
    (LabFault::Net03, At::Token, Then::Reset),
    (LabFault::Net03Fin, At::Token, Then::Fin),
    (LabFault::Clu02, At::Token, Then::Close),
    (LabFault::Lim07, At::Token, Then::Close),
    (LabFault::Net03Metadata, At::Metadata, Then::Reset),
    (LabFault::Clu02Metadata, At::Metadata, Then::Close),
    (LabFault::Lim07Metadata, At::Metadata, Then::Close),
];

/// One connection's conversation.
pub(super) struct Session<'a> {
    broker: &'a Broker,
    state: State,
    /// The mechanism that the client has chosen.
    mechanism: &'static str,
    scram: Option<Waiting>,
}

/// What a client wants of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Describes,
    Reads,
    Writes,
}

/// What the authenticator says of a token.
enum Verdict {
    Good {
        /// When the session ends; that of SCRAM does not.
        ends: Option<SystemTime>,
        /// The last message of the mechanism.
        words: String,
    },
    /// The mechanism asks for more.
    Asked(String),
    /// A validator that says why in JSON (RFC 7628, 3.2.2).
    Challenged,
    /// A `SaslAuthenticationException`: its text goes to the client.
    Refused(String),
    /// A `SaslException`: its text does not, and without `SaslAuthenticate` there is no delay.
    Unparseable,
}

impl<'a> Session<'a> {
    pub(super) fn new(broker: &'a Broker) -> Self {
        let state = if broker.has_sasl() {
            State::Hello
        } else {
            State::Open { ends: None }
        };
        Self {
            broker,
            state,
            mechanism: "",
            scram: None,
        }
    }

    /// The longest request that is taken now, bytes.
    pub(super) fn max_request(&self) -> usize {
        match self.state {
            State::Open { .. } => MAX_REQUEST,
            _ => MAX_BEFORE_LOGIN,
        }
    }

    /// Answers one frame.
    pub(super) fn on(&mut self, frame: &[u8], now: SystemTime) -> Answer {
        match self.state {
            State::BareToken | State::Proof { framed: false } => self.token(None, frame, now),
            State::BareReply => Then::CloseAfterDelay.wordless(),
            _ => match messages::read(frame, self.broker.listener()) {
                Some(request) => self.request(&request, now),
                None => Then::Close.wordless(),
            },
        }
    }

    /// The end that a fault makes of what is asked, if one does.
    fn ended(&self, at: At) -> Option<Answer> {
        ENDS.iter()
            .find(|(fault, place, _)| *place == at && self.broker.has(*fault))
            .map(|(_, _, then)| then.wordless())
    }

    fn request(&mut self, request: &Request, now: SystemTime) -> Answer {
        match (self.state, &request.body) {
            (State::Open { .. }, Body::SaslHandshake(mechanism)) if self.broker.has_sasl() => {
                // KIP-368: a client logs in again before its session ends.
                self.handshake(request, mechanism)
            }
            (State::Open { ends: Some(ends) }, _) if ends <= now => Then::Close.wordless(),
            (State::Open { .. }, body) => self.open(request, body),
            (State::Hello, Body::ApiVersions { valid }) => self.versions(request, *valid),
            (State::Handshake, Body::ApiVersions { .. }) => Then::Close.wordless(),
            (State::Hello | State::Handshake, Body::SaslHandshake(mechanism)) => {
                self.handshake(request, mechanism)
            }
            (State::FramedToken | State::Proof { framed: true }, Body::SaslAuthenticate(token)) => {
                self.token(Some(request), token, now)
            }
            (State::FramedReply, Body::SaslAuthenticate(_)) => Then::CloseAfterDelay.after(
                messages::sasl_authenticate(request, AUTHENTICATION_FAILED, CHALLENGE, &[], 0),
            ),
            (State::FramedToken, Body::ApiVersions { .. }) => {
                Then::CloseAfterDelay.after(messages::api_versions_error(request, ILLEGAL_STATE))
            }
            _ => Then::CloseAfterDelay.wordless(),
        }
    }

    fn versions(&mut self, request: &Request, valid: bool) -> Answer {
        if let Some(end) = self.ended(At::Versions) {
            return end;
        }
        if !valid {
            return Then::Listen.after(messages::api_versions_error(request, INVALID_REQUEST));
        }
        if self.state == State::Hello && (0..=4).contains(&request.version) {
            self.state = State::Handshake;
        }
        Then::Listen.after(messages::api_versions(request, self.broker.listener()))
    }

    fn groups(&self, request: &Request, names: &[String], operations: bool) -> Answer {
        let is_coordinator = (self.broker.coordinator(false))
            .is_some_and(|coordinator| coordinator.id == self.broker.id());
        let error = if self.broker.has(LabFault::Clu18) {
            COORDINATOR_NOT_AVAILABLE
        } else if self.broker.has(LabFault::Clu18Loading) && is_coordinator {
            COORDINATOR_LOAD_IN_PROGRESS
        } else if self.broker.has(LabFault::Clu18Moves) {
            NOT_COORDINATOR
        } else if self.broker.has(LabFault::Iam11) {
            GROUP_DENIED
        } else if is_coordinator {
            0
        } else {
            NOT_COORDINATOR
        };
        let allowed = if self.broker.has(LabFault::Iam11Join) {
            messages::DESCRIBE
        } else {
            messages::ALL_OF_A_GROUP
        };
        let told = Some(allowed).filter(|_| operations && error == 0);
        Then::Listen.after(messages::describe_groups(request, names, error, told))
    }

    fn open(&mut self, request: &Request, body: &Body) -> Answer {
        match body {
            Body::ApiVersions { valid } => self.versions(request, *valid),
            Body::SaslHandshake(_) => {
                Then::Listen.after(messages::sasl_handshake(request, ILLEGAL_STATE, &[]))
            }
            Body::SaslAuthenticate(_) => Then::Listen.after(messages::sasl_authenticate(
                request,
                ILLEGAL_STATE,
                "SaslAuthenticate request received after successful authentication",
                &[],
                0,
            )),
            Body::Metadata(wanted) => self.metadata(request, wanted),
            Body::FindCoordinator { transaction } => {
                let error = match transaction {
                    _ if self.broker.has(LabFault::Clu18) => COORDINATOR_NOT_AVAILABLE,
                    true if self.broker.has(LabFault::Iam13) => TRANSACTION_DENIED,
                    false if self.broker.has(LabFault::Iam11) => GROUP_DENIED,
                    _ => 0,
                };
                let coordinator = self.broker.coordinator(*transaction);
                Then::Listen.after(messages::find_coordinator(
                    request,
                    error,
                    coordinator.as_ref(),
                ))
            }
            Body::DescribeGroups { names, operations } => self.groups(request, names, *operations),
            Body::InitProducerId { idempotent } => {
                let denied = *idempotent && self.broker.has(LabFault::Iam12);
                let error = if denied { CLUSTER_DENIED } else { 0 };
                Then::Listen.after(messages::init_producer_id(request, error))
            }
            Body::Produce(asked) => {
                let judge = |topic: &str, index| self.partition(topic, index, Side::Writes);
                let answer = asked.answer(request, self.broker.log(), &judge);
                Then::Listen.after(answer.unwrap_or_default())
            }
            Body::Fetch(asked) => {
                let judge = |topic: &str, index| self.partition(topic, index, Side::Reads);
                match asked.answer(request, self.broker.log(), &judge) {
                    (bytes, true) => Then::Listen.after(bytes),
                    (bytes, false) => Then::Hold(asked.patience).after(bytes),
                }
            }
            Body::ListOffsets(asked) => {
                let judge = |topic: &str, index| self.partition(topic, index, Side::Describes);
                Then::Listen.after(asked.answer(request, self.broker.log(), &judge))
            }
            Body::Other => Then::Close.wordless(),
        }
    }

    /// What may be done with topics: bits by `AclOperation`.
    fn operations(&self) -> i32 {
        let has = |fault| self.broker.has(fault);
        if has(LabFault::Iam10) || has(LabFault::Iam18) {
            0
        } else if has(LabFault::Iam10Describe) {
            DESCRIBE
        } else if has(LabFault::Iam10Write) {
            ALL_OPERATIONS & !WRITE
        } else if has(LabFault::Iam10Read) {
            ALL_OPERATIONS & !READ
        } else {
            ALL_OPERATIONS
        }
    }

    /// The error that one who wants something of a partition is answered with; 0 where there is none.
    fn partition(&self, topic: &str, index: i32, side: Side) -> i16 {
        let (_, brokers) = self.broker.described();
        let leader = data::leader(&brokers, index);
        let needed = match side {
            Side::Describes => DESCRIBE,
            Side::Reads => READ,
            Side::Writes => WRITE,
        };
        if self.operations() & needed == 0 {
            TOPIC_DENIED
        } else if leader.is_none() || !self.broker.topics().iter().any(|known| known == topic) {
            UNKNOWN_TOPIC
        } else if leader.is_some_and(|leader| leader.0 != self.broker.id())
            || index == 0 && self.broker.has(LabFault::Clu04)
        {
            NOT_LEADER
        } else if side == Side::Writes && self.broker.has(LabFault::Clu05) {
            STORAGE_ERROR
        } else if side == Side::Writes && self.broker.has(LabFault::Clu12) {
            NOT_ENOUGH_REPLICAS
        } else {
            0
        }
    }

    fn metadata(&self, request: &Request, wanted: &Wanted) -> Answer {
        if let Some(end) = self.ended(At::Metadata) {
            return end;
        }
        let (cluster_id, brokers) = self.broker.described();
        let cluster = Described {
            cluster_id: &cluster_id,
            brokers: &brokers,
            topics: self.broker.topics(),
            authorised: self.operations() != 0,
            operations: self.operations(),
            leaderless: self.broker.has(LabFault::Clu04),
        };
        if self.broker.has(LabFault::Lim08) {
            let ms = i32::try_from(THROTTLE.as_millis()).unwrap_or(i32::MAX);
            let bytes = messages::metadata(request, wanted, &cluster, ms);
            return Then::Mute(THROTTLE).after(bytes);
        }
        Then::Listen.after(messages::metadata(request, wanted, &cluster, 0))
    }

    fn handshake(&mut self, request: &Request, mechanism: &str) -> Answer {
        if let Some(end) = self.ended(At::Handshake) {
            return end;
        }
        let mut offered = self.broker.mechanisms().to_vec();
        if self.broker.is_full_of_escapes() {
            offered.push(ESCAPES);
        }
        let Some(chosen) = offered.iter().find(|own| **own == mechanism) else {
            let bytes = messages::sasl_handshake(request, UNSUPPORTED_MECHANISM, &offered);
            return Then::CloseAfterDelay.after(bytes);
        };
        self.mechanism = chosen;
        self.state = if request.version == 0 {
            State::BareToken
        } else {
            State::FramedToken
        };
        Then::Listen.after(messages::sasl_handshake(request, 0, &offered))
    }

    /// Answers a token: in the form of `request`, or bare where there is none.
    fn token(&mut self, request: Option<&Request>, token: &[u8], now: SystemTime) -> Answer {
        if let Some(end) = self.ended(At::Token) {
            return end;
        }
        let verdict = self.judge(token, now);
        match &verdict {
            Verdict::Good { ends, .. } => self.state = State::Open { ends: *ends },
            Verdict::Asked(_) => {
                self.state = State::Proof {
                    framed: request.is_some(),
                };
            }
            Verdict::Challenged if request.is_some() => self.state = State::FramedReply,
            Verdict::Challenged => self.state = State::BareReply,
            Verdict::Refused(_) | Verdict::Unparseable => {}
        }
        match request {
            Some(request) => framed(request, &verdict, self.mechanism, now),
            None => bare(&verdict),
        }
    }

    /// Judges a message of SCRAM.
    fn scram(&mut self, hash: Hash, message: &[u8]) -> Verdict {
        if let Some(waiting) = self.scram.take() {
            return match waiting.proved(message) {
                Some(words) => Verdict::Good { ends: None, words },
                None => Verdict::Unparseable,
            };
        }
        let asked = scram::first(message).and_then(|(user, bare)| {
            let password = self.broker.scram_password(&user)?;
            scram::challenge(hash, &password, bare)
        });
        match asked {
            Some((waiting, words)) => {
                self.scram = Some(waiting);
                Verdict::Asked(words)
            }
            None => Verdict::Unparseable,
        }
    }

    fn judge(&mut self, token: &[u8], now: SystemTime) -> Verdict {
        if self.scram.is_none() {
            self.broker.count_login();
        }
        if let Some(hash) = Hash::of(self.mechanism) {
            return self.scram(hash, token);
        }
        let has = |fault| self.broker.has(fault);
        let id = uuid::Uuid::new_v4();
        let refuse = |words: &str| Verdict::Refused(format!("[{id}]: {words}"));
        if has(LabFault::Sasl06) {
            return Verdict::Challenged;
        }
        let by_payload = self.mechanism == "AWS_MSK_IAM";
        let verdict = if by_payload {
            verify_payload(token, self.broker.credentials(), now)
        } else {
            verify(token, self.broker.credentials(), now)
        };
        if verdict == Err(Refused::Unparseable) {
            return Verdict::Unparseable;
        }
        if has(LabFault::Lim01) && !self.broker.takes_a_login(now) {
            return refuse("Too many connects");
        }
        if has(LabFault::HostileEscapes) {
            return refuse(ESCAPES);
        }
        match verdict {
            _ if has(LabFault::Sasl05) => refuse("Invalid authentication payload"),
            _ if has(LabFault::Sasl09Words) => refuse(NOT_YET_CURRENT),
            _ if has(LabFault::Sasl13Words) => refuse(TOKEN_EXPIRED),
            _ if has(LabFault::Sasl19) => refuse(ANOTHER_PRINCIPAL),
            _ if has(LabFault::Sasl20) => refuse("Session too short"),
            _ if has(LabFault::Iam01) => refuse("Access denied"),
            _ if has(LabFault::Iam09) && self.broker.is_first_login() => refuse("Access denied"),
            Err(Refused::Malformed) => refuse("Invalid authentication payload"),
            Ok(accepted) => Verdict::Good {
                ends: Some(if has(LabFault::Sasl18) {
                    now
                } else {
                    accepted.ends
                }),
                words: if by_payload {
                    format!(r#"{{"version":"2020_10_22","request-id":"{id}"}}"#)
                } else {
                    String::new()
                },
            },
            Err(_) => refuse("Access denied"),
        }
    }
}

/// A verdict in `SaslAuthenticate`.
fn framed(request: &Request, verdict: &Verdict, mechanism: &str, now: SystemTime) -> Answer {
    let refuse = |words: &str| {
        let bytes = messages::sasl_authenticate(request, AUTHENTICATION_FAILED, words, &[], 0);
        Then::CloseAfterDelay.after(bytes)
    };
    match verdict {
        Verdict::Good { ends, words } => {
            let left = ends.map(|ends| ends.duration_since(now).unwrap_or_default());
            let left = left.map_or(0, |left| left.as_millis().max(1));
            let ms = i64::try_from(left).unwrap_or(i64::MAX);
            let words = words.as_bytes();
            Then::Listen.after(messages::sasl_authenticate(request, 0, "", words, ms))
        }
        Verdict::Asked(words) => Then::Listen.after(messages::sasl_authenticate(
            request,
            0,
            "",
            words.as_bytes(),
            0,
        )),
        Verdict::Challenged => {
            let challenge = CHALLENGE.as_bytes();
            Then::Listen.after(messages::sasl_authenticate(request, 0, "", challenge, 0))
        }
        Verdict::Refused(words) => refuse(words),
        Verdict::Unparseable => refuse(&format!("{UNPARSEABLE} {mechanism}")),
    }
}

/// The same without a form: a refusal has no words.
fn bare(verdict: &Verdict) -> Answer {
    match verdict {
        Verdict::Good { words, .. } | Verdict::Asked(words) => {
            Then::Listen.after(messages::with_length(words.as_bytes()))
        }
        Verdict::Challenged => Then::Listen.after(messages::with_length(CHALLENGE.as_bytes())),
        Verdict::Refused(_) => Then::CloseAfterDelay.wordless(),
        Verdict::Unparseable => Then::Close.wordless(),
    }
}
