//! Frames: four bytes of length, then that many bytes.

use crate::probe::observation::Speaks;

/// The longest frame that we take, bytes. `Metadata` of a very large cluster is under 1 MiB when
/// no topic is asked for.
pub const MAX_FRAME: usize = 8 * 1024 * 1024;

/// Why bytes are no frame of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Another protocol's first bytes stand where a length is due.
    #[error("the first bytes are not Kafka's: {first_bytes}")]
    NotKafka {
        /// What they look like.
        speaks: Speaks,
        /// The bytes, in hexadecimal.
        first_bytes: String,
    },
    /// The length is negative or over [`MAX_FRAME`].
    #[error("a frame of {0} bytes is announced; at most {MAX_FRAME} are taken")]
    Size(i64),
}

/// Collects bytes into frames; takes memory only for bytes that came.
#[derive(Debug, Default)]
pub struct FrameReader {
    buffer: Vec<u8>,
    later: bool,
}

impl FrameReader {
    /// Takes bytes in.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// How many bytes wait for the rest of their frame.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.buffer.len()
    }

    /// The next whole frame without its length, if it is here.
    ///
    /// # Errors
    /// When the bytes cannot be a frame; nothing can be read after that.
    pub fn next_frame(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let Some(head) = self.buffer.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = i32::from_be_bytes(*head);
        let size = usize::try_from(length)
            .ok()
            .filter(|size| *size <= MAX_FRAME);
        let Some(size) = size else {
            let speaks = first_bytes_speak(&self.buffer);
            return Err(match speaks {
                Speaks::Kafka | Speaks::Unknown if self.later || looks_like_length(*head) => {
                    FrameError::Size(i64::from(length))
                }
                speaks => FrameError::NotKafka {
                    speaks,
                    first_bytes: hex(&self.buffer),
                },
            });
        };
        if self.buffer.len() < 4 + size {
            return Ok(None);
        }
        let rest = self.buffer.split_off(4 + size);
        let mut frame = std::mem::replace(&mut self.buffer, rest);
        frame.drain(..4);
        self.later = true;
        Ok(Some(frame))
    }
}

/// Huge lengths made of text are text; made of other bytes they are lengths gone wrong.
fn looks_like_length(head: [u8; 4]) -> bool {
    !head
        .iter()
        .all(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\r' | b'\n'))
}

/// The first bytes, at most 16, in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What an answer's first bytes are.
#[must_use]
pub fn first_bytes_speak(bytes: &[u8]) -> Speaks {
    match bytes {
        [21, 3, 0..=4, ..] => Speaks::TlsAlert,
        [20 | 22 | 23, 3, 0..=4, ..] => Speaks::Tls,
        [b'H', b'T', b'T', b'P', ..] | [b'<', b'!' | b'h' | b'H', ..] => Speaks::Http,
        [b'S', b'S', b'H', b'-', ..] => Speaks::Ssh,
        [0, 0, _, _, ..] => Speaks::Kafka,
        _ => Speaks::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn frames_come_whole_whatever_the_cuts() {
        let mut reader = FrameReader::default();
        reader.push(&[0, 0, 0]);
        assert_eq!(reader.next_frame(), Ok(None));
        reader.push(&[2, 7, 8, 0, 0, 0, 0]);
        assert_eq!(reader.next_frame(), Ok(Some(vec![7, 8])));
        assert_eq!(reader.next_frame(), Ok(Some(vec![])));
        assert_eq!(reader.next_frame(), Ok(None));
    }

    #[test]
    fn what_is_no_frame_is_named() {
        let rows: [(&[u8], Speaks); 4] = [
            (b"HTTP/1.1 400 Bad Request", Speaks::Http),
            (b"SSH-2.0-OpenSSH_9", Speaks::Ssh),
            (&[0x15, 3, 3, 0, 2, 2, 80], Speaks::TlsAlert),
            (b"220 mail ready", Speaks::Unknown),
        ];
        for (bytes, wanted) in rows {
            let mut reader = FrameReader::default();
            reader.push(bytes);
            match reader.next_frame() {
                Err(FrameError::NotKafka { speaks, .. }) => assert_eq!(speaks, wanted),
                other => panic!("{bytes:?}: {other:?}"),
            }
        }
        for length in [i32::MIN, -1, 0x7fff_ffff] {
            let mut reader = FrameReader::default();
            reader.push(&length.to_be_bytes());
            assert_eq!(
                reader.next_frame(),
                Err(FrameError::Size(i64::from(length)))
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = FrameReader::default();
            reader.push(&bytes);
            while let Ok(Some(_)) = reader.next_frame() {}
        }
    }
}
