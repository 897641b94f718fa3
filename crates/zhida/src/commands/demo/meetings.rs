//! The demonstration's 调度会: one that was held, with its list of tasks partly struck off, and one to come.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use zhida_demo::End;
use zhida_meetings::{NewMeeting, NewTask};
use zhida_platform::problem::Problem;

use super::{
    appeals::days_after,
    cast::BUREAU,
    story::{At, Deed, World},
};

/// Working days ago on which the past meeting was held.
const HELD: u32 = 10;
/// Days from today on which the next is.
const NEXT: u64 = 7;
const TITLE: &str = "解难题双周调度会（演示）";

/// A step with the meetings.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    Plan,
    /// Chooses the appeals of the past meeting, and an item of its own.
    Agenda,
    Hold,
    Issue,
    /// The bodies report: task by its turn, step and words.
    Task(usize, &'static str, &'static str),
    PlanNext,
}

/// What was made.
#[derive(Default)]
pub struct Meetings {
    past: String,
    tasks: Vec<String>,
}

/// What happens when.
pub fn deeds() -> Vec<(At, Deed)> {
    let steps = [
        (HELD + 4, 9, Step::Plan),
        (HELD + 2, 10, Step::Agenda),
        (HELD, 17, Step::Hold),
        (HELD - 1, 15, Step::Issue),
        (
            6,
            9,
            Step::Task(0, "done", "货车通行证办法已印发，园区企业可以在线申请"),
        ),
        (
            5,
            16,
            Step::Task(0, "strike", "企业反映通行证当天办出，同意销号"),
        ),
        (
            4,
            10,
            Step::Task(
                1,
                "progress",
                "已与建设单位核对欠款金额，付款计划报财政审核",
            ),
        ),
        (
            2,
            10,
            Step::Task(2, "done", "三家联合验收的流程已印发，第一家企业已验收"),
        ),
        (2, 15, Step::PlanNext),
    ];
    let deed = |(ago, hour, step): (u32, u32, Step)| {
        let minute = hour * 60 + 45;
        (At { ago, minute }, Deed::Meeting(step))
    };
    steps.into_iter().map(deed).collect()
}

impl World<'_> {
    /// Takes a step with the meetings.
    pub async fn meeting(&mut self, step: Step) -> Result<()> {
        match step {
            Step::Plan => {
                let day = self.past.workdays_ago(HELD).to_string();
                self.meetings.past = self.plan(&day).await?;
                Ok(())
            }
            Step::Agenda => {
                let id = self.meetings.past.clone();
                self.choose(&id, &[End::Twice, End::Turned]).await?;
                let topic = [
                    ("topic", "滨海园区货车通行"),
                    ("words", "园区企业反映早晚高峰货车限行，出口货柜赶不上截关"),
                ];
                self.meeting_step(&id, "topic", &topic).await
            }
            Step::Hold => self.hold().await,
            Step::Issue => {
                let minutes = "会议听取三项议题的汇报，逐项明确责任单位和期限，形成交办清单；\
                    到期未办结的，由市政府督查室通报。";
                let id = self.meetings.past.clone();
                self.meeting_step(&id, "issue", &[("minutes", minutes)])
                    .await
            }
            Step::Task(turn, step, words) => self.task(turn, step, words).await,
            Step::PlanNext => {
                let day = days_after(self.past.workdays_ago(0), NEXT).to_string();
                let id = self.plan(&day).await?;
                self.choose(&id, &[End::Once, End::Dispatched]).await
            }
        }
    }

    async fn plan(&self, day: &str) -> Result<String> {
        let new = NewMeeting {
            title: TITLE.to_owned(),
            held_on: day.to_owned(),
            at_time: "09:30".to_owned(),
            venue: "演示市政府三楼会议室".to_owned(),
            chair: "分管副市长（演示）".to_owned(),
            members: format!("{BUREAU}\n演示市交通运输局\n演示市财政局\n演示市住房和城乡建设局"),
            ..NewMeeting::default()
        };
        let supervisor = self.cast.role("supervisor")?;
        let planned = self.app.meetings.plan(&supervisor, &new).await;
        Ok(planned.map_err(Problem::from)?)
    }

    /// Puts the appeals that got so far on the agenda.
    async fn choose(&self, id: &str, ends: &[End]) -> Result<()> {
        let samples = self.appeals.samples.iter().enumerate();
        let wanted = samples.filter(|(_, one)| ends.contains(&one.to));
        let made = wanted.filter_map(|(index, _)| self.appeals.made.get(&index));
        let fields: Vec<(&str, &str)> = made.map(|one| ("appeal", one.id.as_str())).collect();
        self.meeting_step(id, "appeals", &fields).await
    }

    /// A step of the meeting's page.
    async fn meeting_step(&self, id: &str, step: &str, fields: &[(&str, &str)]) -> Result<()> {
        let supervisor = self.cast.role("supervisor")?;
        let shown = self.shown(id).await?;
        let version = shown["meeting"]["version"].to_string();
        let mut all = vec![("version", version.as_str())];
        all.extend_from_slice(fields);
        let path = format!("/meetings/{id}/{step}");
        self.stage.form(&supervisor, &path, &all).await.map(drop)
    }

    async fn shown(&self, id: &str) -> Result<Value> {
        let supervisor = self.cast.role("supervisor")?;
        self.stage
            .get(&supervisor, &format!("/api/v1/meetings/{id}"))
            .await
    }

    /// Everybody came; each item of the agenda becomes a task.
    async fn hold(&mut self) -> Result<()> {
        let id = self.meetings.past.clone();
        let shown = self.shown(&id).await?;
        let list = |name: &str| shown[name].as_array().cloned().unwrap_or_default();
        let ids = |name: &str| -> Vec<String> {
            let ids = list(name).into_iter();
            ids.filter_map(|one| one["id"].as_str().map(str::to_owned))
                .collect()
        };
        let present = ids("attendees");
        let fields: Vec<(&str, &str)> = present.iter().map(|id| ("present", id.as_str())).collect();
        self.meeting_step(&id, "hold", &fields).await?;
        let items = ids("items");
        let [arrears, acceptance, trucks] = items.as_slice() else {
            bail!("会议的议程应有三项，现在有 {} 项", items.len());
        };
        // what is reported first stands first
        let given = [
            (
                trucks,
                "演示市交通运输局",
                "园区货车通行证随到随办，并公布办法",
            ),
            (
                arrears,
                "演示市财政局",
                "与建设单位确定付款日期，年底前付清",
            ),
            (
                acceptance,
                BUREAU,
                "规划、消防、住建一次联合验收，意见一次列清",
            ),
        ];
        let supervisor = self.cast.role("supervisor")?;
        for (item, body, measure) in given {
            let new = NewTask {
                item: item.clone(),
                measure: measure.to_owned(),
                leader: "分管副市长（演示）".to_owned(),
                body: body.to_owned(),
                person: "分管负责人".to_owned(),
                ..NewTask::default()
            };
            let task = self.app.meetings.give(&supervisor, &id, &new).await;
            self.meetings.tasks.push(task.map_err(Problem::from)?);
        }
        let late = NewTask {
            matter: "惠企资金拨付进度按周通报".to_owned(),
            measure: "每周五前汇总各事项的拨付进度，报市政府".to_owned(),
            leader: "分管副市长（演示）".to_owned(),
            body: BUREAU.to_owned(),
            person: "分管负责人".to_owned(),
            due_on: self.past.workdays_ago(3).to_string(),
            ..NewTask::default()
        };
        let task = self.app.meetings.give(&supervisor, &id, &late).await;
        self.meetings.tasks.push(task.map_err(Problem::from)?);
        Ok(())
    }

    /// The body reports; the leader strikes off.
    async fn task(&self, turn: usize, step: &str, words: &str) -> Result<()> {
        let id = self.meetings.tasks.get(turn).context("没有这个交办事项")?;
        let leader = self.cast.role("leader")?;
        let (task, _) = self
            .app
            .meetings
            .task(&leader, id)
            .await
            .map_err(Problem::from)?;
        let viewer = match step {
            "strike" => leader,
            _ => self.cast.of(&task.body)?,
        };
        let asked = json!({ "step": step, "words": words, "version": task.version });
        let path = format!("/api/v1/meeting-tasks/{id}/steps");
        self.stage.post(&viewer, &path, &asked).await
    }
}
