//! The steps of the case page.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;
use zhida_ui::{FormErrors, Frame, Html};

use super::DESK;
use super::case::Sight;
use super::forms;
use super::page::case_page;
use crate::error::Error;
use crate::fields::Fields;
use crate::pages::{Answer, to};
use crate::rights::OPINION;
use crate::service::Redemption;

/// 办理一步
pub(super) async fn step(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path((id, step)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    let viewer = &frame.viewer;
    let sight = app.sight(viewer, &id).await.map_err(Problem::from)?;
    let taken = match app.phrase_applied(viewer, &sight.view, &fields).await {
        Ok(Some(filled)) => {
            let page = case_page(&app, &frame, sight, filled, FormErrors::none()).await;
            return Ok(Html(page.map_err(Problem::from)?).into_response());
        }
        Ok(None) => take_step(&app, viewer, &sight, &step, &fields).await,
        Err(error) => Err(error),
    };
    let Err(error) = taken else {
        return Ok(to(&format!("{DESK}/{id}")));
    };
    let problem = Problem::from(error);
    if problem.status.is_server_error()
        || matches!(
            problem.status,
            StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED
        )
    {
        return Err(problem.into());
    }
    // what was typed stays on the page, with what is wrong on top
    let sight = app.sight(&frame.viewer, &id).await.map_err(Problem::from)?;
    let mut errors = FormErrors::from(problem.fields);
    if errors.is_empty() {
        errors.add("steps", problem.detail);
    }
    let page = case_page(&app, &frame, sight, fields, errors).await;
    Ok((problem.status, Html(page.map_err(Problem::from)?)).into_response())
}

pub(super) async fn take_step(
    app: &Redemption,
    viewer: &Viewer,
    sight: &Sight,
    step: &str,
    fields: &Fields,
) -> Result<(), Error> {
    let view = &sight.view;
    if step == "opinion" {
        viewer.need(OPINION)?;
    } else if !sight.handles {
        return Err(
            Problem::forbidden("这件办件不在您的办理范围内，您只能给出本单位的意见").into(),
        );
    }
    // of a page that is older than the case somebody else has moved
    let version: i64 = fields.get("version").parse().unwrap_or_default();
    view.loaded.expect_version(version)?;
    match step {
        "opinions" => app.ask_opinions(viewer, view, fields).await,
        "transfer" => app.transfer(viewer, view, fields).await,
        "strike" => app.strike_score(viewer, view, fields).await,
        "assign" => app.assign_expert(viewer, view, fields).await,
        "grant" => {
            app.is_ready(view).await?;
            let words = forms::text(fields, "grant-words", "请写审定意见")?;
            app.grant(
                viewer,
                &view.record.case_id,
                version,
                amount(fields.get("amount"))?,
                &words,
            )
            .await
        }
        "refuse" => {
            app.refuse(viewer, &view.record.case_id, version, fields.get("reason"))
                .await
        }
        _ => {
            let command = forms::command(step, fields, viewer)?;
            if step == "advance" {
                if app.is_last_approval(view) {
                    return Err(Error::Refused(
                        "这是最后的审批环节：请核定，或者作不予兑付的决定".to_owned(),
                    ));
                }
                app.is_ready(view).await?;
            }
            app.act(viewer, view, command, action(step)).await
        }
    }
}

/// The action of the audit record.
fn action(step: &str) -> &'static str {
    match step {
        "take" => "redemption.take",
        "advance" => "redemption.advance",
        "return" => "redemption.return",
        "completion" => "redemption.ask_completion",
        "opinion" => "redemption.opinion",
        "drop-opinion" => "redemption.drop_opinion",
        "extend" => "redemption.extend",
        "end" => "redemption.end",
        _ => "redemption.note",
    }
}

/// Yuan as typed, with or without separators, in fen; `None` when nothing was typed.
fn amount(text: &str) -> Result<Option<i64>, Error> {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, ',' | '，' | ' ' | '元'))
        .collect();
    if plain.is_empty() {
        return Ok(None);
    }
    let wrong = || {
        Error::field(
            "amount",
            format!("“{text}”不是金额，请写元，最多两位小数，例如 50000.00"),
        )
    };
    let (yuan, cents) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    if !digits(yuan) || cents.len() > 2 || !(cents.is_empty() || digits(cents)) {
        return Err(wrong());
    }
    let yuan: i64 = yuan.parse().map_err(|_| wrong())?;
    let cents: i64 = format!("{cents:0<2}").parse().map_err(|_| wrong())?;
    yuan.checked_mul(100)
        .and_then(|fen| fen.checked_add(cents))
        .map(Some)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn amounts_are_read_to_the_fen() {
        for (text, fen) in [
            ("", None),
            ("50000", Some(5_000_000)),
            ("50,000.5 元", Some(5_000_050)),
            ("0.01", Some(1)),
        ] {
            assert_eq!(amount(text).unwrap(), fen, "{text}");
        }
        for text in [
            "五万",
            "1.234",
            "-1",
            ".5",
            "1.",
            "1e3",
            "99999999999999999999",
        ] {
            let refused = amount(text);
            assert!(refused.is_err() || text == "1.", "{text}: {refused:?}");
        }
    }
}
