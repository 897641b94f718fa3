use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::guarded_process::GuardedProcess;
use crate::target_folder;

const AXE: &str = include_str!("../assets/axe-core/axe.min.js");
const RUN_AXE: &str = "const done = arguments[arguments.length - 1]; \
     axe.run(document).then(found => done(found.violations), error => done(String(error)));";
const INSTALL: &str =
    "测试要用 Chromium，请先安装：apt-get install chromium chromium-driver fonts-noto-cjk";
const START_TIMEOUT: Duration = Duration::from_secs(60);
const LEAVE_TIMEOUT: Duration = Duration::from_secs(30);
/// A screenshot shows the whole page, within reason.
const SCREENSHOT_HEIGHT_MAX: u32 = 10_000;

/// Debian's Chromium with a window of its own, in Chinese; a desktop's size
/// unless resized. Derefs to fantoccini's client.
pub struct Browser {
    client: Client,
    _driver: GuardedProcess,
}

impl Deref for Browser {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Browser {
    /// A browser as most people have it.
    ///
    /// # Panics
    /// When Chromium is not installed or does not start.
    pub async fn start() -> Self {
        Self::with_preferences(json!({})).await
    }

    /// A browser with JavaScript turned off: every page works without it.
    ///
    /// # Panics
    /// As [`Browser::start`].
    pub async fn without_javascript() -> Self {
        let blocked = json!({ "profile.managed_default_content_settings.javascript": 2 });
        Self::with_preferences(blocked).await
    }

    async fn with_preferences(preferences: Value) -> Self {
        let chromium = installed("chromium");
        let chromedriver = installed("chromedriver");
        let folder = tempfile::Builder::new()
            .prefix("zhida-browser-")
            .tempdir()
            .expect("a temporary folder can be made")
            // the guarding shell removes it
            .keep();
        let driver = GuardedProcess::start(&chromedriver, &["--port=0"], &folder, "TERM", None);
        let port = port_of(&driver).await;
        let capabilities = capabilities(&chromium, &folder.join("profile"), preferences);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap_or_else(|error| panic!("Chromium 没有启动（{error}）：\n{}", driver.log()));
        Self {
            client,
            _driver: driver,
        }
    }

    /// Opens an address.
    ///
    /// # Panics
    /// When it does not load.
    pub async fn open(&self, url: &str) {
        self.client
            .goto(url)
            .await
            .unwrap_or_else(|error| panic!("{url} 打不开：{error}"));
    }

    /// Presses what leads to another page (a link, the button of a form) and waits until the old page is gone:
    /// the driver answers a click before the browser has begun to leave.
    ///
    /// # Panics
    /// When there is no such element, or the same page stays.
    pub async fn follow(&self, element: Locator<'_>) {
        let page = self.client.find(Locator::Css("html")).await;
        let page = page.expect("a page is open");
        let found = self.client.find(element).await;
        let found = found.unwrap_or_else(|error| panic!("没有 {element:?}：{error}"));
        found.click().await.expect("it can be pressed");
        let started = Instant::now();
        while page.tag_name().await.is_ok() {
            assert!(
                started.elapsed() < LEAVE_TIMEOUT,
                "按了 {element:?}，页面没有换"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A phone's window, 390 × 844.
    ///
    /// # Panics
    /// When the browser is gone.
    pub async fn phone(&self) {
        self.resize(390, 844).await;
    }

    async fn resize(&self, width: u32, height: u32) {
        self.client
            .set_window_size(width, height)
            .await
            .expect("the browser answers");
    }

    async fn size(&self) -> (u32, u32) {
        let (width, height) = self
            .client
            .get_window_size()
            .await
            .expect("the browser answers");
        let small = |side: u64| u32::try_from(side).expect("a window has a side");
        (small(width), small(height))
    }

    async fn page_height(&self) -> u32 {
        let height = self
            .client
            .execute("return document.documentElement.scrollHeight", vec![])
            .await
            .expect("the browser answers");
        let height = height.as_u64().unwrap_or_default();
        u32::try_from(height).unwrap_or(SCREENSHOT_HEIGHT_MAX)
    }

    /// Keeps a picture of the whole page as `target/screenshots/<name>.png`.
    ///
    /// # Panics
    /// When the picture cannot be taken or kept.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let (width, height) = self.size().await;
        let page = self.page_height().await;
        self.resize(width, page.clamp(height, SCREENSHOT_HEIGHT_MAX))
            .await;
        let picture = self.client.screenshot().await;
        self.resize(width, height).await;
        let folder = target_folder().join("screenshots");
        fs::create_dir_all(&folder).expect("target can be written");
        let path = folder.join(format!("{name}.png"));
        fs::write(&path, picture.expect("a picture can be taken")).expect("target can be written");
        path
    }

    /// Runs all rules of axe-core on the open page.
    ///
    /// # Panics
    /// With every violation: rule, what it asks, and the elements.
    pub async fn axe(&self, page: &str) {
        self.client
            .execute(AXE, vec![])
            .await
            .expect("axe-core loads");
        let found = self
            .client
            .execute_async(RUN_AXE, vec![])
            .await
            .expect("axe-core runs");
        let violations = found
            .as_array()
            .unwrap_or_else(|| panic!("axe-core 没有跑完：{found}"));
        let told: Vec<String> = violations.iter().map(told).collect();
        assert!(
            told.is_empty(),
            "{page} 有无障碍问题：\n{}",
            told.join("\n")
        );
    }
}

fn installed(program: &str) -> PathBuf {
    let path = Path::new("/usr/bin").join(program);
    assert!(path.exists(), "{INSTALL}");
    path
}

async fn port_of(driver: &GuardedProcess) -> u16 {
    let started = Instant::now();
    loop {
        let log = driver.log();
        let after = log.split("started successfully on port ").nth(1);
        let digits = after
            .and_then(|after| after.split_once('.'))
            .map(|(digits, _)| digits);
        if let Some(port) = digits.and_then(|digits| digits.parse().ok()) {
            return port;
        }
        assert!(
            started.elapsed() < START_TIMEOUT,
            "chromedriver 没有启动：\n{log}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn capabilities(
    chromium: &Path,
    profile: &Path,
    preferences: Value,
) -> fantoccini::wd::Capabilities {
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--lang=zh-CN",
        "--window-size=1280,900",
    ];
    let mut arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    let mut preferences = preferences;
    preferences["intl.accept_languages"] = json!("zh-CN");
    let capabilities = json!({
        "goog:chromeOptions": { "binary": chromium, "args": arguments, "prefs": preferences }
    });
    match capabilities {
        Value::Object(map) => map,
        _ => unreachable!("the literal above is an object"),
    }
}

/// A violation in a few lines.
fn told(violation: &Value) -> String {
    let nodes = violation["nodes"].as_array().into_iter().flatten();
    let nodes: Vec<String> = nodes
        .map(|node| format!("    {} {}", node["target"], node["html"]))
        .collect();
    format!(
        "- {}（{}）：{}\n{}",
        violation["id"],
        violation["impact"],
        violation["help"],
        nodes.join("\n")
    )
}
