//! How many enterprises each part of the area has, for the tile map of the home page.

use std::sync::{Mutex, PoisonError};

use zhida_platform::access::Reach;
use zhida_registry::{Query, Registry, RegistryError};
use zhida_standards::division::{self, Division, Level};
use zhida_ui::chart::{Caption, Chart, Datum, Tile, tile_map};

/// Spreads that are kept: one for each division whose officers look at the home page.
const KEPT_MAX: usize = 100;
/// Columns of the map.
const COLUMNS: usize = 4;

/// The parts of the narrowest area that holds most enterprises.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spread {
    /// The area; `None` for the whole country.
    pub area: Option<&'static Division>,
    /// Its parts that have enterprises, in the order of codes.
    pub parts: Vec<(&'static Division, u64)>,
    /// All enterprises.
    pub total: u64,
}

/// The spreads of one version of the registry, by what is within reach.
#[derive(Default)]
pub(crate) struct Spreads(Mutex<(i64, Vec<(Reach, Spread)>)>);

impl Spreads {
    /// The spread within reach, counted anew when the registry changed.
    pub async fn current(
        &self,
        registry: &Registry,
        reach: Reach,
    ) -> Result<Spread, RegistryError> {
        let version = registry.version().await?;
        {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let found = kept.1.iter().find(|(within, _)| *within == reach);
            if let Some((_, spread)) = found.filter(|_| kept.0 == version) {
                return Ok(spread.clone());
            }
        }
        let spread = count(registry, &reach).await?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != version || kept.1.len() == KEPT_MAX {
            *kept = (version, Vec::new());
        }
        kept.1.push((reach, spread.clone()));
        Ok(spread)
    }
}

/// Counts by the index on divisions, from provinces down while one part holds at least half of
/// all: a few enterprises elsewhere do not hide the city behind the country.
async fn count(registry: &Registry, reach: &Reach) -> Result<Spread, RegistryError> {
    let all = Query {
        reach: reach.clone(),
        ..Query::default()
    };
    let total = registry.count(&all).await?;
    let mut spread = Spread {
        area: None,
        parts: Vec::new(),
        total,
    };
    if total == 0 {
        return Ok(spread);
    }
    let mut area = None;
    loop {
        let places: Vec<&'static Division> = match area {
            None => division::provinces().collect(),
            Some::<&Division>(area) => division::children(area.code.as_str()).collect(),
        };
        let mut parts = Vec::new();
        for place in places {
            let region = place.code.as_str().to_owned();
            let number = registry
                .count(&Query {
                    region,
                    ..all.clone()
                })
                .await?;
            if number > 0 {
                parts.push((place, number));
            }
        }
        let most = parts.iter().max_by_key(|(_, number)| *number).copied();
        if parts.is_empty() {
            // enterprises known no finer than the area above
            return Ok(spread);
        }
        (spread.area, spread.parts) = (area, parts);
        match most {
            Some((place, number)) if number >= total.div_ceil(2) && place.level < Level::County => {
                area = Some(place);
            }
            _ => return Ok(spread),
        }
    }
}

/// A schematic map, row by row in the order of codes: it shows numbers, not borders.
pub(crate) fn map(spread: &Spread) -> Option<Chart> {
    if spread.parts.is_empty() {
        return None;
    }
    let area = spread
        .area
        .map_or_else(|| "全国".to_owned(), Division::full_name);
    let most = spread.parts.iter().max_by_key(|(_, number)| *number)?;
    let caption = Caption::new(
        format!("{area}市场主体分布"),
        format!(
            "{}最多，{} 家。",
            most.0.name,
            zhida_platform::format::count(most.1)
        ),
        "地区",
        "市场主体（家）",
    );
    let tiles: Vec<Tile> = spread
        .parts
        .iter()
        .enumerate()
        .map(|(at, (place, number))| {
            let href = format!("/enterprises?region={}", place.code.as_str());
            let datum = Datum::new(place.name, *number).href(href);
            Tile::new(at % COLUMNS, at / COLUMNS, datum)
        })
        .collect();
    Some(tile_map(&caption, &tiles))
}
