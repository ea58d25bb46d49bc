//! The application's answer: what getaddrinfo gives, with its error code.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use dns_lookup::{AddrInfoHints, LookupError, LookupErrorKind, SockType, getaddrinfo};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::detail::{ApplicationAnswer, WireAnswer, WireEnd, microseconds};

/// Calls getaddrinfo as a client does; `None` when cancelled before it returned.
///
/// getaddrinfo cannot be interrupted, and takes 30 seconds and more with dead servers. It gets a thread that nobody
/// joins, because a runtime waits for its own blocking threads when it shuts down.
pub(super) async fn ask(
    name: &str,
    deadline: Instant,
    cancelled: &CancellationToken,
) -> Option<ApplicationAnswer> {
    let started = Instant::now();
    let (sender, receiver) = oneshot::channel();
    let name = name.to_owned();
    let spawned = std::thread::Builder::new()
        .name("getaddrinfo".to_owned())
        .spawn(move || {
            // The receiver is gone once the time is up: then nobody wants the answer.
            let _ = sender.send(look_up(&name));
        });
    if let Err(error) = spawned {
        return Some(failed(failure_of(&error), started.elapsed()));
    }
    let looked_up = tokio::select! {
        biased;
        looked_up = timeout_at(deadline, receiver) => looked_up,
        () = cancelled.cancelled() => return None,
    };
    let elapsed = started.elapsed();
    Some(match looked_up {
        Ok(Ok(Ok(addresses))) => ApplicationAnswer {
            addresses,
            ..blank(elapsed)
        },
        Ok(Ok(Err(failure))) => failed(failure, elapsed),
        // The thread died: nothing the network did.
        Ok(Err(_)) => failed(failure_of(&io::ErrorKind::Other.into()), elapsed),
        Err(_) => ApplicationAnswer {
            silent: true,
            ..blank(elapsed)
        },
    })
}

/// The answer an application would get from these servers alone: the first that knows decides, as in glibc, which
/// goes on to the next after silence, SERVFAIL, REFUSED and NOTIMP. A comes before AAAA.
///
/// `None` when cancelled before a server knew.
pub(super) fn from_wire(wire: &[WireAnswer]) -> Option<ApplicationAnswer> {
    let configured: Vec<&WireAnswer> = wire.iter().filter(|answer| answer.configured).collect();
    let of = |server: SocketAddr| {
        configured
            .iter()
            .copied()
            .filter(move |answer| answer.server == server)
    };
    let took = |server| of(server).map(|answer| answer.duration_us).max();
    let decisive = configured.iter().find(|answer| answer.decides());
    if let Some(first) = decisive {
        let addresses: Vec<IpAddr> = of(first.server)
            .flat_map(|answer| answer.addresses.iter().copied())
            .collect();
        let nxdomain = of(first.server).any(WireAnswer::denies_name);
        let error = addresses
            .is_empty()
            .then(|| if nxdomain { "EAI_NONAME" } else { "EAI_NODATA" }.to_owned());
        return Some(ApplicationAnswer {
            addresses,
            error,
            duration_us: took(first.server).unwrap_or(0),
            ..blank(Duration::ZERO)
        });
    }
    let all_end = |end| !configured.is_empty() && configured.iter().all(|answer| answer.end == end);
    if configured
        .iter()
        .any(|answer| answer.end == WireEnd::Cancelled)
    {
        return None;
    }
    let silent = all_end(WireEnd::Silence);
    Some(ApplicationAnswer {
        error: (!silent).then(|| "EAI_AGAIN".to_owned()),
        silent,
        duration_us: configured
            .iter()
            .map(|answer| answer.duration_us)
            .max()
            .unwrap_or(0),
        ..blank(Duration::ZERO)
    })
}

/// A getaddrinfo error by name, and `errno` where there is one.
struct Failure {
    error: String,
    os_error: Option<i32>,
}

/// No flags, as the JDK calls it: `AI_ADDRCONFIG` would hide AAAA answers that other clients do dial.
fn look_up(name: &str) -> Result<Vec<IpAddr>, Failure> {
    let hints = AddrInfoHints {
        socktype: SockType::Stream.into(),
        ..AddrInfoHints::default()
    };
    let found = getaddrinfo(Some(name), None, Some(hints)).map_err(eai_failure)?;
    Ok(found.flatten().map(|info| info.sockaddr.ip()).collect())
}

fn eai_failure(error: LookupError) -> Failure {
    let number = error.error_num();
    let name = match error.kind() {
        LookupErrorKind::Again => "EAI_AGAIN",
        LookupErrorKind::Badflags => "EAI_BADFLAGS",
        LookupErrorKind::NoName => "EAI_NONAME",
        LookupErrorKind::NoData => "EAI_NODATA",
        LookupErrorKind::Fail => "EAI_FAIL",
        LookupErrorKind::Family => "EAI_FAMILY",
        LookupErrorKind::Socktype => "EAI_SOCKTYPE",
        LookupErrorKind::Service => "EAI_SERVICE",
        LookupErrorKind::Memory => "EAI_MEMORY",
        LookupErrorKind::System => return failure_of(&io::Error::from(error)),
        // A name with a NUL in it never reaches getaddrinfo, which would not find it either.
        LookupErrorKind::IO | LookupErrorKind::Unknown if number == 0 => "EAI_NONAME",
        LookupErrorKind::IO | LookupErrorKind::Unknown => {
            return Failure {
                error: unnamed(number),
                os_error: None,
            };
        }
    };
    Failure {
        error: name.to_owned(),
        os_error: None,
    }
}

/// Codes that POSIX lacks, by glibc's `netdb.h`; other systems number differently, so there they stay numbers.
fn unnamed(number: i32) -> String {
    match number {
        -9 if cfg!(target_env = "gnu") => "EAI_ADDRFAMILY".to_owned(),
        -105 if cfg!(target_env = "gnu") => "EAI_IDN_ENCODE".to_owned(),
        number => number.to_string(),
    }
}

fn failure_of(error: &io::Error) -> Failure {
    Failure {
        error: "EAI_SYSTEM".to_owned(),
        os_error: error.raw_os_error(),
    }
}

fn failed(failure: Failure, elapsed: Duration) -> ApplicationAnswer {
    ApplicationAnswer {
        error: Some(failure.error),
        os_error: failure.os_error,
        ..blank(elapsed)
    }
}

fn blank(elapsed: Duration) -> ApplicationAnswer {
    ApplicationAnswer {
        addresses: Vec::new(),
        error: None,
        os_error: None,
        silent: false,
        duration_us: microseconds(elapsed),
    }
}
