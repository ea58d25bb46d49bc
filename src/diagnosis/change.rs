//! A change of the configuration that takes a cause away, whatever it is a change of. Msk-doctor shows it and never makes it.

use super::setting::Setting;
use crate::rights::RightsChange;
use crate::vpc;

/// A change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Of the network.
    Network(vpc::repair::Change),
    /// Of a policy.
    Rights(RightsChange),
    /// Of a setting of the function or of what feeds it.
    Setting(Setting),
}

impl Change {
    /// The AWS CLI command that makes it.
    #[must_use]
    pub fn command(&self) -> String {
        match self {
            Change::Network(change) => change.command(),
            Change::Rights(change) => change.command.clone(),
            Change::Setting(setting) => setting.command(),
        }
    }

    /// What it does, for a person: the command, where that is short.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Change::Rights(change) => change.words.clone(),
            other => other.command(),
        }
    }

    /// The same as a Terraform fragment.
    #[must_use]
    pub fn terraform(&self) -> String {
        match self {
            Change::Network(change) => change.terraform(),
            Change::Rights(change) => change.terraform.clone(),
            Change::Setting(setting) => setting.terraform(),
        }
    }

    /// What else it lets through.
    #[must_use]
    pub fn opens(&self) -> Option<String> {
        match self {
            Change::Network(change) => change.opens(),
            Change::Rights(_) | Change::Setting(_) => None,
        }
    }
}
