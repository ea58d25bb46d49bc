//! A broker that sends whatever it likes. Used by the fuzz target and by `tests/fuzz_corpus.rs`.
//!
//! The first byte says what is asked of it, see [`plan`]; the rest is its stream. A frame's correlation id is made right unless its
//! first bit is set, which no finder of inputs would guess.

use std::net::SocketAddr;

use msk_doctor::case::{Case, Client, ClientKind};
use msk_doctor::kafka::frame::{FrameError, FrameReader};
use msk_doctor::phase::Phase;
use msk_doctor::probe::attempt::{Attempt, Effect, Input, Knobs, Lost, Plan};
use msk_doctor::probe::certificate::{CertificateJudgement, Judgement};
use msk_doctor::probe::observation::{
    ConnectDetail, End, Framing, Meter, Observation, Purpose, TlsDetail,
};
use msk_doctor::sasl::login::Login;
use msk_doctor::sasl::msk_iam::Token;
use msk_doctor::sasl::scram::{Hash, Scram};
use msk_doctor::target::{Endpoint, Target};

use super::reported::reported;

const METER: Meter = Meter {
    start_us: 10,
    duration_us: 5,
    bytes_out: 1,
    bytes_in: 2,
};
/// More steps than any conversation has.
const MOST_STEPS: usize = 64;

/// Lets the broker speak, and reports what was seen: the last phase and how it ended.
pub fn run(data: &[u8]) -> (Phase, End) {
    let (choice, stream) = data
        .split_first()
        .map_or((0, data), |(first, rest)| (*first, rest));
    let observation = observed(choice, stream);
    let last = observation.phases.last().expect("a phase");
    let answer = (last.phase, last.end);
    let client = Client {
        kind: ClientKind::Machine,
        name: None,
        role: None,
        library: None,
    };
    let mut case = Case::of(
        Target::from_endpoints(&[broker()]),
        client,
        Phase::Authorise,
    );
    case.observations.push(observation);
    reported(&case);
    answer
}

fn broker() -> Endpoint {
    Endpoint::new("b-1.demo.abc123.c2.kafka.eu-west-1.amazonaws.com", 9098)
}

/// Bits 0 and 1: the mechanism; 2: bare tokens; 3, 4, 5: topic, group, transactional id; 6: the certificate is not the broker's;
/// 7: the stream ends with a reset.
fn plan(choice: u8) -> Plan {
    let has = |bit: u8| choice & (1 << bit) != 0;
    let named = |bit: u8| has(bit).then(|| "orders".to_owned());
    let mechanism = match choice & 3 {
        0 => None,
        1 => Some("OAUTHBEARER"),
        2 => Some("SCRAM-SHA-256"),
        _ => Some("SCRAM-SHA-512"),
    };
    Plan {
        broker: broker(),
        address: SocketAddr::from(([10, 0, 0, 1], 9098)),
        purpose: Purpose::Bootstrap,
        tls: true,
        mechanism: mechanism.map(str::to_owned),
        framing: if has(2) {
            Framing::Bare
        } else {
            Framing::SaslAuthenticate
        },
        until: Phase::Authorise,
        topic: named(3),
        group: named(4),
        transactional_id: named(5),
        send_credentials_anyway: false,
        knobs: Knobs::default(),
    }
}

fn login(choice: u8) -> Option<Login> {
    let scram = |hash| {
        Login::Scram(Box::new(Scram::new(
            hash,
            "user",
            "password".into(),
            "nonce".into(),
        )))
    };
    match choice & 3 {
        0 => None,
        1 => Some(Login::OauthBearer(Token::from_text("token".to_owned()))),
        2 => Some(scram(Hash::Sha256)),
        _ => Some(scram(Hash::Sha512)),
    }
}

fn tls(choice: u8) -> Box<TlsDetail> {
    let good = Judgement::Good { by: None };
    let bad = Judgement::Bad {
        because: "another name".to_owned(),
    };
    Box::new(TlsDetail {
        certificate: Some(CertificateJudgement {
            chain: Vec::new(),
            trust: good.clone(),
            name: if choice & (1 << 6) == 0 {
                good.clone()
            } else {
                bad
            },
            dates: good.clone(),
            usage: good,
            issuer_is_amazon: true,
        }),
        ..TlsDetail::default()
    })
}

fn observed(choice: u8, stream: &[u8]) -> Observation {
    let mut frames = FrameReader::default();
    frames.push(stream);
    let (mut attempt, mut effect) = Attempt::start(plan(choice), Vec::new());
    for _ in 0..MOST_STEPS {
        let input = match effect {
            Effect::Connect => Input::Connect(End::Answered, ConnectDetail::default()),
            Effect::Secure => Input::Secure(End::Answered, tls(choice)),
            Effect::Exchange(request) => answer(choice, &request, &mut frames),
            Effect::Pause(_) => Input::Paused,
            Effect::Credential => Input::Credential(login(choice)),
            Effect::Close => return attempt.into_observation(),
        };
        (attempt, effect) = attempt.on(input, METER);
    }
    panic!("a conversation without end");
}

/// The next frame, or how the connection ends.
fn answer(choice: u8, request: &[u8], frames: &mut FrameReader) -> Input {
    match frames.next_frame() {
        Ok(Some(mut frame)) => {
            // Length, key, version, then the correlation id.
            if let (Some(id), Some(own)) = (request.get(8..12), frame.get_mut(..4))
                && own[0] < 0x80
            {
                own.copy_from_slice(id);
            }
            Input::Frame(frame)
        }
        Ok(None) => {
            let end = if choice & 0x80 == 0 {
                End::Fin
            } else {
                End::Rst
            };
            Input::Lost(end, Lost::default())
        }
        Err(FrameError::Size(size)) => {
            let lost = Lost {
                error: Some(size.to_string()),
                ..Lost::default()
            };
            Input::Lost(End::ProtocolError, lost)
        }
        Err(FrameError::NotKafka {
            speaks,
            first_bytes,
        }) => {
            let lost = Lost {
                speaks: Some(speaks),
                first_bytes: Some(first_bytes),
                ..Lost::default()
            };
            Input::Lost(End::NotKafka, lost)
        }
    }
}
