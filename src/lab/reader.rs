//! The primitive types of Kafka's protocol, read from a client that may send anything.

#![expect(
    clippy::option_option,
    reason = "outside: whether the bytes hold it; inside: Kafka's null"
)]

/// Bytes not yet read. Every method gives `None` when they do not hold what is asked for.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn bool(&mut self) -> Option<bool> {
        Some(self.array::<1>()? != [0])
    }

    pub(super) fn i16(&mut self) -> Option<i16> {
        self.array().map(i16::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_be_bytes)
    }

    /// An unsigned number in at most five groups of seven bits.
    fn varint(&mut self) -> Option<usize> {
        let mut value = 0u64;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(value).ok();
            }
        }
        None
    }

    fn text(&mut self, length: usize) -> Option<String> {
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    pub(super) fn string(&mut self) -> Option<String> {
        let length = usize::try_from(self.i16()?).ok()?;
        self.text(length)
    }

    pub(super) fn nullable_string(&mut self) -> Option<Option<String>> {
        match self.i16()? {
            -1 => Some(None),
            length => self.text(usize::try_from(length).ok()?).map(Some),
        }
    }

    pub(super) fn bytes(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.i32()?).ok()?;
        self.take(length).map(<[u8]>::to_vec)
    }

    pub(super) fn nullable_bytes(&mut self) -> Option<Option<Vec<u8>>> {
        match self.i32()? {
            -1 => Some(None),
            length => self
                .take(usize::try_from(length).ok()?)
                .map(|bytes| Some(bytes.to_vec())),
        }
    }

    /// A count or length of the flexible versions (KIP-482): one more than the number, 0 is null.
    pub(super) fn compact_count(&mut self) -> Option<Option<usize>> {
        self.varint().map(|count| count.checked_sub(1))
    }

    pub(super) fn compact_nullable_string(&mut self) -> Option<Option<String>> {
        match self.compact_count()? {
            None => Some(None),
            Some(length) => self.text(length).map(Some),
        }
    }

    pub(super) fn compact_string(&mut self) -> Option<String> {
        self.compact_nullable_string()?
    }

    pub(super) fn compact_bytes(&mut self) -> Option<Vec<u8>> {
        let length = self.compact_count()??;
        self.take(length).map(<[u8]>::to_vec)
    }

    /// Tagged fields are optional by their nature: they are passed over.
    pub(super) fn tagged_fields(&mut self) -> Option<()> {
        for _ in 0..self.varint()? {
            self.varint()?;
            let length = self.varint()?;
            self.take(length)?;
        }
        Some(())
    }
}
