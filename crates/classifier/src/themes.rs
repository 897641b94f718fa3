//! Themes (一类事): heaps of similar texts, with the words that name them.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    similar::{Ask, Index},
    text::pieces,
};

/// Characters of the longest label.
const LABEL_CHARS: usize = 6;
/// Likenesses that are looked at for one text.
const NEIGHBOURS_MAX: usize = 200;

/// A text in its group.
#[derive(Clone, Copy, Debug)]
pub struct Grouped<'a> {
    /// The caller's id.
    pub id: u128,
    /// Texts of different groups never come into one theme: category and place, say.
    pub group: &'a str,
    /// Title and text.
    pub text: &'a str,
}

/// What makes a theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThemeOptions {
    /// Least cosine between a text and the one in the middle of its theme, per mille.
    pub similar: u16,
    /// Texts that a theme has at least.
    pub least: usize,
    /// Labels of a theme at most.
    pub labels: usize,
}

impl Default for ThemeOptions {
    fn default() -> Self {
        ThemeOptions {
            similar: 60,
            least: 3,
            labels: 4,
        }
    }
}

/// Texts that speak of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// The group of all its texts.
    pub group: String,
    /// The text in the middle: the one that most others are similar to.
    pub middle: u128,
    /// All its texts, the middle included, by id.
    pub members: Vec<u128>,
    /// The words that its texts have more often than the others of the window, most telling first.
    pub labels: Vec<String>,
}

/// Finds the themes of a window of texts, largest first. Each text is in one theme at most; most are in none.
///
/// The text that most others of its group are similar to becomes the middle of a theme and takes them all; then the
/// next of what is left. So no theme grows into a chain whose ends have nothing in common.
#[must_use]
pub fn themes(texts: &[Grouped<'_>], options: &ThemeOptions) -> Vec<Theme> {
    let mut groups: BTreeMap<&str, BTreeMap<u128, &str>> = BTreeMap::new();
    for text in texts {
        groups
            .entry(text.group)
            .or_default()
            .insert(text.id, text.text);
    }
    let window = Words::of(texts);
    let mut themes: Vec<Theme> = Vec::new();
    for (group, texts) in &groups {
        for (middle, members) in heaps(texts, options) {
            let inside = members.iter().filter_map(|id| texts.get(id).copied());
            themes.push(Theme {
                group: (*group).into(),
                labels: window.labels(inside.collect(), options.labels),
                middle,
                members,
            });
        }
    }
    themes.sort_by(|a, b| {
        (Reverse(a.members.len()), &a.group, a.middle).cmp(&(
            Reverse(b.members.len()),
            &b.group,
            b.middle,
        ))
    });
    themes
}

/// Middles with their members, of one group.
fn heaps(texts: &BTreeMap<u128, &str>, options: &ThemeOptions) -> Vec<(u128, Vec<u128>)> {
    let mut index = Index::new();
    for (id, text) in texts {
        index.add(*id, (), text);
    }
    let ask = Ask {
        similar: options.similar,
        limit: NEIGHBOURS_MAX,
        ..Ask::default()
    };
    let mut neighbours: BTreeMap<u128, BTreeSet<u128>> = BTreeMap::new();
    for (id, text) in texts {
        for alike in index.query(text, &ask, |()| true) {
            neighbours.entry(*id).or_default().insert(alike.id);
            neighbours.entry(alike.id).or_default().insert(*id);
        }
    }
    let mut heaps = Vec::new();
    while let Some(middle) = neighbours
        .iter()
        .filter(|(_, near)| near.len() >= options.least.max(1))
        .max_by_key(|(id, near)| (near.len(), Reverse(**id)))
        .map(|(id, _)| *id)
    {
        let members: Vec<u128> = neighbours
            .remove(&middle)
            .unwrap_or_default()
            .into_iter()
            .collect();
        for member in &members {
            for other in neighbours.remove(member).unwrap_or_default() {
                if let Some(near) = neighbours.get_mut(&other) {
                    near.remove(member);
                }
            }
        }
        heaps.push((middle, members));
    }
    heaps
}

/// In how many texts of the window each run of characters stands.
struct Words {
    texts: usize,
    found: BTreeMap<Vec<char>, u32>,
}

impl Words {
    fn of(texts: &[Grouped<'_>]) -> Words {
        let mut found: BTreeMap<Vec<char>, u32> = BTreeMap::new();
        for text in texts {
            for run in runs(text.text) {
                *found.entry(run).or_default() += 1;
            }
        }
        Words {
            texts: texts.len(),
            found,
        }
    }

    /// Runs in at least half of the texts inside, by how much more often they stand there than in the window.
    fn labels(&self, inside: Vec<&str>, most: usize) -> Vec<String> {
        let mut found: BTreeMap<Vec<char>, u32> = BTreeMap::new();
        for text in &inside {
            for run in runs(text) {
                *found.entry(run).or_default() += 1;
            }
        }
        let mut scored: Vec<(u64, Vec<char>)> = found
            .into_iter()
            .filter(|(_, texts)| *texts as usize * 2 >= inside.len())
            .map(|(run, texts)| (self.score(&run, texts, inside.len()), run))
            .collect();
        scored.sort_by(|a, b| {
            (Reverse(a.0), Reverse(a.1.len()), &a.1).cmp(&(Reverse(b.0), Reverse(b.1.len()), &b.1))
        });
        let mut labels: Vec<String> = Vec::new();
        for (_, run) in scored {
            let label = String::from_iter(&run);
            let overlaps = |other: &String| {
                run.windows(2)
                    .any(|pair| other.contains(&String::from_iter(pair)))
            };
            if labels.len() < most && !labels.iter().any(overlaps) {
                labels.push(label);
            }
        }
        labels
    }

    /// Share inside times the logarithm of how rare outside, for longer runs a little more.
    fn score(&self, run: &[char], texts: u32, inside: usize) -> u64 {
        let all = self.found.get(run).copied().unwrap_or(texts);
        let share = f64::from(texts) / inside as f64;
        let rare = libm::log((1.0 + self.texts as f64) / (1.0 + f64::from(all))).max(0.0);
        let length = (run.len() as f64).sqrt();
        (1e6 * share * (0.1 + rare) * length) as u64
    }
}

/// Characters at which no label begins or ends.
const NO_ENDS: &str = "0的了是在和与及又也都就还被把个这那我你他们请没有不要给到从对于为后时将让";

/// The runs of two to six characters of a text, each once, that may be labels.
fn runs(text: &str) -> BTreeSet<Vec<char>> {
    let mut runs = BTreeSet::new();
    for piece in pieces(text) {
        for n in 2..=LABEL_CHARS {
            let whole = piece
                .windows(n)
                .filter(|run| !NO_ENDS.contains(run[0]) && !NO_ENDS.contains(run[n - 1]));
            runs.extend(whole.map(<[char]>::to_vec));
        }
    }
    runs
}

#[cfg(test)]
#[path = "themes/tests.rs"]
mod tests;
