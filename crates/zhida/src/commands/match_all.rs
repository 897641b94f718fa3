//! `zhida match all`: all items with all enterprises, summed up.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use tokio::{fs::File, io::AsyncWriteExt};
use zhida_matching::{RunOptions, Summary, news::RunReport, text};
use zhida_platform::export;

use super::{Outcome, say};
use crate::{
    app::{self, App},
    cli::MatchAll,
    terminal::Terminal,
};

/// Who saves a run.
const ACTOR: &str = "命令行";

/// `zhida match all`.
pub async fn all(arguments: &MatchAll) -> Result<Outcome> {
    let app = App::open(&app::config(&arguments.store)?).await?;
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
    if let Some(path) = &arguments.csv {
        write_csv(&found, path).await?;
    }
    if arguments.json {
        say(serde_json::to_string(&found)?)?;
        return Ok(Outcome::Good);
    }
    say(text::everything(&found, arguments.limit).trim_end())?;
    eprintln!("匹配用时 {:.2} 秒", found.took.as_secs_f64());
    if let Some(path) = &arguments.csv {
        say(format!("已写入 {}", path.display()))?;
    }
    Ok(Outcome::Good)
}

fn saved(run: &RunReport) -> String {
    match run.first {
        true => "已保存，作为以后比较的起点".to_owned(),
        false => format!("已保存，新匹配 {} 条", run.news),
    }
}

async fn write_csv(found: &Summary, path: &Path) -> Result<()> {
    let mut file = File::create(path)
        .await
        .with_context(|| format!("不能写 {}", path.display()))?;
    export::write_csv(found.table(), &mut file).await?;
    file.flush().await?;
    Ok(())
}
