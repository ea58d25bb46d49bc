//! A client of the tests' own: standard sockets, rustls, and no message crate.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use msk_doctor::lab::{Advertise, FaultSpec, Lab, LabConfig};
use msk_doctor::sasl::msk_iam;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// What is not there by then is a failure, not a measurement.
const PATIENCE: Duration = Duration::from_secs(20);

/// A lab, and the runtime that it runs on.
pub struct Running {
    lab: Option<Lab>,
    _runtime: tokio::runtime::Runtime,
}

impl Deref for Running {
    type Target = Lab;
    fn deref(&self) -> &Lab {
        self.lab.as_ref().expect("running")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.connection_panics(), 0, "connections panicked");
        }
        self.lab = None;
    }
}

impl Running {
    /// A token of now.
    pub fn token(&self) -> String {
        self.token_of(SystemTime::now())
    }

    /// A token signed at another time.
    pub fn token_of(&self, time: SystemTime) -> String {
        let token = msk_iam::sign(self.credentials(), self.region(), time).expect("a token");
        token.expose().to_owned()
    }

    /// A token of the right key id and a wrong secret.
    pub fn token_by(&self, secret: &str) -> String {
        let id = self.credentials().access_key_id();
        let wrong = Credentials::new(id, secret, None, None, "test");
        let token = msk_iam::sign(&wrong, self.region(), SystemTime::now()).expect("a token");
        token.expose().to_owned()
    }

    pub fn address(&self, broker: usize) -> SocketAddr {
        self.brokers()[broker].address
    }
}

/// No delay before a broker closes on a failed login.
pub fn quick() -> LabConfig {
    LabConfig {
        failed_authentication_delay: Duration::ZERO,
        ..LabConfig::default()
    }
}

/// A quick lab with faults.
pub fn start(faults: &[&str]) -> Running {
    start_with(faults, quick())
}

/// A lab with faults and more.
pub fn start_with(faults: &[&str], config: LabConfig) -> Running {
    let faults = faults
        .iter()
        .map(|text| text.parse::<FaultSpec>().expect("a fault"))
        .collect();
    let config = LabConfig { faults, ..config };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let lab = runtime.block_on(Lab::start(config)).expect("a lab");
    Running {
        lab: Some(lab),
        _runtime: runtime,
    }
}

/// With names instead of addresses.
pub fn with_names() -> LabConfig {
    LabConfig {
        advertise: Advertise::RealNames,
        dns: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        ..quick()
    }
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// FIN, after TLS's `close_notify`.
    NotifiedFin,
    /// FIN alone.
    Fin,
    /// RST: the error was ECONNRESET.
    Reset,
    /// It did not, within the time given.
    Silence,
}

fn is_reset(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ECONNRESET)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// What is left to read on a socket, and its end.
pub fn read_end(socket: &mut TcpStream, within: Duration) -> (Vec<u8>, End) {
    socket.set_read_timeout(Some(within)).expect("a timeout");
    let mut rest = Vec::new();
    let mut some = [0; 4096];
    loop {
        match socket.read(&mut some) {
            Ok(0) => return (rest, End::Fin),
            Ok(count) => rest.extend(&some[..count]),
            Err(error) if is_reset(&error) => return (rest, End::Reset),
            Err(error) if is_timeout(&error) => return (rest, End::Silence),
            Err(error) => panic!("{error}"),
        }
    }
}

/// A connection without TLS.
pub fn plain(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect_timeout(&address, PATIENCE).expect("connected");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    socket
}

/// The handshake's outcome on a fresh connection: a client, or why not.
pub fn try_connect(lab: &Running, broker: usize, name: &str) -> Result<Client, rustls::Error> {
    let mut roots = RootCertStore::empty();
    for ca in CertificateDer::pem_slice_iter(lab.ca_pem().as_bytes()) {
        roots.add(ca.expect("a certificate")).expect("a root");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let mut session = ClientConnection::new(Arc::new(config), name).expect("a session");
    let mut socket = plain(lab.address(broker));
    while session.is_handshaking() {
        if let Err(error) = session.complete_io(&mut socket) {
            let inner = error.into_inner().expect("an error of TLS");
            return Err(*inner.downcast::<rustls::Error>().expect("of rustls"));
        }
    }
    Ok(Client {
        stream: StreamOwned::new(session, socket),
    })
}

/// A connection with TLS.
pub struct Client {
    pub stream: StreamOwned<ClientConnection, TcpStream>,
}

impl Client {
    pub fn connect(lab: &Running, broker: usize) -> Self {
        let name = lab.brokers()[broker].name.clone();
        try_connect(lab, broker, &name).expect("a handshake")
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("written");
        self.stream.flush().expect("flushed");
    }

    /// Sends a frame of `body`.
    pub fn send_frame(&mut self, body: &[u8]) {
        let length = u32::try_from(body.len()).expect("short");
        self.send(&[&length.to_be_bytes()[..], body].concat());
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.stream.read_exact(&mut bytes).expect("bytes");
        bytes
    }

    /// A whole frame, with its length.
    pub fn frame(&mut self) -> Vec<u8> {
        let head = self.bytes(4);
        let length = u32::from_be_bytes(head.clone().try_into().expect("four bytes"));
        let body = self.bytes(usize::try_from(length).expect("short"));
        [head, body].concat()
    }

    /// Reads a whole frame that must be `wanted`, in hexadecimal with its length.
    pub fn expect(&mut self, wanted: &str) {
        assert_eq!(shown(&self.frame()), shown(&hex(wanted)));
    }

    /// What is left to read, and how the connection ends.
    pub fn end(&mut self, within: Duration) -> (Vec<u8>, End) {
        self.stream
            .sock
            .set_read_timeout(Some(within))
            .expect("a timeout");
        let mut rest = Vec::new();
        let mut some = [0; 4096];
        let notified = loop {
            match self.stream.read(&mut some) {
                Ok(0) => break true,
                Ok(count) => rest.extend(&some[..count]),
                Err(error) if is_reset(&error) => return (rest, End::Reset),
                Err(error) if is_timeout(&error) => return (rest, End::Silence),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break false,
                Err(error) => panic!("{error}"),
            }
        };
        let end = match (notified, read_end(&mut self.stream.sock, within).1) {
            (true, End::Fin) => End::NotifiedFin,
            (_, end) => end,
        };
        (rest, end)
    }

    /// Asserts that nothing more comes but `close_notify` and FIN.
    pub fn expect_close(&mut self) {
        assert_eq!(self.end(PATIENCE), (vec![], End::NotifiedFin));
    }

    /// Asserts that nothing comes.
    pub fn expect_silence(&mut self, within: Duration) {
        assert_eq!(self.end(within), (vec![], End::Silence));
    }
}

/// Bytes of hexadecimal text; white space is for the reader, text in quotes is itself.
pub fn hex(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, part) in text.split('"').enumerate() {
        if index % 2 == 1 {
            bytes.extend(part.bytes());
            continue;
        }
        let digits: String = part.split_whitespace().collect();
        let pairs = (0..digits.len()).step_by(2);
        bytes.extend(pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex")));
    }
    bytes
}

fn shown(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A request with its length: key, version, correlation id, and the rest in hexadecimal.
pub fn request(key: u8, version: u8, correlation_id: u8, rest: &[u8]) -> Vec<u8> {
    let body = [&[0, key, 0, version, 0, 0, 0, correlation_id][..], rest].concat();
    let length = u32::try_from(body.len()).expect("short");
    [&length.to_be_bytes()[..], &body].concat()
}

/// OAUTHBEARER's first message.
pub fn message(token: &str) -> Vec<u8> {
    format!("n,,\u{1}auth=Bearer {token}\u{1}\u{1}").into_bytes()
}

/// What a listener of IAM answers to `SaslHandshake` for OAUTHBEARER.
pub const OFFERED: &str =
    "00000024 00000001 0000 00000002 000b \"AWS_MSK_IAM\" 000b \"OAUTHBEARER\"";
/// A request's client id: "trace".
pub const CLIENT: &str = "0005 7472616365";

pub fn handshake(version: u8) -> Vec<u8> {
    hex(&format!(
        "0000001c 0011 00{version:02x} 00000001 {CLIENT} 000b \"OAUTHBEARER\""
    ))
}

pub fn authenticate(version: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("short");
    let mut body = hex(CLIENT);
    if version < 2 {
        body.extend(length.to_be_bytes());
        body.extend(bytes);
        return request(36, version, 2, &body);
    }
    let [.., high, low] = ((length + 1) << 1).to_be_bytes();
    body.extend([0, low >> 1 | 0x80, high]);
    body.extend(bytes);
    body.push(0);
    request(36, version, 2, &body)
}

/// Offers the lab's own token after `SaslHandshake` v1; the answer is left unread.
pub fn offer(lab: &Running, broker: usize) -> Client {
    offer_as(lab, broker, 1, &message(&lab.token()))
}

pub fn offer_as(lab: &Running, broker: usize, version: u8, bytes: &[u8]) -> Client {
    let mut client = Client::connect(lab, broker);
    client.send(&handshake(1));
    client.expect(OFFERED);
    client.send(&authenticate(version, bytes));
    client
}

/// The same after `SaslHandshake` v0.
pub fn offer_bare(lab: &Running, bytes: &[u8]) -> Client {
    let mut client = Client::connect(lab, 0);
    client.send(&handshake(0));
    client.expect(OFFERED);
    client.send_frame(bytes);
    client
}

pub fn logged_in(lab: &Running, broker: usize) -> Client {
    let mut client = offer(lab, broker);
    let answer = client.frame();
    assert_eq!(answer[..14], hex("00000014 00000002 0000 0000 0000")[..]);
    client
}
