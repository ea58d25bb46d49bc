//! Small experiments that part causes which the evidence leaves together.

use std::net::SocketAddr;

use super::Diagnosis;
use super::sign::{Seen, Sign, signs};
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

/// The next experiment that parts causes which are still together, if there is one. Each is made
/// once, on the first broker that calls for it; brokers that speak no protocol of ours are asked
/// one by one, because they need not be alike.
#[must_use]
pub fn next(case: &Case, diagnosis: &Diagnosis) -> Option<Wanted> {
    if diagnosis
        .causes
        .iter()
        .all(|cause| cause.not_excluded.is_empty())
    {
        return None;
    }
    let seen = signs(case);
    EXPERIMENTS.iter().find_map(|experiment| {
        let once = experiment.name == HANDSHAKE_V0;
        if once && case.tried(experiment.name) {
            return None;
        }
        seen.iter()
            .filter(|seen| experiment.signs.contains(&seen.sign))
            .filter(|seen| (experiment.useful)(case, seen))
            .filter(|seen| case.experiment(experiment.name, seen.broker()).is_none())
            .find_map(|seen| {
                Some(Wanted {
                    experiment,
                    address: seen.address()?,
                    broker: seen.broker().clone(),
                })
            })
    })
}
