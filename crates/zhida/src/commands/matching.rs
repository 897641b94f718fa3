//! `zhida match`: who may have what, and why.

use std::path::Path;

use anyhow::{Context, Result};
use chrono::NaiveDate;
use tokio::{fs::File, io::AsyncWriteExt};
use zhida_matching::{Detail, Patience, text};
use zhida_platform::{export, paging::PageRequest};
use zhida_registry::Query;

use super::{Outcome, say};
use crate::{
    app::{self, App},
    cli::{MatchEnterprise, MatchPolicy},
};

/// `zhida match enterprise CODE`.
pub async fn enterprise(arguments: &MatchEnterprise) -> Result<Outcome> {
    let app = App::open(&app::config(&arguments.store)?).await?;
    let on = arguments.on.unwrap_or_else(|| app.matching.today());
    let found = app
        .matching
        .for_enterprise(&arguments.code, on, Detail::Full)
        .await?;
    if arguments.json {
        say(serde_json::to_string(&found)?)?;
    } else {
        say(text::enterprise(&found).trim_end())?;
    }
    Ok(Outcome::Good)
}

/// `zhida match policy ID`.
pub async fn policy(arguments: &MatchPolicy) -> Result<Outcome> {
    let app = App::open(&app::config(&arguments.store)?).await?;
    let on = arguments.on.unwrap_or_else(|| app.matching.today());
    if let Some(path) = &arguments.csv {
        write_csv(&app, &arguments.id, on, path).await?;
        say(format!("已写入 {}", path.display()))?;
        return Ok(Outcome::Good);
    }
    let query = Query::default();
    let mut page = PageRequest::first(zhida_platform::paging::LIMIT_MAX);
    let id = arguments.id.as_str();
    let matching = &app.matching;
    let mut found = matching
        .for_item(id, &query, None, on, &page, Patience::Job)
        .await?;
    while let Some(next) = found.next.take() {
        if found.enterprises.len() >= arguments.limit {
            found.next = Some(next);
            break;
        }
        page.after = Some(next);
        let more = matching
            .for_item(id, &query, None, on, &page, Patience::Job)
            .await?;
        found.enterprises.extend(more.enterprises);
        found.next = more.next;
    }
    if arguments.json {
        say(serde_json::to_string(&found)?)?;
    } else {
        say(text::item(&found).trim_end())?;
    }
    Ok(Outcome::Good)
}

async fn write_csv(app: &App, id: &str, on: NaiveDate, path: &Path) -> Result<()> {
    let query = Query::default();
    let table = app
        .matching
        .export_item(id, &query, None, on, Patience::Job)
        .await?;
    let mut file = File::create(path)
        .await
        .with_context(|| format!("不能写 {}", path.display()))?;
    export::write_csv(table, &mut file).await?;
    file.flush().await?;
    Ok(())
}
