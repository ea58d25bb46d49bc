//! The login: `SaslHandshake`, the mechanism's message, the answer, and what follows a challenge.

use super::{Attempt, Effect, State, Versions};
use crate::kafka::messages;
use crate::phase::Phase;
use crate::probe::observation::{
    ApiRange, Detail, End, Framing, Meter, SaslAuthenticateDetail, SaslHandshakeDetail, Stop,
};

/// How a message of the mechanism was sent, and so how the answer is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked {
    /// In `SaslAuthenticate` of this version.
    Framed(i16),
    Bare,
}

impl Asked {
    pub(super) fn framing(self) -> Framing {
        match self {
            Asked::Framed(_) => Framing::SaslAuthenticate,
            Asked::Bare => Framing::Bare,
        }
    }
}

impl Attempt {
    pub(super) fn choose(&mut self, versions: Versions, mechanism: &str) -> Effect {
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

    pub(super) fn handshake_detail(&self, framing: Framing) -> SaslHandshakeDetail {
        SaslHandshakeDetail {
            version: i16::from(framing == Framing::SaslAuthenticate),
            mechanism: self.plan.mechanism.clone().unwrap_or_default(),
            ..SaslHandshakeDetail::default()
        }
    }

    pub(super) fn mechanism_chosen(
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

    pub(super) fn credential(
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

    pub(super) fn authenticated(
        &mut self,
        versions: &[ApiRange],
        frame: &[u8],
        meter: Meter,
    ) -> Effect {
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
                asked: Asked::Framed(version),
                challenge,
            };
            return Effect::Exchange(messages::sasl_authenticate(version, correlation, &[1]));
        }
        detail.session_lifetime_ms = answer.session_lifetime_ms;
        self.login_done(versions, detail, meter)
    }

    pub(super) fn authenticated_bare(
        &mut self,
        versions: &[ApiRange],
        frame: &[u8],
        meter: Meter,
    ) -> Effect {
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
            asked: Asked::Bare,
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

    pub(super) fn login_over(
        &mut self,
        end: End,
        detail: SaslAuthenticateDetail,
        meter: Meter,
    ) -> Effect {
        self.record(
            Phase::SaslAuthenticate,
            meter,
            end,
            Detail::SaslAuthenticate(detail),
        );
        Effect::Close
    }

    pub(super) fn dismissed(
        &mut self,
        asked: Asked,
        challenge: String,
        frame: &[u8],
        meter: Meter,
    ) -> Effect {
        let mut detail = SaslAuthenticateDetail {
            framing: asked.framing(),
            challenge: Some(challenge),
            ..Default::default()
        };
        if let Asked::Framed(version) = asked
            && let Ok(answer) = messages::read_sasl_authenticate(frame, self.correlation, version)
        {
            detail.error_code = answer.error_code;
            detail.error_message = answer.error_message;
        }
        self.login_over(End::KafkaError, detail, meter)
    }
}
