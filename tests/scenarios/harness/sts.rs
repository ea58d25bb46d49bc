//! An STS that is asked for one role.

use aws_credential_types::Credentials;

use super::server::{self, Answer};
use super::spec::Sts;

const KEY_ID: &str = "ASIASCENARIOSROLE234";
const SECRET: &str = "the/secret+key-of-the-role-of-the-scenar";
const SESSION: &str = "the-session-token-of-the-role-of-the-scenarios==";

/// The credentials that are granted.
pub fn granted() -> Credentials {
    let session = Some(SESSION.to_owned());
    Credentials::new(KEY_ID, SECRET, session, None, "scenarios")
}

/// Starts it; its URL.
pub fn start(answer: Sts) -> String {
    match answer {
        Sts::Denies => server::start(denied),
        Sts::Grants => server::start(role),
        Sts::Silent => server::start(|_| Answer::Silence),
    }
}

fn is_assume_role(request: &str) -> bool {
    request.contains("Action=AssumeRole&")
}

/// In the words of STS.
fn denied(request: &str) -> Answer {
    if !is_assume_role(request) {
        return Answer::Http(400, Vec::new(), String::new());
    }
    let body = r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code>
<Message>User: arn:aws:iam::123456789012:user/deploy is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/orders</Message>
</Error><RequestId>1c0f9d3c-0000-4000-8000-000000000000</RequestId></ErrorResponse>"#;
    let kind = "content-type: text/xml".to_owned();
    Answer::Http(403, vec![kind], body.to_owned())
}

fn role(request: &str) -> Answer {
    if !is_assume_role(request) {
        return Answer::Http(400, Vec::new(), String::new());
    }
    let body = format!(
        r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser>
<Arn>arn:aws:sts::123456789012:assumed-role/orders/session</Arn><AssumedRoleId>AROAORDERS:session</AssumedRoleId>
</AssumedRoleUser><Credentials><AccessKeyId>{KEY_ID}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>
<SessionToken>{SESSION}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>"#
    );
    let kind = "content-type: text/xml".to_owned();
    Answer::Http(200, vec![kind], body)
}
