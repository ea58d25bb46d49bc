//! Scripted name servers on loopback, over UDP and TCP on one port.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::op::{Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio_util::sync::CancellationToken;

use super::*;

const NAME: &str = "b-1.demo.test";

/// Long enough that no loaded machine runs into it: only [`Script::Silence`] may.
const NEVER: Duration = Duration::from_secs(60);

/// An application's answer in a word: an error name, `silent`, or addresses.
pub(super) fn application(said: &str) -> ApplicationAnswer {
    let addresses: Vec<IpAddr> = said.split(' ').filter_map(|ip| ip.parse().ok()).collect();
    ApplicationAnswer {
        error: said.starts_with("EAI_").then(|| said.to_owned()),
        silent: said == "silent",
        addresses,
        os_error: None,
        duration_us: 1000,
    }
}

/// A configured server's answer in a word: addresses, an rcode, or (in lower case) how the exchange ended.
pub(super) fn wire(name: &str, said: &str) -> WireAnswer {
    let addresses: Vec<IpAddr> = said.split(' ').filter_map(|ip| ip.parse().ok()).collect();
    let end = match said {
        "silence" => WireEnd::Silence,
        "refused" => WireEnd::Refused,
        _ => WireEnd::Answered,
    };
    let rcode = if addresses.is_empty() {
        said
    } else {
        "NOERROR"
    };
    WireAnswer {
        server: SocketAddr::from(([192, 0, 2, 53], 53)),
        configured: true,
        name: name.to_owned(),
        record_type: "A".to_owned(),
        rcode: (end == WireEnd::Answered).then(|| rcode.to_owned()),
        addresses,
        cnames: Vec::new(),
        ttl_s: None,
        duration_us: 1000,
        end,
        truncated_then_tcp: false,
    }
}

/// What a scripted server does with each question.
#[derive(Debug, Clone)]
enum Script {
    /// This A record behind one alias; AAAA is NODATA.
    Answer([u8; 4]),
    /// Only this response code: `NoError` is NODATA.
    Rcode(ResponseCode),
    Silence,
    /// Nothing to the first datagram of each question.
    LoseFirst([u8; 4]),
    /// Over UDP an empty answer with TC; over TCP the true one.
    Truncate([u8; 4]),
    /// As `Truncate`, but TCP closes without a word.
    TruncateThenClose,
    /// A forged answer with another id, then garbage, then the true answer.
    WrongIdFirst([u8; 4]),
    /// Our id, then garbage.
    Garbage,
}

/// A server and every question it was asked.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

async fn serve(script: Script) -> Server {
    let (udp, tcp) = bind_both().await;
    let address = udp.local_addr().expect("bound");
    let asked = Arc::new(Mutex::new(Vec::new()));
    tokio::spawn(serve_udp(udp, script.clone(), Arc::clone(&asked)));
    tokio::spawn(serve_tcp(tcp, script));
    Server { address, asked }
}

/// The UDP port is the system's choice; somebody else may hold the same one for TCP.
async fn bind_both() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("binds");
        let address = udp.local_addr().expect("bound");
        if let Ok(tcp) = TcpListener::bind(address).await {
            return (udp, tcp);
        }
    }
}

async fn serve_udp(socket: UdpSocket, script: Script, asked: Arc<Mutex<Vec<String>>>) {
    let mut buffer = [0; 512];
    while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
        let query = Message::from_vec(&buffer[..length]).expect("a question");
        let question = format!(
            "{} {}",
            query.queries[0].name(),
            query.queries[0].query_type()
        );
        let again = {
            let mut asked = asked.lock().expect("not poisoned");
            asked.push(question.clone());
            asked.iter().filter(|earlier| **earlier == question).count() > 1
        };
        for reply in replies(&script, &query, again) {
            socket.send_to(&reply, peer).await.expect("sends");
        }
    }
}

fn replies(script: &Script, query: &Message, again: bool) -> Vec<Vec<u8>> {
    match script {
        Script::Answer(ip) => vec![answer(query, *ip)],
        Script::LoseFirst(ip) if again => vec![answer(query, *ip)],
        Script::Silence | Script::LoseFirst(_) => vec![],
        Script::Rcode(rcode) => vec![encode(&respond(query, *rcode))],
        Script::Truncate(_) | Script::TruncateThenClose => {
            let mut reply = respond(query, ResponseCode::NoError);
            reply.metadata.truncation = true;
            vec![encode(&reply)]
        }
        Script::WrongIdFirst(ip) => {
            let mut forged = answer(query, [6, 6, 6, 6]);
            forged[0] ^= 0xff;
            vec![forged, vec![0x2a; 40], answer(query, *ip)]
        }
        Script::Garbage => {
            let mut reply = query.metadata.id.to_be_bytes().to_vec();
            reply.extend([0xff; 40]);
            reply[2] = 0x80;
            vec![reply]
        }
    }
}

async fn serve_tcp(listener: TcpListener, script: Script) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let length = stream.read_u16().await.expect("a length");
        let mut bytes = vec![0; usize::from(length)];
        stream.read_exact(&mut bytes).await.expect("a question");
        if let Script::Truncate(ip) = script {
            let reply = answer(&Message::from_vec(&bytes).expect("a question"), ip);
            let length = u16::try_from(reply.len()).expect("short");
            stream.write_u16(length).await.expect("sends");
            stream.write_all(&reply).await.expect("sends");
        }
    }
}

fn respond(query: &Message, rcode: ResponseCode) -> Message {
    let mut reply = Message::response(query.metadata.id, OpCode::Query);
    reply.metadata.response_code = rcode;
    reply.add_queries(query.queries.iter().cloned());
    reply
}

fn answer(query: &Message, ip: [u8; 4]) -> Vec<u8> {
    let mut reply = respond(query, ResponseCode::NoError);
    let asked = &query.queries[0];
    let alias = Name::from_ascii("alias.test.").expect("a name");
    let cname = RData::CNAME(CNAME(alias.clone()));
    reply.add_answer(Record::from_rdata(asked.name().clone(), 60, cname));
    if asked.query_type() == RecordType::A {
        reply.add_answer(Record::from_rdata(alias, 30, RData::A(A(ip.into()))));
    }
    encode(&reply)
}

fn encode(message: &Message) -> Vec<u8> {
    message.to_vec().expect("encodes")
}

fn only(servers: &[&Server]) -> ResolveOptions {
    ResolveOptions {
        dns_servers: Vec::new(),
        timeout: NEVER,
        system: SystemResolver::Only(servers.iter().map(|server| server.address).collect()),
    }
}

async fn resolve_with(script: Script) -> Resolution {
    let server = serve(script).await;
    resolve(NAME, &only(&[&server])).await
}

fn ends(resolution: &Resolution) -> Vec<(&str, WireEnd, Option<&str>)> {
    let wire = resolution.detail.wire.iter();
    wire.map(|answer| {
        (
            answer.record_type.as_str(),
            answer.end,
            answer.rcode.as_deref(),
        )
    })
    .collect()
}

fn error(resolution: &Resolution) -> Option<&str> {
    resolution.detail.application.as_ref()?.error.as_deref()
}

#[tokio::test]
async fn answers() {
    let found = resolve_with(Script::Answer([10, 0, 0, 1])).await;
    assert_eq!(found.end, ResolveEnd::Answered);
    assert_eq!(found.addresses, [IpAddr::from([10, 0, 0, 1])]);
    assert_eq!(found.detail.source, ResolveSource::Servers);
    let [a, aaaa] = found.detail.wire.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(
        (a.cnames.as_slice(), a.ttl_s),
        (["alias.test".to_owned()].as_slice(), Some(30))
    );
    assert_eq!(
        (a.name.as_str(), a.configured, a.truncated_then_tcp),
        (NAME, true, false)
    );
    assert_eq!(
        (aaaa.record_type.as_str(), aaaa.addresses.len(), aaaa.ttl_s),
        ("AAAA", 0, Some(60))
    );
    assert_eq!(differences(&found.detail), []);
}

#[tokio::test]
async fn response_codes() {
    let table = [
        (
            ResponseCode::NXDomain,
            "NXDOMAIN",
            "EAI_NONAME",
            ResolveEnd::Nxdomain,
        ),
        (
            ResponseCode::NoError,
            "NOERROR",
            "EAI_NODATA",
            ResolveEnd::NoAddress,
        ),
        (
            ResponseCode::ServFail,
            "SERVFAIL",
            "EAI_AGAIN",
            ResolveEnd::ResolverFailed,
        ),
        (
            ResponseCode::Refused,
            "REFUSED",
            "EAI_AGAIN",
            ResolveEnd::ResolverFailed,
        ),
        (
            ResponseCode::Unknown(14),
            "14",
            "EAI_AGAIN",
            ResolveEnd::ResolverFailed,
        ),
    ];
    for (rcode, name, eai, end) in table {
        let found = resolve_with(Script::Rcode(rcode)).await;
        assert_eq!(found.end, end, "{name}");
        assert_eq!(error(&found), Some(eai), "{name}");
        let answered = WireEnd::Answered;
        assert_eq!(
            ends(&found),
            [("A", answered, Some(name)), ("AAAA", answered, Some(name))]
        );
        assert!(found.addresses.is_empty());
    }
}

#[tokio::test]
async fn silence_ends_with_the_timeout() {
    let server = serve(Script::Silence).await;
    let options = ResolveOptions {
        timeout: Duration::from_millis(100),
        ..only(&[&server])
    };
    let found = resolve(NAME, &options).await;
    assert_eq!(found.end, ResolveEnd::Silence);
    assert!(found.duration >= options.timeout);
    assert_eq!(
        ends(&found),
        [
            ("A", WireEnd::Silence, None),
            ("AAAA", WireEnd::Silence, None)
        ]
    );
    assert!(found.detail.application.expect("an answer").silent);
}

#[tokio::test]
async fn a_lost_datagram_is_sent_again_once() {
    let server = serve(Script::LoseFirst([10, 0, 0, 1])).await;
    let found = resolve(NAME, &only(&[&server])).await;
    assert_eq!(found.end, ResolveEnd::Answered);
    assert_eq!(server.asked.lock().expect("not poisoned").len(), 4);
    assert!(slow(&found.detail).is_some());
}

#[tokio::test]
async fn truncated_then_tcp() {
    let found = resolve_with(Script::Truncate([10, 0, 0, 1])).await;
    assert_eq!(found.addresses, [IpAddr::from([10, 0, 0, 1])]);
    assert!(
        found
            .detail
            .wire
            .iter()
            .all(|answer| answer.truncated_then_tcp)
    );
}

#[tokio::test]
async fn truncated_then_closed() {
    let found = resolve_with(Script::TruncateThenClose).await;
    assert_eq!(ends(&found)[0], ("A", WireEnd::Malformed, None));
    assert_eq!(found.end, ResolveEnd::ResolverFailed);
}

#[tokio::test]
async fn a_forged_answer_is_ignored() {
    let found = resolve_with(Script::WrongIdFirst([10, 0, 0, 1])).await;
    assert_eq!(found.addresses, [IpAddr::from([10, 0, 0, 1])]);
}

#[tokio::test]
async fn garbage_is_malformed() {
    let found = resolve_with(Script::Garbage).await;
    assert_eq!(
        ends(&found),
        [
            ("A", WireEnd::Malformed, None),
            ("AAAA", WireEnd::Malformed, None)
        ]
    );
    assert_eq!(found.end, ResolveEnd::ResolverFailed);
}

#[tokio::test]
async fn a_closed_port_refuses() {
    // Connected elsewhere, the socket keeps others off the port, and takes nothing from us.
    let elsewhere = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("binds");
    let closed = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("binds");
    let peer = elsewhere.local_addr().expect("bound");
    closed.connect(peer).await.expect("connects");
    let address = closed.local_addr().expect("bound");
    let found = resolve(
        NAME,
        &only(&[&Server {
            address,
            asked: Arc::default(),
        }]),
    )
    .await;
    assert_eq!(
        ends(&found),
        [
            ("A", WireEnd::Refused, None),
            ("AAAA", WireEnd::Refused, None)
        ]
    );
    assert_eq!(found.end, ResolveEnd::ResolverFailed);
}

#[tokio::test]
async fn the_next_server_steps_in() {
    let (failing, working) = (
        serve(Script::Rcode(ResponseCode::ServFail)).await,
        serve(Script::Answer([10, 0, 0, 1])).await,
    );
    let found = resolve(NAME, &only(&[&failing, &working])).await;
    assert_eq!(found.addresses, [IpAddr::from([10, 0, 0, 1])]);
    assert_eq!(found.detail.wire.len(), 4);
}

#[tokio::test]
async fn a_given_server_is_compared_but_not_used() {
    let filtering = serve(Script::Rcode(ResponseCode::NoError)).await;
    let given = serve(Script::Answer([10, 0, 0, 1])).await;
    let options = ResolveOptions {
        dns_servers: vec![given.address],
        ..only(&[&filtering])
    };
    let found = resolve(NAME, &options).await;
    assert_eq!(
        (found.end, found.addresses.len()),
        (ResolveEnd::NoAddress, 0)
    );
    let configured: Vec<bool> = found
        .detail
        .wire
        .iter()
        .map(|answer| answer.configured)
        .collect();
    assert_eq!(configured, [true, true, false, false]);
    let differs = differences(&found.detail);
    assert!(
        matches!(differs.as_slice(), [Difference::Servers { record_type, .. }] if record_type == "A")
    );
    let asked = given.asked.lock().expect("not poisoned").clone();
    assert_eq!(asked, ["b-1.demo.test. A", "b-1.demo.test. AAAA"]);
}

#[tokio::test]
async fn search_suffixes_are_tried_until_one_has_addresses() {
    let search = || vec![Name::from_ascii("corp.test").expect("a suffix")];
    let missing = serve(Script::Rcode(ResponseCode::NXDomain)).await;
    let knowing = serve(Script::Answer([10, 0, 0, 1])).await;
    for (server, ndots, want) in [
        (
            &missing,
            1,
            &["b-1.demo.test", "b-1.demo.test.corp.test"][..],
        ),
        (&missing, 5, &["b-1.demo.test.corp.test", "b-1.demo.test"]),
        (&knowing, 1, &["b-1.demo.test"]),
        (&knowing, 5, &["b-1.demo.test.corp.test"]),
    ] {
        let plan = Plan::of(&[server.address], search(), ndots);
        let deadline = Instant::now() + NEVER;
        let asked = wire::ask_all(NAME, &plan, deadline, &CancellationToken::new()).await;
        let names: Vec<&str> = asked
            .iter()
            .step_by(2)
            .map(|answer| answer.name.as_str())
            .collect();
        assert_eq!(names, want, "ndots:{ndots}");
    }
}

#[tokio::test]
async fn cancelled_keeps_what_was_seen() {
    let server = serve(Script::Silence).await;
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    let found = resolve_until(NAME, &only(&[&server]), &cancelled).await;
    assert_eq!(found.end, ResolveEnd::Cancelled);
    assert!(found.duration < NEVER);
    assert_eq!(ends(&found)[0], ("A", WireEnd::Cancelled, None));
}

#[tokio::test]
async fn getaddrinfo_knows_localhost() {
    let deadline = Instant::now() + NEVER;
    let answer = application::ask("localhost", deadline, &CancellationToken::new()).await;
    let answer = answer.expect("not cancelled");
    assert!(
        answer.addresses.iter().any(IpAddr::is_loopback),
        "{answer:?}"
    );
    assert_eq!((answer.error, answer.silent), (None, false));
}

/// RFC 6761, 6.4: no such name exists. A machine without a working resolver says `EAI_AGAIN`, or nothing in time.
#[tokio::test]
async fn getaddrinfo_does_not_know_invalid() {
    let options = ResolveOptions {
        dns_servers: Vec::new(),
        timeout: Duration::from_secs(2),
        system: SystemResolver::Real,
    };
    let found = resolve("b-1.demo.invalid.", &options).await;
    let answer = found.detail.application.as_ref().expect("not cancelled");
    let eai = answer
        .error
        .as_deref()
        .is_some_and(|error| error.starts_with("EAI_"));
    assert!(
        answer.addresses.is_empty() && (eai || answer.silent),
        "{answer:?}"
    );
    assert_eq!(found.detail.source, ResolveSource::System);
    assert_ne!(found.end, ResolveEnd::Answered);
}

#[tokio::test]
async fn a_name_with_nul_is_not_found() {
    let answer = application::ask(
        "b-1\0.test",
        Instant::now() + NEVER,
        &CancellationToken::new(),
    )
    .await;
    assert_eq!(
        answer.expect("not cancelled").error.as_deref(),
        Some("EAI_NONAME")
    );
}

#[tokio::test]
async fn addresses_are_not_resolved() {
    let ip = IpAddr::from([10, 0, 0, 1]);
    let server = serve(Script::Silence).await;
    assert_eq!(
        resolve("10.0.0.1", &only(&[&server])).await,
        Resolution::literal(ip)
    );
    assert_eq!(Resolution::from_flag(ip).detail.source, ResolveSource::Flag);
    assert!(server.asked.lock().expect("not poisoned").is_empty());
}

#[test]
fn dials_each_address_once_in_order() {
    let detail = ResolveDetail {
        application: Some(application("10.0.0.2 10.0.0.1 10.0.0.2")),
        ..ResolveDetail::without_asking(ResolveSource::System)
    };
    assert_eq!(
        dialled(&detail),
        [IpAddr::from([10, 0, 0, 2]), IpAddr::from([10, 0, 0, 1])]
    );
}

#[tokio::test]
async fn serialises_and_back() {
    let found = resolve_with(Script::Answer([10, 0, 0, 1])).await;
    let json = serde_json::to_value(&found).expect("serialises");
    assert_eq!(json["end"], "answered");
    assert_eq!(json["detail"]["source"], "servers");
    let back: Resolution = serde_json::from_value(json).expect("deserialises");
    assert_eq!(back, found);
}
