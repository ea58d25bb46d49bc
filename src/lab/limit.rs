//! The limit on new IAM logins per second, as a token bucket.

use std::time::{Duration, SystemTime};

/// How many logins a broker takes under LIM-01. MSK's own numbers are 100 a second, 4 on kafka.t3.small.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoginRate {
    /// Logins per second in the long run.
    pub per_second: f64,
    /// Logins at once after a pause.
    pub burst: f64,
}

impl Default for LoginRate {
    /// One a second: a client that waits a second before it tries again gets in.
    fn default() -> Self {
        Self {
            per_second: 1.0,
            burst: 1.0,
        }
    }
}

/// A bucket that is empty when first looked at: other clients came just before, which is how users
/// meet this limit.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: LoginRate,
    level: f64,
    looked: Option<SystemTime>,
}

impl Bucket {
    pub(super) fn new(rate: LoginRate) -> Self {
        Self {
            rate,
            level: 0.0,
            looked: None,
        }
    }

    /// Whether one more login is within the limit at `now`.
    pub(super) fn take(&mut self, now: SystemTime) -> bool {
        let passed = self
            .looked
            .and_then(|looked| now.duration_since(looked).ok())
            .unwrap_or(Duration::ZERO);
        self.looked = Some(now);
        let filled = self.level + passed.as_secs_f64() * self.rate.per_second;
        self.level = filled.min(self.rate.burst);
        let within = self.level >= 1.0;
        if within {
            self.level -= 1.0;
        }
        within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_login_meets_the_limit_and_a_patient_one_passes() {
        let mut bucket = Bucket::new(LoginRate {
            per_second: 4.0,
            burst: 1.0,
        });
        let start = SystemTime::UNIX_EPOCH;
        let at = |ms| start + Duration::from_millis(ms);
        let rows = [
            (0, false),
            (100, false),
            (250, true),
            (300, false),
            (499, false),
            (500, true),
            (9_000, true),
            (9_001, false),
            (8_000, false),
        ];
        for (ms, wanted) in rows {
            assert_eq!(bucket.take(at(ms)), wanted, "{ms} ms");
        }
    }
}
