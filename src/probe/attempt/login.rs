//! The login: `SaslHandshake`, the mechanism's message, the answer, and what follows a challenge.

use super::{Attempt, Effect, State, Versions};
use crate::kafka::messages;
use crate::phase::Phase;
use crate::probe::observation::{
    Detail, End, Framing, Meter, SaslAuthenticateDetail, SaslHandshakeDetail, Stop,
};
use crate::sasl::login::{Login, Reply};

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
        login: Option<Login>,
    ) -> Effect {
        let Some(login) = login else {
            return self.stop(Stop::NoCredential);
        };
        let message = login.first();
        self.say(versions, framing, login, &message)
    }

    /// Sends a message of the mechanism.
    fn say(
        &mut self,
        versions: Versions,
        framing: Framing,
        login: Login,
        message: &[u8],
    ) -> Effect {
        let request = match framing {
            Framing::Bare => messages::with_length(message),
            Framing::SaslAuthenticate => {
                let version = messages::authenticate_version(&versions);
                let correlation = self.next_correlation();
                messages::sasl_authenticate(version, correlation, message)
            }
        };
        self.messages = self.messages.saturating_add(1);
        self.state = State::Authenticating {
            versions,
            framing,
            login,
        };
        Effect::Exchange(request)
    }

    pub(super) fn login_detail(&self, framing: Framing) -> SaslAuthenticateDetail {
        SaslAuthenticateDetail {
            framing,
            messages: self.messages,
            ..Default::default()
        }
    }

    pub(super) fn authenticated(
        &mut self,
        versions: Versions,
        framing: Framing,
        mut login: Login,
        frame: &[u8],
        meter: Meter,
    ) -> Effect {
        let mut detail = self.login_detail(framing);
        let (words, asked) = match framing {
            Framing::Bare => (frame.to_vec(), Asked::Bare),
            Framing::SaslAuthenticate => {
                let version = messages::authenticate_version(&versions);
                let answer =
                    match messages::read_sasl_authenticate(frame, self.correlation, version) {
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
                detail.session_lifetime_ms = answer.session_lifetime_ms;
                (answer.auth_bytes, Asked::Framed(version))
            }
        };
        match login.on(&words) {
            Reply::Done => self.login_done(versions, detail, meter),
            Reply::Send(message) => {
                self.spent = Some(meter);
                self.say(versions, framing, login, &message)
            }
            Reply::Refused { words, dismissal } => {
                self.spent = Some(meter);
                self.dismiss(asked, words, &dismissal)
            }
            Reply::Wrong(words) => {
                detail.error = Some(words);
                self.login_over(End::ProtocolError, detail, meter)
            }
        }
    }

    fn dismiss(&mut self, asked: Asked, challenge: String, dismissal: &[u8]) -> Effect {
        let request = match asked {
            Asked::Bare => messages::with_length(dismissal),
            Asked::Framed(version) => {
                let correlation = self.next_correlation();
                messages::sasl_authenticate(version, correlation, dismissal)
            }
        };
        self.state = State::Dismissed { asked, challenge };
        Effect::Exchange(request)
    }

    fn login_done(
        &mut self,
        versions: Versions,
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
            challenge: Some(challenge),
            ..self.login_detail(asked.framing())
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
