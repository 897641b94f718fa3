//! The enterprise's word on a case that ended: five grades, once a case (GB/T 39735-2020, 一事一评).

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use zhida_platform::access::Viewer;
use zhida_platform::audit;

use super::store;
use crate::error::Error;
use crate::rights::APPLY;
use crate::service::Redemption;

/// The five grades, from the worst; the two worst are 差评.
pub(crate) const GRADES: [&str; 5] = ["非常不满意", "不满意", "基本满意", "满意", "非常满意"];
/// Characters of a remark at most.
const WORDS_MAX: usize = 500;

/// A rating.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rated {
    /// 1 至 5，5 是非常满意。
    pub grade: i64,
    /// 等级的名称。
    pub name: &'static str,
    /// 意见。
    pub words: String,
}

impl Rated {
    pub(super) fn of(grade: i64, words: String) -> Option<Self> {
        let at = usize::try_from(grade.checked_sub(1)?).ok()?;
        let name = GRADES.get(at)?;
        Some(Self { grade, name, words })
    }
}

impl Redemption {
    /// The rating of a case.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn rating(&self, case: &str) -> Result<Option<Rated>, Error> {
        Ok(store::rating(self.db.conn(), case).await?)
    }

    /// Rates a case that ended, once.
    ///
    /// # Errors
    /// Beyond reach; still open; rated already; no such grade; the database.
    pub(crate) async fn rate(
        &self,
        viewer: &Viewer,
        id: &str,
        grade: i64,
        words: &str,
    ) -> Result<(), Error> {
        let view = self.case(viewer, APPLY, id).await?;
        if view.loaded.case.is_open() {
            return Err(Error::Refused("办结之后才能评价".to_owned()));
        }
        let words: String = words.trim().chars().take(WORDS_MAX).collect();
        let rated = Rated::of(grade, words);
        let rated = rated.ok_or_else(|| Error::field("grade", "请选一个满意度"))?;
        let now = self.clock.now();
        let entry = self
            .entry(viewer, "redemption.rate", &view)
            .after(json!({ "grade": rated.grade }));
        self.db
            .write(|tx| {
                let (rated, entry, record) = (rated.clone(), entry.clone(), &view.record);
                async move {
                    if !store::rate(&tx, record, &rated, viewer.actor(), now).await? {
                        return Err(Error::Overtaken(
                            "这件办件已经评价过，一件只评一次".to_owned(),
                        ));
                    }
                    audit::append(&tx, &entry).await?;
                    Ok(())
                }
            })
            .await
    }
}
