//! The demonstration's money: 免申即享, 即申即享 and 申报, each through its stages to the bank's answer.

use anyhow::{Context, Result, bail};
use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};
use zhida_funds::{DrawnRow, FileFormat, NewPool, PayeeForm};
use zhida_matching::{Detail, Label, Patience};
use zhida_platform::{access::Viewer, clock::Clock as _, paging::PageRequest, problem::Problem};
use zhida_redemption::{CandidateQuery, CandidateState, Confirmed, Redemption, Scheme};
use zhida_registry::Query;

use super::{
    ACTOR, CITY,
    cast::Company,
    stage::hidden,
    story::{At, Deed, World},
};
use crate::app::App;

/// 免申即享.
pub const UNASKED: &str = "p068-shouci-nashang";
/// 即申即享.
pub const INSTANT: &str = "yanshi-tongjiyuan";
/// 申报.
pub const APPLIED: &str = "p079-shebao";
/// Money of a pool, in fen: 500 万元.
const POOL: i64 = 5_000_000 * 100;
/// Candidates that are looked at.
const CANDIDATES: u32 = 200;
/// Applicants, and of them the one that is the example enterprise.
const APPLICANTS: u32 = 8;
/// Asked to complete its application.
const COMPLETES: usize = 0;

/// A step with money.
#[derive(Debug, Clone)]
pub enum Step {
    /// So many more candidates are asked to confirm; all of them when nothing is said.
    Release(Option<usize>),
    /// Candidates that were asked say yes, by their turn.
    Confirm(std::ops::Range<usize>),
    /// 即申即享 by the example enterprise, or by the candidate of a turn.
    Instant(Option<usize>),
    Draw,
    Approve,
    Send,
    /// The bank answers; money of the candidate of this turn comes back.
    Answer(Option<usize>),
    /// Candidates rate what they had: turn, grade and words.
    Rate(usize, u32, &'static str),
    /// An applicant fills in the form, and files it or not.
    File(usize, bool),
    /// An applicant begins to complete what it was asked for, and keeps it as a draft.
    Complete(usize),
    /// A step of the desk: applicant, who, what.
    Desk(usize, Desk, Value),
    /// An applicant rates what it had.
    RateApplied(usize, u32, &'static str),
}

/// Whose step of the desk it is.
#[derive(Debug, Clone, Copy)]
pub enum Desk {
    Clerk,
    Decider,
    /// A body that was asked, by its name.
    Body(&'static str),
}

/// What became of it.
#[derive(Default)]
pub struct Grants {
    /// Whether the example enterprise meets the items of 免申 and 即申.
    pub has_candidates: bool,
    /// Candidates in the order in which they are asked, with their cases.
    asked: Vec<(Company, String)>,
    /// Applicants with their cases, when they have one.
    applicants: Vec<(Company, Option<String>)>,
    payer: Option<String>,
    batch: Option<Batch>,
}

struct Batch {
    id: String,
    number: String,
    rows: Vec<DrawnRow>,
}

/// What happens when.
pub fn deeds() -> Vec<(At, Deed)> {
    let advance = |note: &str| json!({ "command": "advance", "note": note });
    let asks = json!({ "command": "ask_opinions", "question": "请核实这家企业有没有重复享受、有没有失信记录",
        "departments": [
            { "name": "演示市财政局", "term": "5 个工作日" },
            { "name": "演示市税务局", "term": "5 个工作日" },
        ] });
    let opinion = json!({ "command": "give_opinion", "stance": "agree", "text": "没有重复享受" });
    let completion = json!({ "command": "ask_completion", "lack": "wrong",
        "marks": [{ "path": "graduates", "words": "与社保系统的人数不一致，请按参保人数更正" }] });
    let grant = json!({ "command": "grant", "words": "材料齐全，同意按测算金额补贴" });
    let refuse =
        json!({ "command": "refuse", "reason": "核查发现所报毕业生不在毕业年度，不符合补贴条件" });
    let desk = Step::Desk;
    let (accepted, reviewed) = (advance("材料齐全，受理"), advance("与社保数据一致"));
    let mut deeds = vec![
        // 免申即享: the first candidates, through the bank's answer to their word
        (39, 9, Step::Release(Some(8))),
        (38, 10, Step::Confirm(0..6)),
        (32, 9, Step::Draw),
        (32, 15, Step::Approve),
        (31, 9, Step::Send),
        (31, 16, Step::Answer(None)),
        (28, 10, Step::Rate(1, 5, "没跑一趟，钱就到了")),
        (27, 10, Step::Rate(2, 5, "")),
        (27, 11, Step::Rate(3, 4, "希望短信里写清楚是哪笔钱")),
        (26, 10, Step::Rate(4, 3, "确认之后等了两周")),
        // the next, of whose money some comes back; with the first of 即申即享
        (14, 9, Step::Release(Some(6))),
        (11, 12, Step::Instant(None)),
        (11, 13, Step::Instant(Some(1))),
        (11, 14, Step::Instant(Some(2))),
        (11, 10, Step::Confirm(8..12)),
        (5, 9, Step::Draw),
        (5, 15, Step::Approve),
        (4, 9, Step::Send),
        (4, 16, Step::Answer(Some(9))),
        (3, 15, Step::Rate(8, 5, "")),
        // in public notice, and still to be confirmed
        (4, 9, Step::Release(None)),
        (3, 10, Step::Confirm(14..17)),
        (2, 10, Step::Instant(Some(3))),
    ];
    // 申报, an applicant at each stage
    let applied = |who, ago: u32| (ago, 9, Step::File(who, true));
    deeds.extend([
        // paid
        applied(1, 35),
        (34, 10, desk(1, Desk::Clerk, accepted.clone())),
        (32, 10, desk(1, Desk::Clerk, asks.clone())),
        (30, 10, desk(1, Desk::Body("演示市财政局"), opinion.clone())),
        (29, 10, desk(1, Desk::Body("演示市税务局"), opinion.clone())),
        (27, 10, desk(1, Desk::Clerk, reviewed.clone())),
        (25, 10, desk(1, Desk::Decider, grant.clone())),
        (1, 16, Step::RateApplied(1, 5, "每一步都看得到")),
        // refused
        applied(2, 26),
        (25, 11, desk(2, Desk::Clerk, accepted.clone())),
        (18, 11, desk(2, Desk::Clerk, reviewed.clone())),
        (16, 10, desk(2, Desk::Decider, refuse)),
        // overdue in review
        applied(3, 33),
        (31, 11, desk(3, Desk::Clerk, accepted.clone())),
        // in joint review, one body still to answer
        applied(4, 20),
        (18, 10, desk(4, Desk::Clerk, accepted.clone())),
        (4, 10, desk(4, Desk::Clerk, asks)),
        (2, 11, desk(4, Desk::Body("演示市财政局"), opinion)),
        // the enterprise is asked to complete
        applied(COMPLETES, 15),
        (13, 12, desk(COMPLETES, Desk::Clerk, accepted.clone())),
        (3, 11, desk(COMPLETES, Desk::Clerk, completion)),
        (1, 12, Step::Complete(COMPLETES)),
        // before the decision, and in public notice
        applied(5, 17),
        (15, 10, desk(5, Desk::Clerk, accepted.clone())),
        (6, 10, desk(5, Desk::Clerk, reviewed.clone())),
        applied(6, 19),
        (17, 10, desk(6, Desk::Clerk, accepted)),
        (8, 10, desk(6, Desk::Clerk, reviewed)),
        (3, 16, desk(6, Desk::Decider, grant)),
        // filed yesterday, and begun only
        applied(7, 1),
        (1, 11, Step::File(8, false)),
    ]);
    let deed = |(ago, hour, step): (u32, u32, Step)| {
        let minute = hour * 60;
        (At { ago, minute }, Deed::Grant(step))
    };
    deeds.into_iter().map(deed).collect()
}

/// Publishes the demonstration's schemes and gives each money, for the year of its first cases and for this one.
pub async fn publish(app: &App, on: NaiveDate, today: NaiveDate) -> Result<usize> {
    let system = Viewer::system(ACTOR);
    let schemes = zhida_demo::shipped::schemes();
    for (id, text) in schemes {
        let room = &app.redemption;
        let shown = room.scheme(id).await.map_err(Problem::from)?;
        let scheme = Scheme::read(text)?;
        let published = room.publish_scheme(&system, &scheme, 0).await;
        published.map_err(Problem::from)?;
        for year in on.year()..=today.year() {
            let new = NewPool {
                item: id.to_owned(),
                item_name: shown.item.name.clone(),
                year,
                organisation: "演示市财政局".to_owned(),
                place: CITY.to_owned(),
                amount: POOL,
                note: ACTOR.to_owned(),
            };
            let opened = app.funds.open_pool(&system, &new).await;
            opened.map_err(Problem::from)?;
        }
    }
    Ok(schemes.len())
}

/// The enterprise in which visitors look around: one that has something of every kind of delivery.
pub async fn example(app: &App) -> Result<Option<Company>> {
    let on = app.matching.today();
    let met = eligible(app, UNASKED, CANDIDATES).await?;
    for company in &met {
        let found = app
            .matching
            .for_enterprise(&company.code, on, Detail::Brief);
        let items = found.await?.items;
        let of = |id: &str| items.iter().find(|item| item.head.id == id);
        if of(APPLIED).is_some_and(|item| item.verdict != Some(false)) && of(INSTANT).is_some() {
            return Ok(Some(company.clone()));
        }
    }
    Ok(met.into_iter().next())
}

/// The first enterprises of the city that meet an item.
async fn eligible(app: &App, item: &str, limit: u32) -> Result<Vec<Company>> {
    let on = app.matching.today();
    let city = Query {
        region: CITY.to_owned(),
        ..Query::default()
    };
    let page = PageRequest::first(limit);
    let found = app
        .matching
        .for_item(item, &city, Some(Label::Eligible), on, &page, Patience::Job);
    let rows = found.await?.enterprises.into_iter();
    let companies = rows.map(|row| Company {
        code: row.code,
        name: row.name,
    });
    Ok(companies.collect())
}

impl World<'_> {
    /// Finds who applies; the example enterprise is the first.
    pub async fn applicants(&mut self) -> Result<()> {
        self.grants.has_candidates = !eligible(self.app, UNASKED, 1).await?.is_empty();
        let met = eligible(self.app, APPLIED, CANDIDATES).await?;
        let example = self.company(0).cloned();
        let others = met.into_iter().filter(|one| Some(one) != example.as_ref());
        let others = others.take(APPLICANTS as usize);
        let all = example.clone().into_iter().chain(others);
        self.grants.applicants = all.map(|one| (one, None)).collect();
        Ok(())
    }

    /// Takes a step with money. Where a small city has nobody for it, nothing happens.
    pub async fn grant(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Release(count) => self.release(*count).await,
            Step::Confirm(turns) => {
                for turn in turns.clone() {
                    self.confirm(turn).await?;
                }
                Ok(())
            }
            Step::Instant(turn) => self.instant(*turn).await,
            Step::Draw => self.draw().await,
            Step::Approve | Step::Send => self.hand_over(step).await,
            Step::Answer(returned) => self.bank_answers(*returned).await,
            Step::Rate(turn, grade, words) => {
                let Some((company, case)) = self.grants.asked.get(*turn) else {
                    return Ok(());
                };
                self.rate(company, case, *grade, words).await
            }
            Step::File(who, files) => self.apply(*who, *files).await,
            Step::Complete(who) => self.complete(*who).await,
            Step::Desk(who, desk, command) => self.desk(*who, *desk, command).await,
            Step::RateApplied(who, grade, words) => {
                let Some((company, Some(case))) = self.grants.applicants.get(*who) else {
                    return Ok(());
                };
                self.rate(company, case, *grade, words).await
            }
        }
    }

    fn redemption(&self) -> &Redemption {
        &self.app.redemption
    }

    async fn release(&mut self, count: Option<usize>) -> Result<()> {
        let clerk = self.cast.role("clerk")?;
        let waiting = CandidateQuery {
            state: Some(CandidateState::Waiting),
            ..CandidateQuery::default()
        };
        let page = PageRequest::first(CANDIDATES);
        let room = self.redemption();
        let found = room.candidates(&clerk, UNASKED, &waiting, &page).await;
        let mut found = found.map_err(Problem::from)?.items;
        // the example enterprise is asked last, and left to the visitor
        let example = self.company(0).map(|one| one.code.clone());
        let is_example = |code: &String| Some(code) == example.as_ref();
        found.sort_by_key(|one| is_example(&one.enterprise));
        if let Some(count) = count {
            found.retain(|one| !is_example(&one.enterprise));
            found.truncate(count);
        }
        if found.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = found.iter().map(|one| one.id.clone()).collect();
        let released = room.release(&clerk, UNASKED, &ids).await;
        let released = released.map_err(Problem::from)?;
        if let Some(held) = released.held.first() {
            bail!("{} 没有放行：{}", held.name, held.reason);
        }
        self.told.asked += released.opened;
        for one in found {
            let company = Company {
                code: one.enterprise,
                name: one.name,
            };
            let viewer = self.cast.handler(&company)?;
            let first = PageRequest::first(CANDIDATES);
            let cases = self
                .redemption()
                .my_cases(&viewer, Some(true), &first)
                .await;
            let cases = cases.map_err(Problem::from)?.items;
            let case = cases.into_iter().next().context("放行之后没有办件")?;
            self.grants.asked.push((company, case.id));
        }
        Ok(())
    }

    async fn confirm(&self, turn: usize) -> Result<()> {
        let Some((company, case)) = self.grants.asked.get(turn) else {
            return Ok(());
        };
        let viewer = self.cast.handler(company)?;
        let account = payee(company);
        let confirmed = self
            .redemption()
            .confirm(&viewer, case, Some(&account))
            .await;
        match confirmed.map_err(Problem::from)? {
            Confirmed::Yes => Ok(()),
            Confirmed::NoLonger(reason) => bail!("{} 没有确认成：{reason}", company.name),
        }
    }

    async fn instant(&self, turn: Option<usize>) -> Result<()> {
        let company = match turn {
            Some(turn) => self.grants.asked.get(turn).map(|(company, _)| company),
            None => self.company(0).filter(|_| self.grants.has_candidates),
        };
        let Some(company) = company else {
            return Ok(());
        };
        let viewer = self.cast.handler(company)?;
        let account = payee(company);
        let room = self.redemption();
        let filed = room.apply_for(&viewer, INSTANT, Some(&account)).await;
        filed.map_err(Problem::from)?;
        Ok(())
    }

    async fn draw(&mut self) -> Result<()> {
        let treasurer = self.cast.role("treasurer")?;
        let payer = match &self.grants.payer {
            Some(payer) => payer.clone(),
            None => self.app.funds.open_payer(&treasurer, &payer()).await?,
        };
        let drawn = self.app.funds.draw_batch(&treasurer, &payer).await?;
        self.grants.payer = Some(payer);
        self.grants.batch = drawn.map(|batch| Batch {
            id: batch.id,
            number: batch.number,
            rows: batch.rows,
        });
        Ok(())
    }

    /// Somebody else approves; then the file goes to the bank.
    async fn hand_over(&self, step: &Step) -> Result<()> {
        let Some(batch) = &self.grants.batch else {
            return Ok(());
        };
        let funds = &self.app.funds;
        if matches!(step, Step::Approve) {
            let approver = self.cast.role("payment_approver")?;
            funds.approve_batch(&approver, &batch.id).await?;
            return Ok(());
        }
        let treasurer = self.cast.role("treasurer")?;
        let format = FileFormat::Pain001;
        funds
            .export_batch(&treasurer, &batch.number, format)
            .await?;
        funds
            .mark_sent(&treasurer, &batch.id, self.past.today())
            .await?;
        Ok(())
    }

    async fn bank_answers(&mut self, returned: Option<usize>) -> Result<()> {
        let Some(batch) = self.grants.batch.take() else {
            return Ok(());
        };
        let treasurer = self.cast.role("treasurer")?;
        let back = returned.and_then(|turn| self.grants.asked.get(turn));
        let back = back.map(|(company, _)| company.code.as_str());
        let day = self.past.today();
        let mut text = "付款参考号,结果,金额(元),日期,原因\n".to_owned();
        for row in &batch.rows {
            let (result, why) = match back == Some(row.enterprise.as_str()) {
                true => ("退回", "户名与账号不符"),
                false => ("已付", ""),
            };
            let (yuan, fen) = (row.amount / 100, row.amount % 100);
            text.push_str(&format!(
                "{},{result},{yuan}.{fen:02},{day},{why}\n",
                row.reference
            ));
        }
        let taken = self
            .app
            .funds
            .import_receipts(&treasurer, "演示回单.csv", text.as_bytes());
        let taken = taken.await?;
        self.told.paid += taken.paid;
        self.told.returned += taken.returned;
        Ok(())
    }

    async fn rate(&self, company: &Company, case: &str, grade: u32, words: &str) -> Result<()> {
        let viewer = self.cast.handler(company)?;
        let path = format!("/redemption/cases/{case}/rating");
        let fields = [("grade", &*grade.to_string()), ("words", words)];
        self.stage.form(&viewer, &path, &fields).await.map(drop)
    }

    /// Fills in the form of the 申报 item.
    async fn apply(&mut self, who: usize, files: bool) -> Result<()> {
        let Some((company, _)) = self.grants.applicants.get(who).cloned() else {
            return Ok(());
        };
        let viewer = self.cast.handler(&company)?;
        let path = format!("/redemption/apply/{APPLIED}/form");
        let page = self.stage.page(&viewer, &path).await?;
        let (version, tab) = (hidden(&page, "version")?, hidden(&page, "tab")?);
        let (account, phone) = (payee(&company), phone(who));
        let mut fields = vec![("version", version.as_str()), ("tab", tab.as_str())];
        fields.extend(contact(&phone, "3"));
        if files {
            fields.extend(paid_to(&account));
            fields.push(("promise", "true"));
        }
        fields.push(("do", if files { "submit" } else { "save" }));
        let place = self.stage.parts(&viewer, &path, &fields).await?;
        if files {
            let case = place.rsplit('/').next().map(str::to_owned);
            self.grants.applicants[who].1 = case;
        }
        Ok(())
    }

    async fn complete(&self, who: usize) -> Result<()> {
        let Some((company, Some(case))) = self.grants.applicants.get(who) else {
            return Ok(());
        };
        let viewer = self.cast.handler(company)?;
        let path = format!("/redemption/cases/{case}/complete");
        let page = self.stage.page(&viewer, &path).await?;
        let (version, tab) = (hidden(&page, "version")?, hidden(&page, "tab")?);
        // the page sends all its fields: what is left out would be cleared
        let (account, phone) = (payee(company), phone(who));
        let mut fields = vec![("version", version.as_str()), ("tab", tab.as_str())];
        fields.extend(contact(&phone, "2"));
        fields.extend(paid_to(&account));
        fields.push(("do", "save"));
        self.stage.parts(&viewer, &path, &fields).await.map(drop)
    }

    async fn desk(&self, who: usize, desk: Desk, command: &Value) -> Result<()> {
        let Some((_, Some(case))) = self.grants.applicants.get(who) else {
            return Ok(());
        };
        let viewer = match desk {
            Desk::Clerk => self.cast.role("clerk")?,
            Desk::Decider => self.cast.role("decider")?,
            Desk::Body(name) => self.cast.of(name)?,
        };
        let path = format!("/api/v1/redemption/desk/{case}");
        let shown = self.stage.get(&viewer, &path).await?;
        let mut command = command.clone();
        command["version"] = shown["head"]["version"].clone();
        self.stage.post(&viewer, &path, &command).await
    }
}

/// Nobody's account.
fn payee(company: &Company) -> PayeeForm {
    PayeeForm {
        holder: company.name.clone(),
        bank: "中国工商银行演示支行".to_owned(),
        cnaps: "102100099996".to_owned(),
        account: "3700123409000012345".to_owned(),
    }
}

/// The telephone of an applicant.
fn phone(who: usize) -> String {
    format!("1380000{:04}", 2_000 + who)
}

/// Whom to call, and for how many graduates it is.
fn contact<'a>(phone: &'a str, graduates: &'a str) -> [(&'static str, &'a str); 4] {
    [
        ("contact", "演示企业办事人"),
        ("phone", phone),
        ("graduates", graduates),
        ("period", "上半年"),
    ]
}

/// The fields of the account.
fn paid_to(account: &PayeeForm) -> [(&'static str, &str); 4] {
    [
        ("payee-holder", &account.holder),
        ("payee-bank", &account.bank),
        ("payee-cnaps", &account.cnaps),
        ("payee-number", &account.account),
    ]
}

/// The account from which is paid, nobody's likewise.
fn payer() -> PayeeForm {
    PayeeForm {
        holder: "演示市财政局".to_owned(),
        bank: "中国建设银行演示支行".to_owned(),
        cnaps: "105100000017".to_owned(),
        account: "33050162858300000123".to_owned(),
    }
}
