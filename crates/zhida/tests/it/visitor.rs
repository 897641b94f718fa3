//! A person at a browser before the running program.

use std::{
    ops::Deref,
    path::Path,
    time::{Duration, Instant},
};

use fantoccini::{Locator, elements::Element};
use zhida_testkit::Browser;

/// Window height of a picture in README.
const README_HEIGHT: u32 = 1_400;
const PATIENCE: Duration = Duration::from_secs(20);

/// One browser and the site it visits.
pub struct Visitor {
    pub browser: Browser,
    base: String,
}

impl Visitor {
    pub fn new(browser: Browser, base: impl Into<String>) -> Self {
        let base = base.into();
        Self { browser, base }
    }

    /// Opens a path of the site, once its content is there.
    pub async fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.base)).await;
    }

    /// The visible text of the page.
    pub async fn text(&self) -> String {
        match self.browser.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until the page shows all these words.
    pub async fn sees(&self, words: &[&str]) {
        let all = async || {
            let text = self.text().await;
            words.iter().all(|word| text.contains(word)).then_some(())
        };
        if self.waits_for(all).await.is_none() {
            let text = self.text().await;
            let missing: Vec<_> = words.iter().filter(|word| !text.contains(**word)).collect();
            panic!(
                "{} 上没有出现{missing:?}：\n{text}",
                self.browser.current_url().await.unwrap()
            );
        }
    }

    /// Waits until the address holds these words.
    pub async fn is_at(&self, part: &str) {
        let there = async || {
            let url = self.browser.current_url().await.ok()?;
            url.as_str().contains(part).then_some(())
        };
        if self.waits_for(there).await.is_none() {
            let url = self.browser.current_url().await.unwrap();
            panic!("应到 {part}，却在 {url}：\n{}", self.text().await);
        }
    }

    /// Asks until there is an answer, for as long as a person would wait.
    pub async fn waits_for<T>(&self, mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(answer) = ask().await {
                return Some(answer);
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        None
    }

    /// The first element of a CSS selector, as soon as it is there.
    pub async fn element(&self, css: &str) -> Element {
        let found = async || self.browser.find(Locator::Css(css)).await.ok();
        match self.waits_for(found).await {
            Some(element) => element,
            None => panic!("页面上没有 {css}：\n{}", self.text().await),
        }
    }

    pub async fn count(&self, css: &str) -> usize {
        let found = self.browser.find_all(Locator::Css(css)).await;
        found.map_or(0, |found| found.len())
    }

    pub async fn click(&self, css: &str) {
        let element = self.element(css).await;
        if let Err(error) = element.click().await {
            panic!("不能点 {css}：{error}");
        }
    }

    /// Replaces what a field holds and leaves the field, as a person does.
    pub async fn writes(&self, css: &str, text: &str) {
        let field = self.element(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
        self.script(
            "document.activeElement && document.activeElement.blur()",
            &[],
        )
        .await;
    }

    /// Types into a field without a look at what it holds: dates and files.
    pub async fn types(&self, css: &str, keys: &str) {
        self.element(css).await.send_keys(keys).await.unwrap();
    }

    pub async fn chooses(&self, css: &str, value: &str) {
        let select = self.element(css).await;
        if let Err(error) = select.select_by_value(value).await {
            panic!("{css} 里选不了 {value}：{error}");
        }
    }

    pub async fn script(&self, script: &str, arguments: &[&str]) -> serde_json::Value {
        let arguments = arguments.iter().map(|text| (*text).into()).collect();
        self.browser.execute(script, arguments).await.unwrap()
    }

    /// The number that a figure of the page shows.
    pub async fn figure(&self, label: &str) -> u64 {
        let script = "const dt = [...document.querySelectorAll('.zd-figure__label')]
            .find(dt => dt.textContent.trim() === arguments[0]);
            return dt ? dt.nextElementSibling.textContent : null";
        let found = async || {
            let text = self.browser.execute(script, vec![label.into()]).await;
            let text = text.ok()?.as_str()?.to_owned();
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        match self.waits_for(found).await {
            Some(number) => number,
            None => panic!("页面上没有数字“{label}”：\n{}", self.text().await),
        }
    }

    /// Keeps a picture of the page and checks that everybody can use it.
    pub async fn looks(&self, name: &str) {
        self.browser.screenshot(name).await;
        self.browser.axe(name).await;
    }

    /// With `ZHIDA_TEST_UPDATE=1`: a picture of the window for README, at most 400 KB.
    pub async fn picture_for_readme(&self, name: &str) {
        if !crate::snapshot::updating() {
            return;
        }
        self.script("window.scrollTo(0, 0)", &[]).await;
        let (width, height) = self.browser.get_window_size().await.unwrap();
        let size = |side: u64| u32::try_from(side).unwrap();
        let tall = self.browser.set_window_size(1280, README_HEIGHT).await;
        let picture = self.browser.deref().screenshot().await.unwrap();
        let back = self
            .browser
            .set_window_size(size(width), size(height))
            .await;
        tall.and(back).unwrap();
        assert!(
            picture.len() <= 400_000,
            "{name}.png：{} 字节",
            picture.len()
        );
        let folder = Path::new(crate::snapshot::ROOT).join("docs/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }
}
