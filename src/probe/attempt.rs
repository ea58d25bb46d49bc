//! One attempt on one address of one broker: a state for each phase, without I/O.
//!
//! The shell in [`super::io`] carries out an [`Effect`] and answers with an [`Input`] and what the
//! step cost. Each state has only what its phase has, and a step consumes it, so that no phase can
//! run twice or out of order.

mod authorise;
mod login;

use std::net::SocketAddr;
use std::time::Duration;

use self::authorise::Asking;
use self::login::Asked;
use super::certificate::CertificateJudgement;
use super::observation::{
    ApiRange, ApiVersionsDetail, AuthoriseDetail, ConnectDetail, Detail, End, Framing,
    MetadataDetail, Meter, Observation, PhaseRecord, Purpose, SaslAuthenticateDetail,
    SaslHandshakeDetail, Speaks, Stop, TcpInfo, TlsDetail,
};
use crate::kafka::{error_name, messages};
use crate::phase::Phase;
use crate::sasl::login::Login;
use crate::target::Endpoint;

/// What one attempt is to do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The broker as the client names it.
    pub broker: Endpoint,
    /// The address to dial.
    pub address: SocketAddr,
    /// Why.
    pub purpose: Purpose,
    /// Whether to open with TLS.
    pub tls: bool,
    /// The SASL mechanism, if the client uses SASL.
    pub mechanism: Option<String>,
    /// How the token is carried; the broker's versions may leave no choice.
    pub framing: Framing,
    /// The last phase to go through.
    pub until: Phase,
    /// The topic to ask for.
    pub topic: Option<String>,
    /// The consumer group to ask for.
    pub group: Option<String>,
    /// The transactional id to ask for.
    pub transactional_id: Option<String>,
    /// Send a credential to a broker that was not verified.
    pub send_credentials_anyway: bool,
    /// What is done otherwise than clients do it.
    pub knobs: Knobs,
}

/// When an attempt of an experiment is made. Where one is not, none after it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum When {
    /// In any case.
    #[default]
    Always,
    /// Where the one before came to its end: what failed needs nothing beside it.
    Answered,
    /// Where the one before did not: what is answered once may be so by chance.
    Failed,
}

/// What an experiment does otherwise than clients do it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Knobs {
    /// Waits so long before it connects.
    pub wait: Duration,
    /// How long one phase may take, where less is enough than for a client.
    pub patience: Option<Duration>,
    /// The largest segment that either side sends, bytes (`TCP_MAXSEG`).
    pub segment: Option<u32>,
    /// The port to connect from.
    pub source_port: Option<u16>,
    /// Whether it is made, by how the attempt before it fared.
    pub when: When,
    /// Sends no server name (SNI).
    pub without_name: bool,
    /// Offers TLS 1.2 alone.
    pub tls12_only: bool,
    /// Sends a post-quantum key share as well, as clients of today do: the `ClientHello` has some 1.5 kB.
    pub large_hello: bool,
    /// Signs the token for this region, or by a clock that is so many seconds behind ours.
    pub resigned: Option<Resigned>,
    /// Says nothing for so long, once connected, and looks how the connection fares.
    pub listen: Option<Duration>,
    /// Drops what comes with a time to live (hop limit) below that of the peer's handshake plus this many, from the moment this phase begins.
    pub hops: Option<(Phase, u8)>,
    /// That of the peer's handshake, where an attempt before has found it.
    pub known_hops: Option<u8>,
}

/// A token that is signed otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resigned {
    /// The region.
    pub region: String,
    /// How many seconds the local clock is ahead.
    pub ahead_s: i64,
}

/// What happened to the connection while a Kafka answer was due.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lost {
    /// Why no answer can be read.
    pub error: Option<String>,
    /// Whether `close_notify` came before the end.
    pub close_notify: bool,
    /// The TLS alert that came, if one did.
    pub alert: Option<String>,
    /// First bytes that are not Kafka, in hexadecimal.
    pub first_bytes: Option<String>,
    /// What these are.
    pub speaks: Option<Speaks>,
    /// The kernel's figures.
    pub tcp: Option<TcpInfo>,
}

/// What the shell answers.
#[derive(Debug)]
pub enum Input {
    /// The TCP connection stands, or it failed as `End` says.
    Connect(End, ConnectDetail),
    /// The TLS handshake is over.
    Secure(End, Box<TlsDetail>),
    /// A frame came.
    Frame(Vec<u8>),
    /// No frame will come.
    Lost(End, Lost),
    /// The time is over.
    Paused,
    /// The login; `None` when there is no credential.
    Credential(Option<Login>),
}

/// What the shell is to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Open the TCP connection.
    Connect,
    /// Do the TLS handshake.
    Secure,
    /// Send these bytes and wait for one frame.
    Exchange(Vec<u8>),
    /// Wait for so long.
    Pause(Duration),
    /// Get the login.
    Credential,
    /// Close: there is nothing more to do.
    Close,
}

/// The state: which answer is awaited.
#[derive(Debug)]
enum State {
    Connecting,
    Securing,
    Negotiating {
        version: i16,
    },
    ChoosingMechanism {
        versions: Versions,
        framing: Framing,
    },
    AwaitingCredential {
        versions: Versions,
        framing: Framing,
    },
    Authenticating {
        versions: Versions,
        framing: Framing,
        login: Login,
    },
    /// The mechanism's own refusal was answered, as the broker waits for it.
    Dismissed {
        asked: Asked,
        challenge: String,
    },
    Describing {
        version: i16,
        versions: Versions,
    },
    Asking(Asking),
    /// The same will be asked again.
    Pausing(Asking),
    Ended,
}

type Versions = Vec<ApiRange>;

/// An attempt under way.
#[derive(Debug)]
pub struct Attempt {
    plan: Plan,
    state: State,
    records: Vec<PhaseRecord>,
    stopped: Option<Stop>,
    verified: bool,
    logged_in: bool,
    /// Messages of the mechanism that were sent.
    messages: u8,
    correlation: i32,
    /// What a phase has cost before its last step.
    spent: Option<Meter>,
}

impl Attempt {
    /// An attempt and its first effect. `records` are the phases that came before (resolve).
    #[must_use]
    pub fn start(plan: Plan, records: Vec<PhaseRecord>) -> (Self, Effect) {
        let attempt = Self {
            plan,
            state: State::Connecting,
            records,
            stopped: None,
            verified: false,
            logged_in: false,
            messages: 0,
            correlation: 0,
            spent: None,
        };
        (attempt, Effect::Connect)
    }

    /// The phase that is under way; `None` once the attempt is over.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        Some(match self.state {
            State::Connecting => Phase::Connect,
            State::Securing => Phase::Tls,
            State::Negotiating { .. } => Phase::ApiVersions,
            State::ChoosingMechanism { .. } => Phase::SaslHandshake,
            State::AwaitingCredential { .. }
            | State::Authenticating { .. }
            | State::Dismissed { .. } => Phase::SaslAuthenticate,
            State::Describing { .. } => Phase::Metadata,
            State::Asking(_) | State::Pausing(_) => Phase::Authorise,
            State::Ended => return None,
        })
    }

    /// What was seen.
    #[must_use]
    pub fn into_observation(self) -> Observation {
        Observation {
            broker: self.plan.broker,
            address: Some(self.plan.address),
            purpose: self.plan.purpose,
            phases: self.records,
            stopped: self.stopped,
        }
    }

    /// One step: what came, and what it cost.
    #[must_use]
    pub fn on(mut self, input: Input, meter: Meter) -> (Self, Effect) {
        let meter = self.total(meter);
        let state = std::mem::replace(&mut self.state, State::Ended);
        let effect = match (state, input) {
            (State::Connecting, Input::Connect(end, detail)) => self.connected(end, detail, meter),
            (State::Securing, Input::Secure(end, detail)) => self.secured(end, detail, meter),
            (State::Negotiating { version }, Input::Frame(frame)) => {
                self.negotiated(version, &frame, meter)
            }
            (State::ChoosingMechanism { versions, framing }, Input::Frame(frame)) => {
                self.mechanism_chosen(versions, framing, &frame, meter)
            }
            (State::AwaitingCredential { versions, framing }, Input::Credential(login)) => {
                self.credential(versions, framing, login)
            }
            (
                State::Authenticating {
                    versions,
                    framing,
                    login,
                },
                Input::Frame(frame),
            ) => self.authenticated(versions, framing, login, &frame, meter),
            (State::Dismissed { asked, challenge }, Input::Frame(frame)) => {
                self.dismissed(asked, challenge, &frame, meter)
            }
            (State::Describing { version, versions }, Input::Frame(frame)) => {
                self.described(version, versions, &frame, meter)
            }
            (State::Asking(asking), Input::Frame(frame)) => self.answered(asking, &frame, meter),
            (State::Pausing(asking), Input::Paused) => self.ask_again(asking, meter),
            (state, Input::Lost(end, lost)) => self.lost(&state, end, lost, meter),
            // The shell answers each effect with its own input.
            (_, _) => Effect::Close,
        };
        (self, effect)
    }

    fn total(&mut self, step: Meter) -> Meter {
        match self.spent.take() {
            None => step,
            Some(before) => Meter {
                start_us: before.start_us,
                duration_us: (step.start_us + step.duration_us).saturating_sub(before.start_us),
                bytes_out: before.bytes_out + step.bytes_out,
                bytes_in: before.bytes_in + step.bytes_in,
            },
        }
    }

    fn record(&mut self, phase: Phase, meter: Meter, end: End, detail: Detail) {
        self.records
            .push(PhaseRecord::new(phase, meter, end, detail));
    }

    fn stop(&mut self, why: Stop) -> Effect {
        self.stopped = Some(why);
        Effect::Close
    }

    fn next_correlation(&mut self) -> i32 {
        self.correlation += 1;
        self.correlation
    }

    fn connected(&mut self, end: End, detail: ConnectDetail, meter: Meter) -> Effect {
        self.record(Phase::Connect, meter, end, Detail::Connect(detail));
        if end != End::Answered {
            return Effect::Close;
        }
        if self.plan.until == Phase::Connect {
            return self.stop(Stop::Asked);
        }
        if self.plan.tls {
            self.state = State::Securing;
            return Effect::Secure;
        }
        if self.plan.until == Phase::Tls {
            return self.stop(Stop::Asked);
        }
        self.negotiate(messages::API_VERSIONS_MAX)
    }

    fn secured(&mut self, end: End, detail: Box<TlsDetail>, meter: Meter) -> Effect {
        self.verified = detail
            .certificate
            .as_ref()
            .is_some_and(CertificateJudgement::verified);
        self.record(Phase::Tls, meter, end, Detail::Tls(detail));
        if end != End::Answered {
            return Effect::Close;
        }
        if self.plan.until == Phase::Tls {
            return self.stop(Stop::Asked);
        }
        self.negotiate(messages::API_VERSIONS_MAX)
    }

    fn negotiate(&mut self, version: i16) -> Effect {
        let correlation = self.next_correlation();
        self.state = State::Negotiating { version };
        Effect::Exchange(messages::api_versions(version, correlation))
    }

    fn negotiated(&mut self, version: i16, frame: &[u8], meter: Meter) -> Effect {
        let detail = match messages::read_api_versions(frame, self.correlation, version) {
            Ok(detail) => detail,
            Err(error) => {
                let detail = ApiVersionsDetail {
                    error: Some(error.to_string()),
                    ..Default::default()
                };
                self.record(
                    Phase::ApiVersions,
                    meter,
                    End::ProtocolError,
                    Detail::ApiVersions(detail),
                );
                return Effect::Close;
            }
        };
        if detail.error_code == 35 && version > 0 {
            // An older broker: ask again as version 0, in the same phase.
            self.spent = Some(meter);
            return self.negotiate(0);
        }
        let end = if detail.error_code == 0 {
            End::Answered
        } else {
            End::KafkaError
        };
        let versions = detail.versions.clone();
        self.record(Phase::ApiVersions, meter, end, Detail::ApiVersions(detail));
        if end != End::Answered {
            return Effect::Close;
        }
        if self.plan.until == Phase::ApiVersions {
            return self.stop(Stop::Asked);
        }
        match self.plan.mechanism.clone() {
            Some(mechanism) => self.choose(versions, &mechanism),
            None => self.describe(versions),
        }
    }

    fn describe(&mut self, versions: Versions) -> Effect {
        let version = messages::metadata_version(&versions);
        let correlation = self.next_correlation();
        self.state = State::Describing { version, versions };
        Effect::Exchange(messages::metadata(
            version,
            correlation,
            self.topic(version),
        ))
    }

    /// Before version 4, asking for a topic may create it.
    fn topic(&self, version: i16) -> Option<&str> {
        self.plan.topic.as_deref().filter(|_| version >= 4)
    }

    fn described(
        &mut self,
        version: i16,
        versions: Versions,
        frame: &[u8],
        meter: Meter,
    ) -> Effect {
        let (end, mut detail) = match messages::read_metadata(frame, self.correlation, version) {
            Ok(detail) => (End::Answered, detail),
            Err(error) => (
                End::ProtocolError,
                MetadataDetail {
                    error: Some(error.to_string()),
                    ..Default::default()
                },
            ),
        };
        detail.without_login = !self.logged_in;
        let may_write = detail
            .topics
            .iter()
            .any(|topic| topic.may_write() == Some(true));
        self.record(Phase::Metadata, meter, end, Detail::Metadata(detail));
        if end != End::Answered {
            return Effect::Close;
        }
        if self.plan.until == Phase::Metadata {
            return self.stop(Stop::Asked);
        }
        self.ask_for_rights(versions, may_write)
    }

    /// No answer will come in the phase of `state`.
    fn lost(&mut self, state: &State, end: End, lost: Lost, meter: Meter) -> Effect {
        if let (End::TlsAlert, Some(alert)) = (end, &lost.alert)
            && self.amend_tls(alert)
        {
            return Effect::Close;
        }
        let close_notify = lost.close_notify;
        let (phase, detail) = match state {
            State::Connecting => (Phase::Connect, Detail::Nothing {}),
            State::Securing => (Phase::Tls, Detail::Nothing {}),
            State::Negotiating { .. } => (
                Phase::ApiVersions,
                Detail::ApiVersions(ApiVersionsDetail {
                    error: lost.error,
                    close_notify,
                    first_bytes: lost.first_bytes,
                    speaks: lost.speaks,
                    tcp: lost.tcp,
                    ..Default::default()
                }),
            ),
            State::ChoosingMechanism { framing, .. } => {
                let detail = SaslHandshakeDetail {
                    error: lost.error,
                    close_notify,
                    tcp: lost.tcp,
                    ..self.handshake_detail(*framing)
                };
                (Phase::SaslHandshake, Detail::SaslHandshake(detail))
            }
            State::AwaitingCredential { framing, .. } | State::Authenticating { framing, .. } => (
                Phase::SaslAuthenticate,
                Detail::SaslAuthenticate(SaslAuthenticateDetail {
                    error: lost.error,
                    close_notify,
                    tcp: lost.tcp,
                    ..self.login_detail(*framing)
                }),
            ),
            State::Dismissed { asked, challenge } => {
                // The challenge has already said it: the close is its consequence.
                let detail = SaslAuthenticateDetail {
                    challenge: Some(challenge.clone()),
                    close_notify,
                    ..self.login_detail(asked.framing())
                };
                return self.login_over(End::KafkaError, detail, meter);
            }
            State::Describing { .. } => (
                Phase::Metadata,
                Detail::Metadata(MetadataDetail {
                    error: lost.error,
                    without_login: !self.logged_in,
                    close_notify,
                    tcp: lost.tcp,
                    ..Default::default()
                }),
            ),
            State::Asking(asking) | State::Pausing(asking) => (
                Phase::Authorise,
                Detail::Authorise(AuthoriseDetail {
                    answers: asking.answers.clone(),
                    close_notify,
                    error: lost.error,
                    tcp: lost.tcp,
                }),
            ),
            State::Ended => return Effect::Close,
        };
        self.record(phase, meter, end, detail);
        Effect::Close
    }

    /// A TLS 1.3 server judges the client's certificate after its own side of the handshake is
    /// done (RFC 8446, 4.4.2.4): the alert belongs to phase `tls` although it comes later.
    fn amend_tls(&mut self, alert: &str) -> bool {
        let Some(record) = self
            .records
            .iter_mut()
            .find(|record| record.phase == Phase::Tls)
        else {
            return false;
        };
        record.end = End::TlsAlert;
        if let Detail::Tls(detail) = &mut record.detail {
            detail.alert_received = Some(alert.to_owned());
        }
        self.records.retain(|record| record.phase <= Phase::Tls);
        true
    }
}

/// A Kafka error in words, with its number.
#[must_use]
pub fn kafka_error(code: i16) -> String {
    format!("error {code} ({})", error_name(code))
}

#[cfg(test)]
mod tests;
