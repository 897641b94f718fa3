//! 接收方式: what is pushed to whom and how, and the e-mail address.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use zhida_platform::access::mask;
use zhida_platform::format::datetime_zh;
use zhida_platform::messages::{Channel, Mode, Preference, Refusal, Urgency};
use zhida_platform::problem::Problem;
use zhida_ui::{Choice, FormErrors, Frame, Html, Page, Tone};

use super::fields::Fields;
use super::{Answer, App, MESSAGES, to};
use crate::error::Error;
use crate::service::{self, Chosen};

#[derive(Template)]
#[template(path = "inbox/preferences.html")]
struct PreferencesPage {
    page: Page,
    errors: FormErrors,
    mail: Mail,
    groups: Vec<Group>,
    /// Items of which the person is told no more.
    muted: Vec<MutedLine>,
    /// Whether some channel of the list is not configured.
    lacks: Vec<&'static str>,
}

/// An item of which the person is told no more.
struct MutedLine {
    id: String,
    kind: String,
    label: String,
    since: String,
}

/// The e-mail address as its holder sees it.
struct Mail {
    address: String,
    is_verified: bool,
    waits: String,
    is_on: bool,
    typed: String,
    /// When and why the address refused mail; empty when it does not.
    refused: String,
}

/// One kind of message.
struct Group {
    name: &'static str,
    /// What is special about it; empty for nothing.
    note: &'static str,
    /// How many came lately.
    lately: String,
    lines: Vec<Line>,
}

struct Line {
    field: String,
    label: String,
    choices: Vec<Choice>,
    /// Why there is nothing to choose; empty when there is.
    fixed: &'static str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    done: String,
}

/// 接收方式
pub(crate) async fn show(
    State(inbox): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Answer {
    let mut page = made(&inbox, &frame).await?;
    let words = match asked.done.as_str() {
        "saved" => "接收方式已保存。",
        "sent" => "验证码已发出，请到邮箱查收，15 分钟内输入。",
        "mail" => "邮箱已验证，以后的邮件发到这里。",
        "restored" => "已恢复提醒。",
        _ => "",
    };
    if !words.is_empty() {
        page.page = page.page.notice(Tone::Success, words);
    }
    Ok(Html(page).into_response())
}

async fn made(inbox: &App, frame: &Frame) -> Result<PreferencesPage, Problem> {
    let chosen = inbox.chosen(&frame.viewer).await?;
    let state = inbox.mail_state(&frame.viewer).await?;
    let mut groups: Vec<Group> = Vec::new();
    for Chosen { line, lately } in &chosen {
        if groups
            .last()
            .is_none_or(|group| group.name != line.event.name)
        {
            groups.push(Group {
                name: line.event.name,
                note: note(line.event.urgency),
                lately: lately_words(*lately),
                lines: Vec::new(),
            });
        }
        if let Some(group) = groups.last_mut() {
            group.lines.push(choice(line));
        }
    }
    let muted = inbox.muted_items(&frame.viewer).await?.into_iter();
    let muted = muted.map(|one| MutedLine {
        kind: inbox.event_name(&one.event).to_owned(),
        label: one.topic.label,
        since: datetime_zh(one.muted_at),
        id: one.id,
    });
    let lacks = [Channel::Mail, Channel::Sms]
        .into_iter()
        .filter(|channel| !inbox.messages.is_on(*channel))
        .map(Channel::word);
    Ok(PreferencesPage {
        page: frame
            .page("接收方式")
            .lead("站内信总是保留；这里选择另外怎样告诉您。")
            .active(MESSAGES)
            .crumb("消息", MESSAGES),
        errors: FormErrors::none(),
        mail: Mail {
            address: state.address.address,
            is_verified: state.address.is_verified,
            waits: state
                .waits
                .map(|mail| mask::email(&mail))
                .unwrap_or_default(),
            is_on: state.is_on,
            typed: String::new(),
            refused: state
                .refusal
                .as_ref()
                .map(refused_words)
                .unwrap_or_default(),
        },
        groups,
        muted: muted.collect(),
        lacks: lacks.collect(),
    })
}

/// How much would be pushed, by what came in the last four weeks.
fn lately_words(messages: i64) -> String {
    match messages {
        0 => "最近四周没有".to_owned(),
        1..=3 => format!("最近四周 {messages} 条"),
        _ => format!("最近四周 {messages} 条，每周约 {} 条", (messages + 2) / 4),
    }
}

/// When and why the address refused mail.
pub(super) fn refused_words(refusal: &Refusal) -> String {
    format!("{}，{}", datetime_zh(refusal.at), refusal.why)
}

fn note(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Normal => "",
        Urgency::Urgent => "紧急：不受每日条数限制。",
        Urgency::Required => "关系到账号安全，不能改为汇总或关闭。",
    }
}

/// `slug/channel`: unique on the page, as ids must be.
fn field(event: &str, channel: Channel) -> String {
    format!("{event}/{}", channel.slug())
}

fn choice(line: &Preference) -> Line {
    let modes = Mode::ALL.iter();
    let choices = modes.map(|mode| Choice::new(mode.slug(), mode.word(), line.mode.slug()));
    Line {
        field: field(line.event.slug, line.channel),
        label: line.channel.word().to_owned(),
        choices: choices.collect(),
        fixed: match line.event.is_required(line.channel) {
            true => "立即（不能关闭）",
            false => "",
        },
    }
}

/// 保存接收方式
pub(crate) async fn submit(State(inbox): State<App>, frame: Frame, fields: Fields) -> Answer {
    let known = inbox.preferences(&frame.viewer).await;
    let known = known.map_err(Problem::from)?;
    let chosen = known.iter().filter_map(|line| {
        let mode = Mode::parse(fields.get(&field(line.event.slug, line.channel)))?;
        Some(service::Choice {
            event: line.event.slug.to_owned(),
            channel: line.channel,
            mode: Some(mode),
        })
    });
    let chosen: Vec<service::Choice> = chosen.collect();
    inbox
        .choose(&frame.viewer, &chosen)
        .await
        .map_err(Problem::from)?;
    Ok(to("/messages/preferences?done=saved"))
}

/// 恢复提醒一项
pub(crate) async fn restore(
    State(inbox): State<App>,
    frame: Frame,
    Path(id): Path<String>,
) -> Answer {
    let restored = inbox.restore_item(&frame.viewer, &id).await;
    restored.map_err(Problem::from)?;
    Ok(to("/messages/preferences?done=restored"))
}

/// 发送邮箱验证码
pub(crate) async fn submit_mail(State(inbox): State<App>, frame: Frame, fields: Fields) -> Answer {
    match inbox.ask_mail(&frame.viewer, fields.get("mail")).await {
        Ok(()) => Ok(to("/messages/preferences?done=sent")),
        Err(error) => refused(&inbox, &frame, &fields, error).await,
    }
}

/// 输入邮箱验证码
pub(crate) async fn submit_code(State(inbox): State<App>, frame: Frame, fields: Fields) -> Answer {
    match inbox.confirm_mail(&frame.viewer, fields.get("code")).await {
        Ok(()) => Ok(to("/messages/preferences?done=mail")),
        Err(error) => refused(&inbox, &frame, &fields, error).await,
    }
}

/// The page again with what was wrong.
async fn refused(inbox: &App, frame: &Frame, fields: &Fields, error: Error) -> Answer {
    let problem = Problem::from(error);
    let told = [StatusCode::BAD_REQUEST, StatusCode::CONFLICT].contains(&problem.status);
    if !told {
        return Err(problem.into());
    }
    let mut page = made(inbox, frame).await?;
    fields.get("mail").clone_into(&mut page.mail.typed);
    if problem.fields.is_empty() {
        page.page = page.page.notice(Tone::Error, problem.detail);
    } else {
        page.errors = problem.fields.into();
    }
    Ok((problem.status, Html(page)).into_response())
}
