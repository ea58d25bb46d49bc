//! SCRAM, the client's side: SHA-512, which MSK has, and SHA-256.
//!
//! Sources: RFC 5802, RFC 7677; MSK: <https://docs.aws.amazon.com/msk/latest/developerguide/msk-password.html>. As Kafka's own client
//! does, names and passwords are taken as they are, without `SASLprep`, and no channel is bound.

use std::fmt;
use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::secret::{ExposeSecret as _, SecretString};

/// The most rounds that a broker may ask for: MSK asks for 4096. A broker that wants to keep us busy asks for more.
const MOST_ITERATIONS: u32 = 1_000_000;

/// The hash functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// `SCRAM-SHA-256`.
    Sha256,
    /// `SCRAM-SHA-512`.
    Sha512,
}

impl Hash {
    /// That of a mechanism, by its name on the wire.
    #[must_use]
    pub fn of(mechanism: &str) -> Option<Self> {
        match mechanism {
            "SCRAM-SHA-256" => Some(Self::Sha256),
            "SCRAM-SHA-512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        }
    }

    fn mac(self, key: &[u8], text: &[u8]) -> Vec<u8> {
        let key = hmac::Key::new(self.hmac(), key);
        hmac::sign(&key, text).as_ref().to_vec()
    }
}

/// What a password becomes, with a salt: all that either side needs of it.
pub struct Keys {
    hash: Hash,
    salted: Vec<u8>,
}

impl Keys {
    /// RFC 5802, 3: `SaltedPassword`.
    #[must_use]
    pub fn new(hash: Hash, password: &str, salt: &[u8], iterations: NonZeroU32) -> Self {
        let mut salted = vec![0; hash.digest().output_len()];
        pbkdf2::derive(
            hash.pbkdf2(),
            iterations,
            salt,
            password.as_bytes(),
            &mut salted,
        );
        Self { hash, salted }
    }

    /// The client's proof over what was said.
    #[must_use]
    pub fn proof(&self, said: &str) -> Vec<u8> {
        let key = self.hash.mac(&self.salted, b"Client Key");
        let stored = digest::digest(self.hash.digest(), &key);
        let signature = self.hash.mac(stored.as_ref(), said.as_bytes());
        key.iter()
            .zip(signature)
            .map(|(key, own)| key ^ own)
            .collect()
    }

    /// The server's signature over it.
    #[must_use]
    pub fn signature(&self, said: &str) -> Vec<u8> {
        let key = self.hash.mac(&self.salted, b"Server Key");
        self.hash.mac(&key, said.as_bytes())
    }
}

/// A login under way.
pub struct Scram {
    hash: Hash,
    user: String,
    password: SecretString,
    nonce: String,
    /// What the server has to sign at the end.
    expected: Option<Vec<u8>>,
}

impl fmt::Debug for Scram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scram")
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

/// What to do with a server's message.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// Send this.
    Send(Vec<u8>),
    /// The server knows the password too.
    Done,
    /// The server says why not (`e=`).
    Refused(String),
    /// It is no SCRAM, or of somebody who does not know the password.
    Wrong(String),
}

impl Scram {
    /// A login; `nonce` is printable, without commas, and used once.
    #[must_use]
    pub fn new(hash: Hash, user: &str, password: SecretString, nonce: String) -> Self {
        Self {
            hash,
            user: user.replace('=', "=3D").replace(',', "=2C"),
            password,
            nonce,
            expected: None,
        }
    }

    /// `client-first-message`.
    #[must_use]
    pub fn first(&self) -> Vec<u8> {
        format!("n,,{}", self.first_bare()).into_bytes()
    }

    fn first_bare(&self) -> String {
        format!("n={},r={}", self.user, self.nonce)
    }

    /// Answers a message of the server's.
    pub fn on(&mut self, message: &[u8]) -> Answer {
        let Ok(text) = std::str::from_utf8(message) else {
            return Answer::Wrong("the answer is no text".to_owned());
        };
        let attribute = |name: &str| {
            let mut all = text.split(',');
            all.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
        };
        if let Some(error) = attribute("e") {
            return Answer::Refused(error.to_owned());
        }
        match &self.expected {
            None => self.last(text, attribute("r"), attribute("s"), attribute("i")),
            Some(expected) => match attribute("v").and_then(|own| STANDARD.decode(own).ok()) {
                Some(own) if own == *expected => Answer::Done,
                Some(_) => Answer::Wrong(
                    "its signature is not that of somebody who knows the password".to_owned(),
                ),
                None => Answer::Wrong("the last message has no signature".to_owned()),
            },
        }
    }

    fn last(
        &mut self,
        first: &str,
        nonce: Option<&str>,
        salt: Option<&str>,
        iterations: Option<&str>,
    ) -> Answer {
        let wrong = |what: &str| Answer::Wrong(format!("the first message has no {what}"));
        let own = |nonce: &&str| nonce.starts_with(&self.nonce) && nonce.len() > self.nonce.len();
        let Some(nonce) = nonce.filter(own) else {
            return wrong("nonce that continues ours");
        };
        let Some(salt) = salt.and_then(|salt| STANDARD.decode(salt).ok()) else {
            return wrong("salt");
        };
        let Some(iterations) = iterations.and_then(|text| text.parse::<NonZeroU32>().ok()) else {
            return wrong("number of iterations");
        };
        if iterations.get() > MOST_ITERATIONS {
            return Answer::Wrong(format!("it asks for {iterations} iterations"));
        }
        let keys = Keys::new(self.hash, self.password.expose_secret(), &salt, iterations);
        // "n,," in base64: no channel is bound.
        let without_proof = format!("c=biws,r={nonce}");
        let said = format!("{},{first},{without_proof}", self.first_bare());
        self.expected = Some(keys.signature(&said));
        let proof = STANDARD.encode(keys.proof(&said));
        Answer::Send(format!("{without_proof},p={proof}").into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pencil(nonce: &str) -> Scram {
        Scram::new(
            Hash::Sha256,
            "user",
            SecretString::from("pencil".to_owned()),
            nonce.to_owned(),
        )
    }

    /// RFC 7677, 3.
    #[test]
    fn the_example_of_the_rfc() {
        let mut scram = pencil("rOprNGfwEbeRWgbNEkqO");
        assert_eq!(scram.first(), b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let first = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let last = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        assert_eq!(scram.on(first), Answer::Send(last.to_vec()));
        let good = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
        assert_eq!(scram.on(good), Answer::Done);
    }

    #[test]
    fn a_server_without_the_password_is_found_out() {
        let mut scram = pencil("abc");
        let asked = scram.on(b"r=abcdef,s=c2FsdA==,i=4096");
        assert!(matches!(asked, Answer::Send(_)), "{asked:?}");
        let answer = scram.on(b"v=AAAA");
        assert!(
            matches!(&answer, Answer::Wrong(words) if words.contains("signature")),
            "{answer:?}"
        );
    }

    #[test]
    fn what_is_no_scram_is_refused() {
        for first in [
            &b"r=xyz,s=c2FsdA==,i=4096"[..],
            b"r=abc,s=c2FsdA==,i=4096",
            b"r=abcdef,s=%,i=4096",
            b"r=abcdef,s=c2FsdA==,i=0",
            b"r=abcdef,s=c2FsdA==,i=4294967295",
            b"{}",
            b"",
            &[0xff],
        ] {
            let answer = pencil("abc").on(first);
            assert!(matches!(answer, Answer::Wrong(_)), "{first:?}: {answer:?}");
        }
        assert_eq!(
            pencil("abc").on(b"e=unknown-user"),
            Answer::Refused("unknown-user".to_owned())
        );
    }

    #[test]
    fn a_password_cannot_be_printed() {
        assert!(!format!("{:?}", pencil("abc")).contains("pencil"));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(answers in proptest::collection::vec("[a-z=,0-9]{0,40}", 0..3)) {
            let mut scram = pencil("abc");
            for answer in answers {
                let _ = scram.on(answer.as_bytes());
            }
        }
    }
}
