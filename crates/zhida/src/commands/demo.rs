//! `zhida demo`: a generated city with real policies and eight weeks of work behind it, on this machine only.

mod appeals;
mod cast;
mod grants;
mod hints;
mod meetings;
mod past;
mod stage;
mod story;

use std::{
    fs,
    io::{BufWriter, Write as _},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use zhida_demo::{City, generate, shipped};
use zhida_matching::Detail;
use zhida_platform::{
    access::Viewer,
    clock::{Clock as _, SystemClock},
    config::Config,
    log,
    paging::PageRequest,
    progress::{Progress, Silent},
};
use zhida_policies::import::{ImportOptions as PolicyOptions, SourceFile, import_files};
use zhida_registry::{
    Query,
    import::{ImportOptions, Importer},
};
use zhida_standards::division::DivisionCode;

pub use self::hints::HINTS;
use self::{cast::Company, past::Past};
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
/// Steps that failed that are told.
const FAILED_MAX: usize = 10;
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
    let past = Past::new(Arc::new(SystemClock));
    if !folder.join("zhida.db").exists() {
        // nothing in it is older than the city
        story::begin(&past);
    }
    let app = App::open_by(&config, true, past.clone()).await?;
    prepare(&app, &config, &past, folder, arguments.enterprises).await?;
    past.return_to_present();
    app.matching.keep_current();
    let base = format!("http://{}", listener.local_addr()?);
    introduce(&app, &base, folder, arguments.data.is_some()).await?;
    let router = app.router(&config, Viewer::visitor(), true);
    app::serve(&app, &config, listener, router).await?;
    app.matching.save_snapshot().await?;
    Ok(Outcome::Good)
}

/// Fills an empty database; a filled one is kept as it is.
async fn prepare(
    app: &App,
    config: &Config,
    past: &Arc<Past>,
    folder: &Path,
    enterprises: u64,
) -> Result<()> {
    let empty = app.registry.count(&Query::default()).await? == 0;
    if empty {
        import_city(app, past, folder, enterprises).await?;
    }
    let real = import_policies(app, shipped::policy_files()).await?;
    let own = import_policies(app, std::iter::once(shipped::demo_policy_file())).await?;
    if real > 0 {
        println!("已装入真实政策事项 {real} 项，演示事项 {own} 项");
    }
    if empty {
        let told = story::tell(app, config, past).await?;
        keep_key(folder, &told.open311_key)?;
        say(&told);
    }
    Ok(())
}

async fn import_city(app: &App, past: &Past, folder: &Path, enterprises: u64) -> Result<()> {
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
        // not later than the clock says
        as_of: Some(city.reference_date.min(past.today())),
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
    Ok(())
}

/// How many items of the files were new.
async fn import_policies(
    app: &App,
    files: impl Iterator<Item = (&'static str, &'static str)>,
) -> Result<u64> {
    let file = |(name, text): (&str, &str)| SourceFile {
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let options = PolicyOptions {
        actor: ACTOR.into(),
        ..Default::default()
    };
    let report = import_files(&app.policies, files.map(file).collect(), &options, &Silent).await?;
    Ok(report.accepted)
}

/// Says what the city's eight weeks came to.
fn say(told: &story::Told) {
    println!(
        "已发布兑付方案 {} 个，请 {} 家确认，已兑付 {} 件，银行退回 {} 件；诉求 {} 件，调度会 2 次",
        told.schemes, told.asked, told.paid, told.returned, told.appeals
    );
    if !told.failed.is_empty() {
        println!("有 {} 步演示数据没有做成：", told.failed.len());
        for failed in told.failed.iter().take(FAILED_MAX) {
            println!("  {failed}");
        }
    }
}

/// Where the key of the hotline's system stands, for the next start: the database has its digest only.
const OPEN311_KEY: &str = "open311.key";

fn keep_key(folder: &Path, key: &str) -> Result<()> {
    let file = folder.join(OPEN311_KEY);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(&file)
        .and_then(|mut out| out.write_all(key.as_bytes()));
    written.map_err(|error| cannot_write(&file, &error))
}

/// How a hotline's system hands in appeals, and sees what became of them.
fn explain_open311(folder: &Path, base: &str) {
    let Ok(key) = fs::read_to_string(folder.join(OPEN311_KEY)) else {
        return;
    };
    let requests = format!("{base}/open311/v2/requests");
    println!("12345 热线平台这样经 Open311 提交诉求、查进展（密钥是演示建的）：");
    println!(
        "  curl -d api_key={key} -d service_code=utilities.power.outage \\\n    \
         -d address_string=演示大道1号 -d description=厂区从昨天起停电，两条生产线停产 {requests}.json"
    );
    println!("  curl '{requests}.json?api_key={key}'");
    println!();
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
        println!("  可享政策      {base}/enterprises/{code}/matches");
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
        "身份浏览和办理，随时可以换。一企一档的内部数据、可享政策、规则编辑、导入要有身份才能打开。"
    );
    accounts(app, code.as_deref(), base).await?;
    explain_open311(folder, base);
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

/// The enterprise of the demonstration's accounts.
async fn example(app: &App) -> Result<Option<String>> {
    if let Some(code) = cast::example(app).await? {
        return Ok(Some(code));
    }
    Ok(most_items(app).await?.map(|company| company.code))
}

/// Among the first enterprises of the city the one with the most items within reach.
async fn most_items(app: &App) -> Result<Option<Company>> {
    let page = PageRequest::first(EXAMPLES_TRIED);
    let city = Query {
        region: CITY.to_owned(),
        ..Query::default()
    };
    let on = app.matching.today();
    let mut best: Option<(u64, Company)> = None;
    for row in app.registry.search(&city, &page).await?.items {
        let found = app
            .matching
            .for_enterprise(&row.code, on, Detail::Brief)
            .await?;
        let count = found.counts.eligible;
        if best.as_ref().is_none_or(|(most, _)| count > *most) {
            let (code, name) = (row.code, row.name);
            best = Some((count, Company { code, name }));
        }
    }
    Ok(best.map(|(_, company)| company))
}
