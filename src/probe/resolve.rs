//! The resolve probe: what a name gives the application, and what each name server says on the wire.
//!
//! ```text
//! name ─┬─ application: getaddrinfo, as the client calls it (hosts file, caches, nsswitch) ─┐
//!       └─ wire: A and AAAA to each configured server and each `--dns-server` ──────────────┴─> Resolution
//! ```
//!
//! The two are kept apart because they fail apart: only the wire shows a response code, and only the application's
//! answer is what a client dials. No server is asked that is neither configured nor given.

mod application;
mod detail;
mod differences;
mod end;
mod exchange;
mod search;
mod wire;

#[cfg(test)]
mod tests;

pub use detail::{ApplicationAnswer, ResolveDetail, ResolveSource, WireAnswer, WireEnd};
pub use differences::{AddressClass, Difference, ServerSaid, address_class, differences, slow};
pub use end::{ResolveEnd, conclude};

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use wire::Plan;

/// How to resolve a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResolveOptions {
    /// Servers to ask as well as the system's (`--dns-server`). They never change what the application gets.
    pub dns_servers: Vec<SocketAddr>,
    /// How long the application's answer, and each server's answers, may take.
    pub timeout: Duration,
    /// Who stands for the system's resolver.
    pub system: SystemResolver,
}

/// Who stands for the system's resolver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SystemResolver {
    /// getaddrinfo, and on the wire the servers of the system's configuration.
    Real,
    /// These servers and nothing else: the application's answer is made from theirs, getaddrinfo is not called, and
    /// neither the hosts file nor search suffixes play a part.
    Only(Vec<SocketAddr>),
}

/// What resolving one name came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Resolution {
    /// Everything that was asked and answered.
    pub detail: ResolveDetail,
    /// What the application would dial, in its order, each address once.
    pub addresses: Vec<IpAddr>,
    /// How the phase ended for the application.
    pub end: ResolveEnd,
    /// From the first question to the last answer, or to its timeout.
    pub duration: Duration,
}

impl Resolution {
    /// The target was an address: nothing to resolve.
    #[must_use]
    pub fn literal(ip: IpAddr) -> Self {
        Self::without_asking(ResolveSource::Literal, ip)
    }

    /// The address came from `--resolve`: no server was asked.
    #[must_use]
    pub fn from_flag(ip: IpAddr) -> Self {
        Self::without_asking(ResolveSource::Flag, ip)
    }

    fn without_asking(source: ResolveSource, ip: IpAddr) -> Self {
        Self {
            detail: ResolveDetail::without_asking(source),
            addresses: vec![ip],
            end: ResolveEnd::Answered,
            duration: Duration::ZERO,
        }
    }
}

/// Resolves `name` as the application would, and asks each server on the wire beside it.
///
/// A failure to resolve is a [`ResolveEnd`], never an error.
pub async fn resolve(name: &str, options: &ResolveOptions) -> Resolution {
    resolve_until(name, options, &CancellationToken::new()).await
}

/// How long the wire may go on once the application has its addresses.
const GRACE: Duration = Duration::from_millis(150);

/// As [`resolve`], but stops at once when `cancelled` fires, keeping what was answered until then.
pub async fn resolve_until(
    name: &str,
    options: &ResolveOptions,
    cancelled: &CancellationToken,
) -> Resolution {
    if let Ok(ip) = name.parse() {
        return Resolution::literal(ip);
    }
    let started = Instant::now();
    let deadline = started + options.timeout;
    let plan = Plan::read(options);
    let late = cancelled.child_token();
    let ask_wire = wire::ask_all(name, &plan, deadline, &late);
    let (application, wire) = match options.system {
        SystemResolver::Real => {
            let wire_done = CancellationToken::new();
            tokio::join!(
                async {
                    let answer = application::ask(name, deadline, cancelled).await;
                    if answer
                        .as_ref()
                        .is_some_and(|answer| !answer.addresses.is_empty())
                    {
                        // The way is open: a dead second server must not hold it up.
                        let _ = tokio::time::timeout(GRACE, wire_done.cancelled()).await;
                        late.cancel();
                    }
                    answer
                },
                async {
                    let answers = ask_wire.await;
                    wire_done.cancel();
                    answers
                }
            )
        }
        SystemResolver::Only(_) => {
            let wire = ask_wire.await;
            (application::from_wire(&wire), wire)
        }
    };
    let detail = ResolveDetail {
        source: match options.system {
            SystemResolver::Real => ResolveSource::System,
            SystemResolver::Only(_) => ResolveSource::Servers,
        },
        application,
        wire,
        configuration_error: plan.configuration_error,
    };
    Resolution {
        addresses: dialled(&detail),
        end: conclude(name, &detail),
        duration: started.elapsed(),
        detail,
    }
}

/// The application's addresses in its order, each once.
fn dialled(detail: &ResolveDetail) -> Vec<IpAddr> {
    let mut seen = HashSet::new();
    detail
        .application
        .iter()
        .flat_map(|answer| &answer.addresses)
        .copied()
        .filter(|ip| seen.insert(*ip))
        .collect()
}
