//! Small experiments that part causes which the evidence leaves together.

use std::net::SocketAddr;

use super::sign::{Seen, Sign, signs};
use super::{Cause, Diagnosis};
use crate::case::Case;
use crate::phase::Phase;
use crate::probe::attempt::Plan;
use crate::probe::observation::{Framing, Purpose};

/// The same token over `SaslHandshake` v0, as kafka-python 2.0 sends it.
pub const HANDSHAKE_V0: &str = "sasl-handshake-v0";
/// A Kafka request in clear text on a port that did not speak TLS.
pub const PLAIN_KAFKA: &str = "plain-kafka";
/// A TLS `ClientHello` on a port that did not speak Kafka in clear text.
pub const TLS_HELLO: &str = "tls-hello";

/// One experiment: when it is worth a connection, and what it does.
pub struct Experiment {
    /// Its name in reports.
    pub name: &'static str,
    /// The question that it answers.
    pub question: &'static str,
    /// The signs that call for it.
    pub signs: &'static [Sign],
    /// Whether it would tell anything about this sign.
    pub useful: fn(&Case, &Seen<'_>) -> bool,
    /// Whether it sends a credential: such a one is made on one broker only.
    pub sends_credential: bool,
    /// Turns the plan of the attempt that showed the sign into the experiment's.
    pub change: fn(&mut Plan),
}

/// All experiments, the cheapest first. Each opens one connection to one broker.
pub static EXPERIMENTS: &[Experiment] = &[
    Experiment {
        name: PLAIN_KAFKA,
        question: "does the port speak Kafka in clear text?",
        signs: &[
            Sign::TlsClosed,
            Sign::NotTls,
            Sign::TlsSilent,
            Sign::TlsAlert,
        ],
        useful: |case, seen| {
            case.target.auth.uses_tls()
                && seen
                    .observation
                    .tls()
                    .is_none_or(|tls| !tls.server_hello && tls.alert_received.is_none())
        },
        sends_credential: false,
        change: |plan| {
            plan.tls = false;
            plan.mechanism = None;
            plan.until = Phase::ApiVersions;
        },
    },
    Experiment {
        name: TLS_HELLO,
        question: "does the port speak TLS?",
        signs: &[
            Sign::ApiVersionsClosed,
            Sign::ApiVersionsSilent,
            Sign::NotKafka,
            Sign::AnswerMalformed,
        ],
        useful: |case, _| !case.target.auth.uses_tls(),
        sends_credential: false,
        change: |plan| {
            plan.tls = true;
            plan.mechanism = None;
            plan.until = Phase::Tls;
        },
    },
    Experiment {
        name: HANDSHAKE_V0,
        question: "what does a client see that cannot be told the reason?",
        signs: &[Sign::LoginRefused, Sign::LoginClosed],
        useful: |_, seen| {
            // A rate limit is not asked again at once, and a bare token tells no more than words.
            let words = seen
                .observation
                .login()
                .and_then(|login| login.error_message.as_deref());
            words.is_none_or(|words| words.contains("Access denied"))
        },
        sends_credential: true,
        change: |plan| plan.framing = Framing::Bare,
    },
];

/// An experiment to make now.
pub struct Wanted {
    /// Which.
    pub experiment: &'static Experiment,
    /// The broker's address to try it on.
    pub address: SocketAddr,
    /// The broker.
    pub broker: crate::target::Endpoint,
}

impl Wanted {
    /// The attempt to make: `plan` as the first attempt had it, changed.
    #[must_use]
    pub fn plan(&self, mut plan: Plan) -> Plan {
        plan.broker = self.broker.clone();
        plan.address = self.address;
        (self.experiment.change)(&mut plan);
        plan.purpose = Purpose::Experiment(self.experiment.name.to_owned());
        plan
    }
}

/// The most brokers on which one experiment is made.
const MOST_BROKERS: usize = 8;

/// The next experiment that parts causes which are still together, on the brokers that call for
/// it; empty when there is none. A credential is sent once more to one broker only; what needs
/// none is tried on each broker, because they need not be alike.
#[must_use]
pub fn next(case: &Case, diagnosis: &Diagnosis) -> Vec<Wanted> {
    let together = |cause: &Cause| !cause.not_excluded.is_empty();
    if !diagnosis.causes.iter().any(together) {
        return Vec::new();
    }
    let seen = signs(case);
    let untried = EXPERIMENTS
        .iter()
        .filter(|experiment| !case.tried(experiment.name));
    for experiment in untried {
        let most = if experiment.sends_credential {
            1
        } else {
            MOST_BROKERS
        };
        let mut wanted: Vec<Wanted> = Vec::new();
        for seen in &seen {
            let calls = experiment.signs.contains(&seen.sign) && (experiment.useful)(case, seen);
            let known = wanted.iter().any(|wanted| wanted.broker == *seen.broker());
            if let (true, false, Some(address)) = (calls, known, seen.address()) {
                wanted.push(Wanted {
                    experiment,
                    address,
                    broker: seen.broker().clone(),
                });
            }
        }
        wanted.truncate(most);
        if !wanted.is_empty() {
            return wanted;
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Endpoint;

    #[test]
    fn what_sends_a_credential_says_so() {
        for experiment in EXPERIMENTS {
            let mut plan = Plan {
                broker: Endpoint::new("b-1.example", 9098),
                address: SocketAddr::from(([10, 0, 0, 1], 9098)),
                purpose: Purpose::Bootstrap,
                tls: true,
                mechanism: Some("OAUTHBEARER".to_owned()),
                framing: Framing::SaslAuthenticate,
                until: Phase::Metadata,
                topic: None,
                send_credentials_anyway: false,
            };
            (experiment.change)(&mut plan);
            let logs_in = plan.mechanism.is_some() && plan.until >= Phase::SaslAuthenticate;
            assert_eq!(experiment.sends_credential, logs_in, "{}", experiment.name);
        }
    }
}
