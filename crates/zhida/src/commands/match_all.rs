//! `zhida match all`: all items with all enterprises, summed up.

use std::{sync::Arc, time::Instant};

use anyhow::Result;
use zhida_matching::{RunOptions, news::RunReport, text};

use super::{Outcome, open, say, write_csv};
use crate::{cli::MatchAll, terminal::Terminal};

/// Who saves a run.
const ACTOR: &str = "命令行";

/// `zhida match all`.
pub async fn all(arguments: &MatchAll) -> Result<Outcome> {
    let start = Instant::now();
    let app = open(&arguments.store).await?;
    let on = arguments.on.unwrap_or_else(|| app.matching.today());
    let options = RunOptions {
        threads: arguments.threads.map(usize::from),
        memory: arguments.memory.map(|megabytes| (megabytes as usize) << 20),
    };
    let terminal = Arc::new(Terminal::new());
    let found = app
        .matching
        .match_all(on, options, terminal.clone())
        .await?;
    if arguments.save {
        let run = app.matching.save_run(ACTOR, &terminal).await?;
        eprintln!("{}", saved(&run));
    }
    drop(terminal);
    if arguments.json {
        say(serde_json::to_string(&found)?)?;
    } else {
        say(text::everything(&found, arguments.limit).trim_end())?;
    }
    if let Some(path) = &arguments.csv {
        write_csv(found.table(), path).await?;
        say(format!("已写入 {}", path.display()))?;
    }
    app.matching.save_snapshot().await?;
    eprintln!(
        "共用时 {:.2} 秒，其中匹配 {:.2} 秒，其余是打开数据库、装入企业和写出结果",
        start.elapsed().as_secs_f64(),
        found.took.as_secs_f64()
    );
    Ok(Outcome::Good)
}

fn saved(run: &RunReport) -> String {
    match run.first {
        true => "已保存，作为以后比较的起点".to_owned(),
        false => format!("已保存，新匹配 {} 条", run.news),
    }
}
