//! `zhida match`: who may have what, and why.

use anyhow::Result;
use zhida_matching::{Detail, Error, Matching, Patience, text};
use zhida_platform::paging::{LIMIT_MAX, PageRequest};
use zhida_registry::Query;

use super::{Outcome, open, say, write_csv};
use crate::{
    cli::{MatchEnterprise, MatchPolicy},
    terminal::Terminal,
};

/// `zhida match enterprise CODE`.
pub async fn enterprise(arguments: &MatchEnterprise) -> Result<Outcome> {
    let app = open(&arguments.store).await?;
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
    let matching = open(&arguments.store).await?.matching;
    let on = arguments.on.unwrap_or_else(|| matching.today());
    let (id, query) = (arguments.id.as_str(), Query::default());
    matching.item(id, on)?;
    prepare(&matching).await?;
    if let Some(path) = &arguments.csv {
        let table = matching.export_item(id, &query, None, on, Patience::Job);
        write_csv(table.await?, path).await?;
        say(format!("已写入 {}", path.display()))?;
    } else {
        let list = async |after| {
            let limit = LIMIT_MAX;
            let page = PageRequest { after, limit };
            matching
                .for_item(id, &query, None, on, &page, Patience::Job)
                .await
        };
        let mut found = list(None).await?;
        while found.next.is_some() && found.enterprises.len() < arguments.limit {
            let more = list(found.next.take()).await?;
            found.enterprises.extend(more.enterprises);
            found.next = more.next;
        }
        if arguments.json {
            say(serde_json::to_string(&found)?)?;
        } else {
            say(text::item(&found).trim_end())?;
        }
    }
    matching.save_snapshot().await?;
    Ok(Outcome::Good)
}

/// Loads the engine. Facts that it does not take leave the answer to the interpreter.
async fn prepare(matching: &Matching) -> Result<()> {
    match matching.prepare(&Terminal::new()).await {
        Err(Error::Engine(error)) => eprintln!("匹配索引不能建立，改为逐家计算：{error}"),
        prepared => prepared?,
    }
    Ok(())
}
