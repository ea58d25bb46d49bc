//! Brokers and name servers that mean harm: every run ends in time, in bounded memory, with a
//! report that is well-formed and takes over no terminal.

#![allow(
    clippy::match_same_arms,
    clippy::single_match_else,
    clippy::too_many_lines,
    clippy::unnecessary_wraps,
    reason = "tables and scripts"
)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use msk_doctor::lab::{FaultSpec, LAB_FAULTS, Lab, LabConfig};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use tempfile::TempDir;

/// The deadline that every run is given.
const DEADLINE: Duration = Duration::from_secs(6);
/// How much later than its deadline a run may end on a busy machine.
const SLACK: Duration = Duration::from_secs(2);
/// Address space for a run, KiB (`ulimit -v`). Stacks and malloc's reservations count, so threads
/// and arenas are held to two for the same on every machine: then a healthy run of a debug build
/// fits into `HEALTHY_KIB`.
const MEMORY_KIB: u32 = 300_000;
/// Less than any run is given.
const HEALTHY_KIB: u32 = 150_000;

// ---- a run

struct Run {
    code: i32,
    json: Value,
    text: String,
    folder: TempDir,
}

/// What a run is asked, besides the deadline and the output.
struct Ask<'a> {
    arguments: Vec<String>,
    ca_pem: Option<&'a str>,
    environment: Vec<(&'static str, String)>,
}

impl Ask<'_> {
    fn plaintext(bootstrap: &str) -> Self {
        Self {
            arguments: ["kafka", bootstrap, "--auth", "plaintext"]
                .map(str::to_owned)
                .into(),
            ca_pem: None,
            environment: Vec::new(),
        }
    }

    /// IAM with made-up credentials.
    fn iam<'a>(bootstrap: &str, ca_pem: &'a str) -> Ask<'a> {
        Ask {
            arguments: ["kafka", bootstrap, "--auth", "iam", "--region", "eu-west-1"]
                .map(str::to_owned)
                .into(),
            ca_pem: Some(ca_pem),
            environment: vec![
                ("AWS_ACCESS_KEY_ID", "AKIAMADEUP".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "made-up".to_owned()),
            ],
        }
    }

    fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// Runs the real binary; checks what is to hold whatever the peer does.
    fn run(self) -> Run {
        self.run_within(MEMORY_KIB)
    }

    fn run_within(self, kib: u32) -> Run {
        let folder = TempDir::new().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("ulimit -v {kib}; exec \"$0\" \"$@\""))
            .arg(env!("CARGO_BIN_EXE_msk-doctor"))
            .args(&self.arguments)
            .args(["--no-aws", "--deadline", "6s", "--phase-timeout", "2s"])
            .args(["--output", "text", "--output"])
            .arg(format!("json={}", path("report.json").display()))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("TOKIO_WORKER_THREADS", "2")
            .env("MALLOC_ARENA_MAX", "2")
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(File::create(path("out")).expect("a file"))
            .stderr(File::create(path("err")).expect("a file"));
        if let Some(pem) = self.ca_pem {
            fs::write(path("ca.pem"), pem).expect("a file");
            command.arg("--ca-file").arg(path("ca.pem"));
        }
        let began = Instant::now();
        let mut child = command.spawn().expect("sh");
        let code = loop {
            if let Some(status) = child.try_wait().expect("a child") {
                break status.code().unwrap_or_else(|| panic!("{status}"));
            }
            if began.elapsed() > DEADLINE + SLACK {
                child.kill().expect("killed");
                child.wait().expect("a child");
                panic!("still there after {:?}", began.elapsed());
            }
            thread::sleep(Duration::from_millis(10));
        };
        let errors = read(&path("err"));
        assert!(!errors.contains("panicked"), "{errors}");
        let text = read(&path("out"));
        assert_shown_safely(&text);
        let json = read(&path("report.json"));
        assert_shown_safely(&json);
        let json: Value =
            serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {code} {errors}"));
        assert_eq!(json["exit_code"], code);
        assert_words_safe(&json, "");
        Run {
            code,
            json,
            text,
            folder,
        }
    }
}

fn read(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    String::from_utf8(bytes).expect("UTF-8")
}

/// Control characters, and those that turn the direction of text around.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

fn assert_shown_safely(text: &str) {
    let harmful: Vec<char> = text
        .chars()
        .filter(|c| is_harmful(*c) && *c != '\n')
        .collect();
    assert!(harmful.is_empty(), "{harmful:?} in {text:?}");
}

/// The report's sentences may be printed as they are; what was observed is, once parsed, what was observed.
fn assert_words_safe(value: &Value, key: &str) {
    match value {
        Value::String(text) => {
            let words = [
                "where", "why", "evidence", "seen", "because", "settle", "fix",
            ];
            let words = words.contains(&key);
            assert!(!words || !text.chars().any(is_harmful), "{key}: {text:?}");
        }
        Value::Array(items) => items.iter().for_each(|item| assert_words_safe(item, key)),
        Value::Object(fields) => fields
            .iter()
            // What is inside an observation is what the peer said.
            .filter(|(name, _)| *name != "observations")
            .for_each(|(name, item)| assert_words_safe(item, name)),
        _ => {}
    }
}

impl Run {
    fn observations(&self, purpose: &str) -> Vec<&Value> {
        let observations = self.json["observations"].as_array().expect("an array");
        observations
            .iter()
            .filter(|o| o["purpose"] == purpose)
            .collect()
    }

    /// The last phase of the first bootstrap broker, and how it ended.
    fn last(&self) -> (String, String) {
        let phases = &self.observations("bootstrap")[0]["phases"];
        let last = phases.as_array().and_then(|p| p.last()).expect("a phase");
        let word = |key: &str| last[key].as_str().expect("a word").to_owned();
        (word("phase"), word("end"))
    }

    fn assert_ends(&self, name: &str, phase: &str, end: &str) {
        let last = self.last();
        assert_eq!(
            (last.0.as_str(), last.1.as_str()),
            (phase, end),
            "{name}: {}",
            self.text
        );
        assert!(
            [1, 3].contains(&self.code),
            "{name}: exit code {}",
            self.code
        );
    }

    /// How large the report became.
    fn json_bytes(&self) -> u64 {
        let path = self.folder.path().join("report.json");
        fs::metadata(path).expect("a report").len()
    }
}

// ---- the lab's hostile brokers

fn lab(faults: Vec<FaultSpec>) -> (Lab, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let config = LabConfig {
        faults,
        ..LabConfig::default()
    };
    let lab = runtime.block_on(Lab::start(config)).expect("the lab");
    (lab, runtime)
}

fn ask_lab(lab: &Lab) -> Ask<'_> {
    let mut ask = Ask::iam(&lab.bootstrap(), lab.ca_pem());
    ask.environment = vec![
        (
            "AWS_ACCESS_KEY_ID",
            lab.credentials().access_key_id().to_owned(),
        ),
        (
            "AWS_SECRET_ACCESS_KEY",
            lab.credentials().secret_access_key().to_owned(),
        ),
    ];
    ask
}

#[test]
fn a_healthy_run_fits_into_less() {
    let (lab, _runtime) = lab(Vec::new());
    let run = ask_lab(&lab).run_within(HEALTHY_KIB);
    assert_eq!(run.code, 0, "{}", run.text);
}

#[test]
fn hostile_labs() {
    for (fault, code, _) in LAB_FAULTS {
        let (phase, end) = match *code {
            // Noise stands where a length is due.
            "hostile-garbage" | "hostile-length" => ("api-versions", "protocol-error"),
            "hostile-drip" => ("api-versions", "incomplete"),
            "hostile-escapes" => ("sasl-authenticate", "kafka-error"),
            "hostile-endless" => ("api-versions", "protocol-error"),
            _ if fault.is_of_the_catalogue() => continue,
            _ => panic!("{code}: what is to come of it?"),
        };
        let (lab, _runtime) = lab(vec![FaultSpec {
            fault: *fault,
            broker: None,
        }]);
        ask_lab(&lab).run().assert_ends(code, phase, end);
    }
}

// ---- a scripted broker

const API_VERSIONS: i16 = 18;
const SASL_HANDSHAKE: i16 = 17;
const SASL_AUTHENTICATE: i16 = 36;
const METADATA: i16 = 3;

struct Request {
    key: i16,
    version: i16,
    correlation: i32,
}

/// Gives the bytes of an answer; `None` closes.
type Script = dyn Fn(&Request) -> Option<Vec<u8>> + Send + Sync;

fn serve(mut stream: impl Read + Write, script: &Script) -> Option<()> {
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length).ok()?;
        // An experiment's ClientHello reads as a huge length: closed at once, as Kafka does.
        let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
        let mut frame = vec![0; Some(length).filter(|length| *length < 1 << 20)?];
        stream.read_exact(&mut frame).ok()?;
        // Neither a bare token nor the one byte after a challenge is answered.
        let head = frame.first_chunk::<8>().filter(|head| head[0] == 0)?;
        let request = Request {
            key: i16::from_be_bytes([head[0], head[1]]),
            version: i16::from_be_bytes([head[2], head[3]]),
            correlation: i32::from_be_bytes([head[4], head[5], head[6], head[7]]),
        };
        stream.write_all(&script(&request)?).ok()?;
        stream.flush().ok()?;
    }
}

/// A broker that answers by `script`, until the test's process ends.
fn broker(
    tls: Option<Arc<ServerConfig>>,
    script: impl Fn(&Request) -> Option<Vec<u8>> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let script = Arc::new(script);
    thread::spawn(move || {
        for tcp in listener.incoming().flatten() {
            let (script, tls) = (script.clone(), tls.clone());
            thread::spawn(move || match tls {
                None => serve(tcp, script.as_ref()),
                Some(config) => {
                    let session = ServerConnection::new(config).expect("a session");
                    serve(StreamOwned::new(session, tcp), script.as_ref())
                }
            });
        }
    });
    address.to_string()
}

/// TLS for 127.0.0.1, and the certificate to trust.
fn tls() -> (Arc<ServerConfig>, String) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("made");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a server");
    (Arc::new(config), made.cert.pem())
}

fn hex(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("hexadecimal"))
        .collect()
}

fn framed(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("short");
    [&length.to_be_bytes()[..], body].concat()
}

/// A frame with the request's correlation id before `body`.
fn answer(request: &Request, body: &[u8]) -> Option<Vec<u8>> {
    Some(framed(
        &[&request.correlation.to_be_bytes()[..], body].concat(),
    ))
}

/// A good answer to `ApiVersions`; `Metadata` is known up to `metadata`.
fn api_versions(request: &Request, metadata: i16) -> Option<Vec<u8>> {
    let keys = [
        (METADATA, 0, metadata),
        (SASL_HANDSHAKE, 0, 1),
        (API_VERSIONS, 0, 3),
        (SASL_AUTHENTICATE, 0, 2),
    ];
    let flexible = request.version >= 3;
    let mut body = vec![0, 0];
    if flexible {
        body.push(5);
    } else {
        body.extend([0, 0, 0, 4]);
    }
    for (key, min, max) in keys {
        for number in [key, min, max] {
            body.extend(i16::to_be_bytes(number));
        }
        if flexible {
            body.push(0);
        }
    }
    if request.version >= 1 {
        body.extend([0; 4]);
    }
    if flexible {
        body.push(0);
    }
    answer(request, &body)
}

/// An answer to `Metadata` v5 that names these brokers.
fn metadata(request: &Request, brokers: &[(&[u8], i32)]) -> Option<Vec<u8>> {
    assert_eq!(request.version, 5);
    let mut body = vec![0; 4];
    body.extend(u32::try_from(brokers.len()).expect("a count").to_be_bytes());
    for (id, (host, port)) in (1i32..).zip(brokers) {
        body.extend(id.to_be_bytes());
        body.extend(u16::try_from(host.len()).expect("short").to_be_bytes());
        body.extend(*host);
        body.extend(port.to_be_bytes());
        body.extend([0xff, 0xff]);
    }
    // Cluster id `x`, controller 1, no topics.
    body.extend(hex("0001 78 00000001 00000000"));
    answer(request, &body)
}

const HUGE: &str = "7fffffff";
/// 0xffffffff as a varint.
const HUGE_VARINT: &str = "ffffffff0f";

#[test]
fn answers_to_api_versions() {
    const PHASE: &str = "api-versions";
    const BAD: &str = "protocol-error";
    // Bodies after the correlation id; ApiVersions is asked in version 3.
    let bodies: Vec<(&str, String, &str)> = vec![
        ("count", format!("0000 {HUGE_VARINT}"), BAD),
        (
            "tags of a key",
            format!("0000 02 0012 0000 0003 {HUGE_VARINT}"),
            BAD,
        ),
        ("tags", format!("0000 01 00000000 {HUGE_VARINT}"), BAD),
        (
            "size of a tag",
            format!("0000 01 00000000 01 07 {HUGE_VARINT}"),
            BAD,
        ),
        (
            "count in a tag",
            format!("0000 01 00000000 01 00 05 {HUGE_VARINT}"),
            BAD,
        ),
        (
            "endless varint",
            "0000 ffffffffffffffffffffff".to_owned(),
            BAD,
        ),
        ("nothing", String::new(), BAD),
        ("a stop in the middle", "0000 05 0012".to_owned(), BAD),
        (
            "an unknown error",
            "03e7 01 00000000 00".to_owned(),
            "kafka-error",
        ),
        (
            "a negative error",
            "8000 01 00000000 00".to_owned(),
            "kafka-error",
        ),
    ];
    for (name, body, end) in bodies {
        let at = broker(None, move |request| answer(request, &hex(&body)));
        Ask::plaintext(&at).run().assert_ends(name, PHASE, end);
    }
    // Whole frames.
    let frames = [
        (
            "another correlation id",
            "0000000c 7fffffff 0000 01 00000000 00",
            BAD,
        ),
        ("length 0", "00000000", BAD),
        ("length 3", "00000003 000000", BAD),
        ("length -1", "ffffffff", BAD),
        ("the least length", "80000000", BAD),
        ("the greatest length", HUGE, BAD),
    ];
    for (name, frame, end) in frames {
        let at = broker(None, move |_| Some(hex(frame)));
        Ask::plaintext(&at).run().assert_ends(name, PHASE, end);
    }
    // Error 35 leads to version 0, and the count is there.
    let at = broker(None, |request| {
        let body = match request.version {
            0 => format!("0000 {HUGE}"),
            _ => "0023 00000000".to_owned(),
        };
        answer(request, &hex(&body))
    });
    Ask::plaintext(&at)
        .run()
        .assert_ends("version 0", PHASE, BAD);
    // Error 35 for ever.
    let at = broker(None, |request| answer(request, &hex("0023 00000000")));
    let run = Ask::plaintext(&at).run();
    run.assert_ends("error 35 for ever", PHASE, "kafka-error");
}

#[test]
fn unknown_keys_and_tags_are_no_fault() {
    let at = broker(None, |request| match request.key {
        // Keys 32000 and -1 with tags, Metadata up to 5, tag 9 of 3 bytes.
        API_VERSIONS => answer(
            request,
            &hex(
                "0000 04 7d00 0000 7fff 01 05 02 abcd ffff 0003 0001 00 0003 0000 0005 00
                00000000 01 09 03 010203",
            ),
        ),
        _ => metadata(request, &[]),
    });
    let run = Ask::plaintext(&at).run();
    let last = run.last();
    assert_eq!((last.0.as_str(), last.1.as_str()), ("metadata", "answered"));
}

#[test]
fn versions_that_do_not_fit() {
    // Metadata from 900 to -5: something is asked or nothing is, and the run ends.
    let at = broker(None, |request| match request.key {
        API_VERSIONS => answer(request, &hex("0000 02 0003 0384 fffb 00 00000000 00")),
        _ => None,
    });
    let run = Ask::plaintext(&at).run();
    run.assert_ends("versions", "metadata", "fin");
}

#[test]
fn answers_to_sasl() {
    let (config, pem) = tls();
    let long = "61".repeat(30_000);
    // Bodies of SaslHandshake v1 after the correlation id.
    let bodies = [
        ("count", format!("0000 {HUGE}"), "protocol-error"),
        (
            "length of a name",
            "0000 00000001 7fff 41".to_owned(),
            "protocol-error",
        ),
        (
            "an unknown error",
            "03e7 00000000".to_owned(),
            "kafka-error",
        ),
        (
            "no UTF-8",
            "0021 00000001 0002 c328".to_owned(),
            "protocol-error",
        ),
        (
            "a long name",
            format!("0021 00000001 7530 {long}"),
            "kafka-error",
        ),
        (
            "escapes",
            "0021 00000001 0005 1b5b326a07".to_owned(),
            "kafka-error",
        ),
    ];
    for (name, body, end) in bodies {
        let at = broker(Some(config.clone()), move |request| match request.key {
            API_VERSIONS => api_versions(request, 5),
            _ => answer(request, &hex(&body)),
        });
        let run = Ask::iam(&at, &pem).run();
        run.assert_ends(name, "sasl-handshake", end);
        assert!(run.text.len() < 100_000, "{name}: {}", run.text.len());
    }
    // Bodies of SaslAuthenticate v1.
    let bodies = [
        ("words", "003a 7fff 41".to_owned(), "protocol-error"),
        ("bytes", format!("0000 0000 {HUGE}"), "protocol-error"),
        (
            "an unknown error",
            "03e7 ffff 00000000 0000000000000000".to_owned(),
            "kafka-error",
        ),
        (
            "long words",
            format!("003a 7530 {long} 00000000 0000000000000000"),
            "kafka-error",
        ),
        (
            "escapes",
            "003a 0005 1b5b326a07 00000000 0000000000000000".to_owned(),
            "kafka-error",
        ),
        // A challenge of escapes and C1 controls, whatever is answered to it.
        (
            "challenge",
            "0000 0000 00000006 1b5b324ac29b 0000000000000000".to_owned(),
            "kafka-error",
        ),
    ];
    for (name, body, end) in bodies {
        let at = broker(Some(config.clone()), move |request| match request.key {
            API_VERSIONS => api_versions(request, 5),
            SASL_HANDSHAKE => answer(request, &hex("0000 00000001 000b 4f41555448424541524552")),
            _ => answer(request, &hex(&body)),
        });
        let run = Ask::iam(&at, &pem).run();
        run.assert_ends(name, "sasl-authenticate", end);
        assert!(run.text.len() < 100_000, "{name}: {}", run.text.len());
    }
}

#[test]
fn counts_in_metadata() {
    let rows = [
        (8, "brokers", format!("00000000 {HUGE}")),
        (
            8,
            "topics",
            format!("00000000 00000000 ffff 00000001 {HUGE}"),
        ),
        (
            8,
            "partitions",
            format!("00000000 00000000 ffff 00000001 00000001 0000 0001 78 00 {HUGE}"),
        ),
        (12, "tags of the header", HUGE_VARINT.to_owned()),
        (12, "brokers", format!("00 00000000 {HUGE_VARINT}")),
        (12, "host", format!("00 00000000 02 00000001 {HUGE_VARINT}")),
        (
            12,
            "topics",
            format!("00 00000000 01 00 00000001 {HUGE_VARINT}"),
        ),
        (
            12,
            "tags",
            format!("00 00000000 01 00 00000001 01 {HUGE_VARINT}"),
        ),
    ];
    for (version, name, body) in rows {
        let at = broker(None, move |request| match request.key {
            API_VERSIONS => api_versions(request, version),
            _ => {
                assert_eq!(request.version, version);
                answer(request, &hex(&body))
            }
        });
        let run = Ask::plaintext(&at).run();
        run.assert_ends(name, "metadata", "protocol-error");
    }
}

/// A run against a broker that names `count` others, at addresses of this machine where nothing
/// listens: refused at once.
fn many_brokers(count: u32) -> Run {
    let at = broker(None, move |request| match request.key {
        API_VERSIONS => api_versions(request, 5),
        _ => {
            let hosts: Vec<String> = (0..count)
                .map(|i| Ipv4Addr::from(0x7f10_0000 + i).to_string())
                .collect();
            let brokers: Vec<(&[u8], i32)> =
                hosts.iter().map(|host| (host.as_bytes(), 9)).collect();
            metadata(request, &brokers)
        }
    });
    let run = Ask::plaintext(&at).run();
    assert!(run.text.len() < 200_000, "{} bytes of text", run.text.len());
    assert!(run.json_bytes() < 5_000_000, "{} bytes", run.json_bytes());
    run
}

#[test]
fn a_hundred_thousand_brokers() {
    let run = many_brokers(100_000);
    run.assert_ends("100,000 brokers", "metadata", "protocol-error");
    assert!(run.observations("advertised").is_empty());
    let words = "the answer names 100000 brokers; at most 500 are taken";
    assert!(run.text.contains(words) || run.json.to_string().contains(words));
}

#[test]
fn five_hundred_brokers() {
    let run = many_brokers(500);
    run.assert_ends("500 brokers", "metadata", "answered");
    assert_eq!(run.observations("advertised").len(), 500);
}

#[test]
fn hosts_that_are_none() {
    let long = "a".repeat(300);
    let at = broker(None, move |request| match request.key {
        API_VERSIONS => api_versions(request, 5),
        _ => metadata(
            request,
            &[
                (b"\x1b]0;owned\x07", 9092),
                (b"a\r\nb", 9092),
                ("\u{9b}31m".as_bytes(), 9092),
                ("\u{202e}moc".as_bytes(), 9092),
                (b"a;reboot", 9092),
                (b"$(reboot)", 9092),
                (long.as_bytes(), 9092),
                (b"", 9092),
                (b"127.0.0.1", 0),
                (b"127.0.0.1", -1),
                (b"127.0.0.1", 70_000),
                (b"127.0.0.1", i32::MIN),
                (b"-", 9092),
                (b"..", 9092),
                (b"a..b", 9092),
                (b":", 9092),
            ],
        ),
    });
    let run = Ask::plaintext(&at).run();
    let last = run.last();
    assert_eq!((last.0.as_str(), last.1.as_str()), ("metadata", "answered"));
    assert_eq!(run.code, 1, "{}", run.text);
    assert_eq!(run.json["causes"][0]["code"], "CLU-09", "{}", run.text);
    for observation in run.observations("advertised") {
        // What could be a name was looked up at most: nothing was dialled.
        assert!(observation["address"].is_null(), "{observation}");
    }
}

#[test]
fn a_host_that_is_none_among_others() {
    let at = broker_everywhere(|_, port, request| match request.key {
        API_VERSIONS => api_versions(request, 5),
        _ => {
            let port = i32::from(port);
            metadata(
                request,
                &[(b"127.0.0.2", port), (b":", 9092), (b"127.0.0.3", port)],
            )
        }
    });
    let run = Ask::plaintext(&at).run();
    // The others are looked at all the same.
    let advertised = run.observations("advertised");
    assert_eq!(advertised.len(), 2);
    for observation in advertised {
        assert_eq!(observation["stopped"], "asked", "{observation}");
    }
    assert_eq!(run.code, 1, "{}", run.text);
    let cause = &run.json["causes"][0];
    assert_eq!(cause["code"], "CLU-09", "{}", run.text);
    let words = "1 of 3 brokers without a usable address: broker 2 at \":\", port 9092";
    assert!(
        cause["evidence"]
            .to_string()
            .contains(&words.replace('"', "\\\"")),
        "{cause}"
    );
}

/// Listens on every address of this machine; `script` is told on which one it was dialled.
fn broker_everywhere(
    script: impl Fn(Ipv4Addr, u16, &Request) -> Option<Vec<u8>> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let script = Arc::new(script);
    thread::spawn(move || {
        for tcp in listener.incoming().flatten() {
            let Ok(SocketAddr::V4(at)) = tcp.local_addr() else {
                continue;
            };
            let script = script.clone();
            thread::spawn(move || {
                serve(tcp, &move |request: &Request| {
                    script(*at.ip(), port, request)
                })
            });
        }
    });
    format!("127.0.0.1:{port}")
}

/// `Metadata` v5 with `count` brokers from address `first` on.
fn neighbours(request: &Request, first: u32, count: u32, port: u16) -> Option<Vec<u8>> {
    let hosts: Vec<String> = (first..first + count)
        .map(|ip| Ipv4Addr::from(ip).to_string())
        .collect();
    let brokers: Vec<(&[u8], i32)> = hosts
        .iter()
        .map(|host| (host.as_bytes(), i32::from(port)))
        .collect();
    metadata(request, &brokers)
}

#[test]
fn five_hundred_brokers_that_name_five_hundred_others() {
    let at = broker_everywhere(|dialled, port, request| match request.key {
        API_VERSIONS => api_versions(request, 5),
        _ => {
            let number = u32::from(dialled) - 0x7f00_0000;
            neighbours(
                request,
                0x7f00_0000 + number % 10_000 * 500 + 500,
                500,
                port,
            )
        }
    });
    let run = Ask::plaintext(&at).run();
    let last = run.last();
    assert_eq!((last.0.as_str(), last.1.as_str()), ("metadata", "answered"));
    // Those that were named by the first, and no others.
    assert_eq!(run.observations("advertised").len(), 500);
    assert!(run.json_bytes() < 60_000_000, "{} bytes", run.json_bytes());
    assert!(run.text.len() < 200_000, "{} bytes of text", run.text.len());
}

#[test]
fn five_hundred_silent_brokers() {
    let at = broker_everywhere(|dialled, port, request| match request.key {
        // No byte of an answer; the connection stands until the client is gone.
        _ if dialled != Ipv4Addr::LOCALHOST => Some(Vec::new()),
        API_VERSIONS => api_versions(request, 5),
        _ => neighbours(request, 0x7f10_0000, 500, port),
    });
    let run = Ask::plaintext(&at).run();
    // 128 at a time, two seconds each: the deadline comes first.
    assert_eq!(run.json["complete"], false);
}

#[test]
fn a_broker_that_never_reads() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let at: SocketAddr = listener.local_addr().expect("an address");
    let held = thread::spawn(move || listener.accept().expect("a client").0);
    let run = Ask::plaintext(&at.to_string()).run();
    run.assert_ends("never reads", "api-versions", "silence");
    let _: TcpStream = held.join().expect("a connection");
}

#[test]
fn a_wide_report_keeps_to_its_words() {
    // `--topic` is the user's own: it is shown safely as well.
    let at = broker(None, |request| match request.key {
        API_VERSIONS => api_versions(request, 5),
        // One topic with an unknown error, whose name the broker made up.
        _ => answer(
            request,
            &hex("00000000 00000000 0001 78 00000001 00000001 03e7 0004 1b5b326a 00 00000000"),
        ),
    });
    let run = Ask::plaintext(&at).with(&["--topic", "orders"]).run();
    let last = run.last();
    assert_eq!(
        (last.0.as_str(), last.1.as_str()),
        ("authorise", "answered")
    );
    assert!([1, 3].contains(&run.code), "{}: {}", run.code, run.text);
}

// ---- a scripted name server

/// Gives the datagrams that answer a question.
type DnsScript = dyn Fn(&[u8]) -> Vec<Vec<u8>> + Send;

/// A name server that answers by `script`, over UDP and, with `over_tcp`, after a truncated answer.
fn name_server(script: Box<DnsScript>, over_tcp: Option<&'static [u8]>) -> String {
    // A port that is free for UDP may be taken for TCP.
    let (udp, tcp) = (0..100)
        .find_map(|_| {
            let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
            let tcp = TcpListener::bind(udp.local_addr().ok()?).ok()?;
            Some((udp, tcp))
        })
        .expect("a port");
    let address = udp.local_addr().expect("an address");
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, client)) = udp.recv_from(&mut buffer) {
            for datagram in script(&buffer[..length]) {
                let _ = udp.send_to(&datagram, client);
            }
        }
    });
    if let Some(bytes) = over_tcp {
        thread::spawn(move || {
            let mut held = Vec::new();
            for mut stream in tcp.incoming().flatten() {
                let _ = stream.read(&mut [0; 512]);
                let _ = stream.write_all(bytes);
                held.push(stream);
            }
        });
    }
    address.to_string()
}

/// The question as an answer: `flags`, `answers` in the count and `records` behind.
fn dns_answer(question: &[u8], flags: u16, answers: u16, records: &[u8]) -> Vec<u8> {
    let mut out = question.to_vec();
    out[2..4].copy_from_slice(&flags.to_be_bytes());
    out[6..8].copy_from_slice(&answers.to_be_bytes());
    out.extend(records);
    out
}

#[test]
fn hostile_name_servers() {
    const GOOD: u16 = 0x8180;
    /// A record of the question's name: 127.0.0.1.
    const A: &str = "c00c 0001 0001 0000003c 0004 7f000001";
    // How the exchange ends, and what is sent. What is still awaited when the application has its
    // addresses, from the hosts file, is cut off.
    type Row = (
        &'static str,
        &'static str,
        Box<DnsScript>,
        Option<&'static [u8]>,
    );
    let rows: Vec<Row> = vec![
        (
            "garbage",
            "cancelled",
            Box::new(|_| vec![vec![0xff; 400], vec![], vec![0; 3]]),
            None,
        ),
        (
            "another id",
            "cancelled",
            Box::new(|q| {
                let mut answer = dns_answer(q, GOOD, 1, &hex(A));
                answer[1] ^= 1;
                vec![answer]
            }),
            None,
        ),
        (
            "the question itself",
            "cancelled",
            Box::new(|q| vec![q.to_vec()]),
            None,
        ),
        (
            "a name that points to itself",
            "malformed",
            Box::new(|q| {
                // The record's name begins right behind the question.
                let at = u16::try_from(q.len()).expect("short") | 0xc000;
                let mut records = at.to_be_bytes().to_vec();
                records.extend(hex("0001 0001 0000003c 0004 7f000001"));
                vec![dns_answer(q, GOOD, 1, &records)]
            }),
            None,
        ),
        (
            "65,535 records, none there",
            "malformed",
            Box::new(|q| vec![dns_answer(q, GOOD, 0xffff, &[])]),
            None,
        ),
        (
            "an alias of itself",
            "answered",
            Box::new(|q| {
                vec![dns_answer(
                    q,
                    GOOD,
                    1,
                    &hex("c00c 0005 0001 0000003c 0002 c00c"),
                )]
            }),
            None,
        ),
        (
            "an alias of escapes",
            "answered",
            Box::new(|q| {
                let records = "c00c 0005 0001 0000003c 000d 0b 1b5d303b6f776e65640a07 00";
                vec![dns_answer(q, GOOD, 1, &hex(records))]
            }),
            None,
        ),
        (
            "an unknown response code",
            "answered",
            Box::new(|q| vec![dns_answer(q, 0x818e, 0, &[])]),
            None,
        ),
        (
            "a stray before the answer",
            "answered",
            Box::new(|q| vec![vec![1; 30], q.to_vec(), dns_answer(q, GOOD, 0, &[])]),
            None,
        ),
        (
            "truncated, and no TCP",
            "refused",
            Box::new(|q| vec![dns_answer(q, 0x8380, 0, &[])]),
            None,
        ),
        (
            "truncated, and the end of TCP does not come",
            "cancelled",
            Box::new(|q| vec![dns_answer(q, 0x8380, 0, &[])]),
            Some(&[0xff, 0xff, 1, 2, 3]),
        ),
        (
            "truncated, and nothing over TCP",
            "malformed",
            Box::new(|q| vec![dns_answer(q, 0x8380, 0, &[])]),
            Some(&[0, 0]),
        ),
    ];
    let at = broker(None, |request| match request.key {
        API_VERSIONS => api_versions(request, 5),
        _ => None,
    });
    let port = at.rsplit(':').next().expect("a port");
    for (name, end, script, over_tcp) in rows {
        let server = name_server(script, over_tcp);
        let run = Ask::plaintext(&format!("localhost:{port}"))
            .with(&["--dns-server", &server])
            .run();
        // The name server's noise is not what the client meets.
        run.assert_ends(name, "metadata", "fin");
        let resolve = &run.observations("bootstrap")[0]["phases"][0]["detail"];
        let wire = resolve["wire"].as_array().expect("an array");
        let of_server: Vec<&Value> = wire.iter().filter(|w| w["server"] == *server).collect();
        assert!(!of_server.is_empty(), "{name}: {resolve}");
        for answer in of_server {
            assert_eq!(answer["end"], end, "{name}: {answer}");
            assert_eq!(answer["addresses"], serde_json::json!([]), "{name}");
        }
    }
}
