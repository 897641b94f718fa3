//! `zhida demo`: a generated city with real policies, on this machine only.

use std::{fs, io::BufWriter, path::Path};

use anyhow::{Context, Result, bail};
use chrono::Datelike;
use tempfile::TempDir;
use zhida_demo::{City, generate, shipped};
use zhida_funds::NewPool;
use zhida_matching::Detail;
use zhida_platform::{
    access::Viewer,
    config::Config,
    log,
    paging::PageRequest,
    problem::Problem,
    progress::{Progress, Silent},
};
use zhida_policies::import::{ImportOptions as PolicyOptions, SourceFile, import_files};
use zhida_redemption::Scheme;
use zhida_registry::{
    Query,
    import::{ImportOptions, Importer},
};
use zhida_standards::division::DivisionCode;

use super::{Outcome, cannot_write};
use crate::{
    app::{self, App},
    cli::Demo,
    terminal::Terminal,
};

/// 温州市: several of the shipped items apply there, besides those of the whole country.
const CITY: &str = "330300";
/// Who puts the data in.
const ACTOR: &str = "演示";
/// Enterprises looked at for one that makes a good example.
const EXAMPLES_TRIED: u32 = 100;

/// `zhida demo`.
pub async fn demo(arguments: &Demo) -> Result<Outcome> {
    if !arguments.addr.ip().is_loopback() {
        bail!(
            "演示不用密码就能以任何身份进入，只能监听本机回环地址（127.0.0.1 或 [::1]），不能用 {}。\
             对外提供服务请用 zhida serve",
            arguments.addr
        );
    }
    // Taken first, so that a port in use is told before anything is generated.
    let listener = app::bind(arguments.addr).await?;
    let temporary = match &arguments.data {
        Some(folder) => {
            fs::create_dir_all(folder)
                .with_context(|| format!("不能建立数据目录 {}", folder.display()))?;
            None
        }
        None => Some(TempDir::with_prefix("zhida-demo-").context("不能建立临时目录")?),
    };
    let folder = match (&arguments.data, &temporary) {
        (Some(folder), _) => folder.as_path(),
        (None, Some(temporary)) => temporary.path(),
        (None, None) => bail!("没有数据目录"),
    };
    let mut config = Config::default();
    config.database.url = format!("sqlite:{}", folder.join("zhida.db").display());
    config.files.folder = folder.join("files").display().to_string();
    "warn".clone_into(&mut config.log.level);
    log::init(&config.log);
    let app = App::open_for(&config, true).await?;
    prepare(&app, folder, arguments.enterprises).await?;
    app.matching.keep_current();
    let base = format!("http://{}", listener.local_addr()?);
    introduce(&app, &base, folder, arguments.data.is_some()).await?;
    let router = app.router(&config, Viewer::visitor(), true);
    app::serve(&app, &config, listener, router).await?;
    app.matching.save_snapshot().await?;
    Ok(Outcome::Good)
}

/// Fills an empty database; a filled one is kept as it is.
async fn prepare(app: &App, folder: &Path, enterprises: u64) -> Result<()> {
    if app.registry.count(&Query::default()).await? == 0 {
        let division = DivisionCode::parse(CITY).context("演示城市的区划代码")?;
        let city = City {
            enterprises,
            division,
            ..City::default()
        };
        let file = folder.join("enterprises.csv");
        let terminal = Terminal::new();
        let mut out =
            BufWriter::new(fs::File::create(&file).map_err(|error| cannot_write(&file, &error))?);
        generate::enterprises_csv(&city, &mut out, |done, total| {
            terminal.report(done, Some(total), "生成样例企业");
        })?;
        out.into_inner()
            .map_err(|error| error.into_error())?
            .sync_all()?;
        let options = ImportOptions {
            department: "演示数据".to_owned(),
            as_of: Some(city.reference_date),
            actor: ACTOR.into(),
            file_name: Some("样例企业.csv".to_owned()),
            ..Default::default()
        };
        let report = Importer::new(app.registry.clone())
            .run(&file, &options, &terminal)
            .await?;
        drop(terminal);
        fs::remove_file(&file)?;
        println!("已装入样例企业 {} 家", report.accepted);
    }
    let files = shipped::policy_files()
        .map(|(name, text)| SourceFile {
            name: name.to_owned(),
            bytes: text.as_bytes().to_vec(),
        })
        .collect();
    let options = PolicyOptions {
        actor: ACTOR.into(),
        ..Default::default()
    };
    let report = import_files(&app.policies, files, &options, &Silent).await?;
    if report.accepted > 0 {
        println!("已装入真实政策事项 {} 项", report.accepted);
    }
    appeals(app).await?;
    redemption(app).await
}

/// Says which city's appeals are those that name no place, so that its leaders' figures count them.
async fn appeals(app: &App) -> Result<()> {
    let room = &app.appeals;
    let mut published = room.rules().await.map_err(Problem::from)?;
    if published.revision == 0 {
        published.rules.place = CITY.to_owned();
        room.publish_rules(&Viewer::system(ACTOR), &published.rules, 0, ACTOR)
            .await
            .map_err(Problem::from)?;
    }
    Ok(())
}

/// Money of a pool of the demonstration, in fen: 500 万元.
const POOL: i64 = 5_000_000 * 100;

/// Publishes the demonstration's schemes, gives each a pool, finds its candidates and releases those of the first.
async fn redemption(app: &App) -> Result<()> {
    let system = Viewer::system(ACTOR);
    let room = &app.redemption;
    let mut published = 0;
    for (id, text) in shipped::schemes() {
        let shown = room.scheme(id).await.map_err(Problem::from)?;
        if shown.current.is_some() {
            continue;
        }
        let scheme = Scheme::read(text)?;
        room.publish_scheme(&system, &scheme, 0)
            .await
            .map_err(Problem::from)?;
        let new = NewPool {
            item: id.to_owned(),
            item_name: shown.item.name.clone(),
            year: app.matching.today().year(),
            organisation: "演示市财政局".to_owned(),
            place: CITY.to_owned(),
            amount: POOL,
            note: ACTOR.to_owned(),
        };
        app.funds
            .open_pool(&system, &new)
            .await
            .map_err(Problem::from)?;
        published += 1;
    }
    if published == 0 {
        return Ok(());
    }
    let night = room.night(&Silent).await.map_err(Problem::from)?;
    let (first, _) = shipped::schemes()[0];
    let released = room
        .release(&system, first, &[])
        .await
        .map_err(Problem::from)?;
    println!(
        "已发布兑付方案 {published} 个，免申候选 {} 家，已请其中 {} 家确认",
        night.new, released.opened
    );
    Ok(())
}

/// Prints what is worth opening.
async fn introduce(app: &App, base: &str, folder: &Path, keeps: bool) -> Result<()> {
    let code = example(app).await?;
    println!();
    println!("直达演示已就绪，请在浏览器打开：");
    println!("  首页          {base}/");
    println!("  惠企政策      {base}/policies");
    println!("  政策计算器    {base}/calculator");
    if let Some(code) = &code {
        println!("  一企一档      {base}/enterprises/{code}");
        println!("  我的政策      {base}/enterprises/{code}/matches");
    }
    println!("  企业名录      {base}/enterprises");
    println!("  规则编辑      {base}/policies/new");
    println!("  我的兑付      {base}/redemption");
    println!("  免申即享      {base}/redemption/closure");
    println!("  兑付方案      {base}/schemes");
    println!("  公示          {base}/notices");
    println!("  导入企业      {base}/enterprises/import");
    println!("  开放接口      {base}/api");
    println!();
    println!(
        "不登录是访客。页首“选择身份进入”（{base}/demo）：一键以企业、代办、经办、政策、数据等"
    );
    println!(
        "身份浏览和办理，随时可以换。一企一档的内部数据、我的政策、规则编辑、导入要有身份才能打开。"
    );
    accounts(app, code.as_deref(), base).await?;
    println!("企业都是生成的样例，政策由公开资料转述；只有本机能访问。");
    if keeps {
        println!(
            "数据保存在 {}，下次带同样的 --data 启动会接着用。",
            folder.display()
        );
    } else {
        println!("数据在临时目录，退出即清除；要保留请加 --data 目录。");
    }
    println!("按 Ctrl-C 退出。");
    Ok(())
}

/// Makes and prints one account for each role.
async fn accounts(app: &App, enterprise: Option<&str>, base: &str) -> Result<()> {
    let (password, accounts) = app.people.make_demo_accounts(CITY, enterprise).await?;
    println!(
        "也可以在 {base}/sign-in 用演示账号登录，密码都是 {}：",
        password.expose()
    );
    for account in accounts {
        println!("  {:<14}  {}", account.login, account.role);
    }
    println!();
    Ok(())
}

/// Among the first enterprises the one with the most items within reach.
async fn example(app: &App) -> Result<Option<String>> {
    // somebody who has something to confirm, before all
    let system = Viewer::system(ACTOR);
    let one = PageRequest::first(1);
    let waiting = app.redemption.my_cases(&system, Some(true), &one);
    if let Some(case) = waiting
        .await
        .map_err(Problem::from)?
        .items
        .into_iter()
        .next()
    {
        return Ok(Some(case.code));
    }
    let page = PageRequest::first(EXAMPLES_TRIED);
    let city = Query {
        region: CITY.to_owned(),
        ..Query::default()
    };
    let on = app.matching.today();
    let mut best: Option<(u64, String)> = None;
    for row in app.registry.search(&city, &page).await?.items {
        let found = app
            .matching
            .for_enterprise(&row.code, on, Detail::Brief)
            .await?;
        let count = found.counts.eligible;
        if best.as_ref().is_none_or(|(most, _)| count > *most) {
            best = Some((count, row.code));
        }
    }
    Ok(best.map(|(_, code)| code))
}
