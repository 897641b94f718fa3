//! The rule editor: for officers, and only where pages may write.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;
use zhida_rules::{BenefitKind, RoundTo, RuleError};
use zhida_ui::{Choice, FormErrors, Frame, Html, Page, PageError};

use crate::analysis;
use crate::error::Error;
use crate::forms::{ConditionRow, EditForm, form_field};
use crate::lint::{Finding, Severity};
use crate::model::{PolicyDocument, PolicyEntry};
use crate::pages::App;
use crate::preview::PreviewResult;
use crate::read::{Issue, benefit_slug, round_word};
use crate::rights::EDIT;
use crate::service::{Checked, Policies};
use crate::vocabulary::{Category, Delivery, DeliveryBasis, Theme};

type Answer = Result<Response, PageError>;

#[derive(Template)]
#[template(path = "policies/edit.html")]
struct EditPage {
    page: Page,
    form: EditForm,
    errors: FormErrors,
    rows: Vec<ConditionRow>,
    choices: Choices,
    check: Option<CheckView>,
    action: String,
    cancel: String,
    is_new: bool,
}

#[derive(Template)]
#[template(path = "policies/check.html")]
struct CheckFragment {
    check: Option<CheckView>,
}

struct Choices {
    documents: Vec<Choice>,
    themes: Vec<Choice>,
    categories: Vec<Choice>,
    deliveries: Vec<Choice>,
    bases: Vec<Choice>,
    sizes: Vec<Choice>,
    kinds: Vec<Choice>,
    rounds: Vec<Choice>,
    budget: Vec<Choice>,
    confirm: Vec<Choice>,
}

impl Choices {
    fn new(form: &EditForm, documents: &[PolicyDocument]) -> Self {
        let pick = |name: &str, options: &[(&str, &str)]| -> Vec<Choice> {
            let current = form.get(name).to_owned();
            options
                .iter()
                .map(|(value, label)| Choice::new(*value, *label, &current))
                .collect()
        };
        let sizes = ["微型", "小型", "中型", "大型"];
        Self {
            documents: documents
                .iter()
                .map(|one| Choice::new(&one.id, &one.title, form.get("document_id")))
                .collect(),
            themes: pick("theme", &pairs(Theme::ALL, Theme::slug, Theme::word)),
            categories: pick(
                "category",
                &pairs(Category::ALL, Category::slug, Category::word),
            ),
            deliveries: pick(
                "delivery",
                &pairs(Delivery::ALL, Delivery::slug, Delivery::word),
            ),
            bases: pick(
                "delivery_basis",
                &pairs(DeliveryBasis::ALL, DeliveryBasis::slug, DeliveryBasis::word),
            ),
            sizes: sizes
                .iter()
                .map(|size| Choice {
                    chosen: form.has("sizes", size),
                    ..Choice::new(*size, *size, "")
                })
                .collect(),
            kinds: pick(
                "benefit-kind",
                &[
                    (benefit_slug(BenefitKind::Money), "金额：按公式计算"),
                    (benefit_slug(BenefitKind::Assessed), "待评审：由评审确定"),
                    (benefit_slug(BenefitKind::Right), "权益、资质等，不是金额"),
                    ("none", "暂不填写"),
                ],
            ),
            rounds: pick(
                "benefit-round_to",
                &[RoundTo::Fen, RoundTo::Yuan, RoundTo::Wan]
                    .map(|one| (round_word(one), round_word(one))),
            ),
            budget: pick(
                "benefit-budget_limited",
                &[("yes", "视当年预算调整，结果只作上限")],
            ),
            confirm: vec![Choice::new("yes", "我已看过检查结果，确认发布", "")],
        }
    }
}

fn pairs<T: Copy>(
    all: &'static [T],
    slug: fn(T) -> &'static str,
    word: fn(T) -> &'static str,
) -> Vec<(&'static str, &'static str)> {
    all.iter().map(|one| (slug(*one), word(*one))).collect()
}

/// What the check shows.
struct CheckView {
    mistakes: Vec<Mistake>,
    lines: Vec<(String, String, String)>,
    formula: Option<(String, String)>,
    amount: String,
    findings: Vec<(Finding, &'static str)>,
    preview: Option<PreviewView>,
    preview_problem: String,
    valid: bool,
}

struct Mistake {
    field: String,
    message: String,
    hint: String,
    /// The rule's text before, at and after the place.
    marked: Option<(String, String, String)>,
}

struct PreviewView {
    matched: String,
    unknown: String,
    near: String,
    cost: String,
    note: String,
}

#[derive(serde::Deserialize)]
pub(crate) struct NewParameters {
    #[serde(default)]
    document: String,
}

/// 新建事项
pub(crate) async fn new(
    State(app): State<App>,
    frame: Frame,
    Parameters(parameters): Parameters<NewParameters>,
) -> Answer {
    frame.viewer.need(EDIT)?;
    let form = EditForm::blank(&parameters.document);
    Ok(
        Html(page(&app.policies, &frame, form, FormErrors::none(), None, None).await?)
            .into_response(),
    )
}

/// 编辑事项
pub(crate) async fn edit(State(app): State<App>, frame: Frame, Path(id): Path<String>) -> Answer {
    frame.viewer.need(EDIT)?;
    let shown = app.policies.item(&id).await.map_err(Problem::from)?;
    let entry = shown.record.draft.as_ref().or(shown.entry());
    let Some(entry) = entry else {
        return Err(Problem::from(Error::NoItem(id)).into());
    };
    let form = EditForm::of(entry, shown.record.revision);
    let check = check_view(&app, entry).await;
    let id = Some(shown.record.id.as_str());
    let page = page(
        &app.policies,
        &frame,
        form,
        FormErrors::none(),
        Some(check),
        id,
    )
    .await?;
    Ok(Html(page).into_response())
}

async fn page(
    policies: &Policies,
    frame: &Frame,
    form: EditForm,
    errors: FormErrors,
    check: Option<CheckView>,
    id: Option<&str>,
) -> Result<EditPage, Problem> {
    let documents = match id {
        Some(_) => vec![policies.document(form.get("document_id")).await?],
        None => policies.documents().await?,
    };
    let title = if id.is_some() {
        "编辑政策事项"
    } else {
        "新建政策事项"
    };
    let path = id.map_or_else(
        || "/policies/new".to_owned(),
        |id| format!("/policies/{id}/edit"),
    );
    Ok(EditPage {
        page: frame
            .page(title)
            .lead("条款原文旁边写规则；改动后自动检查，发布后成为新的一版，旧版保留。")
            .active("/policies")
            .crumb("惠企政策库", "/policies")
            .office(),
        rows: form.rows(),
        choices: Choices::new(&form, &documents),
        cancel: id.map_or_else(|| "/policies".to_owned(), |id| format!("/policies/{id}")),
        action: path,
        is_new: id.is_none(),
        form,
        errors,
        check,
    })
}

/// 检查（不保存）
pub(crate) async fn check(
    State(app): State<App>,
    frame: Frame,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    frame.viewer.need(EDIT)?;
    let form = EditForm::sent(fields);
    let document = app.policies.document(form.get("document_id")).await;
    let view = match document.map(|document| form.entry(&document)) {
        Ok(Ok(entry)) => check_view(&app, &entry).await,
        Ok(Err(issues)) => CheckView::refused(issues),
        Err(error) => CheckView::refused(vec![Issue::new(
            "document_id",
            error.to_string(),
            "请选择政策文件",
        )]),
    };
    if frame.htmx {
        return Ok(Html(CheckFragment { check: Some(view) }).into_response());
    }
    let id = match form.get("revision") {
        "0" => None,
        _ => Some(form.get("id").to_owned()),
    };
    let page = page(
        &app.policies,
        &frame,
        form,
        FormErrors::none(),
        Some(view),
        id.as_deref(),
    )
    .await?;
    Ok(Html(page).into_response())
}

/// 保存草稿或发布
pub(crate) async fn submit(
    State(app): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    frame.viewer.need(EDIT)?;
    let record = app.policies.item(&id).await.map_err(Problem::from)?.record;
    let mut form = EditForm::sent(fields);
    form.set("id", &record.id);
    form.set("document_id", &record.document_id);
    save(&app, &frame, form, Some(record.id)).await
}

/// 保存新事项的草稿或发布
pub(crate) async fn submit_new(
    State(app): State<App>,
    frame: Frame,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    frame.viewer.need(EDIT)?;
    let mut form = EditForm::sent(fields);
    form.set("revision", "0");
    if app.policies.item(form.get("id")).await.is_ok() {
        let mut errors = FormErrors::none();
        errors.add("id", "这个标识已经用过，请换一个");
        return again(&app, &frame, form, errors, None, None).await;
    }
    save(&app, &frame, form, None).await
}

async fn again(
    app: &App,
    frame: &Frame,
    form: EditForm,
    errors: FormErrors,
    check: Option<CheckView>,
    id: Option<&str>,
) -> Answer {
    let page = page(&app.policies, frame, form, errors, check, id).await?;
    Ok((StatusCode::BAD_REQUEST, Html(page)).into_response())
}

async fn save(app: &App, frame: &Frame, form: EditForm, id: Option<String>) -> Answer {
    let policies = &app.policies;
    let id = id.as_deref();
    let mut errors = FormErrors::none();
    let document = match policies.document(form.get("document_id")).await {
        Ok(document) => document,
        Err(_) => {
            errors.add("document_id", "请选择政策文件");
            return again(app, frame, form, errors, None, id).await;
        }
    };
    let entry = match form.entry(&document) {
        Ok(entry) => entry,
        Err(issues) => {
            issues
                .iter()
                .for_each(|issue| errors.add(form_field(&issue.field), sentence(issue)));
            return again(
                app,
                frame,
                form,
                errors,
                Some(CheckView::refused(issues)),
                id,
            )
            .await;
        }
    };
    let actor = &frame.viewer;
    let address = format!("/policies/{}", entry.item.id);
    if form.get("do") != "publish" {
        policies
            .save_draft(actor, &entry)
            .await
            .map_err(Problem::from)?;
        return Ok(Redirect::to(&format!("{address}/edit")).into_response());
    }
    let check = check_view(app, &entry).await;
    check
        .mistakes
        .iter()
        .for_each(|one| errors.add(&one.field, one.message.clone()));
    if form.get("confirm") != "yes" {
        errors.add("confirm", "请看过检查结果后勾选确认");
    }
    if !errors.is_empty() {
        return again(app, frame, form, errors, Some(check), id).await;
    }
    let expected = form.get("revision").parse().ok();
    policies
        .publish(actor, entry, expected)
        .await
        .map_err(Problem::from)?;
    Ok(Redirect::to(&address).into_response())
}

/// 撤下
pub(crate) async fn withdraw(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Answer {
    viewer.need(EDIT)?;
    let record = app.policies.item(&id).await.map_err(Problem::from)?.record;
    app.policies
        .withdraw(&viewer, &record.id)
        .await
        .map_err(Problem::from)?;
    Ok(Redirect::to(&format!("/policies/{}", record.id)).into_response())
}

/// 恢复发布
pub(crate) async fn reinstate(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Answer {
    viewer.need(EDIT)?;
    let record = app.policies.item(&id).await.map_err(Problem::from)?.record;
    app.policies
        .reinstate(&viewer, &record.id)
        .await
        .map_err(Problem::from)?;
    Ok(Redirect::to(&format!("/policies/{}", record.id)).into_response())
}

fn sentence(issue: &Issue) -> String {
    match issue.hint.is_empty() {
        true => issue.message.clone(),
        false => format!("{}。{}", issue.message, issue.hint),
    }
}

impl CheckView {
    fn refused(issues: Vec<Issue>) -> Self {
        let mistakes = issues
            .into_iter()
            .map(|issue| Mistake {
                field: form_field(&issue.field),
                message: issue.message,
                hint: issue.hint,
                marked: None,
            })
            .collect();
        Self {
            mistakes,
            lines: Vec::new(),
            formula: None,
            amount: String::new(),
            findings: Vec::new(),
            preview: None,
            preview_problem: String::new(),
            valid: false,
        }
    }
}

async fn check_view(app: &App, entry: &PolicyEntry) -> CheckView {
    let policies = &app.policies;
    let (today, dictionary) = (policies.today(), policies.dictionary());
    let Checked { rules, findings } = policies.check(entry);
    let findings = findings
        .into_iter()
        .filter(|finding| !matches!(finding.code, "unknown_attribute" | "rule_error"))
        .map(|finding| {
            let tone = match finding.severity {
                Severity::Error => "red",
                Severity::Warning => "yellow",
                Severity::Notice => "grey",
            };
            (finding, tone)
        })
        .collect();
    let rules = match rules {
        Ok(rules) => rules,
        Err(errors) => {
            let mistakes = errors.iter().map(|error| mistake(entry, error)).collect();
            return CheckView {
                mistakes,
                findings,
                ..CheckView::refused(Vec::new())
            };
        }
    };
    let (mut preview, mut preview_problem) = (None, String::new());
    if let Some(provider) = &app.preview {
        match provider.preview(&rules, today).await {
            Ok(result) => preview = Some(PreviewView::new(&result)),
            Err(problem) => preview_problem = problem.detail,
        }
    }
    CheckView {
        mistakes: Vec::new(),
        lines: rules
            .conditions()
            .iter()
            .map(|one| {
                let normal = rules.normal_text(dictionary, one).unwrap_or_default();
                (one.text.clone(), rules.plain_text(dictionary, one), normal)
            })
            .collect(),
        formula: analysis::formula_texts(entry, &rules, dictionary),
        amount: analysis::amount_text(&rules, dictionary, today).unwrap_or_default(),
        findings,
        preview,
        preview_problem,
        valid: true,
    }
}

fn mistake(entry: &PolicyEntry, error: &RuleError) -> Mistake {
    let issue = analysis::rule_issue(error, entry.automatic_conditions().len());
    let text = source_text(entry, &issue.field);
    let marked = error.at.zip(text).map(|(span, text)| {
        let part = |from: usize, to: usize| {
            text.chars()
                .skip(from)
                .take(to.saturating_sub(from))
                .collect()
        };
        (
            part(0, span.start),
            part(span.start, span.end),
            part(span.end, usize::MAX),
        )
    });
    Mistake {
        field: form_field(&issue.field),
        message: issue.message,
        hint: issue.hint,
        marked,
    }
}

/// The text in which a mistake lies.
fn source_text<'e>(entry: &'e PolicyEntry, field: &str) -> Option<&'e str> {
    let benefit = entry.item.benefit.as_ref();
    match field {
        "benefit.formula" => benefit?.formula.as_deref(),
        "benefit.cap" => benefit?.cap.as_deref(),
        "benefit.floor" => benefit?.floor.as_deref(),
        "benefit.de_minimis" => benefit?.de_minimis.as_deref(),
        _ => {
            let number: usize = field
                .strip_prefix("conditions[")?
                .split_once(']')?
                .0
                .parse()
                .ok()?;
            entry
                .item
                .conditions
                .get(number.checked_sub(1)?)?
                .rule
                .as_deref()
        }
    }
}

impl PreviewView {
    fn new(result: &PreviewResult) -> Self {
        let count = zhida_platform::format::count;
        let cost = match (&result.amount_low, &result.amount_high) {
            (Some(low), Some(high)) if low == high => analysis::yuan(low),
            (Some(low), Some(high)) => format!("{}～{}", analysis::yuan(low), analysis::yuan(high)),
            (Some(low), None) => format!("{} 以上", analysis::yuan(low)),
            (None, Some(high)) => format!("最高 {}", analysis::yuan(high)),
            (None, None) => "不能测算".to_owned(),
        };
        Self {
            matched: count(result.matched),
            unknown: count(result.unknown),
            near: count(result.near),
            cost,
            note: result
                .sampled
                .map(|sampled| format!("按抽取的 {} 家推算", count(sampled)))
                .unwrap_or_default(),
        }
    }
}
