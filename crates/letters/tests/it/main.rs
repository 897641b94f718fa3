//! Letters read back as somebody else's programs read them: poppler's for the words, the fonts and the picture of a page,
//! rqrr for the QR code.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod docx;
mod poppler;

use zhida_letters::{Block, Check, CheckCode, Column, Error, Letter, Table, Typeface};

const ADDRESS: &str = "https://zhida.example.gov.cn/verify/7K3M9QX204TBC6DP";

fn letter() -> Letter {
    Letter {
        title: "准予兑付决定书".into(),
        number: "兑付-2026-000123-7".into(),
        addressee: "青田石门精密机械有限公司".into(),
        blocks: vec![
            Block::Paragraph(
                "你单位申报的“首次上规企业奖励”（第 3 版），依据《关于支持工业企业上规模的若干政策》第四条审查，\
                 符合申报条件，准予兑付人民币 50,000.00 元（伍万元整）。"
                    .into(),
            ),
            Block::Heading("一、条件与依据".into()),
            Block::Table(Table {
                columns: vec![
                    Column { heading: "条件".into(), share: 3, figures: false },
                    Column { heading: "要求".into(), share: 2, figures: true },
                    Column { heading: "情况".into(), share: 2, figures: true },
                ],
                rows: vec![
                    vec!["上年营业收入".into(), "≥ 2,000 万元".into(), "2,345.67 万元".into()],
                    vec!["首次纳入规模以上工业统计，且连续两年没有退出统计库".into(), "是".into(), "是".into()],
                ],
            }),
            Block::Heading("二、权利告知".into()),
            Block::Paragraph("如不服本决定，可以自收到之日起六十日内申请行政复议，或者六个月内向人民法院起诉。".into()),
        ],
        signed_by: "青田县经济商务局".into(),
        date: "2026年11月22日".into(),
        check: Some(Check {
            code: CheckCode::from_random([7; 10]).to_string(),
            address: ADDRESS.into(),
        }),
    }
}

fn pdf(letter: &Letter) -> Vec<u8> {
    letter.pdf(&Typeface::find(None).unwrap()).unwrap()
}

/// Every text of a letter in the order in which it is read.
fn words(letter: &Letter) -> Vec<String> {
    let mut words = vec![
        letter.title.clone(),
        letter.number.clone(),
        format!("{}：", letter.addressee),
    ];
    for block in &letter.blocks {
        match block {
            Block::Heading(text) | Block::Paragraph(text) => words.push(text.clone()),
            Block::Table(table) => {
                words.extend(table.columns.iter().map(|column| column.heading.clone()));
                words.extend(table.rows.iter().flatten().cloned());
            }
            // a picture says nothing
            Block::Code(_) => {}
        }
    }
    words.extend([letter.signed_by.clone(), letter.date.clone()]);
    words
}

/// Finds each text after the one before it; spaces and ends of lines do not count.
fn assert_in_order(read: &str, words: &[String]) {
    let bare = |text: &str| -> String { text.chars().filter(|c| !c.is_whitespace()).collect() };
    let read = bare(read);
    let mut rest = read.as_str();
    for word in words.iter().map(|word| bare(word)) {
        let place = rest
            .find(&word)
            .unwrap_or_else(|| panic!("没有读到“{word}”，剩下：{rest}"));
        rest = &rest[place + word.len()..];
    }
}

#[test]
fn the_words_come_back_in_their_order() {
    let letter = letter();
    let read = poppler::text(&pdf(&letter));
    let mut words = words(&letter);
    let check = letter.check.unwrap();
    words.extend([
        format!("校验码：{}", check.code),
        format!("核验网址：{}", check.address),
    ]);
    assert_in_order(&read, &words);
}

#[test]
fn the_font_is_in_the_file_as_a_subset_that_knows_its_characters() {
    let file = pdf(&letter());
    let fonts = poppler::fonts(&file);
    let row = fonts.lines().nth(2).unwrap();
    assert_eq!(fonts.lines().count(), 3, "{fonts}");
    assert!(
        row.contains("yes yes yes"),
        "embedded, subset, unicode:\n{fonts}"
    );
    assert!(file.len() < 64 * 1024, "{} bytes", file.len());
}

#[test]
fn the_qr_code_leads_to_the_page_that_checks() {
    assert_eq!(poppler::qr_code(&pdf(&letter())), ADDRESS);
}

#[test]
fn without_an_address_there_is_the_code_and_no_picture() {
    let mut letter = letter();
    let code = CheckCode::from_random([9; 10]).to_string();
    letter.check = Some(Check {
        code: code.clone(),
        address: String::new(),
    });
    let read = poppler::text(&pdf(&letter));
    assert!(
        read.contains(&format!("校验码：{code}")) && !read.contains("核验网址"),
        "{read}"
    );
}

#[test]
fn no_page_holds_a_signature_alone() {
    let typeface = Typeface::find(None).unwrap();
    let last = "本决定自送达之日起生效。";
    for number in 0..30 {
        let letter = Letter {
            blocks: (0..=number)
                .map(|line| match line == number {
                    true => Block::Paragraph(last.into()),
                    false => Block::Paragraph(format!("第{line}项事实清楚。")),
                })
                .collect(),
            check: None,
            ..letter()
        };
        let read = poppler::text(&letter.pdf(&typeface).unwrap());
        let pages = read.trim_end_matches('\u{c}').split('\u{c}');
        let signed = pages.filter(|page| page.contains("青田县经济商务局"));
        let signed: Vec<&str> = signed.collect();
        assert_eq!(signed.len(), 1, "{read}");
        assert!(signed[0].contains(last), "{number}: {read}");
    }
}

#[test]
fn a_long_table_goes_on_under_its_heading() {
    let mut letter = letter();
    let rows: Vec<Vec<String>> = (1..=150)
        .map(|row| {
            vec![
                format!("{row}"),
                format!("第{row}家企业有限公司"),
                format!("{row},000.00"),
            ]
        })
        .collect();
    let columns = ["序号", "企业", "金额（元）"].map(|heading| Column {
        heading: heading.into(),
        share: 1,
        figures: heading.starts_with('金'),
    });
    letter.blocks = vec![Block::Table(Table {
        columns: columns.to_vec(),
        rows: rows.clone(),
    })];
    let read = poppler::text(&pdf(&letter));
    let pages: Vec<&str> = read.trim_end_matches('\u{c}').split('\u{c}').collect();
    assert!(pages.len() > 4, "{} pages", pages.len());
    for (index, page) in pages.iter().enumerate() {
        assert!(
            page.contains(&format!("— {} / {} —", index + 1, pages.len())),
            "{page}"
        );
        assert!(page.contains("兑付-2026-000123-7"), "{page}");
    }
    assert_eq!(read.matches("金额（元）").count(), pages.len());
    let firsts: Vec<String> = rows.into_iter().map(|row| row[1].clone()).collect();
    assert_in_order(&read, &firsts);
}

#[test]
fn a_cell_longer_than_a_page_loses_nothing() {
    let long: Vec<String> = (1..=400)
        .map(|number| format!("第{number}项说明；"))
        .collect();
    let mut letter = letter();
    letter.blocks = vec![Block::Table(Table {
        columns: vec![Column {
            heading: "内容".into(),
            share: 1,
            figures: false,
        }],
        rows: vec![vec![long.concat()]],
    })];
    let read = poppler::text(&pdf(&letter));
    assert!(read.matches('\u{c}').count() > 2);
    let of_page = ["内容", "—", "兑付-"];
    let body: String = read
        .lines()
        .map(|line| line.trim_start_matches('\u{c}'))
        .filter(|line| !of_page.iter().any(|start| line.starts_with(start)))
        .collect();
    assert_in_order(&body, &long);
}

#[test]
fn the_same_letter_gives_the_same_bytes() {
    assert_eq!(pdf(&letter()), pdf(&letter()));
}

#[test]
fn characters_without_a_glyph_are_named_instead_of_printed_as_boxes() {
    let mut letter = letter();
    letter.addressee = "\u{e000}公司\u{202e}".into();
    let error = letter.pdf(&Typeface::find(None).unwrap()).unwrap_err();
    assert!(matches!(error, Error::Missing { .. }));
    let told = error.to_string();
    assert!(
        told.contains("U+E000") && told.contains("U+202E") && told.contains("打印页")
            || told.contains("网页"),
        "{told}"
    );
}

#[test]
fn a_ragged_table_and_an_endless_address_are_refused() {
    let mut ragged = letter();
    ragged.blocks = vec![Block::Table(Table {
        columns: vec![Column {
            heading: "甲".into(),
            share: 1,
            figures: false,
        }],
        rows: vec![vec!["一".into()], vec![]],
    })];
    let typeface = Typeface::find(None).unwrap();
    assert!(matches!(
        ragged.pdf(&typeface).unwrap_err(),
        Error::Ragged {
            row: 2,
            cells: 0,
            columns: 1
        }
    ));
    let mut endless = letter();
    endless.check = Some(Check {
        code: String::new(),
        address: "长".repeat(2000),
    });
    assert!(matches!(
        endless.pdf(&typeface).unwrap_err(),
        Error::LongAddress { length: 6000 }
    ));
}

#[test]
fn a_font_that_is_none_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("字体.ttf");
    let told = Typeface::find(Some(&path)).unwrap_err().to_string();
    assert!(told.contains("字体.ttf") && told.contains("权限"), "{told}");
    std::fs::write(&path, b"no font at all").unwrap();
    let told = Typeface::find(Some(&path)).unwrap_err().to_string();
    assert!(told.contains("不是能用的"), "{told}");
}

#[test]
fn an_empty_letter_is_an_empty_page() {
    let read = poppler::text(&pdf(&Letter::default()));
    assert_eq!(read.split_whitespace().collect::<String>(), "—1/1—");
}
