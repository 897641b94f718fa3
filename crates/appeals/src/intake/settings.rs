//! What the city allows and limits at intake, in revisions.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use zhida_platform::access::Viewer;
use zhida_platform::audit::{self, Entry};
use zhida_platform::problem::Problem;

use super::store;
use crate::error::Error;
use crate::model::{FILES_MAX, TEXT_MAX};
use crate::rights::SETUP;
use crate::service::Appeals;

/// The settings of intake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct IntakeSettings {
    /// Whether the page takes appeals of people without an account.
    pub anonymous_page: bool,
    /// Whether QR codes take them.
    pub anonymous_codes: bool,
    /// Characters of a text at most.
    pub text_max: u32,
    /// Files of one appeal at most.
    pub files_max: u32,
    /// Minutes within which the same text from the same source is one appeal.
    pub repeat_minutes: u32,
    /// Appeals of one account in 24 hours at most.
    pub account_day_max: u32,
    /// Appeals through one QR code in ten minutes at most.
    pub code_ten_minutes_max: u32,
    /// Appeals without an account from one address in ten minutes at most; QR codes are counted by themselves.
    pub address_ten_minutes_max: u32,
    /// `jurisdiction_id` of Open311; empty when clients need not name one.
    pub jurisdiction: String,
    /// Telephone of the hotline, shown where the page cannot help; empty for none.
    pub hotline: String,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        Self {
            anonymous_page: true,
            anonymous_codes: true,
            text_max: TEXT_MAX as u32,
            files_max: FILES_MAX as u32,
            repeat_minutes: 30,
            account_day_max: 30,
            code_ten_minutes_max: 30,
            address_ten_minutes_max: 30,
            jurisdiction: String::new(),
            hotline: "12345".to_owned(),
        }
    }
}

impl IntakeSettings {
    /// All that is wrong with them, at its field.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let mut problem = Problem::bad_input("登记设置有误");
        let mut within = |field: &str, value: u32, low: u32, high: u32, words: &str| {
            if !(low..=high).contains(&value) {
                let sentence = format!("{words}应在 {low} 至 {high} 之间");
                problem = problem.clone().field(field, sentence);
            }
        };
        within("text_max", self.text_max, 100, TEXT_MAX as u32, "字数上限");
        within(
            "files_max",
            self.files_max,
            0,
            FILES_MAX as u32,
            "附件个数上限",
        );
        within("repeat_minutes", self.repeat_minutes, 0, 1_440, "分钟数");
        within("account_day_max", self.account_day_max, 1, 1_000, "件数");
        for (field, most) in [
            ("code_ten_minutes_max", self.code_ten_minutes_max),
            ("address_ten_minutes_max", self.address_ten_minutes_max),
        ] {
            within(field, most, 1, 10_000, "件数");
        }
        if self.jurisdiction.chars().count() > 100 || self.hotline.chars().count() > 40 {
            problem = problem.field(
                "jurisdiction",
                "辖区标识最多 100 个字，热线号码最多 40 个字",
            );
        }
        match problem.fields.is_empty() {
            true => Ok(()),
            false => Err(problem),
        }
    }
}

impl Appeals {
    /// The settings in force, and their revision; 0 before anybody set any.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn intake_settings(&self) -> Result<(IntakeSettings, i64), Error> {
        Ok(store::settings(self.db.conn()).await?.unwrap_or_default())
    }

    /// Makes a new revision of the settings, when nobody else has made one since.
    ///
    /// # Errors
    /// No right; a value out of bounds; somebody was faster; the database.
    pub(crate) async fn set_intake_settings(
        &self,
        viewer: &Viewer,
        settings: &IntakeSettings,
        seen: i64,
    ) -> Result<(), Error> {
        viewer.need(SETUP)?;
        settings.check()?;
        let now = self.clock.now();
        self.db
            .write(|tx| async move {
                let (before, revision) = store::settings(&tx).await?.unwrap_or_default();
                if revision != seen {
                    return Err(Problem::conflict("登记设置已由别人改过").into());
                }
                store::insert_settings(&tx, revision + 1, settings, now, viewer.actor()).await?;
                let entry = Entry::new(
                    now,
                    viewer,
                    "appeals.set_intake",
                    "appeal_intake_settings",
                    (revision + 1).to_string(),
                )
                .before(json!(before))
                .after(json!(settings));
                audit::append(&tx, &entry).await?;
                Ok(())
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_be_saved_and_nonsense_cannot() {
        assert!(IntakeSettings::default().check().is_ok());
        let wrong = IntakeSettings {
            text_max: 1,
            hotline: "1".repeat(41),
            ..IntakeSettings::default()
        };
        let Err(problem) = wrong.check() else {
            panic!("it is refused");
        };
        let fields: Vec<&str> = problem
            .fields
            .iter()
            .map(|one| one.field.as_str())
            .collect();
        assert_eq!(fields, ["text_max", "jurisdiction"]);
    }
}
