//! Reads the counts in an answer before it is decoded.
//!
//! `kafka-protocol` 0.18 reserves memory by the count that stands on the wire, so a count larger
//! than the bytes left must be found first. This walks the layout of each message that we read
//! (<https://kafka.apache.org/protocol>) and stops at the first count or length that cannot be.

/// A count or length that the bytes cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a count or length in the answer is larger than the answer")]
pub struct Impossible;

type Walked = Result<(), Impossible>;

struct Walker<'a> {
    bytes: &'a [u8],
    flexible: bool,
}

impl Walker<'_> {
    fn skip(&mut self, count: usize) -> Walked {
        self.bytes = self.bytes.get(count..).ok_or(Impossible)?;
        Ok(())
    }

    fn int(&mut self, size: usize) -> Result<i64, Impossible> {
        let bytes = self.bytes.get(..size).ok_or(Impossible)?;
        let unsigned = bytes.iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte));
        self.skip(size)?;
        // Sign extension of a big-endian integer of `size` bytes.
        let shift = 64 - 8 * size;
        Ok((unsigned << shift).cast_signed() >> shift)
    }

    fn varint(&mut self) -> Result<u64, Impossible> {
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = *self.bytes.first().ok_or(Impossible)?;
            self.skip(1)?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Impossible)
    }

    /// A length or count; `None` for null.
    fn length(&mut self, classic_size: usize) -> Result<Option<usize>, Impossible> {
        let length = if self.flexible {
            i64::try_from(self.varint()?).map_err(|_| Impossible)? - 1
        } else {
            self.int(classic_size)?
        };
        if length < 0 {
            return Ok(None);
        }
        let length = usize::try_from(length).map_err(|_| Impossible)?;
        if length > self.bytes.len() {
            return Err(Impossible);
        }
        Ok(Some(length))
    }

    fn string(&mut self) -> Walked {
        match self.length(2)? {
            Some(length) => self.skip(length),
            None => Ok(()),
        }
    }

    fn blob(&mut self) -> Walked {
        match self.length(4)? {
            Some(length) => self.skip(length),
            None => Ok(()),
        }
    }

    fn array(&mut self, mut element: impl FnMut(&mut Self) -> Walked) -> Walked {
        for _ in 0..self.length(4)?.unwrap_or(0) {
            element(self)?;
        }
        Ok(())
    }

    fn int32s(&mut self) -> Walked {
        self.array(|w| w.skip(4))
    }

    fn tags(&mut self) -> Walked {
        if !self.flexible {
            return Ok(());
        }
        let count = self.varint()?;
        if count > self.bytes.len() as u64 {
            return Err(Impossible);
        }
        for _ in 0..count {
            self.varint()?;
            let size = usize::try_from(self.varint()?).map_err(|_| Impossible)?;
            self.skip(size)?;
        }
        Ok(())
    }
}

/// Checks the body of an answer to `ApiVersions`.
pub fn api_versions(bytes: &[u8], version: i16) -> Walked {
    let mut w = Walker {
        bytes,
        flexible: version >= 3,
    };
    w.skip(2)?;
    w.array(|w| {
        w.skip(6)?;
        w.tags()
    })?;
    if version >= 1 {
        w.skip(4)?;
    }
    // The tagged fields of v3 hold compact arrays of compact strings.
    if version >= 3 {
        let count = w.varint()?;
        for _ in 0..count {
            let tag = w.varint()?;
            let size = usize::try_from(w.varint()?).map_err(|_| Impossible)?;
            let inside = w.bytes.get(..size).ok_or(Impossible)?;
            feature_tag(tag, inside)?;
            w.skip(size)?;
        }
    }
    Ok(())
}

/// Tags 0 (supported features) and 2 (finalised features) are arrays; 1 and 3 are scalars.
fn feature_tag(tag: u64, bytes: &[u8]) -> Walked {
    if tag != 0 && tag != 2 {
        return Ok(());
    }
    let mut w = Walker {
        bytes,
        flexible: true,
    };
    w.array(|w| {
        w.string()?;
        w.skip(4)?;
        w.tags()
    })
}

/// Checks the body of an answer to `SaslHandshake`.
pub fn sasl_handshake(bytes: &[u8]) -> Walked {
    let mut w = Walker {
        bytes,
        flexible: false,
    };
    w.skip(2)?;
    w.array(Walker::string)
}

/// Checks the body of an answer to `SaslAuthenticate`.
pub fn sasl_authenticate(bytes: &[u8], version: i16) -> Walked {
    let mut w = Walker {
        bytes,
        flexible: version >= 2,
    };
    w.skip(2)?;
    w.string()?;
    w.blob()
}

/// Checks the body of an answer to `DescribeGroups` v3 or v4.
pub fn describe_groups(bytes: &[u8], version: i16) -> Walked {
    let mut w = Walker {
        bytes,
        flexible: false,
    };
    w.skip(4)?;
    w.array(|w| {
        w.skip(2)?;
        for _ in 0..4 {
            w.string()?;
        }
        w.array(|w| {
            for _ in 0..3 + usize::from(version >= 4) {
                w.string()?;
            }
            w.blob()?;
            w.blob()
        })?;
        w.skip(4)
    })
}

/// Checks the body of an answer to `Metadata`.
pub fn metadata(bytes: &[u8], version: i16) -> Walked {
    let mut w = Walker {
        bytes,
        flexible: version >= 9,
    };
    if version >= 3 {
        w.skip(4)?;
    }
    w.array(|w| {
        w.skip(4)?;
        w.string()?;
        w.skip(4)?;
        if version >= 1 {
            w.string()?;
        }
        w.tags()
    })?;
    if version >= 2 {
        w.string()?;
    }
    if version >= 1 {
        w.skip(4)?;
    }
    w.array(|w| topic(w, version))?;
    if (8..=10).contains(&version) {
        w.skip(4)?;
    }
    if version >= 13 {
        w.skip(2)?;
    }
    w.tags()
}

fn topic(w: &mut Walker<'_>, version: i16) -> Walked {
    w.skip(2)?;
    w.string()?;
    if version >= 10 {
        w.skip(16)?;
    }
    if version >= 1 {
        w.skip(1)?;
    }
    w.array(|w| {
        w.skip(10)?;
        if version >= 7 {
            w.skip(4)?;
        }
        w.int32s()?;
        w.int32s()?;
        if version >= 5 {
            w.int32s()?;
        }
        w.tags()
    })?;
    if version >= 8 {
        w.skip(4)?;
    }
    w.tags()
}
