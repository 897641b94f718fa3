//! The best combination where items exclude each other or the highest of a group is paid
//! (从高不重复).
//!
//! Items are the points of a graph, exclusions its edges; wanted is an independent set with the
//! largest total. Components are solved one by one, exactly by branch and bound: a bound is the
//! sum over cliques of their largest member, which is tight for exclusive groups.

use std::collections::{BTreeMap, HashMap};

use zhida_rules::{AmountEnds, AmountKind, Number};

/// Largest component that is solved exactly; a larger one is solved greedily, and said so.
pub const EXACT_SIZE_MAX: usize = 64;
/// Steps of the search in one component, after which the best found so far is taken, and said so.
const STEPS_MAX: u32 = 50_000;

/// An item that could be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The item's id.
    pub id: &'a str,
    /// 从高不重复 group.
    pub group: Option<&'a str>,
    /// Items it excludes; exclusion holds both ways.
    pub excludes: &'a [String],
    /// Its amount.
    pub worth: Worth,
}

/// What an item, or a set of them, is worth; compared by `low`, then `high`, then how many items.
///
/// An open upper end counts as its lower end in comparisons and stays open in totals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Worth {
    /// Lower end in yuan.
    pub low: Number,
    /// Upper end in yuan, the lower end where it is open.
    pub high: Number,
    /// Items.
    pub items: u32,
    /// Items whose upper end is open.
    pub open: u32,
}

impl Worth {
    fn nothing() -> Self {
        Self {
            low: Number::zero(),
            high: Number::zero(),
            items: 0,
            open: 0,
        }
    }

    /// The worth of one item.
    pub fn of(amount: Option<&AmountEnds>) -> Self {
        let low = amount
            .and_then(|a| a.low.clone())
            .unwrap_or_else(Number::zero);
        let is_money = amount.is_some_and(|a| a.kind != AmountKind::Right);
        let high = amount.and_then(|a| a.high.clone());
        Self {
            open: u32::from(is_money && high.is_none()),
            high: high.unwrap_or_else(|| low.clone()).max(low.clone()),
            low,
            items: 1,
        }
    }

    fn plus(&self, other: &Self) -> Self {
        Self {
            low: self.low.clone() + other.low.clone(),
            high: self.high.clone() + other.high.clone(),
            items: self.items + other.items,
            open: self.open + other.open,
        }
    }

    /// The total's upper end; `None` when an item's is open.
    pub fn total_high(&self) -> Option<Number> {
        (self.open == 0).then(|| self.high.clone())
    }

    fn better_than(&self, other: &Self) -> bool {
        (&self.low, &self.high, self.items) > (&other.low, &other.high, other.items)
    }
}

/// A chosen set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Combination {
    /// Positions of the chosen items, ascending.
    pub chosen: Vec<usize>,
    /// Items left out, each with the chosen ones it collides with.
    pub left_out: Vec<(usize, Vec<usize>)>,
    /// The total.
    pub worth: Worth,
    /// No better set exists. `false` when a component was too large or too hard.
    pub exact: bool,
}

/// The best combination; between equals the one that keeps items given earlier.
pub fn best(options: &[Choice<'_>]) -> Combination {
    let neighbours = conflicts(options);
    let mut chosen = Vec::new();
    let mut exact = true;
    for component in components(&neighbours) {
        let (part, proven) = match component.len() {
            1 => (component, true),
            size if size <= EXACT_SIZE_MAX => Search::new(options, &neighbours, component).run(),
            _ => (greedy(options, &neighbours, component), false),
        };
        chosen.extend(part);
        exact &= proven;
    }
    chosen.sort_unstable();
    let worth = chosen
        .iter()
        .fold(Worth::nothing(), |sum, at| sum.plus(&options[*at].worth));
    let left_out = (0..options.len())
        .filter(|at| chosen.binary_search(at).is_err())
        .map(|at| {
            let because = neighbours[at].iter().copied();
            (
                at,
                because
                    .filter(|other| chosen.binary_search(other).is_ok())
                    .collect(),
            )
        })
        .collect();
    Combination {
        chosen,
        left_out,
        worth,
        exact,
    }
}

/// Neighbours of each option, ascending, without doubles.
fn conflicts(options: &[Choice<'_>]) -> Vec<Vec<usize>> {
    let by_id: HashMap<&str, usize> = options
        .iter()
        .enumerate()
        .map(|(at, option)| (option.id, at))
        .collect();
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut edges = vec![Vec::new(); options.len()];
    for (at, option) in options.iter().enumerate() {
        if let Some(group) = option.group.filter(|group| !group.is_empty()) {
            groups.entry(group).or_default().push(at);
        }
        for other in option
            .excludes
            .iter()
            .filter_map(|id| by_id.get(id.as_str()).copied())
        {
            if other != at {
                edges[at].push(other);
                edges[other].push(at);
            }
        }
    }
    for members in groups.values() {
        for at in members {
            edges[*at].extend(members.iter().copied().filter(|other| other != at));
        }
    }
    for list in &mut edges {
        list.sort_unstable();
        list.dedup();
    }
    edges
}

/// Connected components, each ascending.
fn components(neighbours: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut seen = vec![false; neighbours.len()];
    let mut found = Vec::new();
    for start in 0..neighbours.len() {
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        let mut component = vec![start];
        let mut next = 0;
        while let Some(&at) = component.get(next) {
            next += 1;
            for &other in &neighbours[at] {
                if !std::mem::replace(&mut seen[other], true) {
                    component.push(other);
                }
            }
        }
        component.sort_unstable();
        found.push(component);
    }
    found
}

/// Takes the most valuable item that still fits, again and again.
fn greedy(
    options: &[Choice<'_>],
    neighbours: &[Vec<usize>],
    mut component: Vec<usize>,
) -> Vec<usize> {
    component.sort_by(|a, b| options[*b].worth.cmp(&options[*a].worth).then(a.cmp(b)));
    let mut chosen: Vec<usize> = Vec::new();
    for at in component {
        if !neighbours[at].iter().any(|other| chosen.contains(other)) {
            chosen.push(at);
        }
    }
    chosen
}

/// Branch and bound in one component; sets of its members are bit masks.
struct Search<'a> {
    members: Vec<usize>,
    worth: Vec<&'a Worth>,
    adjacent: Vec<u64>,
    best: (Worth, u64),
    steps: u32,
}

impl<'a> Search<'a> {
    fn new(options: &'a [Choice<'_>], neighbours: &[Vec<usize>], members: Vec<usize>) -> Self {
        let place: HashMap<usize, usize> = members
            .iter()
            .enumerate()
            .map(|(bit, at)| (*at, bit))
            .collect();
        let adjacent = members
            .iter()
            .map(|at| {
                neighbours[*at]
                    .iter()
                    .fold(0, |mask, other| mask | 1 << place[other])
            })
            .collect();
        let worth = members.iter().map(|at| &options[*at].worth).collect();
        Self {
            members,
            worth,
            adjacent,
            best: (Worth::nothing(), 0),
            steps: 0,
        }
    }

    fn run(mut self) -> (Vec<usize>, bool) {
        let all = u64::MAX >> (64 - self.members.len());
        self.branch(all, Worth::nothing(), 0);
        let mask = self.best.1;
        let chosen = self
            .members
            .iter()
            .enumerate()
            .filter(|(bit, _)| mask >> bit & 1 == 1);
        (chosen.map(|(_, at)| *at).collect(), self.steps < STEPS_MAX)
    }

    fn branch(&mut self, open: u64, sum: Worth, chosen: u64) {
        if open == 0 {
            if sum.better_than(&self.best.0) {
                self.best = (sum, chosen);
            }
            return;
        }
        self.steps = self.steps.saturating_add(1);
        if self.steps >= STEPS_MAX && self.best.1 != 0 {
            return;
        }
        if !sum.plus(&self.bound(open)).better_than(&self.best.0) {
            return;
        }
        let bit = self.most_valuable(open);
        let taken = 1 << bit;
        self.branch(
            open & !taken & !self.adjacent[bit],
            sum.plus(self.worth[bit]),
            chosen | taken,
        );
        if self.adjacent[bit] & open != 0 {
            self.branch(open & !taken, sum, chosen);
        }
    }

    /// Taken first: most likely part of the best set, so that bounds cut early.
    fn most_valuable(&self, open: u64) -> usize {
        let mut best = open.trailing_zeros() as usize;
        for bit in bits(open) {
            if self.worth[bit].better_than(self.worth[best]) {
                best = bit;
            }
        }
        best
    }

    /// At most one member of a clique can be chosen: the sum of each clique's largest parts.
    fn bound(&self, open: u64) -> Worth {
        let mut rest = open;
        let mut total = Worth::nothing();
        while rest != 0 {
            let first = rest.trailing_zeros() as usize;
            let mut clique = 1u64 << first;
            let mut candidates = rest & self.adjacent[first];
            let mut most = self.worth[first].clone();
            while candidates != 0 {
                let bit = candidates.trailing_zeros() as usize;
                clique |= 1 << bit;
                candidates &= self.adjacent[bit];
                most.low = most.low.max(self.worth[bit].low.clone());
                most.high = most.high.max(self.worth[bit].high.clone());
            }
            total = total.plus(&most);
            rest &= !clique;
        }
        total
    }
}

fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(bit)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn worth(low: i64, high: i64) -> Worth {
        Worth {
            low: low.into(),
            high: high.into(),
            items: 1,
            open: 0,
        }
    }

    struct Source {
        id: String,
        group: Option<String>,
        excludes: Vec<String>,
        worth: Worth,
    }

    fn options(sources: &[Source]) -> Vec<Choice<'_>> {
        sources
            .iter()
            .map(|source| Choice {
                id: &source.id,
                group: source.group.as_deref(),
                excludes: &source.excludes,
                worth: source.worth.clone(),
            })
            .collect()
    }

    fn source(id: &str, group: Option<&str>, excludes: &[&str], low: i64) -> Source {
        Source {
            id: id.to_owned(),
            group: group.map(str::to_owned),
            excludes: excludes.iter().map(|id| (*id).to_owned()).collect(),
            worth: worth(low, low),
        }
    }

    #[test]
    fn the_highest_of_a_group_and_two_small_ones_beat_one_large() {
        let sources = [
            source("a", Some("g"), &[], 10),
            source("b", Some("g"), &[], 30),
            source("c", None, &["d", "e"], 50),
            source("d", None, &[], 40),
            source("e", None, &[], 40),
            source("f", None, &["not-here"], 0),
        ];
        let best = best(&options(&sources));
        assert_eq!(best.chosen, [1, 3, 4, 5]);
        assert_eq!(best.left_out, [(0, vec![1]), (2, vec![3, 4])]);
        assert_eq!(best.worth.total_high(), Some(110.into()));
        assert!(best.exact);
    }

    #[test]
    fn a_component_beyond_the_limit_is_greedy_and_says_so() {
        let star: Vec<Source> = (0..=EXACT_SIZE_MAX)
            .map(|n| {
                source(
                    &n.to_string(),
                    None,
                    if n == 0 { &[] } else { &["0"] },
                    if n == 0 { 5 } else { 1 },
                )
            })
            .collect();
        let best = best(&options(&star));
        assert!(!best.exact);
        assert_eq!(best.chosen, [0], "greedy takes the most valuable first");
    }

    #[test]
    fn nothing_to_choose_from_is_an_empty_exact_choice() {
        let best = best(&[]);
        assert!(best.exact && best.chosen.is_empty() && best.left_out.is_empty());
    }

    #[test]
    fn an_open_upper_end_stays_open_in_the_total() {
        let mut sources = [source("a", None, &[], 1), source("b", None, &[], 2)];
        sources[1].worth.open = 1;
        assert_eq!(best(&options(&sources)).worth.total_high(), None);
    }

    fn brute_force(options: &[Choice<'_>]) -> Worth {
        let neighbours = conflicts(options);
        let mut most = Worth::nothing();
        for mask in 0u32..1 << options.len() {
            let chosen: Vec<usize> = (0..options.len())
                .filter(|at| mask >> at & 1 == 1)
                .collect();
            let clash = chosen
                .iter()
                .any(|at| neighbours[*at].iter().any(|n| chosen.contains(n)));
            if clash {
                continue;
            }
            let sum = chosen
                .iter()
                .fold(Worth::nothing(), |sum, at| sum.plus(&options[*at].worth));
            if sum.better_than(&most) {
                most = sum;
            }
        }
        most
    }

    proptest! {
        #[test]
        fn as_good_as_trying_everything(
            rows in prop::collection::vec((0..4i64, 0..3i64, 0..4u8, prop::collection::vec(0..12usize, 0..3)), 0..12)
        ) {
            let sources: Vec<Source> = rows.iter().enumerate().map(|(n, (low, more, group, excludes))| Source {
                id: n.to_string(),
                group: (*group > 0).then(|| format!("g{group}")),
                excludes: excludes.iter().map(ToString::to_string).collect(),
                worth: worth(*low, low + more),
            }).collect();
            let options = options(&sources);
            let found = best(&options);
            prop_assert!(found.exact);
            let neighbours = conflicts(&options);
            for at in &found.chosen {
                prop_assert!(neighbours[*at].iter().all(|n| !found.chosen.contains(n)), "independent");
            }
            prop_assert_eq!(found.worth, brute_force(&options));
            for (at, because) in &found.left_out {
                prop_assert!(!because.is_empty(), "{at} is left out for no reason");
            }
            prop_assert_eq!(found.chosen.len() + found.left_out.len(), options.len());
        }
    }
}
