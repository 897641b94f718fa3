//! One step of a case, as data.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zhida_platform::access::Viewer;
use zhida_platform::problem::Problem;
use zhida_ui::Fields;

use super::App;
use crate::desk::act::take_step;
use crate::desk::forms::MARK;

/// 对一件办件的一步操作。
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct DeskStep {
    /// 看到的版本；别人已经办过就答 409，并说明是谁、办了什么。
    version: i64,
    /// 操作。
    #[serde(flatten)]
    command: DeskCommand,
}

/// 操作。
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "command", rename_all = "snake_case")]
pub(super) enum DeskCommand {
    /// 由我办理。
    Take,
    /// 通过，送下一环节。
    Advance {
        /// 办理意见。
        #[serde(default)]
        note: String,
    },
    /// 退回到前面的环节。
    Return {
        /// 环节的标识。
        to: String,
        /// 原因。
        reason: String,
    },
    /// 要求补正；时限暂停，等企业。
    AskCompletion {
        /// missing 缺少，wrong 有误。
        lack: String,
        /// 要补正的栏目，各一句话。
        #[serde(default)]
        marks: Vec<DeskMark>,
        /// 总的要求。
        #[serde(default)]
        whole: String,
    },
    /// 征求其他部门的意见，最多六个，各有期限。
    AskOpinions {
        /// 请部门看什么。
        question: String,
        /// 部门和期限。
        departments: Vec<DeskDepartment>,
    },
    /// 给出本单位的意见。
    GiveOpinion {
        /// agree、disagree 或 remark。
        stance: String,
        /// 理由；不同意和其他意见必填。
        #[serde(default)]
        text: String,
    },
    /// 不再等一个部门的意见。
    DropOpinion {
        /// 部门的标识。
        organisation: String,
        /// 原因。
        reason: String,
    },
    /// 延期。
    Extend {
        /// 延长多少，单位与本环节的时限相同。
        amount: u32,
        /// 原因，企业会看到。
        reason: String,
    },
    /// 转办给别的单位。
    Transfer {
        /// 单位全称。
        to: String,
        /// 原因。
        reason: String,
    },
    /// 核定，只在最后的审批环节。
    Grant {
        /// 金额，单位：分；不写就按测算。
        fen: Option<i64>,
        /// 审定意见。
        words: String,
    },
    /// 不予兑付。
    Refuse {
        /// 理由，写进决定书。
        reason: String,
    },
    /// 指派一位评审专家。
    AssignExpert {
        /// 专家的登录名或姓名。
        expert: String,
    },
    /// 备注，记在办理过程里。
    Note {
        /// 内容。
        text: String,
    },
    /// 终止。
    End {
        /// 原因，企业会看到。
        reason: String,
    },
}

/// 一栏的标注。
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct DeskMark {
    /// 栏目的路径。
    path: String,
    /// 怎样补正。
    words: String,
}

/// 征求意见的一个部门。
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct DeskDepartment {
    /// 全称。
    name: String,
    /// 期限，例如“3 个工作日”。
    term: String,
}

impl DeskCommand {
    /// The step of the page that this is, with its fields: JSON name, the form's name, text.
    fn step(self) -> (&'static str, Vec<(String, String, String)>) {
        let one = |json: &str, form: &str, text: String| (json.to_owned(), form.to_owned(), text);
        match self {
            Self::Take => ("take", Vec::new()),
            Self::Advance { note } => ("advance", vec![one("note", "advance-note", note)]),
            Self::Return { to, reason } => (
                "return",
                vec![
                    one("to", "return-to", to),
                    one("reason", "return-reason", reason),
                ],
            ),
            Self::AskCompletion { lack, marks, whole } => {
                let mark = |(index, mark): (usize, DeskMark)| {
                    let name = format!("{}{}", MARK, mark.path);
                    (format!("marks/{index}/words"), name, mark.words)
                };
                let mut fields = vec![
                    one("lack", "lack", lack),
                    one("whole", "completion-whole", whole),
                ];
                fields.extend(marks.into_iter().enumerate().map(mark));
                ("completion", fields)
            }
            Self::AskOpinions {
                question,
                departments,
            } => {
                let both = |(index, one): (usize, DeskDepartment)| {
                    [
                        (
                            format!("departments/{index}/name"),
                            format!("department-{index}"),
                            one.name,
                        ),
                        (
                            format!("departments/{index}/term"),
                            format!("term-{index}"),
                            one.term,
                        ),
                    ]
                };
                let mut fields = vec![one("question", "question", question)];
                fields.extend(departments.into_iter().enumerate().flat_map(both));
                ("opinions", fields)
            }
            Self::GiveOpinion { stance, text } => (
                "opinion",
                vec![
                    one("stance", "stance", stance),
                    one("text", "opinion-text", text),
                ],
            ),
            Self::DropOpinion {
                organisation,
                reason,
            } => (
                "drop-opinion",
                vec![
                    one("organisation", "organisation", organisation),
                    one("reason", "drop-reason", reason),
                ],
            ),
            Self::Extend { amount, reason } => (
                "extend",
                vec![
                    one("amount", "extend-amount", amount.to_string()),
                    one("reason", "extend-reason", reason),
                ],
            ),
            Self::Transfer { to, reason } => (
                "transfer",
                vec![
                    one("to", "transfer-to", to),
                    one("reason", "transfer-reason", reason),
                ],
            ),
            Self::Grant { fen, words } => {
                let yuan = fen.map(|fen| format!("{}.{:02}", fen / 100, fen % 100));
                (
                    "grant",
                    vec![
                        one("fen", "amount", yuan.unwrap_or_default()),
                        one("words", "grant-words", words),
                    ],
                )
            }
            Self::Refuse { reason } => ("refuse", vec![one("reason", "reason", reason)]),
            Self::AssignExpert { expert } => ("assign", vec![one("expert", "expert", expert)]),
            Self::Note { text } => ("note", vec![one("text", "note-text", text)]),
            Self::End { reason } => ("end", vec![one("reason", "end-reason", reason)]),
        }
    }
}

/// 办到哪一步了。
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeskDone {
    /// 新的版本。
    version: i64,
    /// 现在怎样，一句话。
    state: String,
}

/// 办理一步；要带看到的版本
#[utoipa::path(post, path = "/api/v1/redemption/desk/{id}", tag = "兑付审核",
    params(("id" = String, Path, description = "办件标识")),
    request_body = DeskStep,
    responses(
        (status = 200, description = "已办理", body = DeskDone),
        (status = 400, description = "内容有误，fields 指出哪一项", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "没有权限", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "没有这件办件，或不在范围内", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "别人已经办过（说明是谁、办了什么）", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "现在不能这样办", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn command_desk_case(
    State(app): App,
    viewer: Viewer,
    Path(id): Path<String>,
    Json(asked): Json<DeskStep>,
) -> Result<Json<DeskDone>, Problem> {
    let sight = app.sight(&viewer, &id).await?;
    let (step, given) = asked.command.step();
    let mut fields = Fields::default();
    fields.put("version", asked.version.to_string());
    for (_, name, text) in &given {
        fields.put(name, text);
    }
    let named = |mut problem: Problem| {
        // the caller knows the fields by the names that were sent
        for field in &mut problem.fields {
            let sent = given.iter().find(|(_, form, _)| *form == field.field);
            if let Some((json, _, _)) = sent {
                field.field.clone_from(json);
            }
        }
        problem
    };
    let done = take_step(&app, &viewer, &sight, step, &fields).await;
    done.map_err(|error| named(Problem::from(error)))?;
    let after = app.case_of(&id).await?;
    Ok(Json(DeskDone {
        version: after.loaded.head.version,
        state: after.loaded.case.words(),
    }))
}
