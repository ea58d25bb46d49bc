//! The questions on the wire: who is asked for what, and the sockets that ask.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures::future::join_all;
use hickory_proto::rr::{Name, RecordType};
use hickory_resolver::config::{ResolverConfig, ResolverOpts};
use hickory_resolver::system_conf::read_system_conf;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::detail::{WireAnswer, WireEnd, microseconds};
use super::exchange::{Answer, Question, Verdict};
use super::search::{Candidate, Tried, candidates, left};
use super::{ResolveOptions, SystemResolver};

/// Both are asked for at once, as getaddrinfo does.
const RECORD_TYPES: [RecordType; 2] = [RecordType::A, RecordType::AAAA];

/// The DNS port (RFC 1035, 4.2): resolver configurations name addresses only.
const DNS_PORT: u16 = 53;

/// `MAXNS` of glibc, musl and the BSDs: the application never asks a fourth.
const MAX_CONFIGURED: usize = 3;

/// When a question over UDP is sent again, once, for the datagram that was lost. Shorter than glibc's 5 seconds so that
/// one lost datagram is not taken for a silent server.
const SEND_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// More than the 512 bytes an answer without EDNS may have; the rest of a larger datagram is dropped.
const DATAGRAM_BYTES: usize = 4096;

/// Whom to ask, and with which search suffixes.
#[derive(Debug, PartialEq)]
pub(super) struct Plan {
    servers: Vec<Server>,
    search: Vec<Name>,
    ndots: usize,
    /// Why the system's configuration could not be read.
    pub configuration_error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Server {
    address: SocketAddr,
    configured: bool,
}

impl Plan {
    /// Reads the system's configuration, unless the options name servers in its place.
    pub fn read(options: &ResolveOptions) -> Self {
        let mut plan = match &options.system {
            SystemResolver::Only(servers) => Self::of(servers, Vec::new(), 1),
            SystemResolver::Real => match read_system_conf() {
                Ok((config, options)) => Self::of_system(&config, &options),
                Err(error) => Self {
                    configuration_error: Some(error.to_string()),
                    ..Self::of(&[], Vec::new(), 1)
                },
            },
        };
        plan.add(&options.dns_servers, false);
        plan
    }

    fn of_system(config: &ResolverConfig, options: &ResolverOpts) -> Self {
        let servers: Vec<SocketAddr> = config
            .name_servers()
            .iter()
            .take(MAX_CONFIGURED)
            .map(|server| SocketAddr::new(server.ip, DNS_PORT))
            .collect();
        // Without `search` and `domain`, glibc searches the host name's own domain.
        let search = match config.search() {
            [] => config.domain().cloned().into_iter().collect(),
            search => search.to_vec(),
        };
        Self::of(&servers, search, options.ndots)
    }

    /// These servers as if they were configured.
    pub fn of(configured: &[SocketAddr], search: Vec<Name>, ndots: usize) -> Self {
        let mut plan = Self {
            servers: Vec::new(),
            search,
            ndots,
            configuration_error: None,
        };
        plan.add(configured, true);
        plan
    }

    fn add(&mut self, addresses: &[SocketAddr], configured: bool) {
        for &address in addresses {
            if !self.servers.iter().any(|server| server.address == address) {
                self.servers.push(Server {
                    address,
                    configured,
                });
            }
        }
    }

    /// A server that only a flag gave gets the name as it is: search suffixes are the configured servers' matter.
    fn names(&self, name: &str, server: Server) -> Vec<Candidate> {
        let search = if server.configured {
            self.search.as_slice()
        } else {
            &[]
        };
        candidates(name, search, self.ndots)
    }
}

/// Asks every server of the plan at once.
pub(super) async fn ask_all(
    name: &str,
    plan: &Plan,
    deadline: Instant,
    cancelled: &CancellationToken,
) -> Vec<WireAnswer> {
    let asked = plan.servers.iter().map(|server| async move {
        let names = plan.names(name, *server);
        ask_server(*server, &names, deadline, cancelled).await
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// One server, one name after the other while the one before has no address.
async fn ask_server(
    server: Server,
    names: &[Candidate],
    deadline: Instant,
    cancelled: &CancellationToken,
) -> Vec<WireAnswer> {
    let mut all = Vec::new();
    let mut names = names;
    while let [current, rest @ ..] = names {
        let asked =
            RECORD_TYPES.map(|record_type| ask(server, current, record_type, deadline, cancelled));
        let answers = join_all(asked).await;
        names = left(current, outcome(&answers), rest);
        all.extend(answers);
    }
    all
}

fn outcome(answers: &[WireAnswer]) -> Tried {
    let rcodes = || answers.iter().filter_map(|answer| answer.rcode.as_deref());
    if answers.iter().any(|answer| !answer.addresses.is_empty()) {
        Tried::Found
    } else if rcodes().any(|rcode| matches!(rcode, "NOERROR" | "NXDOMAIN" | "SERVFAIL")) {
        Tried::Missed
    } else if rcodes().next().is_some() {
        Tried::Declined
    } else {
        Tried::NoAnswer
    }
}

/// One question to one server.
async fn ask(
    server: Server,
    candidate: &Candidate,
    record_type: RecordType,
    deadline: Instant,
    cancelled: &CancellationToken,
) -> WireAnswer {
    let started = Instant::now();
    let mut seen = Seen::default();
    let exchanged = tokio::select! {
        biased;
        exchanged = exchange(server.address, &candidate.name, record_type, &mut seen) => exchanged,
        () = cancelled.cancelled() => Err(WireEnd::Cancelled),
        () = sleep_until(deadline) => Err(WireEnd::Silence),
    };
    let (end, answer) = match exchanged {
        Ok(answer) => (WireEnd::Answered, Some(answer)),
        Err(WireEnd::Silence) if seen.strays => (WireEnd::Malformed, None),
        Err(end) => (end, None),
    };
    let rcode = answer.as_ref().map(|answer| answer.rcode.clone());
    let Answer {
        addresses,
        cnames,
        ttl_s,
        ..
    } = answer.unwrap_or_default();
    WireAnswer {
        server: server.address,
        configured: server.configured,
        name: candidate.text.clone(),
        record_type: record_type.to_string(),
        rcode,
        addresses,
        cnames,
        ttl_s,
        duration_us: microseconds(started.elapsed()),
        end,
        truncated_then_tcp: seen.truncated,
    }
}

/// What happened on the way to an answer, kept when the time is up before one came.
#[derive(Debug, Default)]
struct Seen {
    truncated: bool,
    /// Messages from the server that did not answer our question.
    strays: bool,
}

async fn exchange(
    server: SocketAddr,
    name: &Name,
    record_type: RecordType,
    seen: &mut Seen,
) -> Result<Answer, WireEnd> {
    let question = Question::new(name, record_type).ok_or(WireEnd::Unreachable)?;
    match over_udp(server, &question, seen).await? {
        Verdict::Answer(answer) => Ok(answer),
        Verdict::Truncated => {
            seen.truncated = true;
            over_tcp(server, &question).await
        }
        Verdict::Broken | Verdict::NotOurs => Err(WireEnd::Malformed),
    }
}

/// A new socket, so a new random port, for each question. It is connected: the kernel drops what others send, and
/// reports ICMP errors.
async fn over_udp(
    server: SocketAddr,
    question: &Question,
    seen: &mut Seen,
) -> Result<Verdict, WireEnd> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await.map_err(end_of)?;
    socket.connect(server).await.map_err(end_of)?;
    socket.send(question.bytes()).await.map_err(end_of)?;
    let mut buffer = vec![0; DATAGRAM_BYTES];
    let resend = sleep(SEND_AGAIN_AFTER);
    tokio::pin!(resend);
    let mut sent_again = false;
    loop {
        let received = tokio::select! {
            biased;
            received = socket.recv(&mut buffer) => received.map_err(end_of)?,
            () = &mut resend, if !sent_again => {
                sent_again = true;
                socket.send(question.bytes()).await.map_err(end_of)?;
                continue;
            }
        };
        match question.judge(&buffer[..received]) {
            Verdict::NotOurs => seen.strays = true,
            verdict => return Ok(verdict),
        }
    }
}

/// An answer has at most 65,535 bytes there, by its length prefix.
async fn over_tcp(server: SocketAddr, question: &Question) -> Result<Answer, WireEnd> {
    let mut stream = TcpStream::connect(server).await.map_err(end_of)?;
    stream.write_all(&question.framed()).await.map_err(end_of)?;
    let length = stream.read_u16().await.map_err(end_of)?;
    let mut bytes = vec![0; usize::from(length)];
    stream.read_exact(&mut bytes).await.map_err(end_of)?;
    match question.judge(&bytes) {
        Verdict::Answer(answer) => Ok(answer),
        Verdict::Truncated | Verdict::Broken | Verdict::NotOurs => Err(WireEnd::Malformed),
    }
}

/// An error before any connection, or ICMP's, means no way there; one after it means that the server hung up.
#[expect(clippy::needless_pass_by_value, reason = "as map_err hands it over")]
fn end_of(error: io::Error) -> WireEnd {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => WireEnd::Refused,
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe => WireEnd::Malformed,
        io::ErrorKind::TimedOut => WireEnd::Silence,
        _ => WireEnd::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use hickory_resolver::system_conf::parse_resolv_conf;

    use super::*;

    fn plan(resolv_conf: &str) -> Plan {
        let (config, options) = parse_resolv_conf(resolv_conf).expect("a configuration");
        Plan::of_system(&config, &options)
    }

    #[test]
    fn only_servers_that_are_configured_or_given() {
        let mut plan = plan(
            "nameserver 192.0.2.1\nnameserver 2001:db8::1\nnameserver 192.0.2.1\nnameserver 192.0.2.4\n\
             search svc.test corp.test\noptions ndots:5\n",
        );
        plan.add(
            &["192.0.2.1:53", "192.0.2.9:5353"].map(|it| it.parse().expect("address")),
            false,
        );
        let servers: Vec<(String, bool)> = plan
            .servers
            .iter()
            .map(|server| (server.address.to_string(), server.configured))
            .collect();
        let want = [
            ("192.0.2.1:53", true),
            ("[2001:db8::1]:53", true),
            ("192.0.2.9:5353", false),
        ];
        assert_eq!(
            servers,
            want.map(|(address, configured)| (address.to_owned(), configured))
        );
        let asked = |server| -> Vec<String> {
            plan.names("b-1.test", server)
                .into_iter()
                .map(|candidate| candidate.text)
                .collect()
        };
        assert_eq!(
            asked(plan.servers[0]),
            ["b-1.test.svc.test", "b-1.test.corp.test", "b-1.test"]
        );
        assert_eq!(asked(plan.servers[2]), ["b-1.test"]);
    }

    #[test]
    fn domain_is_the_search_list_when_there_is_no_other() {
        let plan = plan("nameserver 192.0.2.1\ndomain corp.test\n");
        assert_eq!(plan.search, [Name::from_ascii("corp.test").expect("name")]);
    }
}
