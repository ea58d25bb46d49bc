//! What librdkafka calls back for: tokens, and to tell.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::ClientContext;
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::ProducerContext;

use super::Login;
use crate::secret::Printable;

/// How many of the last lines that the client logs are kept.
const LINES: usize = 5;

/// What became of the record.
#[derive(Debug, Clone)]
pub(super) enum Delivered {
    /// It was acknowledged: partition and offset.
    At(i32, i64),
    /// It was not.
    Not(KafkaError),
}

#[derive(Debug, Default)]
struct Heard {
    lines: VecDeque<String>,
    delivered: Option<Delivered>,
}

/// Shared by producer and consumer.
#[derive(Debug, Clone)]
pub(super) struct Context {
    login: Login,
    heard: Arc<Mutex<Heard>>,
}

impl Context {
    pub(super) fn new(login: Login) -> Self {
        Self {
            login,
            heard: Arc::default(),
        }
    }

    fn with<T>(&self, then: impl FnOnce(&mut Heard) -> T) -> T {
        then(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What became of the record, if that is known.
    pub(super) fn delivered(&self) -> Option<Delivered> {
        self.with(|heard| heard.delivered.clone())
    }

    /// What was logged last.
    pub(super) fn last_words(&self) -> Vec<String> {
        self.with(|heard| heard.lines.iter().cloned().collect())
    }

    fn hear(&self, line: &str) {
        let line = Printable::new(line).to_string();
        self.with(|heard| {
            if heard.lines.back() != Some(&line) {
                heard.lines.push_back(line);
            }
            if heard.lines.len() > LINES {
                heard.lines.pop_front();
            }
        });
    }
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.hear(&format!("{facility}: {message}"));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code();
        self.hear(&match code {
            Some(code) => format!("{code}: {reason}"),
            None => reason.to_owned(),
        });
    }

    fn generate_oauth_token(&self, _config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        match &self.login {
            Login::Token { token, ends_ms } => Ok(OAuthToken {
                token: token.expose().to_owned(),
                principal_name: String::new(),
                lifetime_ms: *ends_ms,
            }),
            Login::None | Login::Password { .. } => Err("this login has no token".into()),
        }
    }
}

impl ConsumerContext for Context {}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let delivered = match result {
            Ok(message) => Delivered::At(message.partition(), message.offset()),
            Err((error, _)) => Delivered::Not(error.clone()),
        };
        self.with(|heard| heard.delivered = Some(delivered));
    }
}
