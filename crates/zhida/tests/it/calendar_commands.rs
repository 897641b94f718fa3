//! `zhida calendar`, over one database.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use crate::program::{Ran, zhida};

const NOTICE: &str = "日期,类别,节日
2027-01-01至2027-01-03,放假,元旦
2027-02-05至2027-02-11,放假,春节
2027-02-14,上班,春节
2027-04-03至2027-04-05,放假,清明节
2027-05-01至2027-05-05,放假,劳动节
2027-06-09,放假,端午节
2027-09-15,放假,中秋节
2027-10-01至2027-10-07,放假,国庆节
";

struct City {
    folder: TempDir,
    database: String,
}

impl City {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", folder.path().join("z.db").display());
        let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
        let policies = root.join("policies/wenzhou-shangmao-2022.yaml");
        let city = Self { folder, database };
        let _ = city
            .run(&["import", "policies", &policies.display().to_string()])
            .expect(0);
        city
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        zhida([arguments, &["--database", &self.database]].concat())
    }
}

#[test]
fn a_day_is_closed_and_hours_are_set() {
    let city = City::new();
    let close = ["calendar", "close", "2026-11-26", "--why", "台风停工一天"];
    let tried = city.run(&[&close[..], &["--preview"]].concat()).expect(0);
    assert!(tried.out.contains("没有保存"), "{}", tried.out);
    let shown = city.run(&["calendar", "show", "--year", "2026"]).expect(0);
    assert!(!shown.out.contains("台风") && shown.out.contains("国庆节放假"));
    let closed = city.run(&close).expect(0);
    assert!(closed.out.contains("2026-11-26 停止办公") && closed.out.contains("已保存"));
    let hours = ["08:30-12:00, 15:00-18:00", "--why", "夏令作息"];
    let summer = ["--season", "夏令", "--from", "05-01", "--until", "09-30"];
    let _ = city
        .run(&[&["calendar", "hours"], &hours[..], &summer[..]].concat())
        .expect(0);
    let shown = city.run(&["calendar", "show", "--year", "2026"]).expect(0);
    for words in [
        "26 日 本地停止办公（台风停工一天）",
        "夏令（5 月 1 日至 9 月 30 日）08:30-12:00, 15:00-18:00",
        "平时的作息时间 09:00-12:00, 14:00-18:00",
    ] {
        assert!(shown.out.contains(words), "{words}: {}", shown.out);
    }
    for (arguments, words) in [
        (
            vec!["close", "2026-11-26", "2026-11-25", "--why", "x"],
            "不能早于第一天",
        ),
        (vec!["hours", "九点到五点", "--why", "x"], "看不懂"),
        (vec!["show", "--year", "2031"], "没有收录 2031 年"),
    ] {
        let refused = city
            .run(&[&["calendar"], &arguments[..]].concat())
            .expect(2);
        assert!(refused.err.contains(words), "{words}: {}", refused.err);
    }
}

#[test]
fn a_years_notice_takes_the_place_of_what_was_provisional() {
    let city = City::new();
    let file = city.folder.path().join("2027.csv");
    fs::write(&file, NOTICE).unwrap();
    let file = file.display().to_string();
    let before = city.run(&["calendar", "show", "--year", "2027"]).expect(0);
    assert!(before.out.contains("2027 暂按法定节假日"), "{}", before.out);
    let import = |year: &str| {
        let source = [
            "--source",
            "国办发明电〔2026〕7号",
            "--why",
            "公布 2027 年放假安排",
        ];
        city.run(&[&["calendar", "import", &file, "--year", year], &source[..]].concat())
    };
    let wrong = import("2028").expect(2);
    assert!(wrong.err.contains("不在这一年"), "{}", wrong.err);
    let _ = import("2027").expect(0);
    let after = city.run(&["calendar", "show", "--year", "2027"]).expect(0);
    for words in ["2027 导入：国办发明电〔2026〕7号", "14 日 春节调休上班"] {
        assert!(after.out.contains(words), "{words}: {}", after.out);
    }
    assert!(!after.out.contains("暂按"), "{}", after.out);
}
