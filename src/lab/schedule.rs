//! When faults are made, and how late answers come.

use std::time::Duration;

/// Which connections to a broker meet its faults, and how late its answers are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// So many connections to each broker are served well first.
    pub after: u64,
    /// The share of the others that meet the faults: 0 to 1.
    pub share: f64,
    /// Every answer is late by a time between none and this.
    pub delay: Duration,
}

impl Default for Schedule {
    /// Every connection, and no answer is late.
    fn default() -> Self {
        Self {
            after: 0,
            share: 1.0,
            delay: Duration::ZERO,
        }
    }
}

impl Schedule {
    /// Whether some connections are served well.
    pub(super) fn spares(&self) -> bool {
        self.after > 0 || self.share < 1.0
    }

    /// Whether connection number `connection` to a broker, from 0, meets its faults.
    pub(super) fn hits(&self, seed: u64, broker: i32, connection: u64) -> bool {
        connection >= self.after && fraction(seed, broker, connection) < self.share
    }

    /// How late answer number `step` on a connection is.
    pub(super) fn late(&self, seed: u64, broker: i32, connection: u64, step: u64) -> Duration {
        self.delay.mul_f64(fraction(
            seed ^ (step + 1).rotate_left(17),
            broker,
            connection,
        ))
    }
}

/// A number from 0 to 1 that is the same for the same connection of the same lab, and looks like chance (the finaliser of
/// `SplitMix64`).
#[expect(clippy::cast_precision_loss, reason = "53 bits are enough for chance")]
fn fraction(seed: u64, broker: i32, connection: u64) -> f64 {
    let mut mixed = seed
        .wrapping_add(u64::from(broker.unsigned_abs()) << 40)
        .wrapping_add(connection)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(schedule: Schedule, seed: u64) -> Vec<u64> {
        let hits = (0..1_000).filter(|number| schedule.hits(seed, 1, *number));
        hits.collect()
    }

    #[test]
    fn a_share_is_about_that_and_differs_by_seed() {
        let third = Schedule {
            share: 0.3,
            ..Schedule::default()
        };
        let found = hit(third, 1);
        assert!((250..350).contains(&found.len()), "{}", found.len());
        assert_eq!(found, hit(third, 1));
        assert_ne!(found, hit(third, 2));
        assert_eq!(hit(Schedule::default(), 1).len(), 1_000);
        let none = Schedule {
            share: 0.0,
            ..Schedule::default()
        };
        assert!(hit(none, 1).is_empty());
    }

    #[test]
    fn the_first_are_spared() {
        let late = Schedule {
            after: 5,
            ..Schedule::default()
        };
        assert_eq!(hit(late, 1).first(), Some(&5));
        assert_eq!(hit(late, 1).len(), 995);
        assert!(late.spares() && !Schedule::default().spares());
    }

    #[test]
    fn answers_are_late_within_bounds() {
        let slow = Schedule {
            delay: Duration::from_millis(40),
            ..Schedule::default()
        };
        let all: Vec<Duration> = (0..200).map(|step| slow.late(1, 1, 7, step)).collect();
        assert!(all.iter().all(|late| *late < slow.delay));
        assert!(all.iter().max() > Some(&Duration::from_millis(30)));
        assert!(all.iter().min() < Some(&Duration::from_millis(10)));
        assert_eq!(Schedule::default().late(1, 1, 7, 0), Duration::ZERO);
    }
}
