//! What stands against publishing a scheme. Errors block: cases run by it as it stands.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;
use zhida_casework::{Term, Unit};
use zhida_policies::lint::Severity;
use zhida_policies::{Delivery, PublishedItem};
use zhida_rules::BenefitKind;
use zhida_standards::calendar;

use super::model::Scheme;
use super::preset::{self, Class, Preset};
use crate::words::{Period, Release, Stage};

/// 方案质检的一个问题。
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SchemeFinding)]
pub struct Finding {
    /// 检查的标识。
    pub code: &'static str,
    /// 严重程度：错误不改不能发布。
    pub severity: Severity,
    /// 哪个字段。
    pub field: &'static str,
    /// 发现了什么。
    pub message: String,
    /// 怎么改。
    pub hint: String,
}

/// What a scheme is looked at with.
pub(crate) struct Context<'a> {
    pub item: &'a PublishedItem,
    pub today: NaiveDate,
    /// Slugs of the lists that there are.
    pub lists: &'a BTreeSet<String>,
    /// Whether money of this year is there for the item.
    pub has_pool: bool,
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(
        &mut self,
        severity: Severity,
        (code, field): (&'static str, &'static str),
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.0.push(Finding {
            code,
            severity,
            field,
            message: message.into(),
            hint: hint.into(),
        });
    }

    fn error(
        &mut self,
        at: (&'static str, &'static str),
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.add(Severity::Error, at, message, hint);
    }
}

/// All findings, errors first.
pub(crate) fn lint(scheme: &Scheme, context: &Context<'_>) -> Vec<Finding> {
    let mut found = Findings(Vec::new());
    of_item(scheme, context, &mut found);
    of_route(scheme, &mut found);
    of_parts(scheme, context, &mut found);
    of_money(scheme, context, &mut found);
    match preset::class(&scheme.preset, &scheme.class) {
        Some((preset, class)) => of_class(scheme, context, preset, class, &mut found),
        None => found.error(
            ("preset", "class"),
            format!("没有预设“{}/{}”", scheme.preset, scheme.class),
            "请在列表里选一个预设",
        ),
    }
    found.0.sort_by_key(|finding| finding.severity);
    found.0
}

/// What of the item itself stands against this way of carrying it out.
fn of_item(scheme: &Scheme, context: &Context<'_>, found: &mut Findings) {
    let item = context.item;
    let delivery = item.elements.delivery;
    if scheme.delivery != delivery {
        found.error(
            ("delivery", "delivery"),
            format!(
                "方案是{}，事项的兑现方式是{}",
                scheme.delivery.word(),
                delivery.word()
            ),
            "请先改事项，或按事项的兑现方式重做方案",
        );
    }
    let manual = item.rules.manual_count();
    let decides = scheme.route.iter().any(|step| step.stage.is_approval());
    if manual > 0 && !decides {
        found.error(
            ("manual", "route"),
            format!("事项有 {manual} 条要人工核验的条件，方案里却没有人来核验"),
            "请加上审核或审定环节，或把条件改成可以由数据判断的规则",
        );
    }
    let assessed = item
        .elements
        .benefit
        .as_ref()
        .is_none_or(|benefit| benefit.kind == BenefitKind::Assessed || benefit.budget_limited);
    let is_right =
        matches!(&item.elements.benefit, Some(benefit) if benefit.kind == BenefitKind::Right);
    if assessed && !decides {
        found.error(
            ("amount", "route"),
            "事项的金额不能由数据算出来，方案里却没有人来审定金额",
            "请加上审定环节，或给事项写出兑现金额的公式",
        );
    }
    if is_right && scheme.has(Stage::Payment) {
        found.error(
            ("right", "route"),
            "事项给的是权益或资质，没有可以拨付的金额",
            "请去掉拨付环节",
        );
    }
    if !is_right && !scheme.has(Stage::Payment) {
        found.error(
            ("payment", "route"),
            "事项给的是资金，方案里没有拨付环节",
            "请加上拨付环节",
        );
    }
}

/// What a route must be whatever the preset.
fn of_route(scheme: &Scheme, found: &mut Findings) {
    let at = |code| (code, "route");
    if scheme.route.is_empty() {
        return found.error(at("route"), "方案没有环节", "请至少填一个环节的时限");
    }
    let mut stages = scheme.route.iter().map(|step| step.stage);
    let sorted: BTreeSet<Stage> = stages.clone().collect();
    if !stages.clone().eq(sorted.iter().copied()) {
        found.error(
            at("order"),
            "环节重复，或先后次序不对",
            format!(
                "请按这个次序，每个环节一次：{}",
                words(sorted.iter().copied())
            ),
        );
    }
    let confirms = stages.any(|stage| stage == Stage::Confirm);
    match scheme.delivery {
        Delivery::NoApplication if !confirms => found.error(
            at("confirm"),
            "免申即享要先由企业确认意愿",
            "请加上意愿确认环节",
        ),
        Delivery::Instant | Delivery::Application if confirms => found.error(
            at("confirm"),
            "企业自己申请的事项不用再确认意愿",
            "请去掉意愿确认环节",
        ),
        _ => {}
    }
    let approvals = scheme.route.iter().filter(|step| step.stage.is_approval());
    if scheme.delivery == Delivery::Application && approvals.count() == 0 {
        found.error(
            at("approval"),
            "申报类事项至少要有一个审批环节",
            "请加上审核或审定；不用审批的事项请改成即申即享",
        );
    }
    let asks = [Stage::Accept, Stage::Review]
        .into_iter()
        .any(|stage| scheme.has(stage));
    if asks && scheme.completion.is_none() {
        found.error(
            ("completion", "completion"),
            "有受理或审核环节，却没有补正期限",
            "请填企业补正的期限，例如“10 个工作日”",
        );
    }
}

/// Without a pool of this year nothing can be decided: the enterprise would be told so only when it files.
fn of_money(scheme: &Scheme, context: &Context<'_>, found: &mut Findings) {
    if context.has_pool || !scheme.has(Stage::Payment) {
        return;
    }
    let year = context.today.year();
    let when = match scheme.decides_at_once() {
        true => "企业现在提交不了、确认不了",
        false => "办件到核定时会停下",
    };
    found.add(
        Severity::Warning,
        ("pool", "route"),
        format!("事项没有启用的 {year} 年资金池，{when}"),
        format!("请资金经办在“资金”页面为这个事项建立（或启用）{year} 年的资金池"),
    );
}

/// What goes with the stages: departments, scoring sheet, parts of the payment, lists.
fn of_parts(scheme: &Scheme, context: &Context<'_>, found: &mut Findings) {
    if scheme.has(Stage::Joint) == scheme.reviewers.is_empty() {
        found.error(
            ("reviewers", "reviewers"),
            "部门联审环节和联审部门要同时有或同时没有",
            "请一行写一个部门和它的回复期限，或去掉联审环节",
        );
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = scheme
        .reviewers
        .iter()
        .find(|one| !names.insert(&one.department))
    {
        found.error(
            ("reviewers_twice", "reviewers"),
            format!("“{}”写了两遍", twice.department),
            "请去掉一个",
        );
    }
    match (&scheme.scoring, scheme.has(Stage::Scoring)) {
        (None, true) => found.error(
            ("scoring", "criteria"),
            "有专家评审环节，却没有打分表",
            "请一行写一个评分项和满分",
        ),
        (Some(_), false) => found.error(
            ("scoring", "criteria"),
            "有打分表，却没有专家评审环节",
            "请加上专家评审环节，或清空打分表",
        ),
        (Some(sheet), true) => {
            let total: u32 = sheet.criteria.iter().map(|one| one.max).sum();
            if sheet.experts == 0 || sheet.criteria.is_empty() || sheet.pass > total {
                found.error(
                    ("scoring_sheet", "criteria"),
                    format!("打分表要有专家、有评分项，通过分不能超过满分 {total}"),
                    "请改正专家人数、评分项或通过分",
                );
            } else if sheet.experts % 2 == 0 {
                found.add(
                    Severity::Warning,
                    ("scoring_even", "experts"),
                    format!("专家人数 {} 是双数", sheet.experts),
                    "建议用单数",
                );
            }
        }
        (None, false) => {}
    }
    let percents: u32 = scheme.parts.iter().map(|part| part.percent).sum();
    if !scheme.parts.is_empty()
        && (percents != 100 || scheme.parts.iter().any(|part| part.percent == 0))
    {
        found.error(
            ("parts", "parts"),
            format!("分期拨付合计 {percents}%，应为 100%，每期大于 0"),
            "请改正各期的百分比",
        );
    }
    for list in &scheme.lists {
        if !context.lists.contains(list) {
            found.error(
                ("lists", "lists"),
                format!("没有比对名单“{list}”"),
                "请先建立名单，或去掉它",
            );
        }
    }
    if scheme.delivery == Delivery::NoApplication && scheme.period == Period::Any {
        found.error(
            ("period", "period"),
            "免申即享要写明一家企业可以享受几次，否则每晚都会再生成候选",
            "请选每年一次或只有一次",
        );
    }
    if scheme.release == Release::Automatic && scheme.lists.is_empty() {
        found.add(
            Severity::Warning,
            ("release", "release"),
            "自动放行，却没有任何比对名单",
            "建议至少比对失信和异常名单",
        );
    }
}

/// The limits of the preset's class.
fn of_class(
    scheme: &Scheme,
    context: &Context<'_>,
    preset: &Preset,
    class: &Class,
    found: &mut Findings,
) {
    let name = format!("{}“{}”", preset.name, class.name);
    if !class.deliveries.contains(&scheme.delivery) {
        found.error(
            ("class", "class"),
            format!("{name}不适用于{}", scheme.delivery.word()),
            "请换一个类别",
        );
    }
    let approvals = scheme
        .route
        .iter()
        .filter(|step| step.stage.is_approval())
        .count();
    let joint = class
        .joint_approvals_max
        .filter(|_| scheme.has(Stage::Joint));
    if let Some(max) = joint.or(class.approvals_max)
        && approvals > max
    {
        found.error(
            ("approvals", "route"),
            format!("{name}的审批环节最多 {max} 个，现在有 {approvals} 个"),
            "请减少环节",
        );
    }
    if let Some(max) = class.steps_max
        && scheme.route.len() > max
    {
        found.error(
            ("steps", "route"),
            format!(
                "{name}的环节最多 {max} 个，现在有 {} 个",
                scheme.route.len()
            ),
            "请减少环节",
        );
    }
    let materials = context.item.elements.materials.len();
    if let Some(max) = class.materials_max
        && materials > max
    {
        found.error(
            ("materials", "class"),
            format!("{name}的材料最多 {max} 份，事项写了 {materials} 份"),
            "请先在事项里取消材料，改由数据核对",
        );
    }
    if class.wants_lists && scheme.lists.is_empty() {
        found.error(
            ("wants_lists", "lists"),
            format!("{name}要先做数据比对，方案里没有比对名单"),
            "请选至少一个比对名单",
        );
    }
    if let Some(limit) = class.pays_within {
        within(scheme, &name, limit, found);
    }
    if let Some(limit) = preset.publish_within {
        published_in_time(context, &name, limit, found);
    }
}

/// Terms of the stages in which somebody in office must act, together.
fn within(scheme: &Scheme, name: &str, limit: Term, found: &mut Findings) {
    let counted = scheme
        .route
        .iter()
        .filter(|step| !matches!(step.stage, Stage::Confirm | Stage::Notice));
    let mut sum = 0;
    for step in counted {
        if step.term.unit != limit.unit {
            let message = format!(
                "{}的时限“{}”不能和兑付时限“{limit}”相加",
                step.stage.word(),
                step.term
            );
            return found.error(
                ("term_unit", "route"),
                message,
                "请都用同一种单位，例如工作日",
            );
        }
        sum += step.term.amount;
    }
    if sum > limit.amount {
        let total = Term {
            amount: sum,
            ..limit
        };
        found.error(
            ("pays_within", "route"),
            format!("{name}要在 {limit} 内兑付，各环节合计 {total}（公示和等待企业的时间不计）"),
            "请缩短环节的时限",
        );
    }
}

fn published_in_time(context: &Context<'_>, name: &str, limit: Term, found: &mut Findings) {
    let Some(published) = context.item.document.published_on else {
        return;
    };
    if limit.unit != Unit::WorkingDays {
        return;
    }
    let due = calendar::add_workdays(published, limit.amount);
    if due.is_ok_and(|due| context.today > due) {
        found.add(
            Severity::Warning,
            ("published_late", "preset"),
            format!("政策于 {published} 发布，{name}要求 {limit} 内发布方案，已经超过"),
            "请尽快发布，并说明原因",
        );
    }
}

fn words(stages: impl Iterator<Item = Stage>) -> String {
    stages.map(Stage::word).collect::<Vec<_>>().join("、")
}
