//! What the embedded lab sends, byte by byte, against what Apache Kafka 3.9.2 sends.
//!
//! The client here is written by hand on `std::net`: it shares no code with msk-doctor's probes.

#![allow(
    clippy::format_collect,
    clippy::too_many_lines,
    reason = "tables and scripts"
)]

use std::collections::HashSet;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use msk_doctor::lab::{
    Advertise, FaultSpec, LAB_FAULTS, LAB_VARIANTS, Lab, LabConfig, LabFault, SCRAM_USER,
};
use msk_doctor::sasl::scram::{Answer, Hash, Scram};
use msk_doctor::secret::SecretString;
use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore,
    SignatureScheme, StreamOwned,
};
use x509_parser::prelude::*;

/// How long something that must come may take on a busy machine.
const LONG: Duration = Duration::from_secs(20);
/// How long nothing must come for silence.
const QUIET: Duration = Duration::from_millis(400);
/// `connection.failed.authentication.delay.ms`.
const DELAY: Duration = Duration::from_millis(100);
const OFFERED: &str = "00000002 000b 4157535f4d534b5f49414d 000b 4f41555448424541524552";
/// `{"status":"invalid_token"}`.
const CHALLENGE: &str = "7b22737461747573223a22696e76616c69645f746f6b656e227d";

// ---- the lab

struct Bench {
    lab: Lab,
    // After the lab: it ends the lab's tasks.
    _runtime: tokio::runtime::Runtime,
}

fn bench(faults: &[LabFault]) -> Bench {
    bench_with(faults, Advertise::Addresses)
}

fn bench_with(faults: &[LabFault], advertise: Advertise) -> Bench {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let config = LabConfig {
        advertise,
        faults: faults
            .iter()
            .map(|fault| FaultSpec {
                fault: *fault,
                broker: None,
            })
            .collect(),
        dns: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        ..LabConfig::default()
    };
    let lab = runtime.block_on(Lab::start(config)).expect("the lab");
    Bench {
        lab,
        _runtime: runtime,
    }
}

impl Bench {
    fn address(&self, broker: usize) -> SocketAddr {
        self.lab.brokers()[broker - 1].address
    }

    fn tcp(&self) -> TcpStream {
        let tcp = TcpStream::connect(self.address(1)).expect("connect");
        tcp.set_read_timeout(Some(LONG)).expect("a timeout");
        tcp.set_nodelay(true).expect("no delay");
        tcp
    }

    /// A TLS connection that trusts the lab's CA, to broker 1.
    fn tls(&self) -> Tls {
        self.tls_to(1)
    }

    fn tls_to(&self, broker: usize) -> Tls {
        let mut roots = RootCertStore::empty();
        for ca in CertificateDer::pem_slice_iter(self.lab.ca_pem().as_bytes()) {
            roots.add(ca.expect("a CA")).expect("a CA");
        }
        let config = config_builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tls = open_tls(self.address(broker), config);
        tls.conn
            .complete_io(&mut tls.sock)
            .expect("a TLS handshake that the lab's CA makes good");
        tls
    }

    /// The initial message of OAUTHBEARER, signed with the lab's credentials.
    fn message(&self) -> Vec<u8> {
        message(self.lab.credentials())
    }
}

fn message(credentials: &Credentials) -> Vec<u8> {
    let token = msk_doctor::sasl::msk_iam::sign(credentials, "eu-west-1", SystemTime::now())
        .expect("a token");
    format!("n,,\u{1}auth=Bearer {}\u{1}\u{1}", token.expose()).into_bytes()
}

fn bad_message() -> Vec<u8> {
    message(&Credentials::new("AKIAOTHER", "other", None, None, "test"))
}

// ---- TLS

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn config_builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
}

fn open_tls(address: SocketAddr, config: ClientConfig) -> Tls {
    let tcp = TcpStream::connect(address).expect("connect");
    tcp.set_read_timeout(Some(LONG)).expect("a timeout");
    tcp.set_nodelay(true).expect("no delay");
    let name = ServerName::from(address.ip());
    let session = ClientConnection::new(Arc::new(config), name).expect("a TLS session");
    StreamOwned::new(session, tcp)
}

/// Takes any certificate: the test looks at it itself.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The chain that a broker shows, whatever it is worth.
fn chain(address: SocketAddr) -> Vec<Vec<u8>> {
    let any = AnyCertificate(Arc::new(aws_lc_rs::default_provider()));
    let config = config_builder()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(any))
        .with_no_client_auth();
    let mut tls = open_tls(address, config);
    tls.conn.complete_io(&mut tls.sock).expect("a handshake");
    let certificates = tls.conn.peer_certificates().expect("certificates");
    certificates.iter().map(|c| c.to_vec()).collect()
}

fn parse(der: &[u8]) -> X509Certificate<'_> {
    X509Certificate::from_der(der).expect("a certificate").1
}

fn organisation<'a>(name: &'a X509Name<'_>) -> &'a str {
    let attribute = name.iter_organization().next().expect("an organisation");
    attribute.as_str().expect("text")
}

/// DNS names and IPv4 addresses of the certificate.
fn names(certificate: &X509Certificate<'_>) -> HashSet<String> {
    let extension = certificate
        .subject_alternative_name()
        .expect("one extension")
        .expect("the extension");
    extension
        .value
        .general_names
        .iter()
        .map(|name| match name {
            GeneralName::DNSName(name) => (*name).to_owned(),
            GeneralName::IPAddress([a, b, c, d]) => format!("{a}.{b}.{c}.{d}"),
            other => panic!("{other}"),
        })
        .collect()
}

fn seconds_until_end(certificate: &X509Certificate<'_>) -> i64 {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    certificate.validity().not_after.timestamp() - i64::try_from(now).expect("seconds")
}

// ---- bytes

fn hex(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    assert_eq!(text.len() % 2, 0, "{text}");
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("hexadecimal"))
        .collect()
}

fn as_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn assert_bytes(got: &[u8], wanted: &str) {
    assert_eq!(as_hex(got), as_hex(&hex(wanted)));
}

fn framed(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("short");
    [&length.to_be_bytes()[..], body].concat()
}

/// A request of client `trace`; `flexible` has request header version 2.
fn request(key: i16, version: i16, correlation: i32, flexible: bool, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(key.to_be_bytes());
    out.extend(version.to_be_bytes());
    out.extend(correlation.to_be_bytes());
    out.extend(hex("0005 7472616365"));
    if flexible {
        out.push(0);
    }
    out.extend(body);
    framed(&out)
}

fn handshake(version: i16, mechanism: &str) -> Vec<u8> {
    let mut body = u16::try_from(mechanism.len())
        .expect("short")
        .to_be_bytes()
        .to_vec();
    body.extend(mechanism.as_bytes());
    request(17, version, 1, false, &body)
}

fn authenticate(version: i16, correlation: i32, message: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    if version >= 2 {
        let mut length = message.len() + 1;
        while length >= 0x80 {
            body.push(u8::try_from(length & 0x7f).expect("7 bits") | 0x80);
            length >>= 7;
        }
        body.push(u8::try_from(length).expect("7 bits"));
        body.extend(message);
        body.push(0);
    } else {
        body = framed(message);
    }
    request(36, version, correlation, version >= 2, &body)
}

/// `Metadata` v5 for no topic.
fn metadata() -> Vec<u8> {
    request(3, 5, 9, false, &hex("00000000 00"))
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Vec<u8> {
        let (head, rest) = self.0.split_at(count);
        self.0 = rest;
        head.to_vec()
    }

    fn int(&mut self, size: usize) -> i64 {
        let bytes = self.take(size);
        let shift = 64 - 8 * size;
        let value = bytes.iter().fold(0i64, |n, byte| n << 8 | i64::from(*byte));
        value << shift >> shift
    }

    fn string(&mut self) -> String {
        let length = usize::try_from(self.int(2)).expect("a string, not null");
        String::from_utf8(self.take(length)).expect("UTF-8")
    }
}

struct Described {
    throttle: i64,
    brokers: Vec<(i64, String, i64)>,
    cluster_id: String,
}

/// Reads an answer to `Metadata` v5 for no topic.
fn read_metadata(frame: &[u8]) -> Described {
    let mut r = Reader(frame);
    assert_eq!(r.int(4), i64::try_from(frame.len() - 4).expect("short"));
    assert_eq!(r.int(4), 9, "correlation id");
    let throttle = r.int(4);
    let brokers = (0..r.int(4))
        .map(|_| {
            let broker = (r.int(4), r.string(), r.int(4));
            assert_eq!(r.int(2), -1, "no rack");
            broker
        })
        .collect();
    let cluster_id = r.string();
    assert_eq!(r.int(4), 1, "the controller is the first broker");
    assert_eq!(r.int(4), 0, "no topic");
    assert!(r.0.is_empty());
    Described {
        throttle,
        brokers,
        cluster_id,
    }
}

// ---- a conversation

trait Stream: Read + Write {
    fn socket(&self) -> &TcpStream;

    fn say(&mut self, bytes: &[u8]) {
        self.write_all(bytes).expect("written");
        self.flush().expect("written");
    }

    /// One frame, with its length.
    fn frame(&mut self) -> Vec<u8> {
        let mut length = [0; 4];
        self.read_exact(&mut length).expect("a frame");
        let size = usize::try_from(i32::from_be_bytes(length)).expect("a length");
        assert!(size < 100_000, "{size}");
        let mut body = vec![0; size];
        self.read_exact(&mut body).expect("a whole frame");
        [&length[..], &body].concat()
    }

    fn ask(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.say(bytes);
        self.frame()
    }
}

impl Stream for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Stream for Tls {
    fn socket(&self) -> &TcpStream {
        &self.sock
    }
}

/// How a connection ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// `close_notify`, then FIN; in clear text FIN.
    Close,
    /// FIN within TLS without `close_notify`.
    BareFin,
    /// `ECONNRESET`.
    Reset,
    /// Nothing for [`QUIET`], and the connection stands.
    Silence,
    Bytes(Vec<u8>),
}

fn end_within(stream: &mut dyn Stream, wait: Duration) -> End {
    let timeout = |stream: &dyn Stream, wait| {
        let set = stream.socket().set_read_timeout(Some(wait));
        set.expect("a timeout");
    };
    timeout(stream, wait);
    let mut buffer = [0; 4096];
    let end = match stream.read(&mut buffer) {
        Ok(0) => {
            // Under TLS this was close_notify; FIN is to follow.
            timeout(stream, LONG);
            let after = (&mut stream.socket()).read(&mut buffer);
            assert_eq!(after.expect("FIN, not RST"), 0);
            End::Close
        }
        Ok(count) => End::Bytes(buffer[..count].to_vec()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => End::BareFin,
        Err(error) if error.raw_os_error() == Some(libc::ECONNRESET) => End::Reset,
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            End::Silence
        }
        Err(error) => panic!("{error:?}"),
    };
    timeout(stream, LONG);
    end
}

fn assert_closes(stream: &mut dyn Stream) {
    assert_eq!(end_within(stream, LONG), End::Close);
}

fn assert_silent(stream: &mut dyn Stream) {
    assert_eq!(end_within(stream, QUIET), End::Silence);
}

fn choose(stream: &mut dyn Stream, version: i16) {
    let answer = stream.ask(&handshake(version, "OAUTHBEARER"));
    assert_bytes(&answer, &format!("00000024 00000001 0000 {OFFERED}"));
}

fn log_in(bench: &Bench, stream: &mut dyn Stream) {
    choose(stream, 1);
    let answer = stream.ask(&authenticate(1, 2, &bench.message()));
    assert_good_v1(&answer);
}

/// `session_lifetime_ms` is what is left of the token's 900 s.
fn assert_session(bytes: &[u8]) {
    let ms = i64::from_be_bytes(bytes.try_into().expect("8 bytes"));
    assert!((870_000..=900_000).contains(&ms), "{ms}");
}

fn assert_good_v1(answer: &[u8]) {
    assert_bytes(&answer[..16], "00000014 00000002 0000 0000 00000000");
    assert_session(&answer[16..]);
    assert_eq!(answer.len(), 24);
}

/// The words, without the `[uuid]: ` that stands before them.
fn after_uuid(words: &[u8]) -> String {
    let words = std::str::from_utf8(words).expect("UTF-8");
    let (id, words) = words.split_once(": ").expect("[uuid]: words");
    let id = id.strip_prefix('[').and_then(|id| id.strip_suffix(']'));
    let id = id.expect("brackets");
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
    assert!(id.chars().all(|c| c == '-' || c.is_ascii_hexdigit()));
    words.to_owned()
}

/// A token, framed by v1, is refused with error 58 and `words` after the delay, then closed.
fn assert_refused(bench: &Bench, message: &[u8], words: &str) {
    let mut tls = bench.tls();
    choose(&mut tls, 1);
    let asked = Instant::now();
    let answer = tls.ask(&authenticate(1, 2, message));
    assert!(asked.elapsed() >= DELAY, "{:?}", asked.elapsed());
    let length = 40 + words.len();
    let head = format!("{:08x} 00000002 003a {length:04x}", length + 20);
    assert_bytes(&answer[..12], &head);
    assert_eq!(after_uuid(&answer[12..12 + length]), words);
    assert_bytes(&answer[12 + length..], "00000000 0000000000000000");
    assert_closes(&mut tls);
}

/// A bare token is refused by a close without words, after the delay.
fn assert_refused_bare(bench: &Bench, message: &[u8]) {
    let mut tls = bench.tls();
    choose(&mut tls, 0);
    let asked = Instant::now();
    tls.say(&framed(message));
    assert_closes(&mut tls);
    assert!(asked.elapsed() >= DELAY, "{:?}", asked.elapsed());
}

/// `mechanisms` are all that is offered: error 33 after the delay, then a close.
fn assert_offers_only(bench: &Bench, asked: &str, mechanisms: &[&str]) {
    let mut tls = bench.tls();
    let began = Instant::now();
    let answer = tls.ask(&handshake(1, asked));
    assert!(began.elapsed() >= DELAY, "{:?}", began.elapsed());
    let names: Vec<String> = mechanisms
        .iter()
        .map(|name| format!("{:04x} {}", name.len(), as_hex(name.as_bytes())))
        .collect();
    let length: usize = mechanisms.iter().map(|name| 2 + name.len()).sum();
    let wanted = format!(
        "{:08x} 00000001 0021 {:08x} {}",
        10 + length,
        mechanisms.len(),
        names.join(" ")
    );
    assert_bytes(&answer, &wanted);
    assert_closes(&mut tls);
}

// ---- a healthy broker, as Apache Kafka 3.9.2 answers

#[test]
fn handshake_and_framed_tokens() {
    let bench = bench(&[]);
    for version in [0, 1] {
        // Both versions of SaslHandshake are answered with the same bytes.
        choose(&mut bench.tls(), version);
    }
    let message = bench.message();
    let framed = |version| {
        let mut tls = bench.tls();
        choose(&mut tls, 1);
        let answer = tls.ask(&authenticate(version, 2, &message));
        // The connection is logged in.
        read_metadata(&tls.ask(&metadata()));
        answer
    };
    assert_bytes(&framed(0), "0000000c 00000002 0000 0000 00000000");
    assert_good_v1(&framed(1));
    let v2 = framed(2);
    assert_bytes(&v2[..13], "00000012 00000002 00 0000 01 01");
    assert_session(&v2[13..21]);
    assert_bytes(&v2[21..], "00");
}

#[test]
fn refused_tokens_framed() {
    let bench = bench(&[]);
    let refused = |version| {
        let mut tls = bench.tls();
        choose(&mut tls, 1);
        let asked = Instant::now();
        let answer = tls.ask(&authenticate(version, 2, &bad_message()));
        assert!(asked.elapsed() >= DELAY, "{:?}", asked.elapsed());
        assert_closes(&mut tls);
        answer
    };
    let v0 = refused(0);
    assert_bytes(&v0[..12], "00000041 00000002 003a 0035");
    assert_eq!(after_uuid(&v0[12..65]), "Access denied");
    assert_bytes(&v0[65..], "00000000");
    let v1 = refused(1);
    assert_bytes(&v1[..12], "00000049 00000002 003a 0035");
    assert_eq!(after_uuid(&v1[12..65]), "Access denied");
    assert_bytes(&v1[65..], "00000000 0000000000000000");
    let v2 = refused(2);
    assert_bytes(&v2[..12], "00000047 00000002 00 003a 36");
    assert_eq!(after_uuid(&v2[12..65]), "Access denied");
    assert_bytes(&v2[65..], "01 0000000000000000 00");
}

#[test]
fn bare_tokens() {
    let bench = bench(&[]);
    let mut tls = bench.tls();
    choose(&mut tls, 0);
    // An empty frame says yes.
    assert_bytes(&tls.ask(&framed(&bench.message())), "00000000");
    assert_eq!(read_metadata(&tls.ask(&metadata())).brokers.len(), 3);
    assert_refused_bare(&bench, &bad_message());
}

#[test]
fn api_versions() {
    let bench = bench(&[]);
    let keys = [
        "0000 0003 0008",
        "0001 0004 000b",
        "0002 0001 0005",
        "0003 0000 000c",
        "000a 0000 0003",
        "000f 0000 0004",
        "0011 0000 0001",
        "0012 0000 0004",
        "0016 0000 0004",
        "0024 0000 0002",
    ];
    let classic = keys.join(" ");
    assert_bytes(
        &bench.tls().ask(&request(18, 0, 7, false, b"")),
        &format!("00000046 00000007 0000 0000000a {classic}"),
    );
    assert_bytes(
        &bench.tls().ask(&request(18, 2, 7, false, b"")),
        &format!("0000004a 00000007 0000 0000000a {classic} 00000000"),
    );
    // The header of an answer to ApiVersions never has tagged fields (KIP-511).
    let flexible = keys.join(" 00 ");
    let software = hex("02 61 02 31 00");
    assert_bytes(
        &bench.tls().ask(&request(18, 3, 7, true, &software)),
        &format!("00000052 00000007 0000 0b {flexible} 00 00000000 00"),
    );
    let mut tls = bench.tls();
    // A version that is too new: error 35 in the form of version 0, with ApiVersions alone.
    assert_bytes(
        &tls.ask(&request(18, 99, 7, true, &software)),
        "00000010 00000007 0023 00000001 0012 0000 0004",
    );
    // That is no end: a client asks again.
    choose(&mut tls, 1);
}

#[test]
fn what_is_out_of_order() {
    let bench = bench(&[]);
    assert_offers_only(&bench, "SCRAM-SHA-512", &["AWS_MSK_IAM", "OAUTHBEARER"]);
    // Metadata before a login.
    let mut tls = bench.tls();
    let asked = Instant::now();
    tls.say(&metadata());
    assert_closes(&mut tls);
    assert!(asked.elapsed() >= DELAY, "{:?}", asked.elapsed());
    // A token before a mechanism.
    let mut tls = bench.tls();
    tls.say(&authenticate(1, 2, &bench.message()));
    assert_closes(&mut tls);
}

#[test]
fn clear_text_to_the_tls_port() {
    let bench = bench(&[]);
    for _ in 0..20 {
        let mut tcp = bench.tcp();
        tcp.say(&request(18, 0, 7, false, b""));
        let mut answer = Vec::new();
        tcp.read_to_end(&mut answer).expect("FIN, not RST");
        // Alert internal_error, as the JVM sends it.
        assert_bytes(&answer, "15 0303 0002 02 50");
    }
}

#[test]
fn metadata_names_the_brokers() {
    let described = |bench: &Bench| {
        let mut tls = bench.tls();
        log_in(bench, &mut tls);
        read_metadata(&tls.ask(&metadata()))
    };
    let by_address = bench(&[]);
    let answer = described(&by_address);
    assert_eq!(answer.throttle, 0);
    assert_eq!(answer.cluster_id.len(), 22);
    for (broker, (id, host, port)) in by_address.lab.brokers().iter().zip(&answer.brokers) {
        assert_eq!(*id, i64::from(broker.id));
        assert_eq!(host, "127.0.0.1");
        assert_eq!(*port, i64::from(broker.address.port()));
    }
    let by_name = bench_with(&[], Advertise::RealNames);
    let names: Vec<String> = described(&by_name)
        .brokers
        .into_iter()
        .map(|(_, host, _)| host)
        .collect();
    let wanted = [1, 2, 3].map(|id| format!("b-{id}.demo.abc123.c2.kafka.eu-west-1.amazonaws.com"));
    assert_eq!(names, wanted);
}

#[test]
fn a_healthy_certificate() {
    let bench = bench(&[]);
    let chain = chain(bench.address(2));
    assert_eq!(chain.len(), 2);
    let leaf = parse(&chain[0]);
    let wanted = [
        "b-2.demo.abc123.c2.kafka.eu-west-1.amazonaws.com",
        "localhost",
        "127.0.0.1",
    ];
    assert_eq!(names(&leaf), wanted.map(str::to_owned).into());
    assert_eq!(organisation(leaf.issuer()), "Amazon");
    assert!(seconds_until_end(&leaf) > 59 * 86_400);
    let ca = CertificateDer::from_pem_slice(bench.lab.ca_pem().as_bytes()).expect("the CA");
    // The issuer is sent too, the root is not, as on MSK.
    let (issuer, ca) = (parse(&chain[1]), parse(ca.as_ref()));
    assert_eq!(leaf.issuer(), issuer.subject());
    assert_eq!(issuer.issuer(), ca.subject());
    assert_ne!(issuer.subject(), ca.subject());
}

// ---- DNS

/// A question in hand-made bytes, and the answer's response code and addresses.
fn ask_dns(server: SocketAddr, name: &str, kind: u16) -> (u8, Vec<Ipv4Addr>) {
    let mut question = hex("beef 0100 0001 0000 0000 0000");
    for label in name.split('.') {
        question.push(u8::try_from(label.len()).expect("short"));
        question.extend(label.as_bytes());
    }
    question.push(0);
    question.extend(kind.to_be_bytes());
    question.extend([0, 1]);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    socket.set_read_timeout(Some(LONG)).expect("a timeout");
    socket.send_to(&question, server).expect("asked");
    let mut buffer = [0; 512];
    let (length, from) = socket.recv_from(&mut buffer).expect("an answer");
    assert_eq!(from, server);
    let answer = &buffer[..length];
    assert_eq!(answer[..2], question[..2], "the question's id");
    assert_eq!(answer[2] & 0x80, 0x80, "an answer");
    let body = question.len();
    assert_eq!(answer[12..body], question[12..], "the question comes back");
    let count = u16::from_be_bytes([answer[6], answer[7]]);
    let mut rest = &answer[body..];
    let mut found = Vec::new();
    for _ in 0..count {
        // The name: a pointer to the question's, or the whole name again.
        let skip = if rest[0] & 0xc0 == 0xc0 {
            2
        } else {
            name.len() + 2
        };
        assert_eq!(rest[skip..skip + 4], [0, 1, 0, 1], "A, IN");
        let data = &rest[skip + 8..];
        assert_eq!(data[..2], [0, 4], "four bytes of address");
        found.push(Ipv4Addr::new(data[2], data[3], data[4], data[5]));
        rest = &data[6..];
    }
    (answer[3] & 0xf, found)
}

const A: u16 = 1;
const AAAA: u16 = 28;

/// What DNS says of broker 1's A and AAAA records.
fn dns(bench: &Bench) -> [(u8, Vec<Ipv4Addr>); 2] {
    let server = bench.lab.dns_server().expect("a DNS server");
    let name = &bench.lab.brokers()[0].name;
    [A, AAAA].map(|kind| ask_dns(server, name, kind))
}

#[test]
fn healthy_dns() {
    let bench = bench(&[]);
    let wanted = [(0, vec![Ipv4Addr::LOCALHOST]), (0, vec![])];
    assert_eq!(dns(&bench), wanted);
    let server = bench.lab.dns_server().expect("a DNS server");
    assert_eq!(ask_dns(server, "b-9.example.com", A), (3, vec![]));
}

// ---- each fault

#[test]
fn every_fault_is_what_it_says() {
    let failed: Vec<&str> = std::thread::scope(|scope| {
        let running: Vec<_> = LAB_FAULTS
            .iter()
            .chain(LAB_VARIANTS)
            .map(|(fault, code, _)| (*code, scope.spawn(|| assert_fault(*fault))))
            .collect();
        running
            .into_iter()
            .filter_map(|(code, thread)| thread.join().is_err().then_some(code))
            .collect()
    });
    assert!(failed.is_empty(), "{failed:?}: the panics above say why");
    let codes: HashSet<LabFault> = LAB_FAULTS.iter().map(|(fault, _, _)| *fault).collect();
    assert_eq!(codes.len(), LAB_FAULTS.len());
}

/// The error code of `FindCoordinator` v1 of a group or a transactional id called `lab`.
/// The error of `Produce` v3 without a batch to partition 0 of the topic `lab`: 87 (`INVALID_RECORD`) where nothing else is wrong.
fn produce(bench: &Bench) -> i16 {
    let body = hex("ffff ffff 00000064 00000001 0003 6c6162 00000001 00000000 ffffffff");
    let mut tls = bench.tls();
    log_in(bench, &mut tls);
    let answer = tls.ask(&request(0, 3, 3, false, &body));
    i16::from_be_bytes([answer[25], answer[26]])
}

/// The error of `Fetch` v4 from partition 0 of the topic `lab`.
fn fetch(bench: &Bench) -> i16 {
    let body = hex(
        "ffffffff 00000000 00000001 00100000 00 00000001 0003 6c6162 00000001 00000000 \
                    0000000000000000 00100000",
    );
    let mut tls = bench.tls();
    log_in(bench, &mut tls);
    let answer = tls.ask(&request(1, 4, 3, false, &body));
    i16::from_be_bytes([answer[29], answer[30]])
}

fn coordinator(bench: &Bench, kind: u8) -> i16 {
    let mut tls = bench.tls();
    log_in(bench, &mut tls);
    let body = [&hex("0003 6c6162")[..], &[kind]].concat();
    let answer = tls.ask(&request(10, 1, 3, false, &body));
    i16::from_be_bytes([answer[12], answer[13]])
}

/// Logs in with the lab's user and password: how many messages were sent, and the last answer's error code.
fn scram(bench: &Bench, broker: usize, mechanism: &str) -> (usize, i16) {
    let hash = Hash::of(mechanism).expect("a hash");
    let password = bench.lab.credentials().secret_access_key().to_owned();
    let nonce = "fyko+d2lbbFgONRv9qkxdawL".to_owned();
    let mut scram = Scram::new(hash, SCRAM_USER, SecretString::from(password), nonce);
    let mut tls = bench.tls_to(broker);
    let chosen = tls.ask(&handshake(1, mechanism));
    assert_eq!(chosen[8..10], [0, 0], "{mechanism} is offered");
    let mut message = scram.first();
    for sent in 1.. {
        let answer = tls.ask(&authenticate(0, 2, &message));
        let code = i16::from_be_bytes([answer[8], answer[9]]);
        if code != 0 {
            return (sent, code);
        }
        // After the error's text, which is null or empty, the bytes with their length.
        let text = i16::from_be_bytes([answer[10], answer[11]]).max(0);
        let bytes = &answer[12 + usize::try_from(text).expect("a length") + 4..];
        match scram.on(bytes) {
            Answer::Send(next) => message = next,
            Answer::Done => return (sent, 0),
            other => panic!("{other:?}"),
        }
    }
    unreachable!("SCRAM has two messages")
}

/// No arm catches all: a fault without an assertion does not compile.
fn assert_fault(fault: LabFault) {
    let bench = bench(&[fault]);
    match fault {
        LabFault::Dns01 => assert_eq!(dns(&bench), [(3, vec![]), (3, vec![])]),
        LabFault::Dns02 => assert_eq!(dns(&bench), [(2, vec![]), (2, vec![])]),
        LabFault::Dns03 => assert_eq!(dns(&bench), [(0, vec![]), (0, vec![])]),
        LabFault::Tcp02 => {
            for broker in 1..=3 {
                assert_connection_refused(bench.address(broker));
            }
        }
        LabFault::Tcp04 => assert_answered_and_closed(&bench, b""),
        LabFault::Net04 => assert_answered_and_closed(
            &bench,
            b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        ),
        LabFault::Net11 => assert_answered_and_closed(&bench, b"SSH-2.0-OpenSSH_9.6\r\n"),
        LabFault::Tls06 => assert_answered_and_closed(&bench, &hex("15 0301 0002 02 46")),
        LabFault::Dns02Silence => {
            let client = UdpSocket::bind("127.0.0.1:0").expect("a socket");
            client.set_read_timeout(Some(QUIET)).expect("a timeout");
            let server = bench.lab.dns_server().expect("a DNS server");
            let name = b"\x03b-1\x04demo\x06abc123\x02c2\x05kafka\x09eu-west-1\x09amazonaws\x03com";
            let head = hex("0001 0100 0001 0000 0000 0000");
            let query = [&head[..], name, &hex("00 0001 0001")].concat();
            client.send_to(&query, server).expect("sent");
            assert!(client.recv(&mut [0; 512]).is_err(), "silence");
        }
        LabFault::Tcp04Reset => {
            let mut tcp = bench.tcp();
            tcp.say(&client_hello());
            assert_eq!(end_within(&mut tcp, LONG), End::Reset);
        }
        LabFault::Lim04 => assert_eq!(end_within(&mut bench.tcp(), LONG), End::Close),
        LabFault::Lim04Second => {
            log_in(&bench, &mut bench.tls());
            assert_eq!(end_within(&mut bench.tcp(), LONG), End::Close);
            log_in(&bench, &mut bench.tls());
        }
        LabFault::Tls06Cipher => assert_answered_and_closed(&bench, &hex("15 0303 0002 02 28")),
        LabFault::Net03Fin => {
            let mut tls = bench.tls();
            choose(&mut tls, 1);
            tls.say(&authenticate(1, 2, &bench.message()));
            let end = tls
                .read(&mut [0; 8])
                .expect_err("an end without close_notify");
            assert_eq!(end.kind(), ErrorKind::UnexpectedEof);
        }
        LabFault::Tls12Trusted => {
            assert_behind_a_proxy(&bench);
            assert_eq!(versions_end(&bench, 1), End::Reset);
        }
        LabFault::ListenerProxy => {
            assert_behind_a_proxy(&bench);
            log_in(&bench, &mut bench.tls());
        }
        LabFault::Net03Versions => assert_eq!(versions_end(&bench, 1), End::Reset),
        LabFault::Clu02Versions | LabFault::Lim07Versions => {
            assert_eq!(versions_end(&bench, 3), End::Close);
        }
        LabFault::Net03Handshake => {
            let mut tls = bench.tls();
            tls.say(&handshake(1, "OAUTHBEARER"));
            assert_eq!(end_within(&mut tls, LONG), End::Reset);
        }
        LabFault::Clu02Handshake | LabFault::Lim07Handshake => {
            let mut tls = bench.tls_to(3);
            tls.say(&handshake(1, "OAUTHBEARER"));
            assert_closes(&mut tls);
        }
        LabFault::Net03Metadata => {
            let mut tls = bench.tls();
            log_in(&bench, &mut tls);
            tls.say(&metadata());
            assert_eq!(end_within(&mut tls, LONG), End::Reset);
        }
        LabFault::Clu02Metadata | LabFault::Lim07Metadata => {
            let mut tls = bench.tls_to(3);
            log_in(&bench, &mut tls);
            tls.say(&metadata());
            assert_closes(&mut tls);
        }
        // The login is good for a millisecond, which is over.
        LabFault::Sasl18 => {
            let mut tls = bench.tls();
            choose(&mut tls, 1);
            let answer = tls.ask(&authenticate(1, 2, &bench.message()));
            assert_bytes(
                &answer,
                "00000014 00000002 0000 0000 00000000 0000000000000001",
            );
            tls.say(&metadata());
            assert_closes(&mut tls);
        }
        // `Metadata` v1 of the topic `lab` ends with its error, its name, and its partitions.
        LabFault::Iam10 => {
            let mut tls = bench.tls();
            log_in(&bench, &mut tls);
            let answer = tls.ask(&request(3, 1, 3, false, &hex("00000001 0003 6c6162")));
            assert!(answer.ends_with(&hex("00000001 001d 0003 6c6162 00 00000000")));
        }
        LabFault::Iam10Describe => {
            let mut tls = bench.tls();
            log_in(&bench, &mut tls);
            let body = hex("00000001 0003 6c6162 00 00 01");
            let answer = tls.ask(&request(3, 8, 3, false, &body));
            assert!(answer.ends_with(&hex("00000100 80000000")));
        }
        LabFault::Iam10Write => assert_eq!((produce(&bench), fetch(&bench)), (29, 0)),
        LabFault::Iam10Read => assert_eq!((produce(&bench), fetch(&bench)), (87, 29)),
        LabFault::Clu05 => assert_eq!((produce(&bench), fetch(&bench)), (56, 0)),
        LabFault::Clu12 => assert_eq!((produce(&bench), fetch(&bench)), (19, 0)),
        LabFault::Iam11 => assert_eq!(coordinator(&bench, 0), 30),
        LabFault::Iam11Join => {
            // `DESCRIBE` alone.
            assert!(described_group(&bench).ends_with(&hex("00000000 00000100")));
        }
        LabFault::Iam13 => assert_eq!(coordinator(&bench, 1), 53),
        LabFault::Clu18 => assert_eq!(coordinator(&bench, 0), 15),
        LabFault::Clu18Elsewhere | LabFault::HostileCoordinator => {
            assert_eq!(coordinator(&bench, 0), 0);
        }
        LabFault::Clu18Loading => assert_eq!(described_group(&bench)[..2], [0, 14]),
        LabFault::Clu18Moves => assert_eq!(described_group(&bench)[..2], [0, 16]),
        LabFault::Iam12 => {
            let mut tls = bench.tls();
            log_in(&bench, &mut tls);
            let answer = tls.ask(&request(22, 0, 3, false, &hex("ffff 00000000")));
            assert_eq!(answer[12..14], [0, 31]);
        }
        LabFault::Iam18 => {
            let answer = bench
                .tls()
                .ask(&request(3, 1, 3, false, &hex("00000001 0003 6c6162")));
            assert!(answer.ends_with(&hex("00000001 001d 0003 6c6162 00 00000000")));
        }
        LabFault::Clu04 => {
            let mut tls = bench.tls();
            log_in(&bench, &mut tls);
            let answer = tls.ask(&request(3, 1, 3, false, &hex("00000001 0003 6c6162")));
            let topic = hex("00000001 0000 0003 6c6162 00 00000003 0005 00000000 ffffffff");
            assert!(answer.windows(topic.len()).any(|bytes| bytes == topic));
        }
        LabFault::Sasl07 => {
            let mut tls = bench.tls();
            tls.say(&handshake(1, "OAUTHBEARER"));
            assert_closes(&mut tls);
            let mut tls = bench.tls();
            choose(&mut tls, 0);
            assert_bytes(&tls.ask(&framed(&bench.message())), "00000000");
        }
        LabFault::HostileEscapesLogin => {
            let mut tls = bench.tls();
            tls.ask(&handshake(1, "OAUTHBEARER"));
            assert_good_v1(&tls.ask(&authenticate(1, 2, &bench.message())));
            let described = read_metadata(&tls.ask(&metadata()));
            assert!(described.cluster_id.contains('\u{1b}'));
            assert!(described.brokers[0].1.contains('\u{7}'));
        }
        LabFault::Tcp05 | LabFault::Lim06 => {
            let mut tcp = bench.tcp();
            tcp.say(&client_hello());
            assert_silent(&mut tcp);
        }
        LabFault::Tls02 => clear_text(&bench),
        LabFault::Tls03 => assert_stranger(&bench, "Amazon"),
        LabFault::Tls12 => assert_stranger(&bench, "Example Corp TLS Inspection"),
        LabFault::Tls05 => {
            let chain = chain(bench.address(1));
            let wanted = ["other.example.com", "192.0.2.1"];
            assert_eq!(names(&parse(&chain[0])), wanted.map(str::to_owned).into());
        }
        LabFault::Tls14 => {
            let chain = chain(bench.address(1));
            let left = seconds_until_end(&parse(&chain[0]));
            assert!((-3_700..=-3_600).contains(&left), "{left}");
        }
        LabFault::Tls07 => client_certificate(&bench),
        LabFault::Net03 => {
            let mut tls = bench.tls();
            choose(&mut tls, 1);
            tls.say(&authenticate(1, 2, &bench.message()));
            assert_eq!(end_within(&mut tls, LONG), End::Reset);
        }
        LabFault::Clu02 | LabFault::Lim07 => {
            let mut tls = bench.tls_to(3);
            choose(&mut tls, 1);
            tls.say(&authenticate(1, 2, &bench.message()));
            assert_closes(&mut tls);
        }
        LabFault::Clu03 => one_broker_down(&bench),
        LabFault::Clu06 => {
            let mut tls = bench.tls();
            tls.say(&request(18, 0, 7, false, b""));
            assert_silent(&mut tls);
        }
        LabFault::Clu08 => {
            let ids: Vec<String> = (1..=3)
                .map(|id| {
                    let mut tls = bench.tls_to(id);
                    log_in(&bench, &mut tls);
                    read_metadata(&tls.ask(&metadata())).cluster_id
                })
                .collect();
            assert_eq!(ids[0], ids[1]);
            assert_ne!(ids[0], ids[2]);
        }
        LabFault::Clu09 => a_ghost(&bench),
        LabFault::Lim01 => assert_refused(&bench, &bench.message(), "Too many connects"),
        LabFault::Lim05 | LabFault::Lim05Lone => held_for_a_second(&bench),
        LabFault::Lim08 => {
            let mut tls = bench.tls();
            let answer = tls.ask(&request(18, 1, 7, false, b""));
            // Quotas are the authenticated client's.
            assert_bytes(&answer[answer.len() - 4..], "00000000");
            log_in(&bench, &mut tls);
            assert_eq!(read_metadata(&tls.ask(&metadata())).throttle, 25);
        }
        LabFault::Sasl03 => assert_offers_only(&bench, "OAUTHBEARER", &["SCRAM-SHA-512"]),
        LabFault::Sasl04 => assert_offers_only(&bench, "OAUTHBEARER", &["AWS_MSK_IAM"]),
        // The test's own hello offers both versions and names nobody; scenarios show the rest.
        LabFault::Tls06Intolerant => {
            let mut tcp = bench.tcp();
            tcp.say(&client_hello());
            assert_eq!(end_within(&mut tcp, LONG), End::Close);
        }
        LabFault::Net03Name => {
            log_in(&bench, &mut bench.tls());
        }
        LabFault::Tls13 => {
            // Its second half is not needed to see how large it is.
            let mut tcp = bench.tcp();
            tcp.say(&[&[0x16, 3, 1, 0x05, 0xdc][..], &[0; 700]].concat());
            assert_silent(&mut tcp);
            // A small one is judged: this one is cut short, and no ClientHello.
            let mut tcp = bench.tcp();
            tcp.say(&hex("16 03 01 00 08 01 00 00 04 03 03 00 00"));
            let End::Bytes(alert) = end_within(&mut tcp, LONG) else {
                panic!("no alert");
            };
            assert_bytes(&alert[..2], "15 03");
        }
        // Refused once, and accepted from then on.
        LabFault::Iam09 => {
            assert_refused(&bench, &bench.message(), "Access denied");
            log_in(&bench, &mut bench.tls());
        }
        LabFault::ListenerScram => {
            assert_eq!(scram(&bench, 1, "SCRAM-SHA-512"), (2, 0));
        }
        LabFault::ListenerScram256 => {
            assert_eq!(scram(&bench, 1, "SCRAM-SHA-256"), (2, 0));
        }
        // Refused at the proof; at the name; at the name by the last broker alone.
        LabFault::Sasl22 => assert_eq!(scram(&bench, 1, "SCRAM-SHA-512"), (2, 58)),
        LabFault::Sasl23 => assert_eq!(scram(&bench, 1, "SCRAM-SHA-512"), (1, 58)),
        LabFault::Sasl24 => {
            assert_eq!(scram(&bench, 1, "SCRAM-SHA-512"), (2, 0));
            assert_eq!(scram(&bench, 3, "SCRAM-SHA-512"), (1, 58));
        }
        LabFault::Sasl05 => {
            assert_refused(&bench, &bench.message(), "Invalid authentication payload");
        }
        LabFault::Sasl06 => challenge(&bench),
        LabFault::Sasl09Words => {
            let words = "Signature not yet current: 20300101T120000Z is still later than 20300101T110000Z (20300101T105500Z + 5 min.)";
            assert_refused(&bench, &bench.message(), words);
        }
        LabFault::Sasl13Words => {
            let words = "The security token included in the request is expired";
            assert_refused(&bench, &bench.message(), words);
        }
        LabFault::Sasl19 => {
            let role = "IAM.arn:aws:sts::123456789012:assumed-role/app";
            let words = format!(
                "Cannot change principals during re-authentication from {role}/one: {role}/two"
            );
            assert_refused(&bench, &bench.message(), &words);
        }
        LabFault::Sasl20 => assert_refused(&bench, &bench.message(), "Session too short"),
        LabFault::Sasl26 => {
            let mut tls = bench.tls();
            choose(&mut tls, 1);
            tls.say(&authenticate(1, 2, &bench.message()));
            assert_silent(&mut tls);
        }
        LabFault::Sasl27 => {
            let mut tls = bench.tls();
            let answer = tls.ask(&handshake(1, "OAUTHBEARER"));
            assert_bytes(&answer, "0000000a 00000001 0022 00000000");
            // It stays open, and needs no login.
            assert_eq!(read_metadata(&tls.ask(&metadata())).brokers.len(), 3);
        }
        LabFault::Iam01 => {
            assert_refused(&bench, &bench.message(), "Access denied");
            assert_refused_bare(&bench, &bench.message());
        }
        LabFault::HostileGarbage => {
            let mut tls = bench.tls();
            tls.say(&request(18, 0, 7, false, b""));
            let mut noise = Vec::new();
            tls.read_to_end(&mut noise).expect("noise, then an end");
            assert_eq!(noise.len(), 512);
            assert!(noise.iter().all(|byte| *byte >= 0x80));
        }
        LabFault::HostileLength => {
            let mut tls = bench.tls();
            tls.say(&request(18, 0, 7, false, b""));
            assert_eq!(
                end_within(&mut tls, LONG),
                End::Bytes(hex("7fffffff 01020304"))
            );
            assert_silent(&mut tls);
        }
        LabFault::HostileDrip => {
            let mut tls = bench.tls();
            tls.say(&request(18, 0, 7, false, b""));
            let mut first = [1; 4];
            tls.read_exact(&mut first).expect("the first bytes");
            assert_bytes(&first, "00000400");
            let began = Instant::now();
            assert_eq!(end_within(&mut tls, LONG), End::Bytes(vec![0]));
            assert!(began.elapsed() >= Duration::from_millis(500));
        }
        LabFault::HostileEscapes => escapes(&bench),
        LabFault::HostileEndless => {
            let mut tls = bench.tls();
            tls.say(&request(18, 0, 7, false, b""));
            let mut bytes = vec![0; 8 << 20];
            tls.read_exact(&mut bytes).expect("more than was announced");
            assert_bytes(&bytes[..4], "00700000");
            assert!(bytes[4..].iter().all(|byte| *byte == 0xff));
        }
    }
}

/// How a connection ends at `ApiVersions`.
fn versions_end(bench: &Bench, broker: usize) -> End {
    let mut tls = bench.tls_to(broker);
    tls.say(&request(18, 0, 7, false, b""));
    end_within(&mut tls, LONG)
}

fn client_hello() -> Vec<u8> {
    let config = config_builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let mut session = ClientConnection::new(Arc::new(config), name).expect("a session");
    let mut hello = Vec::new();
    session.write_tls(&mut hello).expect("a ClientHello");
    hello
}

fn assert_connection_refused(address: SocketAddr) {
    let error = TcpStream::connect(address).expect_err("refused");
    assert_eq!(error.raw_os_error(), Some(libc::ECONNREFUSED));
}

/// The `ClientHello` is answered with `wanted`, then FIN.
fn assert_answered_and_closed(bench: &Bench, wanted: &[u8]) {
    let mut tcp = bench.tcp();
    tcp.say(&client_hello());
    let mut answer = Vec::new();
    tcp.read_to_end(&mut answer).expect("FIN, not RST");
    assert_eq!(as_hex(&answer), as_hex(wanted));
}

fn clear_text(bench: &Bench) {
    let mut tcp = bench.tcp();
    // No login is wanted on 9092, and none is taken.
    let answer = tcp.ask(&handshake(1, "OAUTHBEARER"));
    assert_bytes(&answer, "0000000a 00000001 0022 00000000");
    assert_eq!(read_metadata(&tcp.ask(&metadata())).brokers.len(), 3);
    // TLS to the port: the end at once, and no byte.
    for _ in 0..20 {
        let mut tcp = bench.tcp();
        tcp.say(&client_hello());
        assert_eq!(end_within(&mut tcp, LONG), End::Close);
    }
}

fn assert_stranger(bench: &Bench, issuer: &str) {
    let chain = chain(bench.address(1));
    let (leaf, signer) = (parse(&chain[0]), parse(&chain[1]));
    assert_eq!(organisation(leaf.issuer()), issuer);
    assert_eq!(organisation(signer.subject()), issuer);
    assert_eq!(organisation(signer.issuer()), issuer);
    assert_eq!(leaf.issuer(), signer.subject());
    // Everything else about the leaf is right.
    assert!(names(&leaf).contains("127.0.0.1"));
    assert!(seconds_until_end(&leaf) > 0);
    // It is the stranger's signature, not the lab's.
    let trusting = |root: &[u8]| {
        let mut roots = RootCertStore::empty();
        roots.add(root.to_vec().into()).expect("a root");
        let config = config_builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tls = open_tls(bench.address(1), config);
        tls.conn.complete_io(&mut tls.sock).map(drop)
    };
    trusting(&chain[1]).expect("good with the stranger");
    let lab = CertificateDer::from_pem_slice(bench.lab.ca_pem().as_bytes()).expect("the CA");
    let error = trusting(lab.as_ref()).expect_err("not good with the lab's root");
    let error = error.get_ref().map(ToString::to_string).unwrap_or_default();
    assert!(
        error.contains("UnknownIssuer") || error.contains("BadSignature"),
        "{error}"
    );
}

/// Has no certificate, and remembers that it was asked for one.
#[derive(Debug, Default)]
struct NoCertificate {
    asked: AtomicBool,
}

impl ResolvesClientCert for NoCertificate {
    fn resolve(
        &self,
        hints: &[&[u8]],
        _: &[SignatureScheme],
    ) -> Option<Arc<rustls::sign::CertifiedKey>> {
        assert_eq!(hints.len(), 1, "one acceptable issuer");
        self.asked.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

fn client_certificate(bench: &Bench) {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(bench.lab.ca_pem().as_bytes()).expect("the CA");
    roots.add(ca).expect("the CA");
    let none = Arc::new(NoCertificate::default());
    let config = config_builder()
        .with_root_certificates(roots)
        .with_client_cert_resolver(none.clone());
    let mut tls = open_tls(bench.address(1), config);
    let error = tls.read(&mut [0; 16]).expect_err("an alert");
    assert!(none.asked.load(Ordering::Relaxed));
    let alert = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    assert_eq!(
        alert,
        Some(&rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
        ))
    );
}

fn one_broker_down(bench: &Bench) {
    assert_connection_refused(bench.address(3));
    let mut tls = bench.tls();
    log_in(bench, &mut tls);
    let ids: Vec<i64> = read_metadata(&tls.ask(&metadata()))
        .brokers
        .iter()
        .map(|(id, _, _)| *id)
        .collect();
    assert_eq!(ids, [1, 2]);
}

fn a_ghost(bench: &Bench) {
    let mut tls = bench.tls();
    log_in(bench, &mut tls);
    let brokers = read_metadata(&tls.ask(&metadata())).brokers;
    assert_eq!(brokers.len(), 4);
    let (id, host, port) = &brokers[3];
    assert_eq!((*id, host.as_str()), (4, "127.0.0.1"));
    let port = u16::try_from(*port).expect("a port");
    assert_connection_refused(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
}

/// The certificate is a proxy's, and its root is trusted.
fn assert_behind_a_proxy(bench: &Bench) {
    let chain = chain(bench.address(1));
    assert_eq!(
        organisation(parse(&chain[0]).issuer()),
        "Example Corp TLS Inspection"
    );
    let roots = CertificateDer::pem_slice_iter(bench.lab.ca_pem().as_bytes());
    assert_eq!(roots.count(), 2, "the lab's, and the proxy's");
}

/// The answer to `DescribeGroups` v3 with the operations, from its group's error on.
fn described_group(bench: &Bench) -> Vec<u8> {
    let mut tls = bench.tls();
    log_in(bench, &mut tls);
    let answer = tls.ask(&request(15, 3, 3, false, &hex("00000001 0003 6c6162 01")));
    // Length, correlation, throttle time, one group.
    answer[16..].to_vec()
}

fn held_for_a_second(bench: &Bench) {
    // Nothing was sent: FIN. Bytes were left unread: RST (RFC 9293, 3.6.1).
    for (bytes, wanted) in [(Vec::new(), End::Close), (client_hello(), End::Reset)] {
        let mut tcp = bench.tcp();
        let began = Instant::now();
        tcp.say(&bytes);
        assert_eq!(end_within(&mut tcp, LONG), wanted);
        assert!(began.elapsed() >= Duration::from_millis(950));
    }
}

fn challenge(bench: &Bench) {
    let mut tls = bench.tls();
    choose(&mut tls, 1);
    let answer = tls.ask(&authenticate(1, 2, &bench.message()));
    assert_bytes(
        &answer,
        &format!("0000002e 00000002 0000 0000 0000001a {CHALLENGE} 0000000000000000"),
    );
    let asked = Instant::now();
    let answer = tls.ask(&authenticate(1, 3, &[1]));
    assert!(asked.elapsed() >= DELAY, "{:?}", asked.elapsed());
    assert_bytes(
        &answer,
        &format!("0000002e 00000003 003a 001a {CHALLENGE} 00000000 0000000000000000"),
    );
    assert_closes(&mut tls);
    // A bare token gets the bare challenge at once.
    let mut tls = bench.tls();
    choose(&mut tls, 0);
    let answer = tls.ask(&framed(&bench.message()));
    assert_bytes(&answer, &format!("0000001a {CHALLENGE}"));
    let asked = Instant::now();
    tls.say(&framed(&[1]));
    assert_closes(&mut tls);
    assert!(asked.elapsed() >= DELAY, "{:?}", asked.elapsed());
}

fn escapes(bench: &Bench) {
    let evil = "\u{1b}[31m\u{1b}]0;owned\u{7}evil\r\n\u{202e}";
    let mut tls = bench.tls();
    let answer = tls.ask(&handshake(1, "OAUTHBEARER"));
    let mut r = Reader(&answer);
    r.take(8);
    assert_eq!((r.int(2), r.int(4)), (0, 3));
    let offered = [r.string(), r.string(), r.string()];
    assert_eq!(offered, ["AWS_MSK_IAM", "OAUTHBEARER", evil]);
    let answer = tls.ask(&authenticate(1, 2, &bench.message()));
    let mut r = Reader(&answer);
    r.take(8);
    assert_eq!(r.int(2), 58);
    assert_eq!(after_uuid(r.string().as_bytes()), evil);
}

#[test]
fn a_lab_ends_when_it_is_dropped() -> io::Result<()> {
    let bench = bench(&[]);
    let address = bench.address(1);
    let mut tcp = TcpStream::connect(address)?;
    tcp.set_read_timeout(Some(LONG))?;
    drop(bench);
    assert!(matches!(tcp.read(&mut [0; 8]), Ok(0) | Err(_)));
    assert_connection_refused(address);
    Ok(())
}
