//! 兑付评估.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use zhida_platform::format::{count, money_fen};
use zhida_ui::chart::{Caption, Datum, bars};
use zhida_ui::{Frame, Html, Page};

use super::rating::GRADES;
use super::scorecard::Scorecard;
use crate::pages::{Answer, EVALUATION};
use crate::rights::HANDLE;
use crate::service::Redemption;

pub(crate) fn routes(app: Arc<Redemption>) -> Router {
    Router::new()
        .route("/redemption/evaluation", get(items))
        .route("/redemption/evaluation/{item}", get(scorecard))
        .with_state(app)
}

#[derive(Template)]
#[template(path = "redemption/evaluation.html")]
struct ItemsPage {
    page: Page,
    lines: Vec<(String, String, String)>,
}

/// 兑付评估
async fn items(State(app): State<Arc<Redemption>>, frame: Frame) -> Answer {
    frame.viewer.need(HANDLE)?;
    let lines = app
        .schemes()
        .await?
        .into_iter()
        .filter(|line| line.revision > 0);
    Ok(Html(ItemsPage {
        page: frame
            .page("兑付评估")
            .lead("每个事项惠及了谁、花了多少天、企业怎么说、资金拨付之后有什么变化。")
            .active(EVALUATION)
            .office(),
        lines: lines
            .map(|line| (line.item, line.name, line.department))
            .collect(),
    })
    .into_response())
}

#[derive(Template)]
#[template(path = "redemption/scorecard.html")]
struct ScorecardPage {
    page: Page,
    card: Scorecard,
    eligible: String,
    paid: String,
    steps: String,
    materials: String,
    days: String,
    satisfaction: String,
    grades: Option<zhida_ui::chart::Chart>,
}

/// 一个事项的评估
async fn scorecard(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(item): Path<String>,
) -> Answer {
    let card = app.scorecard(&frame.viewer, &item).await?;
    let rated: i64 = card.grades.iter().sum();
    let data: Vec<Datum> = GRADES
        .iter()
        .zip(card.grades)
        .rev()
        .map(|(name, number)| Datum::new(*name, number.unsigned_abs()))
        .collect();
    let told = format!("共 {rated} 条评价。");
    let caption = Caption::new("企业评价", told, "满意度", "件");
    Ok(Html(ScorecardPage {
        page: frame
            .page(format!("兑付评估：{}", card.name))
            .active(EVALUATION)
            .crumb("兑付评估", EVALUATION)
            .office(),
        eligible: card.eligible.map_or_else(
            || "暂不能测算".to_owned(),
            |eligible| format!("{} 家", count(eligible)),
        ),
        paid: money_fen(card.paid_fen),
        steps: format!("{} 个", card.steps),
        materials: format!("{} 份", card.materials),
        days: card.days.map_or_else(
            || "办结太少，还说不准".to_owned(),
            |days| format!("一半不超过 {} 天，九成不超过 {} 天", days.median, days.p90),
        ),
        satisfaction: card.satisfaction.map_or_else(
            || "还没有评价".to_owned(),
            |thousandths| format!("{}.{}%", thousandths / 10, thousandths % 10),
        ),
        grades: (rated > 0).then(|| bars(&caption, &data)),
        card,
    })
    .into_response())
}
