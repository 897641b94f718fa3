//! DOCX read back by programs that are not its writer's: zip for the parts, roxmltree for their XML.

use std::io::{Cursor, Read};

use roxmltree::Document;
use zhida_letters::{Block, Error, Letter};

use crate::{assert_in_order, letter, words};

const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";

/// The parts of the file, every XML part well-formed.
fn parts(file: Vec<u8>) -> Vec<(String, String)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut parts = Vec::new();
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        if part.is_dir() {
            continue;
        }
        let mut text = String::new();
        part.read_to_string(&mut text).unwrap();
        Document::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", part.name()));
        parts.push((part.name().to_owned(), text));
    }
    parts
}

fn body(file: Vec<u8>) -> String {
    let parts = parts(file);
    let found = parts
        .iter()
        .find(|(name, _)| name == "word/document.xml")
        .unwrap();
    found.1.clone()
}

fn text_of(node: roxmltree::Node<'_, '_>) -> String {
    let texts = node
        .descendants()
        .filter(|one| one.has_tag_name((WORD, "t")));
    texts.filter_map(|one| one.text()).collect()
}

#[test]
fn all_words_stand_in_the_file_in_their_order() {
    let letter = letter();
    let body = body(letter.docx().unwrap());
    let document = Document::parse(&body).unwrap();
    let mut expected = words(&letter);
    let check = letter.check.unwrap();
    expected.extend([check.code, check.address]);
    assert_in_order(&text_of(document.root()), &expected);
    let tables = document
        .descendants()
        .filter(|one| one.has_tag_name((WORD, "tbl")));
    let rows: Vec<usize> = tables
        .map(|table| {
            table
                .descendants()
                .filter(|one| one.has_tag_name((WORD, "tr")))
                .count()
        })
        .collect();
    assert_eq!(rows, [3], "the heading and two rows");
}

#[test]
fn names_of_the_package_are_those_a_word_processor_looks_for() {
    let names: Vec<String> = parts(letter().docx().unwrap())
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    for name in [
        "[Content_Types].xml",
        "_rels/.rels",
        "word/document.xml",
        "word/styles.xml",
    ] {
        assert!(names.iter().any(|one| one == name), "{name} in {names:?}");
    }
}

#[test]
fn signs_of_markup_and_control_characters_do_not_break_the_file() {
    let odd = Letter {
        title: "<w:t> & \"引号\" ]]>".into(),
        blocks: vec![Block::Paragraph("前\u{0}\u{1b}后\n\n第三行😀".into())],
        ..Letter::default()
    };
    let body = body(odd.docx().unwrap());
    let document = Document::parse(&body).unwrap();
    let text = text_of(document.root());
    assert_eq!(text, "<w:t> & \"引号\" ]]>前后第三行😀");
}

#[test]
fn a_ragged_table_is_refused_as_in_the_pdf() {
    let mut ragged = letter();
    for block in &mut ragged.blocks {
        if let Block::Table(table) = block {
            table.rows[0].pop();
        }
    }
    assert!(matches!(ragged.docx(), Err(Error::Ragged { row: 1, .. })));
}
