//! The deployment package: this program, or another build of it.

use std::path::Path;

use anyhow::Result;
use msk_doctor::cli::PackageArgs;
use msk_doctor::package::{Processor, Unfit, fits, package, packaged};

use super::wrong;

/// Writes a package.
pub fn write(args: &PackageArgs) -> Result<u8> {
    let (bytes, processor) = made(args.binary.as_deref())?;
    std::fs::write(&args.zip, &bytes)
        .map_err(|error| wrong(format!("cannot write {}: {error}", args.zip.display())))?;
    println!(
        "{}: {} KiB, {processor}; runtime provided.al2023, handler bootstrap",
        args.zip.display(),
        bytes.len() / 1024
    );
    Ok(0)
}

/// The package of a run, and its processor.
pub fn of(given: Option<&Path>) -> Result<(Vec<u8>, Processor)> {
    let Some(path) = given else {
        return made(None);
    };
    let bytes = std::fs::read(path)
        .map_err(|error| wrong(format!("cannot read {}: {error}", path.display())))?;
    let processor = packaged(&bytes)
        .map_err(|error| wrong(format!("--package {}: {error}", path.display())))?;
    Ok((bytes, processor))
}

/// A package of a binary, of this program where none is given.
fn made(binary: Option<&Path>) -> Result<(Vec<u8>, Processor)> {
    let path = match binary {
        Some(path) => path.to_owned(),
        None => std::env::current_exe()?,
    };
    let bytes = std::fs::read(&path)
        .map_err(|error| wrong(format!("cannot read {}: {error}", path.display())))?;
    let processor = fits(&bytes).map_err(|unfit| wrong(how_to_build(&path, &unfit)))?;
    Ok((package(&bytes)?, processor))
}

/// What to do about a binary that Lambda cannot start.
fn how_to_build(path: &Path, unfit: &Unfit) -> String {
    let [x86, arm] = [Processor::X86_64, Processor::Arm64].map(Processor::target);
    format!(
        "{} cannot run in Lambda: {unfit}\n  \
         pip install cargo-lambda builds one that can, with a C compiler for it (ziglang):\n  \
         cargo lambda build --profile dist --target {x86}.2.34   (arm64: {arm}.2.34)\n  \
         msk-doctor remote package --binary target/lambda/msk-doctor/bootstrap",
        path.display()
    )
}
