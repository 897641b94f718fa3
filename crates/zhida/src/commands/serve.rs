//! `zhida serve`: the site for everybody.

use anyhow::Result;
use zhida_platform::{access::Viewer, log};

use super::Outcome;
use crate::{
    app::{self, App},
    cli::Serve,
};

/// `zhida serve`. The first time it prints the address on which the administrators are named.
pub async fn serve(arguments: &Serve) -> Result<Outcome> {
    let mut config = app::config(&arguments.store)?;
    if let Some(addr) = arguments.addr {
        config.server.addr = addr;
    }
    log::init(&config.log);
    let app = App::open(&config).await?;
    app.matching.keep_current();
    let listener = app::bind(config.server.addr).await?;
    let base = format!("http://{}", listener.local_addr()?);
    println!("直达已启动：{base}");
    if let Some(addr) = config.server.metrics() {
        let listener = app::bind(addr).await?;
        println!("监控指标：http://{}/metrics", listener.local_addr()?);
        app.watch().serve_metrics(listener);
    }
    warn_of_plain_secrets(&app);
    if let Some(code) = app.people.first_run().await? {
        println!("还没有账号。请打开下面的地址设置管理员；它只显示这一次，用过或重新启动后失效：");
        println!("  {base}/setup?code={}", code.expose());
    }
    let router = app.router(&config, Viewer::visitor(), false);
    app::serve(&app, &config, listener, router).await?;
    app.matching.save_snapshot().await?;
    Ok(Outcome::Good)
}

fn warn_of_plain_secrets(app: &App) {
    if !app.db.sealer().is_on() {
        tracing::warn!(
            "没有配置 secrets.key_file：双因素密钥、推送密钥以明文存放在数据库里。\
             请按 docs/operations.md 生成密钥并配置"
        );
    }
}
