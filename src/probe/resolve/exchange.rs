//! The DNS message of one question, and what its answer says: pure, without sockets (RFC 1035).

use std::net::IpAddr;

use hickory_proto::op::{Message, Query};
use hickory_proto::rr::{Name, RData, Record, RecordType};

/// Addresses kept of one answer. A broker name has one or a few, a bootstrap name one per broker asked for; a hostile
/// answer over TCP could hold 4,000, each of which somebody would dial.
pub(super) const MAX_ADDRESSES: usize = 128;

/// Aliases followed in one answer; BIND stops at 17 as well.
const MAX_ALIASES: usize = 16;

/// RFC 1035, 4.1.1: bytes of the header that come before the flags.
const QR_RESPONSE: u8 = 0x80;
const TC_TRUNCATED: u8 = 0x02;

/// A question with its random id.
#[derive(Debug, Clone)]
pub(super) struct Question {
    id: u16,
    query: Query,
    bytes: Vec<u8>,
}

/// What a message that came from the server is to us.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// The answer.
    Answer(Answer),
    /// The answer did not fit: ask over TCP.
    Truncated,
    /// It has our id, but cannot be read.
    Broken,
    /// Another id, another question, or no answer at all: a stray or forged message. The true one may still come.
    NotOurs,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Answer {
    pub rcode: String,
    pub addresses: Vec<IpAddr>,
    pub cnames: Vec<String>,
    pub ttl_s: Option<u32>,
}

impl Question {
    /// A recursive question for `name`; `None` when it cannot be encoded.
    ///
    /// Without EDNS, as resolver libraries ask by default, so that a middlebox treats it like theirs.
    pub fn new(name: &Name, record_type: RecordType) -> Option<Self> {
        let query = Query::query(name.clone(), record_type);
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        message.add_query(query.clone());
        Some(Self {
            id: message.metadata.id,
            query,
            bytes: message.to_vec().ok()?,
        })
    }

    /// As it goes over UDP.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// As it goes over TCP: with its length in front (RFC 1035, 4.2.2).
    pub fn framed(&self) -> Vec<u8> {
        let length = u16::try_from(self.bytes.len()).unwrap_or(u16::MAX);
        [&length.to_be_bytes(), self.bytes.as_slice()].concat()
    }

    /// Judges a message from the server.
    pub fn judge(&self, bytes: &[u8]) -> Verdict {
        let [high, low, flags, ..] = *bytes else {
            return Verdict::NotOurs;
        };
        if u16::from_be_bytes([high, low]) != self.id || flags & QR_RESPONSE == 0 {
            return Verdict::NotOurs;
        }
        match Message::from_vec(bytes) {
            Ok(message) if !self.is_answered_by(&message) => Verdict::NotOurs,
            // A truncated message may end inside a record, so that it cannot be read.
            _ if flags & TC_TRUNCATED != 0 => Verdict::Truncated,
            Ok(message) => Verdict::Answer(self.read(&message)),
            Err(_) => Verdict::Broken,
        }
    }

    /// The question has to come back. Some servers leave it out where they cannot or will not read it.
    fn is_answered_by(&self, message: &Message) -> bool {
        match message.queries.as_slice() {
            [query] => {
                query.name() == self.query.name()
                    && query.query_type() == self.query.query_type()
                    && query.query_class() == self.query.query_class()
            }
            [] => !matches!(u16::from(message.metadata.response_code), 0 | 3),
            _ => false,
        }
    }

    /// Follows the aliases from our name, so that records of other names in the answer have no effect.
    fn read(&self, message: &Message) -> Answer {
        let mut answer = Answer {
            rcode: rcode_name(message.metadata.response_code.into()),
            ..Answer::default()
        };
        let mut owner = self.query.name();
        let mut ttls: Vec<u32> = Vec::new();
        for _ in 0..=MAX_ALIASES {
            let at_owner = || {
                message
                    .answers
                    .iter()
                    .filter(|record| record.name == *owner)
            };
            let found = at_owner().filter_map(|record| Some((self.address(record)?, record.ttl)));
            let (addresses, address_ttls): (Vec<_>, Vec<_>) = found.take(MAX_ADDRESSES).unzip();
            ttls.extend(address_ttls);
            answer.addresses = addresses;
            let alias = at_owner().find_map(|record| Some((target(record)?, record.ttl)));
            let (true, Some((next, ttl))) = (answer.addresses.is_empty(), alias) else {
                break;
            };
            ttls.push(ttl);
            answer
                .cnames
                .push(next.to_ascii().trim_end_matches('.').to_owned());
            owner = next;
        }
        answer.ttl_s = ttls.into_iter().min();
        answer
    }

    fn address(&self, record: &Record) -> Option<IpAddr> {
        match (&record.data, self.query.query_type()) {
            (RData::A(a), RecordType::A) => Some(a.0.into()),
            (RData::AAAA(aaaa), RecordType::AAAA) => Some(aaaa.0.into()),
            _ => None,
        }
    }
}

fn target(record: &Record) -> Option<&Name> {
    match &record.data {
        RData::CNAME(cname) => Some(&cname.0),
        _ => None,
    }
}

/// The name of a response code in the IANA registry "DNS RCODEs"; without a name, its number.
fn rcode_name(rcode: u16) -> String {
    let name = match rcode {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        11 => "DSOTYPENI",
        16 => "BADVERS",
        unknown => return unknown.to_string(),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use hickory_proto::op::{OpCode, ResponseCode};
    use hickory_proto::rr::rdata::{A, AAAA, CNAME};
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).expect("a name")
    }

    fn question() -> Question {
        Question::new(&name("b-1.demo.test."), RecordType::A).expect("a question")
    }

    fn reply(question: &Question, rcode: ResponseCode, answers: Vec<Record>) -> Message {
        let mut message = Message::response(question.id, OpCode::Query);
        message.metadata.response_code = rcode;
        message.add_query(question.query.clone());
        message.add_answers(answers);
        message
    }

    fn judge(question: &Question, message: &Message) -> Verdict {
        question.judge(&message.to_vec().expect("encodes"))
    }

    fn a(owner: &str, ttl: u32, last: u8) -> Record {
        Record::from_rdata(name(owner), ttl, RData::A(A(Ipv4Addr::new(10, 0, 0, last))))
    }

    fn alias(owner: &str, ttl: u32, to: &str) -> Record {
        Record::from_rdata(name(owner), ttl, RData::CNAME(CNAME(name(to))))
    }

    fn read(answers: Vec<Record>) -> Answer {
        let question = question();
        match judge(&question, &reply(&question, ResponseCode::NoError, answers)) {
            Verdict::Answer(answer) => answer,
            other => panic!("no answer: {other:?}"),
        }
    }

    #[test]
    fn follows_aliases_and_ignores_other_names() {
        let answer = read(vec![
            a("b.test.", 20, 2),
            alias("a.test.", 5, "b.test."),
            a("evil.test.", 1, 9),
            alias("B-1.demo.test.", 60, "a.test."),
            a("b.test.", 30, 1),
        ]);
        assert_eq!(answer.cnames, ["a.test", "b.test"]);
        assert_eq!(
            answer.addresses,
            ["10.0.0.2", "10.0.0.1"].map(|ip| ip.parse::<IpAddr>().expect("ip"))
        );
        assert_eq!(answer.ttl_s, Some(5));
    }

    #[test]
    fn alias_loops_and_crowds_are_bounded() {
        let looped = read(vec![
            alias("b-1.demo.test.", 60, "a.test."),
            alias("a.test.", 60, "b-1.demo.test."),
        ]);
        assert_eq!(looped.cnames.len(), MAX_ALIASES + 1);
        assert!(looped.addresses.is_empty());
        let crowd = read(
            (0..=255)
                .map(|last| a("b-1.demo.test.", 60, last))
                .collect(),
        );
        assert_eq!(crowd.addresses.len(), MAX_ADDRESSES);
    }

    #[test]
    fn only_the_type_asked_counts() {
        let v6 = Record::from_rdata(
            name("b-1.demo.test."),
            1,
            RData::AAAA(AAAA(Ipv6Addr::LOCALHOST)),
        );
        assert_eq!(read(vec![v6]).addresses, [] as [IpAddr; 0]);
    }

    #[test]
    fn unknown_rcodes_keep_their_number() {
        assert_eq!(rcode_name(5), "REFUSED");
        assert_eq!(rcode_name(13), "13");
        let question = question();
        let odd = reply(&question, ResponseCode::Unknown(13), vec![]);
        assert!(matches!(judge(&question, &odd), Verdict::Answer(answer) if answer.rcode == "13"));
    }

    #[test]
    fn another_id_or_question_is_not_ours() {
        let question = question();
        let mut other_id = reply(&question, ResponseCode::NoError, vec![]);
        other_id.metadata.id = question.id.wrapping_add(1);
        assert_eq!(judge(&question, &other_id), Verdict::NotOurs);
        let mut other_name = reply(&question, ResponseCode::NoError, vec![]);
        other_name.queries = vec![Query::query(name("b-2.demo.test."), RecordType::A)];
        assert_eq!(judge(&question, &other_name), Verdict::NotOurs);
        let mut unasked = reply(&question, ResponseCode::NoError, vec![]);
        unasked.queries.clear();
        assert_eq!(judge(&question, &unasked), Verdict::NotOurs);
        assert_eq!(
            question.judge(question.bytes()),
            Verdict::NotOurs,
            "our own question, reflected"
        );
        assert_eq!(question.judge(&[]), Verdict::NotOurs);
    }

    #[test]
    fn a_refusal_may_leave_the_question_out() {
        let question = question();
        let mut refusal = reply(&question, ResponseCode::Refused, vec![]);
        refusal.queries.clear();
        assert!(
            matches!(judge(&question, &refusal), Verdict::Answer(answer) if answer.rcode == "REFUSED")
        );
    }

    #[test]
    fn a_pointer_to_itself_is_broken() {
        let question = question();
        let mut bytes = question.bytes()[..12].to_vec();
        bytes[2] |= QR_RESPONSE;
        bytes.extend([0xc0, 12, 0, 1, 0, 1]); // the question's name: a pointer to where it stands
        assert_eq!(question.judge(&bytes), Verdict::Broken);
    }

    #[test]
    fn a_cut_truncated_message_asks_for_tcp() {
        let question = question();
        let mut message = reply(
            &question,
            ResponseCode::NoError,
            vec![a("b-1.demo.test.", 1, 1)],
        );
        message.metadata.truncation = true;
        let bytes = message.to_vec().expect("encodes");
        assert_eq!(question.judge(&bytes), Verdict::Truncated);
        assert_eq!(
            question.judge(&bytes[..bytes.len() - 3]),
            Verdict::Truncated
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(tail in proptest::collection::vec(any::<u8>(), 0..600), flips in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..8)) {
            let question = question();
            let mut raw = question.id.to_be_bytes().to_vec();
            raw.push(QR_RESPONSE);
            raw.extend(&tail);
            question.judge(&raw);
            let valid = reply(&question, ResponseCode::NoError, vec![alias("b-1.demo.test.", 9, "a.test."), a("a.test.", 9, 1)]);
            let mut bytes = valid.to_vec().expect("encodes");
            for (at, value) in flips {
                let at = usize::from(at) % bytes.len();
                bytes[at] = value;
            }
            question.judge(&bytes);
        }
    }
}
