//! The page of a case.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use zhida_forms::SummaryView;
use zhida_platform::clock::to_shanghai;
use zhida_platform::format::{date_zh, datetime_zh, money_fen};
use zhida_ui::{FormErrors, Frame, Html, Page, ThreadView, Tone};

use super::PayeeFields;
use crate::apply::status::Status;
use crate::cases::{CaseView, UNFUNDED};
use crate::clawback::Recoveries;
use crate::desk::page::{Link, letters};
use crate::error::Error;
use crate::evaluation::Rated;
use crate::judgement::Judgement;
use crate::pages::{Answer, MINE, case_address};
use crate::rights::{APPLY, HANDLE, READ, sees_filled};
use crate::service::Redemption;
use crate::words::{Outcome, Stage};

#[derive(Template)]
#[template(path = "redemption/status.html")]
pub(crate) struct StatusPage {
    page: Page,
    errors: FormErrors,
    case_id: String,
    number: String,
    item: String,
    item_name: String,
    enterprise: String,
    filed: String,
    /// The day on which it ended; empty while it is under way.
    closed: String,
    amount: String,
    money: String,
    decision: String,
    letters: Vec<Link>,
    revisions: String,
    status: Status,
    is_open: bool,
    history: Vec<(String, String)>,
    judgement: Judgement,
    form: Option<SummaryView>,
    may_confirm: bool,
    may_withdraw: bool,
    completion: Vec<String>,
    has_form: bool,
    /// Name of the part that the viewer may make payable.
    next_part: String,
    /// It is the settlement: the total may be less.
    is_settlement: bool,
    recoveries: Recoveries,
    may_rate: bool,
    rated: Option<Rated>,
    asks_payee: bool,
    known_payee: String,
    payee: PayeeFields,
    messages: ThreadView,
}

/// What was typed into the page's forms.
#[derive(Default)]
pub(crate) struct Written {
    pub payee: PayeeFields,
    pub message: String,
}

impl Written {
    pub(super) fn payee(payee: PayeeFields) -> Self {
        Self {
            payee,
            message: String::new(),
        }
    }
}

/// 一件办件
pub(super) async fn status(
    State(app): State<Arc<Redemption>>,
    frame: Frame,
    Path(id): Path<String>,
) -> Answer {
    let view = app.case(&frame.viewer, READ, &id).await?;
    let payee = PayeeFields {
        holder: view.record.enterprise_name.clone(),
        ..PayeeFields::default()
    };
    let page = status_page(
        &app,
        &frame,
        &view,
        Written::payee(payee),
        FormErrors::none(),
    )
    .await?;
    Ok(Html(page).into_response())
}

pub(crate) async fn status_page(
    app: &Redemption,
    frame: &Frame,
    view: &CaseView,
    written: Written,
    errors: FormErrors,
) -> Result<StatusPage, Error> {
    let (record, case) = (&view.record, &view.loaded.case);
    let viewer = &frame.viewer;
    let own = viewer.covers(APPLY, &record.access());
    app.record_look(viewer, view, own).await?;
    let known = app.funds.payee(app.db.conn(), &record.enterprise).await?;
    let claim = zhida_funds::Claim::of(&record.case_id);
    let money = app.funds.standing(app.db.conn(), claim).await?;
    let status = app.status(view).await?;
    let is_asked = own && case.is_open() && case.stage() == Stage::Confirm;
    let may_confirm = is_asked && app.may_confirm_now(view).await?;
    let closed_by = |outcome| {
        case.ending()
            .is_some_and(|ending| ending.outcome == outcome)
    };
    let rated = app.rating(&record.case_id).await?;
    let rounds = app
        .drafts
        .submissions(app.db.conn(), &record.case_id)
        .await?;
    let href = |file: &str| format!("{}/files/{file}", case_address(&record.case_id));
    let reveal = sees_filled(viewer, &record.access());
    let form = match rounds.last() {
        Some(round) => {
            let held = app.drafts.held_files(&round.filled).await?;
            Some(SummaryView::new(&round.filled, reveal, href).held(&held))
        }
        None => None,
    };
    let typed = (written.message.as_str(), &errors);
    let messages = app.own_talk(viewer, view, typed).await?;
    let item_name = record.item_name.clone();
    let mut page = frame
        .page(item_name.clone())
        .active(MINE)
        .crumb("我的兑付", MINE);
    let item_now = app.item(&record.item);
    let is_open = item_now.is_ok_and(|item| item.is_open(app.clock.today()));
    if case.is_open() && !is_open {
        page = page.notice(
            Tone::Warning,
            "这项政策已废止、到期或撤下：已经受理的按受理时的版本办完，待确认的不能再确认。",
        );
    }
    if is_asked && !may_confirm {
        page = page.notice(Tone::Warning, UNFUNDED);
    }
    let day = |at| date_zh(to_shanghai(at).date_naive());
    Ok(StatusPage {
        page,
        errors,
        case_id: record.case_id.clone(),
        number: view.loaded.head.number.clone(),
        item: record.item.clone(),
        item_name,
        enterprise: match record.agent.is_empty() {
            true => record.enterprise_name.clone(),
            false => format!("{}（由{}代办）", record.enterprise_name, record.agent),
        },
        closed: view.loaded.head.closed_at.map(day).unwrap_or_default(),
        filed: format!("{}，{}", day(record.filed_at), record.origin.word()),
        amount: record
            .amount()
            .map_or_else(|| "待核定".to_owned(), money_fen),
        money: money.map(|money| money.words()).unwrap_or_default(),
        decision: record.decision.clone().unwrap_or_default(),
        letters: letters(app, &record.case_id).await?,
        revisions: format!(
            "事项第 {} 版，方案第 {} 版",
            record.item_revision, record.scheme_revision
        ),
        history: status
            .history
            .iter()
            .map(|line| {
                (
                    datetime_zh(line.at),
                    format!("{}（{}）", line.words, line.by),
                )
            })
            .collect(),
        status,
        is_open: case.is_open(),
        judgement: record.judgement.clone(),
        form,
        may_confirm,
        may_withdraw: own
            && case.is_open()
            && view.route.withdrawn.is_some()
            && view
                .route
                .step(case.stage())
                .is_some_and(|step| step.withdrawable),
        has_form: view.scheme.form.is_some(),
        completion: match (own, case.completion()) {
            (true, Some(completion)) => completion
                .points
                .iter()
                .map(|point| point.text.clone())
                .collect(),
            _ => Vec::new(),
        },
        next_part: view
            .next_part()
            .filter(|_| viewer.covers(HANDLE, &record.access()))
            .map(|(_, label)| label.to_owned())
            .unwrap_or_default(),
        is_settlement: view
            .next_part()
            .is_some_and(|(made, _)| made + 1 == view.scheme.parts.len()),
        recoveries: app.recoveries(viewer, view).await?,
        may_rate: own
            && rated.is_none()
            && (closed_by(Outcome::Paid) || closed_by(Outcome::Refused)),
        rated,
        asks_payee: may_confirm && view.scheme.asks_payee && known.is_none(),
        known_payee: known
            .map(|payee| format!("{}，尾号 {}", payee.bank, payee.last_four))
            .unwrap_or_default(),
        payee: written.payee,
        messages,
    })
}
