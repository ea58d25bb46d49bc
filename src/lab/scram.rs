//! SCRAM, the broker's side (RFC 5802), as Kafka's `ScramSaslServer` has it: a user that is not known is refused at its first message, a
//! password that is wrong at the second.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::sasl::scram::{Hash, Keys};

/// What Kafka and MSK ask for.
const ITERATIONS: NonZeroU32 = match NonZeroU32::new(4096) {
    Some(number) => number,
    None => NonZeroU32::MIN,
};

/// A login that waits for its proof.
pub(super) struct Waiting {
    keys: Keys,
    nonce: String,
    /// `client-first-message-bare,server-first-message`
    said: String,
}

/// Reads the first message: the user's name, and the rest of it.
pub(super) fn first(message: &[u8]) -> Option<(String, &str)> {
    let bare = std::str::from_utf8(message).ok()?.strip_prefix("n,,")?;
    let user = bare.split(',').find_map(|part| part.strip_prefix("n="))?;
    Some((user.replace("=2C", ",").replace("=3D", "="), bare))
}

/// Answers the first message of a user with this password.
pub(super) fn challenge(hash: Hash, password: &str, bare: &str) -> Option<(Waiting, String)> {
    let theirs = bare.split(',').find_map(|part| part.strip_prefix("r="))?;
    let nonce = format!("{theirs}{}", uuid::Uuid::new_v4().simple());
    let salt = uuid::Uuid::new_v4();
    let answer = format!(
        "r={nonce},s={},i={ITERATIONS}",
        STANDARD.encode(salt.as_bytes())
    );
    let waiting = Waiting {
        keys: Keys::new(hash, password, salt.as_bytes(), ITERATIONS),
        nonce,
        said: format!("{bare},{answer}"),
    };
    Some((waiting, answer))
}

impl Waiting {
    /// Judges the proof; the answer is the server's signature.
    pub(super) fn proved(&self, message: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(message).ok()?;
        let (without_proof, proof) = text.split_once(",p=")?;
        if without_proof != format!("c=biws,r={}", self.nonce) {
            return None;
        }
        let said = format!("{},{without_proof}", self.said);
        let is_good = STANDARD.decode(proof).ok()? == self.keys.proof(&said);
        is_good.then(|| format!("v={}", STANDARD.encode(self.keys.signature(&said))))
    }
}
