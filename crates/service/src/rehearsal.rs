//! What a test sets for a server of its own: the clock that stamps requests, the seed of ids, the
//! course of copies. A server in verified mode has none of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use mimeo_domain::copying::Course;
use mimeo_domain::ids::{Mint, Seed};
use mimeo_domain::{AccountId, Caller, CopyToken, RegionName, Timestamp};
use mimeo_store::Extent;

/// Rules for copies that may be set at once (ours).
const RULES_MAX: usize = 1_000;

/// Held copies whose questions are counted at once; one more is not held by its count any longer.
const COUNTS_MAX: usize = 100_000;

/// How far apart the first fences of copies lie: no copy is tried as often.
const FENCE_STEP: i64 = 1 << 20;

/// How the clock that stamps requests goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// As far ahead of the real one, or behind it if negative.
    Ahead {
        millis: i64,
    },
    Frozen(Timestamp),
}

impl Clock {
    /// What this clock shows when the real one shows `real`.
    pub fn at(self, real: Timestamp) -> Timestamp {
        match self {
            Self::Ahead { millis } => real.plus_millis(millis),
            Self::Frozen(shown) => shown,
        }
    }
}

/// A course for copies, and whose copies it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub extent: Extent,
    pub course: Course,
}

/// There are as many rules as there may be; the number is that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyRules(pub usize);

/// How a copy is to go, as settled when it is accepted.
#[derive(Debug)]
pub(crate) struct Rehearsed {
    pub course: Option<Course>,
    /// Above every fence that a copy accepted before can reach: a token may come back when ids are
    /// seeded, and a worker that still drives its last copy must not write to the new one.
    pub fence: i64,
}

/// Everything that a test may set. It lives as long as the server does.
#[derive(Debug)]
pub struct Rehearsal {
    clock: RwLock<Clock>,
    ids: Mutex<Option<Ids>>,
    rules: RwLock<BTreeMap<Extent, Course>>,
    describes: Mutex<HashMap<(RegionName, AccountId, CopyToken), u32>>,
    fence: AtomicI64,
    holds_by_time: AtomicBool,
}

#[derive(Debug)]
struct Ids {
    seed: u64,
    next: Mint,
}

impl Ids {
    fn of(seed: u64) -> Self {
        let next = Mint::new(Seed(seed), Timestamp::from_millis(0));
        Self { seed, next }
    }
}

impl Default for Rehearsal {
    fn default() -> Self {
        Self {
            clock: RwLock::new(Clock::Ahead { millis: 0 }),
            ids: Mutex::default(),
            rules: RwLock::default(),
            describes: Mutex::default(),
            fence: AtomicI64::new(0),
            holds_by_time: AtomicBool::new(false),
        }
    }
}

/// A panic elsewhere leaves the values whole: each is written in one go.
fn whole<T>(locked: Result<T, PoisonError<T>>) -> T {
    locked.unwrap_or_else(PoisonError::into_inner)
}

impl Rehearsal {
    /// What requests are stamped with when the real clock shows `real`.
    pub fn now(&self, real: Timestamp) -> Timestamp {
        self.clock().at(real)
    }

    pub fn clock(&self) -> Clock {
        *whole(self.clock.read())
    }

    pub fn set_clock(&self, clock: Clock) {
        *whole(self.clock.write()) = clock;
    }

    /// The seed that ids are made from, if they are not made by chance.
    pub fn ids(&self) -> Option<u64> {
        whole(self.ids.lock()).as_ref().map(|ids| ids.seed)
    }

    /// Makes ids from a seed, beginning anew, or by chance again.
    pub fn set_ids(&self, seed: Option<u64>) {
        *whole(self.ids.lock()) = seed.map(Ids::of);
    }

    /// The seed of one request that writes: the next one, or `chance`.
    pub(crate) fn seed(&self, chance: Seed) -> Seed {
        let mut ids = whole(self.ids.lock());
        ids.as_mut().map_or(chance, |ids| ids.next.seed())
    }

    /// The rules for copies, those for all first.
    pub fn rules(&self) -> Vec<Rule> {
        let rules = whole(self.rules.read());
        let rule = |(extent, course): (&Extent, &Course)| Rule {
            extent: extent.clone(),
            course: course.clone(),
        };
        rules.iter().map(rule).collect()
    }

    /// Sets the course of copies that are accepted from now on, instead of what was set for exactly
    /// this extent before.
    pub fn set_rule(&self, rule: Rule) -> Result<(), TooManyRules> {
        let mut rules = whole(self.rules.write());
        if rules.len() >= RULES_MAX && !rules.contains_key(&rule.extent) {
            return Err(TooManyRules(RULES_MAX));
        }
        if matches!(rule.course, Course::AfterMillis(_)) {
            self.holds_by_time.store(true, Ordering::Relaxed);
        }
        rules.insert(rule.extent, rule.course);
        Ok(())
    }

    /// Whether any copy was ever to be held by time: if not, there is none to look for.
    pub fn holds_by_time(&self) -> bool {
        self.holds_by_time.load(Ordering::Relaxed)
    }

    /// Drops the rules whose extents lie in this one.
    pub fn drop_rules(&self, extent: &Extent) {
        whole(self.rules.write()).retain(|of, _| {
            let account_stays = extent.account.is_some() && extent.account != of.account;
            let region_stays = extent.region.is_some() && extent.region != of.region;
            account_stays || region_stays
        });
    }

    /// How a copy of the caller's is to go. The nearest rule counts: one for the account in the
    /// Region, then for the account, then for the Region, then for all.
    pub(crate) fn copy(&self, caller: &Caller) -> Rehearsed {
        let rules = whole(self.rules.read());
        let account = || Some(caller.account.clone());
        let region = || Some(caller.region.clone());
        let nearest = [
            (account(), region()),
            (account(), None),
            (None, region()),
            (None, None),
        ]
        .map(|(account, region)| Extent { account, region });
        Rehearsed {
            course: nearest.iter().find_map(|key| rules.get(key)).cloned(),
            fence: self.fence.fetch_add(FENCE_STEP, Ordering::Relaxed),
        }
    }

    /// Counts a question for the status of a held copy, and says how many there were before.
    pub(crate) fn asked(&self, caller: &Caller, token: &CopyToken) -> u32 {
        let mut describes = whole(self.describes.lock());
        let key = (caller.region.clone(), caller.account.clone(), token.clone());
        if describes.len() >= COUNTS_MAX && !describes.contains_key(&key) {
            return u32::MAX;
        }
        let count = describes.entry(key).or_default();
        let before = *count;
        *count = count.saturating_add(1);
        before
    }

    /// Forgets what was counted for the extent's copies; with everything, ids begin anew from their
    /// seed, so that a test after a reset gets the ids of the one before.
    pub fn reset(&self, extent: &Extent) {
        whole(self.describes.lock())
            .retain(|(region, account, _), _| !extent.holds(account, region));
        if extent.is_all() {
            let mut ids = whole(self.ids.lock());
            *ids = ids.as_ref().map(|ids| Ids::of(ids.seed));
        }
    }

    /// Forgets how often a copy was asked for.
    pub(crate) fn forget(&self, caller: &Caller, token: &CopyToken) {
        let key = (caller.region.clone(), caller.account.clone(), token.clone());
        whole(self.describes.lock()).remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(account: &str, region: &str) -> Caller {
        let account = account.parse().expect("an account");
        Caller::root(account, region.parse().expect("a Region"))
    }

    fn extent(account: Option<&str>, region: Option<&str>) -> Extent {
        Extent {
            account: account.map(|account| account.parse().expect("an account")),
            region: region.map(|region| region.parse().expect("a Region")),
        }
    }

    const HUB: &str = "111111111111";
    const SPOKE: &str = "222222222222";

    #[test]
    fn a_copy_goes_by_the_nearest_rule() {
        let rehearsal = Rehearsal::default();
        let set = |account, region, describes| {
            rehearsal.set_rule(Rule {
                extent: extent(account, region),
                course: Course::AfterDescribes(describes),
            })
        };
        let course = |account, region| rehearsal.copy(&caller(account, region)).course;
        assert_eq!(course(HUB, "eu-west-1"), None);
        set(None, None, 1).expect("set");
        set(None, Some("eu-west-1"), 2).expect("set");
        set(Some(HUB), None, 3).expect("set");
        set(Some(HUB), Some("eu-west-1"), 4).expect("set");
        for (account, region, describes) in [
            (SPOKE, "us-east-1", 1),
            (SPOKE, "eu-west-1", 2),
            (HUB, "us-east-1", 3),
            (HUB, "eu-west-1", 4),
        ] {
            let wanted = Some(Course::AfterDescribes(describes));
            assert_eq!(course(account, region), wanted, "{account} {region}");
        }
        rehearsal.drop_rules(&extent(Some(HUB), None));
        assert_eq!(course(HUB, "eu-west-1"), Some(Course::AfterDescribes(2)));
        rehearsal.drop_rules(&extent(None, None));
        assert_eq!(rehearsal.rules(), []);
    }

    #[test]
    fn a_seed_gives_the_same_sequence_again_after_a_reset_of_everything_only() {
        let rehearsal = Rehearsal::default();
        let chance = Seed(42);
        assert_eq!(rehearsal.seed(chance), chance);
        rehearsal.set_ids(Some(7));
        let first = [rehearsal.seed(chance), rehearsal.seed(chance)];
        assert_ne!(first[0], first[1]);
        rehearsal.reset(&extent(Some(HUB), None));
        assert!(!first.contains(&rehearsal.seed(chance)));
        rehearsal.reset(&extent(None, None));
        assert_eq!([rehearsal.seed(chance), rehearsal.seed(chance)], first);
        rehearsal.set_ids(None);
        assert_eq!(rehearsal.seed(chance), chance);
    }

    #[test]
    fn questions_are_counted_a_copy_and_forgotten_with_what_is_reset() {
        let rehearsal = Rehearsal::default();
        let (hub, spoke) = (caller(HUB, "eu-west-1"), caller(SPOKE, "eu-west-1"));
        let token = CopyToken::from("copyproduct-1");
        assert_eq!(rehearsal.asked(&hub, &token), 0);
        assert_eq!(rehearsal.asked(&hub, &token), 1);
        assert_eq!(rehearsal.asked(&spoke, &token), 0);
        rehearsal.reset(&extent(Some(HUB), None));
        assert_eq!(rehearsal.asked(&hub, &token), 0);
        assert_eq!(rehearsal.asked(&spoke, &token), 1);
    }
}
