//! The machine that this program runs on.

use std::path::Path;

/// Where the firmware of instances on the Nitro system shows their id.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html>.
const ASSET_TAG: &str = "/sys/devices/virtual/dmi/id/board_asset_tag";

/// The id of the EC2 instance that this machine is, without a packet; `None` elsewhere, and where only the metadata
/// service would tell.
#[must_use]
pub fn instance() -> Option<String> {
    instance_of(Path::new(ASSET_TAG))
}

fn instance_of(tag: &Path) -> Option<String> {
    let text = std::fs::read_to_string(tag).ok()?;
    let id = text.trim();
    let number = id.strip_prefix("i-")?;
    let is_id = !number.is_empty() && number.bytes().all(|b| b.is_ascii_hexdigit());
    is_id.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_instances_tag_is_its_id() {
        let folder = tempfile::tempdir().expect("a folder");
        let tag = folder.path().join("board_asset_tag");
        assert_eq!(instance_of(&tag), None, "no such file");
        for (text, expected) in [
            ("i-0abcd1234ef567890\n", Some("i-0abcd1234ef567890")),
            ("Amazon EC2\n", None),
            ("i-\n", None),
            ("i-no", None),
            ("", None),
        ] {
            std::fs::write(&tag, text).expect("written");
            assert_eq!(instance_of(&tag).as_deref(), expected, "{text:?}");
        }
    }
}
