//! Which enterprises a query finds, where their county and size class tell: what the engine holds is read
//! in milliseconds, a million rows of the database in seconds.

use zhida_platform::access::Reach;
use zhida_registry::Query;
use zhida_standards::division::{DivisionCode, Level};

use super::groups::{COUNTY, Groups, SIZES};

/// The enterprises of a query.
pub(crate) enum Found {
    /// All there are.
    All,
    /// Those whose numbers are marked; marks of numbers that nobody has mean nothing.
    Marked(Vec<bool>),
}

impl Found {
    /// The marks; none when all are found.
    pub fn marked(&self) -> Option<&[bool]> {
        match self {
            Self::All => None,
            Self::Marked(marked) => Some(marked),
        }
    }
}

/// A part of the country that counties lie in whole, by the digits of its code.
struct Area(String);

impl Area {
    /// `None` for a township: the county does not tell.
    fn of(place: DivisionCode) -> Option<Self> {
        let digits = match place.level() {
            Level::Province => 2,
            Level::City => 4,
            Level::County => COUNTY,
            Level::Township => return None,
        };
        Some(Self(place.as_str()[..digits].to_owned()))
    }

    /// Counties have six digits, those of an area share its own.
    fn holds(&self, county: &[u8; COUNTY]) -> bool {
        county.starts_with(self.0.as_bytes())
    }
}

/// What a query asks of an enterprise, as far as its groups tell.
struct Wanted {
    /// Each a choice of areas, of which the county lies in one.
    areas: Vec<Vec<Area>>,
    /// Which of [`SIZES`].
    size: Option<usize>,
}

impl Wanted {
    /// `None` when a query asks for more than groups tell, or for what makes no sense.
    fn of(query: &Query) -> Option<Self> {
        let Query {
            text,
            code,
            region,
            industry,
            tag,
            size,
            status,
            order: _,
            reach,
        } = query;
        if [text, code, industry, tag, status]
            .iter()
            .any(|text| !text.is_empty())
        {
            return None;
        }
        let mut areas = Vec::new();
        if !region.is_empty() && region != "000000" {
            areas.push(vec![Area::of(DivisionCode::parse(region).ok()?)?]);
        }
        match reach {
            Reach::All => {}
            Reach::Nothing => areas.push(Vec::new()),
            Reach::Own(_) => return None,
            Reach::Places(places) => {
                let within: Option<Vec<Area>> = places.iter().copied().map(Area::of).collect();
                areas.push(within?);
            }
        }
        // the last place is for those whose size is not known
        let known = &SIZES[..SIZES.len() - 1];
        let size = match size.as_str() {
            "" => None,
            size => Some(known.iter().position(|known| *known == size)?),
        };
        Some(Self { areas, size })
    }
}

impl Groups {
    /// Which enterprises a query finds; `None` when more has to be known of them than their groups.
    pub fn found(&self, query: &Query) -> Option<Found> {
        let Wanted { areas, size } = Wanted::of(query)?;
        if areas.is_empty() && size.is_none() {
            return Some(Found::All);
        }
        let within = |county: &[u8; COUNTY]| {
            areas
                .iter()
                .all(|choice| choice.iter().any(|area| area.holds(county)))
        };
        let counties: Vec<bool> = self.codes().iter().map(within).collect();
        let marked = self.each().iter().map(|group| {
            let county = counties.get(usize::from(group.county)).copied();
            county.unwrap_or_default() && size.is_none_or(|size| usize::from(group.size) == size)
        });
        Some(Found::Marked(marked.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::roll::Member;
    use super::*;
    use zhida_registry::Enterprise;
    use zhida_rules::Facts;

    fn groups() -> Groups {
        let member = |(seq, division, size): (i64, Option<&str>, Option<&str>)| {
            Member::of(&Enterprise {
                seq,
                code: String::new(),
                name: String::new(),
                division: division.map(str::to_owned),
                industry: None,
                size: size.map(str::to_owned),
                status: None,
                registered_on: None,
                facts: Facts::new(),
                tags: Vec::new(),
                version: 1,
                updated_at: chrono::DateTime::UNIX_EPOCH,
            })
        };
        let members: Vec<Member> = [
            (1, Some("370102"), Some("小型")),
            (2, Some("370112001"), Some("大型")),
            (3, Some("370100"), None),
            (4, Some("370202"), Some("小型")),
            (5, None, Some("小型")),
        ]
        .map(member)
        .into();
        let mut groups = Groups::default();
        groups.note(&members);
        groups
    }

    fn reaching(places: &[&str]) -> Query {
        let parse = |code: &&str| DivisionCode::parse(code).expect("a code");
        Query {
            reach: Reach::Places(places.iter().map(parse).collect()),
            ..Query::default()
        }
    }

    fn numbers(query: &Query) -> Option<Vec<usize>> {
        match groups().found(query)? {
            Found::All => Some((1..=5).collect()),
            Found::Marked(marked) => {
                // nobody has the number nought
                let marks = marked.iter().enumerate().skip(1);
                Some(marks.filter(|(_, mark)| **mark).map(|(at, _)| at).collect())
            }
        }
    }

    #[test]
    fn counties_and_sizes_are_told_by_groups() {
        let query = Query::default();
        assert_eq!(numbers(&query), Some(vec![1, 2, 3, 4, 5]));
        assert_eq!(numbers(&reaching(&["370100"])), Some(vec![1, 2, 3]));
        assert_eq!(numbers(&reaching(&["370102", "370202"])), Some(vec![1, 4]));
        assert_eq!(numbers(&reaching(&["37"])), Some(vec![1, 2, 3, 4]));
        assert_eq!(numbers(&reaching(&[])), Some(vec![]));
        let both = Query {
            region: "370112".to_owned(),
            ..reaching(&["3701"])
        };
        assert_eq!(numbers(&both), Some(vec![2]));
        let small = Query {
            size: "小型".to_owned(),
            ..reaching(&["370100"])
        };
        assert_eq!(numbers(&small), Some(vec![1]));
        let nothing = Query {
            reach: Reach::Nothing,
            ..Query::default()
        };
        assert_eq!(numbers(&nothing), Some(vec![]));
    }

    #[test]
    fn more_than_groups_tell_is_left_to_the_registry() {
        let with = |change: fn(&mut Query)| {
            let mut query = Query::default();
            change(&mut query);
            numbers(&query)
        };
        assert_eq!(with(|query| query.text = "甲".to_owned()), None);
        assert_eq!(with(|query| query.tag = "小微企业".to_owned()), None);
        assert_eq!(with(|query| query.region = "370112001".to_owned()), None);
        assert_eq!(with(|query| query.region = "无此区划".to_owned()), None);
        assert_eq!(with(|query| query.size = "未知".to_owned()), None);
        let own = |query: &mut Query| query.reach = Reach::Own(vec!["甲".to_owned()]);
        assert_eq!(with(own), None);
    }
}
