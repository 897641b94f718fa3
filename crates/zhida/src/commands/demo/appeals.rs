//! The demonstration's appeals, step by step, by those whose step each is.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use zhida_appeals::{
    Contact, NewAppeal, NewRemedy, Theme,
    words::{Channel, Confidentiality},
};
use zhida_demo::{End, SampleAppeal, sample_appeals};
use zhida_platform::{
    access::Viewer,
    audit::{self, Entry},
    clock::Clock as _,
    paging::PageRequest,
    problem::Problem,
};

use super::{
    cast::{BODIES, Company},
    story::{At, Deed, World},
};

/// Working days ago on which the theme of the power cuts is found, and on which its measure was carried out.
const REMEDY: (u32, u32) = (23, 14);

/// A step with an appeal.
#[derive(Debug, Clone)]
pub enum Step {
    Submit,
    /// As somebody's step of the interface.
    Take(Who, Value),
    Merge,
    /// Whoever spoke says whether it is solved: satisfaction and words.
    Rate(&'static str, String),
    Withdraw,
    /// Somebody is called: satisfaction.
    Call(&'static str),
    /// A measure against the theme of the power cuts.
    Propose,
    /// It was carried out.
    Carry,
}

/// Whose step it is.
#[derive(Debug, Clone)]
pub enum Who {
    Operator,
    Supervisor,
    /// The body that holds it.
    Lead,
    /// A body that helps.
    Helper(String),
}

/// An appeal that was submitted.
#[derive(Debug, Clone)]
pub struct Made {
    pub id: String,
    pub number: String,
    code: String,
}

/// All appeals with what became of them.
pub struct Appeals {
    pub samples: Vec<SampleAppeal>,
    pub made: BTreeMap<usize, Made>,
}

impl Appeals {
    pub fn new() -> Self {
        Self {
            samples: sample_appeals(),
            made: BTreeMap::new(),
        }
    }

    /// What happens when.
    pub fn deeds(&self) -> Vec<(At, Deed)> {
        let mut deeds = Vec::new();
        for (index, sample) in self.samples.iter().enumerate() {
            let minute = u32::try_from(index).unwrap_or_default() % 10 * 6;
            let steps = steps(sample).into_iter();
            deeds.extend(steps.map(|(after, hour, step)| {
                let at = At {
                    ago: sample.ago.saturating_sub(after),
                    minute: hour * 60 + minute,
                };
                (at, Deed::Appeal(index, step))
            }));
        }
        for (ago, step) in [(REMEDY.0, Step::Propose), (REMEDY.1, Step::Carry)] {
            deeds.push((At { ago, minute: 600 }, Deed::Appeal(0, step)));
        }
        deeds
    }

    /// The one that is merged into, or the appeal itself.
    fn main(&self, index: usize) -> Option<usize> {
        let into = &self.samples.get(index)?.into;
        match into.is_empty() {
            true => Some(index),
            false => self.samples.iter().position(|one| one.key == *into),
        }
    }
}

/// Working days after the submission, hour of the day, step.
fn steps(sample: &SampleAppeal) -> Vec<(u32, u32, Step)> {
    let mut steps = vec![(0, 9, Step::Submit)];
    let mut then = |after, hour, step| steps.push((after, hour, step));
    let take = |who, step| Step::Take(who, step);
    match sample.to {
        End::New => return steps,
        End::TurnedDown => {
            let step =
                json!({ "step": "turn_down", "outcome": "redirected", "reason": sample.reply });
            then(0, 15, take(Who::Operator, step));
            return steps;
        }
        End::Merged => {
            then(0, 15, Step::Merge);
            return steps;
        }
        _ => {}
    }
    let accept = json!({ "step": "accept", "category": sample.category, "track": sample.track });
    then(0, 10, take(Who::Operator, accept));
    let dispatch = json!({ "step": "dispatch", "note": "请按时限办理并答复" });
    then(0, 11, take(Who::Operator, dispatch));
    let contacted = |note: &str| json!({ "step": "contacted", "note": note });
    let first = contacted("已经电话联系，核实了情况");
    match sample.to {
        End::Dispatched => return steps,
        End::Withdrawn => {
            then(2, 15, Step::Withdraw);
            return steps;
        }
        _ => then(u32::from(sample.takes > 1), 14, take(Who::Lead, first)),
    }
    helped(sample, &mut then);
    let open = matches!(sample.to, End::Contacted | End::Joint);
    if open {
        return steps;
    }
    let answer = |claim: &str, text: &str| {
        let signer = "副局长 郑国华";
        json!({ "step": "reply", "claim": claim, "text": text, "signer": signer })
    };
    let takes = sample.takes;
    then(takes, 16, take(Who::Lead, answer("solved", &sample.reply)));
    let again = json!({ "step": "dispatch", "note": "回访不满意，二次交办：请分管领导签批后答复" });
    let second = answer(
        "solved",
        "已由分管领导牵头重新办理，按诉求人提出的问题逐项落实。",
    );
    let rate = |satisfaction| Step::Rate(satisfaction, sample.said.clone());
    match sample.to {
        End::Satisfied => then(takes + 1, 10, rate("satisfied")),
        End::Basically => then(takes + 1, 10, rate("basically")),
        End::Phone => then(takes + 1, 15, Step::Call("satisfied")),
        End::Unreached => {
            for hour in [9, 12, 17] {
                then(takes + 1, hour, Step::Call("unreached"));
            }
        }
        End::Once | End::OnceThen | End::Twice | End::Turned => {
            then(takes + 1, 10, rate("not"));
            then(takes + 1, 14, take(Who::Operator, again));
            let recontact = contacted("二次交办后已上门听取意见");
            then(takes + 2, 10, take(Who::Lead, recontact));
        }
        _ => {}
    }
    match sample.to {
        End::OnceThen => {
            then(takes + 4, 16, take(Who::Lead, second));
            then(takes + 5, 10, rate("satisfied"));
        }
        End::Twice | End::Turned => {
            then(takes + 4, 16, take(Who::Lead, second));
            then(takes + 5, 10, rate("not"));
            let interview = json!({ "step": "supervise", "kind": "interview",
                "words": "两次不满意，请主办单位负责人到场说明，并拿出有日期的办法" });
            then(takes + 6, 10, take(Who::Supervisor, interview));
        }
        _ => {}
    }
    if sample.to == End::Turned {
        let reason = json!({ "step": "rehandle", "reason": "按约谈确定的办法，三个工作日内办结" });
        then(takes + 6, 15, take(Who::Supervisor, reason));
        let last = answer("solved", "问题已全部整改到位，书面意见已送达企业。");
        then(takes + 8, 16, take(Who::Lead, last));
        then(
            takes + 9,
            10,
            Step::Rate("satisfied", "最后办成了".to_owned()),
        );
    }
    steps
}

/// The bodies that help are asked and say something; of a joint one that is open the last has not.
fn helped(sample: &SampleAppeal, then: &mut impl FnMut(u32, u32, Step)) {
    if sample.with.is_empty() {
        return;
    }
    let bodies: Vec<String> = sample
        .with
        .iter()
        .map(|name| format!("{BODIES}{name}"))
        .collect();
    let question = "请就本单位职责范围内的部分提出办理意见";
    let ask = json!({ "step": "ask", "question": question, "departments": bodies });
    then(1, 15, Step::Take(Who::Lead, ask));
    let said = match sample.to {
        End::Joint => bodies.len() - 1,
        _ => bodies.len(),
    };
    for body in bodies.into_iter().take(said) {
        let opinion = json!({ "step": "opinion", "text": "已核实，本单位配合办理，没有不同意见" });
        then(2, 10, Step::Take(Who::Helper(body), opinion));
    }
}

impl World<'_> {
    /// Takes a step with an appeal.
    pub async fn appeal(&mut self, index: usize, step: &Step) -> Result<()> {
        match step {
            Step::Submit => self.submit(index).await,
            Step::Propose => self.propose().await,
            Step::Carry => self.carry_out().await,
            Step::Merge => {
                let main = self.appeals.main(index).context("没有要并入的诉求")?;
                let number = self.made(main)?.number.clone();
                let merge = json!({ "step": "merge", "number": number, "reason": "同一件事" });
                self.take(index, &Who::Operator, &merge).await
            }
            Step::Take(who, step) => self.take(index, who, step).await,
            Step::Rate(satisfaction, words) => {
                for one in self.voices(index) {
                    let fields = [
                        ("step", "rate"),
                        ("satisfaction", *satisfaction),
                        ("words", words),
                    ];
                    self.own(one, &fields).await?;
                }
                Ok(())
            }
            Step::Withdraw => {
                let fields = [
                    ("step", "withdraw"),
                    ("reason", "认定结论已经收到，不用再办了"),
                ];
                self.own(index, &fields).await
            }
            Step::Call(satisfaction) => self.call(index, satisfaction).await,
        }
    }

    fn made(&self, index: usize) -> Result<&Made> {
        let made = self.appeals.made.get(&index);
        made.context("这件诉求没有登记成")
    }

    /// Those that speak in an appeal: itself and what was merged into it.
    fn voices(&self, index: usize) -> Vec<usize> {
        let all = self.appeals.made.keys().copied();
        all.filter(|one| self.appeals.main(*one) == Some(index))
            .collect()
    }

    async fn submit(&mut self, index: usize) -> Result<()> {
        let sample = self.appeals.samples[index].clone();
        let company = sample.of.and_then(|of| self.company(of)).cloned();
        let channel = Channel::parse(&sample.channel).context("没有这个渠道")?;
        let phone = format!("1380000{:04}", 1_000 + index);
        let made = match channel {
            Channel::Open311 => self.hand_in(&sample, company.as_ref(), &phone).await?,
            channel => {
                self.register(&sample, company.as_ref(), channel, &phone)
                    .await?
            }
        };
        self.appeals.made.insert(index, made);
        Ok(())
    }

    /// As the hotline's system does what its people take down: over Open311, with its key.
    async fn hand_in(
        &self,
        sample: &SampleAppeal,
        company: Option<&Company>,
        phone: &str,
    ) -> Result<Made> {
        let service = sample.category.replace('/', ".");
        let fields = [
            ("api_key", self.told.open311_key.as_str()),
            ("service_code", &service),
            ("address_string", &sample.place_words),
            ("description", &sample.text),
            ("first_name", "演示联系人"),
            ("phone", phone),
            (
                "attribute[ENTERPRISE]",
                company.map_or("", |one| one.code.as_str()),
            ),
        ];
        let answer = self.stage.answer("/open311/v2/requests.json", &fields);
        let answer = answer.await?;
        let id = answer[0]["service_request_id"].as_str();
        let words = answer[0]["service_notice"].as_str().unwrap_or_default();
        let after = |name: &str| {
            let (_, rest) = words.split_once(name)?;
            rest.split(['，', '。']).next().map(str::to_owned)
        };
        Ok(Made {
            id: id.context("接口没有给出编号")?.to_owned(),
            number: after("编号 ").context("接口没有说编号")?,
            code: after("校验码 ")
                .context("接口没有说校验码")?
                .replace('-', ""),
        })
    }

    async fn register(
        &self,
        sample: &SampleAppeal,
        company: Option<&Company>,
        channel: Channel,
        phone: &str,
    ) -> Result<Made> {
        let secrecy = Confidentiality::parse(&sample.secrecy).unwrap_or(Confidentiality::Normal);
        let by_phone = !matches!(channel, Channel::Web | Channel::Code | Channel::Api);
        let viewer = match (company, by_phone) {
            (_, true) => self.cast.role("operator")?,
            (Some(company), false) => self.cast.handler(company)?,
            (None, false) => Viewer::visitor(),
        };
        let new = &NewAppeal {
            channel,
            source: "",
            title: "",
            text: &sample.text,
            category: "",
            place: &sample.place,
            place_words: &sample.place_words,
            enterprise: company.map(|one| (one.code.as_str(), one.name.as_str())),
            account: viewer.account().filter(|_| !by_phone),
            contact: Contact {
                name: "演示联系人",
                phone,
                email: "",
            },
            confidentiality: secrecy,
            files: &[],
        };
        let (room, now, by) = (&self.app.appeals, self.past.now(), &viewer);
        let submitted = self.app.db.write(|tx| async move {
            let submitted = room.submit(&tx, new, by).await?;
            let entry = Entry::new(now, by, "appeals.submit", "appeal", &submitted.case_id);
            audit::append(&tx, &entry).await?;
            Ok::<_, zhida_appeals::Error>(submitted)
        });
        let submitted = submitted.await.map_err(Problem::from)?;
        Ok(Made {
            id: submitted.case_id,
            number: submitted.number,
            code: submitted.check_code.plain(),
        })
    }

    async fn take(&self, index: usize, who: &Who, step: &Value) -> Result<()> {
        let id = &self.made(index)?.id;
        let operator = self.cast.role("operator")?;
        let row = self
            .app
            .appeals
            .one(&operator, id)
            .await
            .map_err(Problem::from)?;
        let head = row.context("话务受理员看不到这件诉求")?.head;
        let viewer = match who {
            Who::Operator => operator,
            Who::Supervisor => self.cast.role("supervisor")?,
            Who::Lead => self.cast.of(&head.holder_name.unwrap_or_default())?,
            Who::Helper(body) => self.cast.of(body)?,
        };
        let mut step = step.clone();
        step["version"] = head.version.into();
        let path = format!("/api/v1/appeals/{id}/steps");
        self.stage.post(&viewer, &path, &step).await
    }

    /// A step of whoever has the check code.
    async fn own(&self, index: usize, fields: &[(&str, &str)]) -> Result<()> {
        let path = format!("/appeals/f/{}", self.made(index)?.code);
        let visitor = Viewer::visitor();
        self.stage.form(&visitor, &path, fields).await.map(drop)
    }

    /// The operator calls whoever speaks first in an appeal.
    async fn call(&self, index: usize, satisfaction: &str) -> Result<()> {
        let operator = self.cast.role("operator")?;
        let id = &self.made(index)?.id;
        let shown = self
            .stage
            .get(&operator, &format!("/api/v1/appeals/{id}"))
            .await?;
        let voice = shown["voices"][0]["id"].as_str();
        let voice = voice.context("接口没有给出诉求人")?;
        let words = match satisfaction {
            "unreached" => "",
            _ => "电话里说已经解决",
        };
        let visit = json!({ "step": "visit", "voice": voice, "way": "phone",
            "satisfaction": satisfaction, "words": words });
        self.take(index, &Who::Operator, &visit).await
    }

    /// The theme that was found first.
    async fn theme(&self, viewer: &Viewer) -> Result<Theme> {
        let page = PageRequest::first(100);
        let found = self.app.appeals.themes(viewer, None, &page).await;
        let found = found.map_err(Problem::from)?.items;
        found
            .into_iter()
            .next_back()
            .ok_or_else(|| anyhow!("没有发现一类事"))
    }

    async fn propose(&self) -> Result<()> {
        let found = self.app.appeals.find_themes().await;
        found.map_err(Problem::from)?;
        let supervisor = self.cast.role("supervisor")?;
        let theme = self.theme(&supervisor).await?;
        let due = self.past.workdays_ago(REMEDY.1);
        let remedy = NewRemedy {
            words: "更换园区公用配电设备，停电一律提前一天短信通知到户".to_owned(),
            body: "演示市供电公司".to_owned(),
            person: "配电部主任".to_owned(),
            due_on: due.to_string(),
        };
        let proposed = self
            .app
            .appeals
            .propose_remedy(&supervisor, &theme.id, &remedy);
        proposed.await.map_err(Problem::from)?;
        Ok(())
    }

    async fn carry_out(&self) -> Result<()> {
        let supervisor = self.cast.role("supervisor")?;
        let theme = self.theme(&supervisor).await?;
        let room = &self.app.appeals;
        let (_, remedies) = room
            .theme(&supervisor, &theme.id)
            .await
            .map_err(Problem::from)?;
        let remedy = remedies.first().context("还没有举措")?;
        let result = "设备已更换，用户名单已核对，通知短信已开通";
        let finished = room.finish_remedy(&supervisor, &theme.id, &remedy.id, result);
        finished.await.map_err(Problem::from)?;
        Ok(())
    }
}

/// A date so many days from another.
pub fn days_after(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}
