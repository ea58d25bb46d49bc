//! Answers of the STS API (version 2011-06-15).

use serde::{Deserialize, Serialize};

use super::ec2::models;

models! {
    /// `GetCallerIdentity`.
    GetCallerIdentity { user_id: String, account: String, arn: String, }
}
