//! Facts for tests: a world that works, with changes.

use std::path::Path;

use json_patch::Patch;
use serde::Deserialize;
use serde_json::{Value, json};

/// A change of one file: an operation of JSON Patch (RFC 6902), `denied` or `absent`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The file, without its ending.
    pub file: String,
    /// What is done.
    pub op: String,
    /// Where, as a JSON pointer.
    pub path: String,
    /// What is put there.
    pub value: Option<toml::Value>,
}

/// Copies the world of that name to `folder`, with the changes.
pub fn build(
    world: &str,
    changes: &[Edit],
    folder: &Path,
) -> Result<(), Box<dyn std::error::Error>> {
    let worlds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/paths/worlds");
    for entry in std::fs::read_dir(worlds.join(world))? {
        let path = entry?.path();
        std::fs::copy(
            &path,
            folder.join(path.file_name().ok_or("a file has a name")?),
        )?;
    }
    for change in changes {
        let path = folder.join(format!("{}.json", change.file));
        match change.op.as_str() {
            "absent" => std::fs::remove_file(&path)?,
            "denied" => std::fs::write(
                &path,
                "\nAn error occurred (UnauthorizedOperation) when calling the operation: You are not authorized to perform this operation.\n",
            )?,
            op => {
                let mut facts: Value = match std::fs::read_to_string(&path) {
                    Ok(text) => serde_json::from_str(&text)?,
                    Err(_) => Value::Null,
                };
                let value = serde_json::to_value(&change.value)?;
                let patch: Patch = serde_json::from_value(
                    json!([{ "op": op, "path": change.path, "value": value }]),
                )?;
                json_patch::patch(&mut facts, &patch)?;
                std::fs::write(&path, serde_json::to_string(&facts)?)?;
            }
        }
    }
    Ok(())
}
