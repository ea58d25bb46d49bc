//! The sockets of the probes: TCP, TLS records and Kafka frames of one attempt.

mod hops;
mod wire;

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use self::wire::Wire;
use super::attempt::{Attempt, Effect, Input, Knobs, Lost, Plan, Resigned};
use super::certificate::TrustStore;
use super::observation::{ConnectDetail, End, Meter, Observation, PhaseRecord};
use super::tcp_info;
use super::tls::ClientIdentity;
use crate::phase::Phase;
use crate::sasl::login::Login;

/// The address that this machine sends from to `to`: a datagram socket is given its peer, and nothing is sent.
#[must_use]
pub fn source_address(to: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = match to {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = std::net::UdpSocket::bind((any, 0)).ok()?;
    socket.connect(to).ok()?;
    socket.local_addr().ok().map(|local| local.ip())
}

/// What all attempts of a run share.
pub struct Shared {
    /// The run's beginning: `start_us` counts from here.
    pub began: Instant,
    /// When the whole run is over.
    pub deadline: Instant,
    /// How long one phase may take.
    pub phase_timeout: Duration,
    /// Whom to trust.
    pub trust: TrustStore,
    /// The client certificate, if there is one.
    pub identity: Option<ClientIdentity>,
    /// The time of day, seconds since 1970.
    pub now: i64,
    /// Ends the run early, with what it has.
    pub cancel: CancellationToken,
}

impl Shared {
    fn since(&self, start: Instant) -> u64 {
        micros(start.saturating_duration_since(self.began))
    }
}

/// `future`'s output, or `None` when the time is up or the run is cancelled first.
async fn within<F: Future>(
    cancel: &CancellationToken,
    until: Instant,
    future: F,
) -> Option<F::Output> {
    tokio::select! {
        output = future => Some(output),
        () = tokio::time::sleep_until(until) => None,
        () = cancel.cancelled() => None,
    }
}

/// Whole microseconds.
#[must_use]
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Gives a login, or `None` when there is no credential.
pub trait Credentials: Sync {
    /// The login by a mechanism at a host; it is asked for once per login.
    fn login(
        &self,
        mechanism: &str,
        host: &str,
        resigned: Option<&Resigned>,
    ) -> impl Future<Output = Option<Login>> + Send;
}

/// Carries out one attempt.
pub async fn run(
    plan: Plan,
    records: Vec<PhaseRecord>,
    shared: &Shared,
    credentials: &impl Credentials,
) -> Observation {
    run_watched(plan, records, shared, credentials, |_| {}).await
}

/// Carries out one attempt, and says each phase that it comes to.
pub async fn run_watched(
    plan: Plan,
    records: Vec<PhaseRecord>,
    shared: &Shared,
    credentials: &impl Credentials,
    mut comes_to: impl FnMut(Phase),
) -> Observation {
    let address = plan.address;
    let host = plan.broker.host.clone();
    let mechanism = plan.mechanism.clone().unwrap_or_default();
    let knobs = plan.knobs.clone();
    let phase_timeout = knobs.patience.map_or(shared.phase_timeout, |patience| {
        patience.min(shared.phase_timeout)
    });
    let (mut attempt, mut effect) = Attempt::start(plan, records);
    let mut wire: Option<Wire> = None;
    let mut hops: Option<u8> = None;
    loop {
        let start = Instant::now();
        let mut step = Meter {
            start_us: shared.since(start),
            ..Meter::default()
        };
        let until = (start + phase_timeout).min(shared.deadline);
        if let Some(wire) = &mut wire {
            wire.limit_hit_is_cancel = shared.deadline <= start + phase_timeout;
        }
        if let (Some(wire), Some((phase, more))) = (&wire, knobs.hops)
            && attempt.phase() == Some(phase)
        {
            wire.drop_below(hops.unwrap_or_default().saturating_add(more));
        }
        let input = match effect {
            Effect::Connect => {
                if !knobs.wait.is_zero() {
                    let waited = within(&shared.cancel, shared.deadline, sleep(knobs.wait));
                    if waited.await.is_none() {
                        step.start_us = shared.since(Instant::now());
                    }
                }
                if knobs.hops.is_some() {
                    hops = match knobs.known_hops {
                        None => hops::find(address, shared).await,
                        known => known,
                    };
                }
                let until = (Instant::now() + phase_timeout).min(shared.deadline);
                connect(address, &knobs, hops, until, &mut wire, shared).await
            }
            Effect::Secure => match &mut wire {
                Some(wire) => wire.secure(&host, &knobs, until, shared).await,
                None => break,
            },
            Effect::Exchange(bytes) => match &mut wire {
                Some(wire) => wire.exchange(&bytes, until).await,
                None => break,
            },
            Effect::Pause(time) => {
                let until = shared.deadline;
                match within(&shared.cancel, until, sleep(time)).await {
                    Some(()) => Input::Paused,
                    None => Input::Lost(End::Cancelled, Lost::default()),
                }
            }
            Effect::Credential => {
                let login = credentials.login(&mechanism, &host, knobs.resigned.as_ref());
                match within(&shared.cancel, shared.deadline, login).await {
                    Some(login) => Input::Credential(login),
                    None => Input::Lost(End::Cancelled, Lost::default()),
                }
            }
            Effect::Close => break,
        };
        step.duration_us = micros(start.elapsed());
        if let Some(wire) = &mut wire {
            (step.bytes_out, step.bytes_in) = wire.take_counts();
        }
        (attempt, effect) = attempt.on(input, step);
        if let Some(phase) = attempt.phase() {
            comes_to(phase);
        }
    }
    if let Some(wire) = wire {
        wire.close();
    }
    attempt.into_observation()
}

/// A socket as the knobs want it.
fn socket(address: SocketAddr, knobs: &Knobs) -> std::io::Result<TcpSocket> {
    let (socket, any): (_, IpAddr) = match address {
        SocketAddr::V4(_) => (TcpSocket::new_v4()?, Ipv4Addr::UNSPECIFIED.into()),
        SocketAddr::V6(_) => (TcpSocket::new_v6()?, Ipv6Addr::UNSPECIFIED.into()),
    };
    if let Some(bytes) = knobs.segment {
        socket2::SockRef::from(&socket).set_tcp_mss(bytes)?;
    }
    if let Some(port) = knobs.source_port {
        // A run before this one may have left the port in TIME-WAIT.
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddr::new(any, port))?;
    }
    Ok(socket)
}

/// How a connection fares on which nothing is said.
async fn idle(tcp: &TcpStream, time: Duration, cancel: &CancellationToken) -> End {
    let mut first = [0];
    match within(cancel, Instant::now() + time, tcp.peek(&mut first)).await {
        None if cancel.is_cancelled() => End::Cancelled,
        None => End::Silence,
        Some(Ok(0)) => End::Fin,
        Some(Ok(_)) => End::Answered,
        Some(Err(_)) => End::Rst,
    }
}

async fn connect(
    address: SocketAddr,
    knobs: &Knobs,
    hops: Option<u8>,
    until: Instant,
    wire: &mut Option<Wire>,
    shared: &Shared,
) -> Input {
    let connecting = async { socket(address, knobs)?.connect(address).await };
    match within(&shared.cancel, until, connecting).await {
        None if until == shared.deadline || shared.cancel.is_cancelled() => {
            Input::Connect(End::Cancelled, ConnectDetail::default())
        }
        None => Input::Connect(End::Silence, ConnectDetail::default()),
        Some(Err(error)) => {
            let detail = ConnectDetail {
                errno: Some(errno_name(&error)),
                ..ConnectDetail::default()
            };
            Input::Connect(connect_end(&error), detail)
        }
        Some(Ok(tcp)) => {
            let _ = tcp.set_nodelay(true);
            let detail = ConnectDetail {
                local: tcp.local_addr().ok(),
                errno: None,
                tcp: tcp_info::read(&tcp),
                hops,
                idle: match knobs.listen {
                    Some(time) => Some(idle(&tcp, time, &shared.cancel).await),
                    None => None,
                },
            };
            *wire = Some(Wire::new(tcp, shared.cancel.clone()));
            Input::Connect(End::Answered, detail)
        }
    }
}

fn connect_end(error: &std::io::Error) -> End {
    match error.kind() {
        ErrorKind::ConnectionRefused => End::Refused,
        ErrorKind::TimedOut => End::Silence,
        // A RST between SYN/ACK and our look at the socket.
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => End::Rst,
        _ => End::Unreachable,
    }
}

/// `ECONNREFUSED` and the like, by errno(3).
fn errno_name(error: &std::io::Error) -> String {
    let Some(code) = error.raw_os_error() else {
        return error.kind().to_string();
    };
    let name = match code {
        libc::ECONNREFUSED => "ECONNREFUSED",
        libc::ETIMEDOUT => "ETIMEDOUT",
        libc::EHOSTUNREACH => "EHOSTUNREACH",
        libc::ENETUNREACH => "ENETUNREACH",
        libc::ECONNRESET => "ECONNRESET",
        libc::EACCES => "EACCES",
        libc::EPERM => "EPERM",
        libc::EADDRNOTAVAIL => "EADDRNOTAVAIL",
        libc::ENETDOWN => "ENETDOWN",
        libc::EHOSTDOWN => "EHOSTDOWN",
        libc::EMFILE => "EMFILE",
        libc::EAFNOSUPPORT => "EAFNOSUPPORT",
        libc::EINVAL => "EINVAL",
        libc::ENOPROTOOPT => "ENOPROTOOPT",
        libc::EPROTO => "EPROTO",
        _ => return format!("errno {code}"),
    };
    name.to_owned()
}
