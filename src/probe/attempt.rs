//! One attempt on one address of one broker: a state for each phase, without I/O.
//!
//! The shell in [`super::io`] carries out an [`Effect`] and answers with an [`Input`] and what the
//! step cost. Each state has only what its phase has, and a step consumes it, so that no phase can
//! run twice or out of order.

use std::net::SocketAddr;

use super::certificate::CertificateJudgement;
use super::observation::{
    ApiRange, ApiVersionsDetail, ConnectDetail, Detail, End, Framing, MetadataDetail, Meter,
    Observation, PhaseRecord, Purpose, SaslAuthenticateDetail, SaslHandshakeDetail, Speaks, Stop,
    TcpInfo, TlsDetail,
};
use crate::kafka::{error_name, messages};
use crate::phase::Phase;
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
    /// Send a credential to a broker that was not verified.
    pub send_credentials_anyway: bool,
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
    /// The mechanism's first message; `None` when there is no credential.
    Credential(Option<Vec<u8>>),
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
    /// Get the mechanism's first message.
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
    },
    /// The challenge was answered with one byte 0x01 (RFC 7628, 3.2.3).
    Dismissed {
        framing: Framing,
        challenge: String,
    },
    Describing {
        version: i16,
    },
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
            (State::AwaitingCredential { versions, framing }, Input::Credential(message)) => {
                self.credential(versions, framing, message, meter)
            }
            (State::Authenticating { versions, framing }, Input::Frame(frame)) => match framing {
                Framing::SaslAuthenticate => self.authenticated(&versions, &frame, meter),
                Framing::Bare => self.authenticated_bare(&versions, &frame, meter),
            },
            (State::Dismissed { framing, challenge }, Input::Frame(frame)) => {
                self.dismissed(framing, challenge, &frame, meter)
            }
            (State::Describing { version }, Input::Frame(frame)) => {
                self.described(version, &frame, meter)
            }
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
            None => self.describe(&versions),
        }
    }

    fn choose(&mut self, versions: Versions, mechanism: &str) -> Effect {
        let framing = if self.plan.framing == Framing::Bare || !messages::frames_tokens(&versions) {
            Framing::Bare
        } else {
            Framing::SaslAuthenticate
        };
        let version = i16::from(framing == Framing::SaslAuthenticate);
        let correlation = self.next_correlation();
        self.state = State::ChoosingMechanism { versions, framing };
        Effect::Exchange(messages::sasl_handshake(version, correlation, mechanism))
    }

    fn handshake_detail(&self, framing: Framing) -> SaslHandshakeDetail {
        SaslHandshakeDetail {
            version: i16::from(framing == Framing::SaslAuthenticate),
            mechanism: self.plan.mechanism.clone().unwrap_or_default(),
            ..SaslHandshakeDetail::default()
        }
    }

    fn mechanism_chosen(
        &mut self,
        versions: Versions,
        framing: Framing,
        frame: &[u8],
        meter: Meter,
    ) -> Effect {
        let mut detail = self.handshake_detail(framing);
        let end = match messages::read_sasl_handshake(frame, self.correlation) {
            Ok(answer) => {
                detail.error_code = answer.error_code;
                detail.offered = answer.offered;
                if detail.error_code == 0 {
                    End::Answered
                } else {
                    End::KafkaError
                }
            }
            Err(error) => {
                detail.error = Some(error.to_string());
                End::ProtocolError
            }
        };
        self.record(
            Phase::SaslHandshake,
            meter,
            end,
            Detail::SaslHandshake(detail),
        );
        if end != End::Answered {
            return Effect::Close;
        }
        if self.plan.until == Phase::SaslHandshake {
            return self.stop(Stop::Asked);
        }
        if !self.plan.send_credentials_anyway {
            if !self.plan.tls {
                return self.stop(Stop::NoTls);
            }
            if !self.verified {
                return self.stop(Stop::UnverifiedBroker);
            }
        }
        self.state = State::AwaitingCredential { versions, framing };
        Effect::Credential
    }

    fn credential(
        &mut self,
        versions: Versions,
        framing: Framing,
        message: Option<Vec<u8>>,
        _meter: Meter,
    ) -> Effect {
        let Some(message) = message else {
            return self.stop(Stop::NoCredential);
        };
        let request = match framing {
            Framing::Bare => messages::with_length(&message),
            Framing::SaslAuthenticate => {
                let version = messages::authenticate_version(&versions);
                let correlation = self.next_correlation();
                messages::sasl_authenticate(version, correlation, &message)
            }
        };
        self.state = State::Authenticating { versions, framing };
        Effect::Exchange(request)
    }

    fn authenticated(&mut self, versions: &[ApiRange], frame: &[u8], meter: Meter) -> Effect {
        let version = messages::authenticate_version(versions);
        let mut detail = SaslAuthenticateDetail::default();
        let answer = match messages::read_sasl_authenticate(frame, self.correlation, version) {
            Ok(answer) => answer,
            Err(error) => {
                detail.error = Some(error.to_string());
                return self.login_over(End::ProtocolError, detail, meter);
            }
        };
        if answer.error_code != 0 {
            detail.error_code = answer.error_code;
            detail.error_message = answer.error_message;
            return self.login_over(End::KafkaError, detail, meter);
        }
        if !answer.auth_bytes.is_empty() {
            let challenge = String::from_utf8_lossy(&answer.auth_bytes).into_owned();
            self.spent = Some(meter);
            let correlation = self.next_correlation();
            self.state = State::Dismissed {
                framing: Framing::SaslAuthenticate,
                challenge,
            };
            return Effect::Exchange(messages::sasl_authenticate(version, correlation, &[1]));
        }
        detail.session_lifetime_ms = answer.session_lifetime_ms;
        self.login_done(versions, detail, meter)
    }

    fn authenticated_bare(&mut self, versions: &[ApiRange], frame: &[u8], meter: Meter) -> Effect {
        let detail = SaslAuthenticateDetail {
            framing: Framing::Bare,
            ..Default::default()
        };
        if frame.is_empty() {
            return self.login_done(versions, detail, meter);
        }
        let challenge = String::from_utf8_lossy(frame).into_owned();
        self.spent = Some(meter);
        self.state = State::Dismissed {
            framing: Framing::Bare,
            challenge,
        };
        Effect::Exchange(messages::with_length(&[1]))
    }

    fn login_done(
        &mut self,
        versions: &[ApiRange],
        detail: SaslAuthenticateDetail,
        meter: Meter,
    ) -> Effect {
        self.logged_in = true;
        self.record(
            Phase::SaslAuthenticate,
            meter,
            End::Answered,
            Detail::SaslAuthenticate(detail),
        );
        if self.plan.until == Phase::SaslAuthenticate {
            return self.stop(Stop::Asked);
        }
        self.describe(versions)
    }

    fn login_over(&mut self, end: End, detail: SaslAuthenticateDetail, meter: Meter) -> Effect {
        self.record(
            Phase::SaslAuthenticate,
            meter,
            end,
            Detail::SaslAuthenticate(detail),
        );
        Effect::Close
    }

    fn dismissed(
        &mut self,
        framing: Framing,
        challenge: String,
        frame: &[u8],
        meter: Meter,
    ) -> Effect {
        let mut detail = SaslAuthenticateDetail {
            framing,
            challenge: Some(challenge),
            ..Default::default()
        };
        if framing == Framing::SaslAuthenticate
            && let Ok(answer) = messages::read_sasl_authenticate(frame, self.correlation, 1)
        {
            detail.error_code = answer.error_code;
            detail.error_message = answer.error_message;
        }
        self.login_over(End::KafkaError, detail, meter)
    }

    fn describe(&mut self, versions: &[ApiRange]) -> Effect {
        let version = messages::metadata_version(versions);
        let correlation = self.next_correlation();
        self.state = State::Describing { version };
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

    fn described(&mut self, version: i16, frame: &[u8], meter: Meter) -> Effect {
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
        self.record(Phase::Metadata, meter, end, Detail::Metadata(detail));
        if end == End::Answered {
            self.stop(Stop::Asked)
        } else {
            Effect::Close
        }
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
                    ..Default::default()
                }),
            ),
            State::ChoosingMechanism { framing, .. } => {
                let detail = SaslHandshakeDetail {
                    error: lost.error,
                    close_notify,
                    ..self.handshake_detail(*framing)
                };
                (Phase::SaslHandshake, Detail::SaslHandshake(detail))
            }
            State::AwaitingCredential { framing, .. } | State::Authenticating { framing, .. } => (
                Phase::SaslAuthenticate,
                Detail::SaslAuthenticate(SaslAuthenticateDetail {
                    framing: *framing,
                    error: lost.error,
                    close_notify,
                    tcp: lost.tcp,
                    ..Default::default()
                }),
            ),
            State::Dismissed { framing, challenge } => {
                // The challenge has already said it: the close is its consequence.
                let detail = SaslAuthenticateDetail {
                    framing: *framing,
                    challenge: Some(challenge.clone()),
                    close_notify,
                    ..Default::default()
                };
                return self.login_over(End::KafkaError, detail, meter);
            }
            State::Describing { .. } => (
                Phase::Metadata,
                Detail::Metadata(MetadataDetail {
                    error: lost.error,
                    without_login: !self.logged_in,
                    close_notify,
                    ..Default::default()
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
mod tests {
    use super::super::certificate::Judgement;
    use super::*;

    const METER: Meter = Meter {
        start_us: 10,
        duration_us: 5,
        bytes_out: 1,
        bytes_in: 2,
    };

    fn plan() -> Plan {
        Plan {
            broker: Endpoint::new("b-1.example", 9098),
            address: SocketAddr::from(([10, 0, 0, 1], 9098)),
            purpose: Purpose::Bootstrap,
            tls: true,
            mechanism: Some("OAUTHBEARER".to_owned()),
            framing: Framing::SaslAuthenticate,
            until: Phase::Metadata,
            topic: None,
            send_credentials_anyway: false,
        }
    }

    fn tls(verified: bool) -> Box<TlsDetail> {
        let good = Judgement::Good { by: None };
        let name = if verified {
            good.clone()
        } else {
            Judgement::Bad {
                because: "another name".to_owned(),
            }
        };
        Box::new(TlsDetail {
            certificate: Some(CertificateJudgement {
                chain: Vec::new(),
                trust: good.clone(),
                name,
                dates: good.clone(),
                usage: good,
                issuer_is_amazon: true,
            }),
            ..TlsDetail::default()
        })
    }

    /// Answers of Apache Kafka 3.9, the correlation id in front.
    fn frame(correlation: i32, body: &str) -> Input {
        let mut bytes = correlation.to_be_bytes().to_vec();
        let body: String = body.split_whitespace().collect();
        let pairs = (0..body.len()).step_by(2);
        bytes.extend(pairs.filter_map(|i| u8::from_str_radix(&body[i..i + 2], 16).ok()));
        Input::Frame(bytes)
    }

    /// Metadata 0-12, `SaslHandshake` 0-1, `SaslAuthenticate` 0-2, in the form of version 3.
    const VERSIONS: &str =
        "0000 04 0003 0000 000c 00 0011 0000 0001 00 0024 0000 0002 00 00000000 00";
    const OFFERED: &str = "0000 00000001 000b 4f41555448424541524552";

    fn feed(plan: Plan, inputs: Vec<Input>) -> (Observation, Vec<Effect>) {
        let (mut attempt, first) = Attempt::start(plan, Vec::new());
        let mut effects = vec![first];
        for input in inputs {
            let effect;
            (attempt, effect) = attempt.on(input, METER);
            effects.push(effect);
        }
        (attempt.into_observation(), effects)
    }

    fn up_to_login(verified: bool) -> Vec<Input> {
        vec![
            Input::Connect(End::Answered, ConnectDetail::default()),
            Input::Secure(End::Answered, tls(verified)),
            frame(1, VERSIONS),
            frame(2, OFFERED),
        ]
    }

    #[test]
    fn a_refusal_in_words_ends_the_attempt() {
        let mut inputs = up_to_login(true);
        inputs.push(Input::Credential(Some(b"token".to_vec())));
        inputs.push(frame(3, "003a 0003 6e6f21 00000000 0000000000000000"));
        let (observation, effects) = feed(plan(), inputs);
        let login = observation.login().expect("a login");
        assert_eq!(
            (login.error_code, login.error_message.as_deref()),
            (58, Some("no!"))
        );
        assert_eq!(effects.last(), Some(&Effect::Close));
        let phases: Vec<Phase> = observation.phases.iter().map(|r| r.phase).collect();
        assert_eq!(phases, Phase::ALL[1..6]);
    }

    #[test]
    fn no_credential_goes_to_a_broker_that_was_not_verified() {
        let (observation, effects) = feed(plan(), up_to_login(false));
        assert_eq!(observation.stopped, Some(Stop::UnverifiedBroker));
        assert!(!effects.contains(&Effect::Credential));
        let anyway = Plan {
            send_credentials_anyway: true,
            ..plan()
        };
        let (_, effects) = feed(anyway, up_to_login(false));
        assert_eq!(effects.last(), Some(&Effect::Credential));
    }

    #[test]
    fn an_older_broker_is_asked_again_in_the_same_phase() {
        let inputs = vec![
            Input::Connect(End::Answered, ConnectDetail::default()),
            Input::Secure(End::Answered, tls(true)),
            frame(1, "0023 00000000"),
            frame(2, "0000 00000001 0003 0000 0001"),
        ];
        let (observation, effects) = feed(plan(), inputs);
        let record = observation.phase(Phase::ApiVersions).expect("a record");
        assert_eq!((record.end, record.bytes_in), (End::Answered, 4));
        // It does not frame tokens: SaslHandshake v0 follows.
        let Some(Effect::Exchange(request)) = effects.last() else {
            panic!("{effects:?}")
        };
        assert_eq!(request[4..8], [0, 17, 0, 0]);
    }

    #[test]
    fn an_alert_after_the_handshake_belongs_to_tls() {
        let inputs = vec![
            Input::Connect(End::Answered, ConnectDetail::default()),
            Input::Secure(End::Answered, tls(true)),
            Input::Lost(
                End::TlsAlert,
                Lost {
                    alert: Some("certificate_required".to_owned()),
                    ..Lost::default()
                },
            ),
        ];
        let (observation, _) = feed(plan(), inputs);
        let failure = observation.failure().expect("a failure");
        assert_eq!((failure.phase, failure.end), (Phase::Tls, End::TlsAlert));
        let alert = observation.tls().and_then(|tls| tls.alert_received.clone());
        assert_eq!(alert.as_deref(), Some("certificate_required"));
    }

    #[test]
    fn a_json_challenge_is_answered_with_one_byte() {
        let mut inputs = up_to_login(true);
        inputs.push(Input::Credential(Some(b"token".to_vec())));
        inputs.push(frame(3, "0000 0000 00000002 7b7d 0000000000000000"));
        let (_, effects) = feed(plan(), inputs);
        let Some(Effect::Exchange(request)) = effects.last() else {
            panic!("{effects:?}")
        };
        assert_eq!(request[request.len() - 5..], [0, 0, 0, 1, 1]);
    }

    #[test]
    fn silence_and_closes_are_kept_apart_in_every_phase() {
        for end in [
            End::Fin,
            End::Rst,
            End::Silence,
            End::Incomplete,
            End::Cancelled,
        ] {
            for answered in 2..=4 {
                let mut inputs = up_to_login(true);
                inputs.truncate(answered);
                if answered == 4 {
                    inputs.push(Input::Credential(Some(b"token".to_vec())));
                }
                inputs.push(Input::Lost(end, Lost::default()));
                let (observation, effects) = feed(plan(), inputs);
                assert_eq!(observation.failure().map(|r| r.end), Some(end));
                assert_eq!(observation.phases.len(), answered + 1);
                assert_eq!(effects.last(), Some(&Effect::Close));
            }
        }
    }
}
