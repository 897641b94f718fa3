//! `zhida serve`: the site for everybody.

use anyhow::Result;
use zhida_platform::{access::Viewer, log};

use super::Outcome;
use crate::{
    app::{self, App},
    cli::Serve,
};

/// `zhida serve`. Until people can sign in it shows public pages only and writes nothing.
pub async fn serve(arguments: &Serve) -> Result<Outcome> {
    let mut config = app::config(&arguments.store)?;
    if let Some(addr) = arguments.addr {
        config.server.addr = addr;
    }
    log::init(&config.log);
    let app = App::open(&config).await?;
    app.matching.keep_current();
    let listener = app::bind(config.server.addr).await?;
    println!("直达已启动：http://{}", listener.local_addr()?);
    println!("登录功能将在后续版本提供：现在只开放公开页面和计算器，不能写入。");
    app::serve(listener, app.router(&config, Viewer::Public, false)).await?;
    Ok(Outcome::Good)
}
