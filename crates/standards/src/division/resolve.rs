//! Names of places as people write them: without suffix, with the city in front, with the street
//! behind, in the wrong column.

use std::sync::LazyLock;

use super::{Division, DivisionCode, Level, table};

/// A division with the part of its name that people write when they drop the suffix.
struct Place {
    division: &'static Division,
    stem: &'static str,
}

/// The places of each upper level, in the order of their codes.
struct Places {
    provinces: Vec<Place>,
    cities: Vec<Place>,
    counties: Vec<Place>,
}

static PLACES: LazyLock<Places> = LazyLock::new(|| {
    let of = |level| {
        let divisions = table::UPPER
            .iter()
            .filter(|d| d.level == level && !d.is_grouping());
        divisions
            .map(|division| Place {
                division,
                stem: stem(division),
            })
            .collect()
    };
    Places {
        provinces: of(Level::Province),
        cities: of(Level::City),
        counties: of(Level::County),
    }
});

/// Suffixes that a stem may be followed by at each level, longest first.
const PROVINCE_SUFFIXES: &[&str] = &["特别行政区", "自治区", "省"];
const CITY_SUFFIXES: &[&str] = &["自治州", "地区", "市", "州", "盟"];
const COUNTY_SUFFIXES: &[&str] = &[
    "自治县",
    "自治旗",
    "新区",
    "林区",
    "特区",
    "区",
    "县",
    "市",
    "旗",
];

/// Names of peoples within names of autonomous places, as far as they occur in the list.
const PEOPLES: &[&str] = &[
    "柯尔克孜",
    "维吾尔",
    "哈萨克",
    "塔吉克",
    "锡伯",
    "蒙古族",
    "蒙古",
    "达斡尔族",
    "鄂温克族",
    "土家族",
    "仡佬族",
    "布依族",
    "哈尼族",
    "拉祜族",
    "傈僳族",
    "景颇族",
    "仫佬族",
    "毛南族",
    "布朗族",
    "朝鲜族",
    "撒拉族",
    "保安族",
    "东乡族",
    "裕固族",
    "哈萨克族",
    "畲族",
    "苗族",
    "藏族",
    "羌族",
    "彝族",
    "侗族",
    "壮族",
    "傣族",
    "白族",
    "回族",
    "满族",
    "瑶族",
    "黎族",
    "水族",
    "佤族",
    "怒族",
    "土族",
    "独龙族",
    "普米族",
    "纳西族",
    "各族",
];

/// The deepest certain division of an address given in three columns: a county where one is
/// named, else the prefecture, else the province; `None` when nothing is recognised.
///
/// Understands names without 省, 市, 区 (浙江/杭州/西湖), names in front of or behind others
/// (青岛市崂山区中韩街道), a county in the city column (义乌), a changed suffix (章丘市 for
/// today's 章丘区) and a township alone when its name is unique in the prefecture. Any column may
/// be empty. Names that fit several places are not guessed at: the level above is returned.
pub fn find(province: &str, city: &str, area: &str) -> Option<&'static Division> {
    let mut place = Located::default();
    for text in [province, city, area] {
        place.read(text.trim());
    }
    place.county.or(place.city).or(place.province)
}

/// All divisions of this name, of every level, in the order of their codes within upper levels
/// and townships; the suffix may be missing above the township.
pub fn find_by_name(name: &str) -> Vec<&'static Division> {
    let name = name.trim();
    if name.is_empty() {
        return Vec::new();
    }
    let Places {
        provinces,
        cities,
        counties,
    } = &*PLACES;
    let mut upper: Vec<_> = [provinces, cities, counties]
        .into_iter()
        .flatten()
        .filter(|place| place.division.name == name || place.stem == name)
        .map(|place| place.division)
        .collect();
    upper.sort_by_key(|division| division.code);
    let towns = table::TOWNSHIPS
        .iter()
        .filter(|division| division.name == name);
    upper.into_iter().chain(towns).collect()
}

/// The township of a county (or of a prefecture without counties) that a text names, when
/// exactly one of the longest such names occurs in it.
pub fn find_township(county: &str, text: &str) -> Option<&'static Division> {
    let county = DivisionCode::parse(county).ok()?;
    let found = |division: &&Division| text.contains(division.name);
    unique_longest(
        table::within(&table::TOWNSHIPS, county)
            .iter()
            .filter(found),
    )
}

/// What has been recognised of an address so far.
#[derive(Default)]
struct Located {
    province: Option<&'static Division>,
    city: Option<&'static Division>,
    county: Option<&'static Division>,
}

impl Located {
    fn read(&mut self, text: &str) {
        if text.is_empty() || self.county.is_some() {
            return;
        }
        // A county's full name first: 通化县 lies in 通化市, 济南高新技术产业开发区 in 济南市.
        let whole = self.city.is_some() || self.province.is_none();
        let county = whole.then(|| self.county_named(text)).flatten();
        let county = county.or_else(|| {
            let rest = self.take_province(text);
            let behind_city = self.take_city(rest);
            self.county_stem(behind_city)
                .or_else(|| self.county_behind(rest))
                .or_else(|| self.county_of_township(behind_city))
        });
        if let Some(county) = county {
            self.set(county);
        }
    }

    /// Notes a division and those above it.
    fn set(&mut self, division: &'static Division) {
        for above in super::ancestors(division.code.as_str()) {
            match above.level {
                Level::Province => self.province = Some(above),
                _ if above.is_grouping() => {}
                _ => self.city = Some(above),
            }
        }
        match division.level {
            Level::City => self.city = Some(division),
            _ => self.county = Some(division),
        }
    }

    /// Takes a province's name off the front; once one is known, only its own.
    fn take_province<'t>(&mut self, text: &'t str) -> &'t str {
        let places = within(&PLACES.provinces, self.province);
        let Some((division, rest)) = take(text, places, PROVINCE_SUFFIXES, true) else {
            return text;
        };
        self.province = Some(division);
        rest
    }

    /// Takes a prefecture's name off the front; once one is known, only its own.
    fn take_city<'t>(&mut self, text: &'t str) -> &'t str {
        let places = within(&PLACES.cities, self.city.or(self.province));
        let Some((division, rest)) = take(text, places, CITY_SUFFIXES, true) else {
            return text;
        };
        self.set(division);
        rest
    }

    fn counties(&self) -> &'static [Place] {
        within(&PLACES.counties, self.city.or(self.province))
    }

    fn county_named(&self, text: &str) -> Option<&'static Division> {
        take_full(text, self.counties()).map(|(division, _)| division)
    }

    /// A county by its stem; another suffix than today's only where the county once bore it
    /// (章丘市, but not 莱芜市, which was a prefecture).
    fn county_stem(&self, text: &str) -> Option<&'static Division> {
        let (division, rest) = take(text, self.counties(), COUNTY_SUFFIXES, false)?;
        let written = &text[..text.len() - rest.len()];
        let bare = division.name.starts_with(written);
        (bare || was_county(written, division)).then_some(division)
    }

    /// A county behind a prefecture's bare stem (青岛市南区 is 市南区 of 青岛) or behind a city
    /// that is none today (莱芜市钢城区).
    fn county_behind(&self, text: &str) -> Option<&'static Division> {
        let city = self.city?;
        let behind_stem = text
            .strip_prefix(stem(city))
            .and_then(|rest| self.county_named(rest));
        behind_stem.or_else(|| self.county_named(text.split_once('市')?.1))
    }

    /// The county of a township that stands alone, if its name is unique in the prefecture (or in
    /// a province that has no prefectures).
    fn county_of_township(&self, text: &str) -> Option<&'static Division> {
        let municipality = self
            .province
            .filter(|province| province.name.ends_with('市'));
        let scope = self.city.or(municipality).filter(|_| !text.is_empty())?;
        let named = |division: &&Division| text.starts_with(division.name);
        let townships = table::within(&table::TOWNSHIPS, scope.code).iter();
        super::get(unique_longest(townships.filter(named))?.parent?)
    }
}

/// Whether a county in the province of `today` was called so in the lists of 2002–2013.
fn was_county(name: &str, today: &Division) -> bool {
    let province = &today.code.as_str()[..2];
    table::HISTORICAL.iter().any(|old| {
        old.name == name
            && old.code.level() == Level::County
            && old.code.as_str().starts_with(province)
    })
}

/// The part of a list that lies in a division; the whole list when none is given.
fn within(places: &'static [Place], scope: Option<&'static Division>) -> &'static [Place] {
    let Some(scope) = scope.map(|division| division.code) else {
        return places;
    };
    let start = places.partition_point(|place| place.division.code < scope);
    let end = places.partition_point(|place| place.division.code <= scope.last_within());
    &places[start..end]
}

/// Takes one of the places off the front of the text: the longest full name, else the longest
/// stem with a suffix of its level, with nothing behind it, or, when `open`, with other text
/// behind it. `None` when none or several fit.
fn take<'t>(
    text: &'t str,
    places: &'static [Place],
    suffixes: &[&str],
    open: bool,
) -> Option<(&'static Division, &'t str)> {
    if text.is_empty() {
        return None;
    }
    let fits = |place: &&Place| {
        text.strip_prefix(place.stem).is_some_and(|rest| {
            rest.is_empty()
                || suffixes.iter().any(|suffix| rest.starts_with(suffix))
                || (open && !starts_with_suffix(rest))
        })
    };
    take_full(text, places).or_else(|| {
        let longest = places
            .iter()
            .filter(fits)
            .map(|place| place.stem.len())
            .max()?;
        let mut fitting = places
            .iter()
            .filter(fits)
            .filter(|place| place.stem.len() == longest);
        let (place, None) = (fitting.next()?, fitting.next()) else {
            return None;
        };
        let rest = &text[place.stem.len()..];
        let suffix = suffixes.iter().find_map(|suffix| rest.strip_prefix(suffix));
        Some((place.division, suffix.unwrap_or(rest)))
    })
}

fn take_full<'t>(text: &'t str, places: &'static [Place]) -> Option<(&'static Division, &'t str)> {
    let named = places
        .iter()
        .map(|place| place.division)
        .filter(|d| text.starts_with(d.name));
    unique_longest(named).map(|division| (division, &text[division.name.len()..]))
}

/// Whether a suffix of any level comes next: 吉林 in 吉林市 is not the province.
fn starts_with_suffix(rest: &str) -> bool {
    [PROVINCE_SUFFIXES, CITY_SUFFIXES, COUNTY_SUFFIXES]
        .into_iter()
        .flatten()
        .any(|suffix| rest.starts_with(suffix))
}

/// The division of the longest name; `None` when there is none or several share that length.
fn unique_longest(divisions: impl Iterator<Item = &'static Division>) -> Option<&'static Division> {
    let mut best: Option<&'static Division> = None;
    let mut tied = false;
    for division in divisions {
        let ordering = best.map(|best| division.name.len().cmp(&best.name.len()));
        match ordering {
            None | Some(std::cmp::Ordering::Greater) => (best, tied) = (Some(division), false),
            Some(std::cmp::Ordering::Equal) => tied = true,
            Some(std::cmp::Ordering::Less) => {}
        }
    }
    best.filter(|_| !tied)
}

/// The name without its suffix and the peoples in it, where at least two characters remain.
fn stem(division: &Division) -> &'static str {
    let suffixes = match division.level {
        Level::Province => &["特别行政区", "自治区", "省", "市"][..],
        Level::City => CITY_SUFFIXES,
        _ => COUNTY_SUFFIXES,
    };
    let name = division.name;
    let mut stem = suffixes
        .iter()
        .find_map(|suffix| cut(name, suffix))
        .unwrap_or(name);
    if name.contains("自治") {
        while let Some(shorter) = PEOPLES.iter().find_map(|people| cut(stem, people)) {
            stem = shorter;
        }
    }
    stem
}

fn cut<'t>(text: &'t str, suffix: &str) -> Option<&'t str> {
    text.strip_suffix(suffix)
        .filter(|rest| rest.chars().count() >= 2)
}
