//! Clock presets: how long each step may take, as published rules of cities say. Data, in `data/appeals/presets/`.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use zhida_casework::{Limit, Term};

use crate::words::{Stage, Track};

/// The rules of one city as a file says them. Limits are written as [`Limit`] reads them: `5 个工作日`, `24 小时`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Stable slug.
    pub id: String,
    /// Chinese name, for choosing: 泉州（3-7）.
    pub name: String,
    /// The rule in words, as its source has it.
    pub rule: String,
    /// Where it comes from.
    pub source: String,
    /// What of the numbers below is our reading and not the source's; empty when they are all the source's.
    #[serde(default)]
    pub assumption: String,
    /// 受理: from registration.
    pub intake: Limit,
    /// 交办: from acceptance.
    pub dispatch: Limit,
    /// 响应: from when the lead body got it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Limit>,
    /// 初步答复 or plan: from when the lead body got it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Limit>,
    /// 办理 for each track: from when the lead body got it.
    pub handle: Vec<TrackLimit>,
    /// 协办: each body's own time.
    pub opinion: Limit,
    /// 延期.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<Extension>,
    /// 派单异议.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objection: Option<Objection>,
    /// 回访: from the reply.
    pub visit: Limit,
    /// Until when after the end the appellant may have it taken up again.
    pub reopening: Limit,
    /// Worked examples; a test computes each.
    pub examples: Vec<Example>,
}

/// The time for handling of one track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackLimit {
    /// The track.
    pub track: Track,
    /// The time.
    pub limit: Limit,
}

/// Extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// How often.
    pub times: u32,
    /// By how much each time, in the unit of handling.
    pub most: Term,
    /// How long before the end it must be asked for; until the end when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead: Option<Term>,
}

/// Objections to dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objection {
    /// Until when after the dispatch.
    pub window: Limit,
    /// The time for deciding.
    pub decide: Limit,
}

/// A worked example: an appeal that reaches a stage at a time is due there at another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The stage of which the clock is looked at.
    pub stage: Stage,
    /// The track.
    #[serde(default = "simple")]
    pub track: Track,
    /// When the clock begins, in China's time: `2026-09-18T16:50:00+08:00`.
    pub start: DateTime<Utc>,
    /// How often it is extended by as much as the rule allows.
    #[serde(default)]
    pub extended: u32,
    /// When it is due, in the words of a page: `2026年9月24日 24:00`.
    pub due: String,
}

fn simple() -> Track {
    Track::Simple
}

impl Preset {
    /// The time for handling on a track; what the preset does not name is handled as the next harder one that it does.
    #[must_use]
    pub fn handling(&self, track: Track) -> Limit {
        let harder = self.handle.iter().filter(|one| one.track >= track);
        let chosen = harder.min_by_key(|one| one.track);
        let last = self.handle.iter().max_by_key(|one| one.track);
        chosen
            .or(last)
            .map_or(Limit::working_days(15), |one| one.limit)
    }

    /// A preset by its slug.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        presets().iter().find(|preset| preset.id == id)
    }
}

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../../../data/appeals/presets/", $name, ".yaml")))),+]
    };
}

/// The shipped presets, in the order of lists.
#[must_use]
pub fn presets() -> &'static [Preset] {
    static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
        let files = files!(
            "shanghai_1_5_15",
            "huzhou",
            "qiantang",
            "linping",
            "shandong",
            "zaozhuang",
            "jiangmen",
            "jinniu",
            "quanzhou",
            "xuchang",
            "bozhou",
            "zhuzhou",
            "luqiao",
            "jinan",
            "weifang",
            "beijing",
            "beijing_db",
        );
        let read = |(name, text): (&str, &str)| {
            let read: Result<Preset, _> = serde_norway::from_str(text);
            read.map_err(|error| tracing::error!(%error, name, "时限预设读不出来"))
                .ok()
        };
        files.into_iter().filter_map(read).collect()
    });
    &PRESETS
}
