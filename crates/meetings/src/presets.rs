//! Rhythms that some places have published, as data in `data/meetings/presets.yaml`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::words::Every;

const FILE: &str = include_str!("../../../data/meetings/presets.yaml");

/// The rhythm of a place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Its id.
    pub id: String,
    /// Its name with the place.
    pub name: String,
    /// Where it is written.
    pub source: String,
    /// How often.
    pub every: Every,
    /// On which day, 1 for Monday.
    pub weekday: u8,
    /// Which one of the month, 5 for the last; 0 for rhythms of weeks.
    #[serde(default)]
    pub week: u8,
    /// Days that a task has, where the source says so.
    #[serde(default)]
    pub task_days: Option<i64>,
    /// What the source does not say.
    #[serde(default)]
    pub assumed: String,
}

static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    serde_norway::from_str(FILE)
        .unwrap_or_else(|error| panic!("data/meetings/presets.yaml：{error}"))
});

/// All, in the order of the file. A file that does not fit stops the program at its start, which tests would see.
#[must_use]
pub fn presets() -> &'static [Preset] {
    &PRESETS
}

#[cfg(test)]
mod tests {
    use crate::rhythm::Rhythm;

    use super::*;

    #[test]
    fn every_preset_is_a_rhythm_with_its_source() {
        assert_eq!(presets().len(), 7);
        for preset in presets() {
            let day = chrono::NaiveDate::default();
            let rhythm = Rhythm::new(preset.every, preset.weekday, preset.week, day);
            assert!(
                rhythm.is_ok() && preset.source.contains("种子材料"),
                "{}",
                preset.id
            );
        }
    }
}
