//! The program as Lambda's deployment package: whether a binary can run there, and the zip.
//!
//! Sources: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-provided.html>,
//! <https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html> (Amazon Linux 2023 has glibc 2.34).

use std::fmt;
use std::io::{Cursor, Write as _};

use object::elf;
use object::read::elf::{ElfFile64, FileHeader as _, SectionHeader as _};
use object::{Architecture, Endianness, Object as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The newest glibc whose symbols the runtime `provided.al2023` has.
const GLIBC: (u32, u32) = (2, 34);
/// What that runtime has of shared libraries that programs need.
const LIBRARIES: [&str; 8] = [
    "libc.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];
/// More than Lambda unpacks, bytes.
const MOST: u64 = 250 * 1024 * 1024;
/// The name that Lambda starts.
const NAME: &str = "bootstrap";

/// The processors that Lambda has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Processor {
    /// `x86_64`.
    X86_64,
    /// `arm64`.
    Arm64,
}

impl Processor {
    /// The name in Lambda's API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// The target of Rust's compiler.
    #[must_use]
    pub fn target(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }
}

impl fmt::Display for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a binary cannot run in Lambda.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is for another system.
    #[error("it is no Linux program (ELF, 64 bits)")]
    NotLinux,
    /// It is for another processor.
    #[error("it is for {0}, and Lambda has x86_64 and arm64")]
    Processor(String),
    /// It needs a newer C library.
    #[error("it needs {symbol}, and Amazon Linux 2023 has glibc 2.34")]
    Glibc {
        /// The newest version that it needs, such as `GLIBC_2.38`.
        symbol: String,
    },
    /// It needs a library that is not there.
    #[error("it needs {0}, which Lambda's runtime does not have")]
    Library(String),
    /// It is damaged.
    #[error("it cannot be read: {0}")]
    Damaged(String),
}

impl From<object::read::Error> for Unfit {
    fn from(error: object::read::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// For which of Lambda's processors a binary is.
///
/// # Errors
/// Why it cannot run there.
pub fn fits(binary: &[u8]) -> Result<Processor, Unfit> {
    let file = ElfFile64::<Endianness>::parse(binary).map_err(|_| Unfit::NotLinux)?;
    let processor = match file.architecture() {
        Architecture::X86_64 => Processor::X86_64,
        Architecture::Aarch64 => Processor::Arm64,
        other => return Err(Unfit::Processor(format!("{other:?}"))),
    };
    let endian = file.endian();
    let sections = file.elf_header().sections(endian, binary)?;
    for section in sections.iter() {
        let Some((mut needs, link)) = section.gnu_verneed(endian, binary)? else {
            continue;
        };
        let strings = sections.strings(endian, binary, link)?;
        while let Some((need, mut symbols)) = needs.next()? {
            let library = String::from_utf8_lossy(need.file(endian, strings)?);
            if !LIBRARIES.contains(&library.as_ref()) {
                return Err(Unfit::Library(library.into_owned()));
            }
            while let Some(symbol) = symbols.next()? {
                let symbol = String::from_utf8_lossy(symbol.name(endian, strings)?);
                if glibc(&symbol).is_some_and(|version| version > GLIBC) {
                    return Err(Unfit::Glibc {
                        symbol: symbol.into_owned(),
                    });
                }
            }
        }
    }
    if let Some((entries, link)) = sections.dynamic(endian, binary)? {
        let strings = sections.strings(endian, binary, link)?;
        for entry in entries {
            if entry.d_tag.get(endian) == elf::DT_NEEDED {
                let offset = u32::try_from(entry.d_val.get(endian)).unwrap_or(u32::MAX);
                let name = strings
                    .get(offset)
                    .map_err(|()| Unfit::Damaged("a library without a name".to_owned()))?;
                let library = String::from_utf8_lossy(name);
                if !LIBRARIES.contains(&library.as_ref()) {
                    return Err(Unfit::Library(library.into_owned()));
                }
            }
        }
    }
    Ok(processor)
}

/// The version of a symbol of glibc, such as `GLIBC_2.34`.
fn glibc(symbol: &str) -> Option<(u32, u32)> {
    let mut parts = symbol.strip_prefix("GLIBC_")?.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?.parse().ok()?;
    Some((major, minor))
}

/// The deployment package: one file. The same binary gives the same bytes.
///
/// # Errors
/// Where it is too large for a zip.
pub fn package(binary: &[u8]) -> Result<Vec<u8>, zip::result::ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(NAME, options)?;
    zip.write_all(binary)?;
    Ok(zip.finish()?.into_inner())
}

/// For which processor the program in a deployment package is.
///
/// # Errors
/// What is wrong with the package.
pub fn packaged(bytes: &[u8]) -> Result<Processor, String> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let mut file = archive
        .by_name(NAME)
        .map_err(|_| format!("it has no file {NAME:?}: `msk-doctor remote package` makes one"))?;
    if file.size() > MOST {
        return Err(format!("its {NAME} is larger than Lambda allows"));
    }
    let mut binary = Vec::new();
    std::io::Read::read_to_end(&mut file, &mut binary).map_err(|error| error.to_string())?;
    fits(&binary).map_err(|unfit| unfit.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Vec<u8> {
        std::fs::read(std::env::current_exe().expect("a path")).expect("a binary")
    }

    #[test]
    fn a_package_is_read_again() {
        let binary = own();
        let zip = package(&binary[..4096]).expect("a zip");
        assert_eq!(
            zip,
            package(&binary[..4096]).expect("a zip"),
            "reproducible"
        );
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).expect("a zip");
        let file = archive.by_name("bootstrap").expect("a file");
        assert_eq!(file.unix_mode(), Some(0o100_755));
        assert_eq!(file.size(), 4096);
    }

    #[test]
    fn other_files_do_not_fit() {
        assert_eq!(fits(b"#!/bin/sh\n"), Err(Unfit::NotLinux));
        assert_eq!(fits(b""), Err(Unfit::NotLinux));
        assert!(packaged(b"PK").is_err());
        let binary = own();
        // Whatever is cut off: an answer, and no panic.
        for length in (0..4096).step_by(13) {
            let _ = fits(&binary[..length]);
        }
    }

    #[test]
    fn a_newer_library_is_named() {
        let binary = own();
        let old = b"GLIBC_2.34";
        let Some(place) = binary.windows(old.len()).position(|window| window == old) else {
            // Built on a system whose newest symbol is an older one: it fits.
            assert!(fits(&binary).is_ok());
            return;
        };
        let mut newer = binary;
        newer[place + old.len() - 1] = b'9';
        assert_eq!(
            fits(&newer),
            Err(Unfit::Glibc {
                symbol: "GLIBC_2.39".to_owned()
            })
        );
    }
}
