//! `zhida open311`: the keys by which other systems hand in appeals, for whoever sets up machines and not pages.

use anyhow::Result;
use zhida_appeals::NewOpen311Key;
use zhida_matching::text::table;
use zhida_platform::{access::Viewer, format::datetime_zh, problem::Problem};
use zhida_standards::division;

use super::{Outcome, open, say};
use crate::cli::{Open311Add, Open311List, Open311Revoke};

/// Who does it, for the audit.
const ACTOR: &str = "命令行";

/// `zhida open311 list`.
pub async fn list(arguments: &Open311List) -> Result<Outcome> {
    let app = open(&arguments.store).await?;
    let keys = app.appeals.open311_keys(&Viewer::system(ACTOR)).await;
    let mut keys = keys.map_err(Problem::from)?;
    keys.retain(|key| arguments.all || !key.ended);
    if keys.is_empty() {
        say("没有密钥。新建一个：zhida open311 add 名称")?;
        return Ok(Outcome::Good);
    }
    let headings = ["标识", "开头", "给谁用", "区划", "最近使用", "状态"];
    let rows = keys.into_iter().map(|key| {
        vec![
            key.id,
            format!("{}…", key.hint),
            key.name,
            match key.place.as_str() {
                "" => "本市".to_owned(),
                place => division::full_name(place).unwrap_or_else(|| place.to_owned()),
            },
            key.used_at
                .map_or_else(|| "没有用过".to_owned(), datetime_zh),
            if key.ended { "已停用" } else { "在用" }.to_owned(),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    say(table(&headings, &rows).trim_end())?;
    Ok(Outcome::Good)
}

/// `zhida open311 add`.
pub async fn add(arguments: &Open311Add) -> Result<Outcome> {
    let app = open(&arguments.store).await?;
    let new = NewOpen311Key {
        name: arguments.name.trim(),
        place: arguments.place.trim(),
        batch: arguments.batch,
    };
    let made = app
        .appeals
        .make_open311_key(&Viewer::system(ACTOR), &new)
        .await;
    let secret = made.map_err(Problem::from)?;
    say(format!(
        "密钥：{secret}\n只显示这一次，请当场交给“{}”；对方提交时写在 api_key 里。新建已记入审计",
        new.name
    ))?;
    Ok(Outcome::Good)
}

/// `zhida open311 revoke`.
pub async fn revoke(arguments: &Open311Revoke) -> Result<Outcome> {
    let app = open(&arguments.store).await?;
    let viewer = Viewer::system(ACTOR);
    let ended = app.appeals.end_open311_key(&viewer, &arguments.id).await;
    ended.map_err(Problem::from)?;
    say("密钥已停用，已记入审计")?;
    Ok(Outcome::Good)
}
