//! Every bad file that is refused, and the sentence that says what was found.

use std::io::{Cursor, Write};

use zhida_platform::files::{FileError, FileUse, FilesConfig, Kind, Upload, kinds};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::files::{Shelf, pdf, pieces, png};

const PICTURES: FileUse = FileUse {
    name: "现场照片",
    kinds: &[kinds::IMAGES],
    bytes_max: 1 << 20,
};

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .expect("an entry");
        writer.write_all(content).expect("written");
    }
    writer.finish().expect("finished").into_inner()
}

fn compound(stream: &str) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("made");
    file.create_stream(stream)
        .expect("a stream")
        .write_all(b"x")
        .expect("written");
    file.into_inner().into_inner()
}

fn mp4() -> Vec<u8> {
    [&b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2"[..], &[0; 100]].concat()
}

fn docx() -> Vec<u8> {
    zip(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", b"<w:document/>"),
    ])
}

/// Hands a file in where pictures are wanted; the refusal.
async fn refusal(shelf: &Shelf, name: &str, content: &[u8]) -> String {
    let upload = Upload {
        name,
        bytes: None,
        purpose: &PICTURES,
    };
    let refused = shelf.store.receive(upload, pieces(content, 500)).await;
    refused.expect_err(name).to_string()
}

#[tokio::test]
async fn every_type_is_recognised() {
    let shelf = Shelf::new(|_| {});
    let gbk = encoding_rs::GBK.encode("代码,名称\r\n").0.into_owned();
    let wav = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0".to_vec();
    for (name, content, kind) in [
        ("a.png", png(10, 10), Kind::Png),
        ("a.jpg", jpeg(10, 10), Kind::Jpeg),
        ("a.JPEG", jpeg(10, 10), Kind::Jpeg),
        ("a.gif", b"GIF89a\x0a\0\x0a\0\0\0\0".to_vec(), Kind::Gif),
        ("a.pdf", pdf(b"x"), Kind::Pdf),
        ("a.ofd", zip(&[("OFD.xml", b"<ofd:OFD/>")]), Kind::Ofd),
        ("a.docx", docx(), Kind::Docx),
        ("a.doc", compound("WordDocument"), Kind::Doc),
        ("a.wps", compound("WordDocument"), Kind::Doc),
        ("a.et", compound("Workbook"), Kind::Xls),
        ("a.ppt", compound("PowerPoint Document"), Kind::Ppt),
        ("a.csv", "代码,名称\n".into(), Kind::Csv),
        ("a.csv", gbk, Kind::Csv),
        // begins like a BMP
        ("a.csv", b"BM,name\n".to_vec(), Kind::Csv),
        ("a.txt", b"<b>text</b>".to_vec(), Kind::Text),
        ("a.zip", zip(&[("a/b.txt", b"x")]), Kind::Zip),
        ("a.mp4", mp4(), Kind::Mp4),
        ("a.wav", wav, Kind::Wav),
        ("a.amr", b"#!AMR\n\0\0\0".to_vec(), Kind::Amr),
        ("a.mp3", b"ID3\x03\0\0\0\0\0\0\0".to_vec(), Kind::Mp3),
    ] {
        let received = shelf.receive(name, &content).await;
        assert_eq!(received.expect(name).kind(), kind, "{name}");
    }
}

/// The head of a JPEG of this size.
fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec();
    bytes.extend(b"\xFF\xC0\0\x11\x08");
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend(b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xFF\xD9");
    bytes
}

#[tokio::test]
async fn what_is_not_wanted_is_refused_with_what_it_is() {
    let shelf = Shelf::new(|_| {});
    for (name, content, words) in [
        ("空.jpg", Vec::new(), "空文件"),
        ("现场.jpg", mp4(), "扩展名是 .jpg，内容却是MP4 视频"),
        ("现场.png", pdf(b"x"), "内容却是PDF 文件"),
        ("现场.jpg", png(1, 1), "内容却是PNG 图片"),
        ("现场.mp4", mp4(), "是MP4 视频，现场照片不接受"),
        ("现场", png(1, 1), "没有扩展名"),
        ("现场.png.exe", b"MZ\x90\0".to_vec(), "不接受"),
        ("现场.png", b"MZ\x90\0\x03\0\0\0".to_vec(), "Windows 程序"),
        (
            "现场.jpg",
            b"<html><script>alert(1)</script>".to_vec(),
            "内容却是网页",
        ),
        (
            "现场.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            "不接受",
        ),
        ("现场.jpg", b"just words".to_vec(), "内容却是纯文本"),
        ("现场.jpg", vec![0xAB, 0, 0xCD], "认不出类型"),
        ("现场.jpg", b"Rar!\x1a\x07\x01\0".to_vec(), "RAR"),
        ("现场.png", b"\x89PNG\r\n\x1a\n".to_vec(), "残缺或损坏"),
        ("现场.png", png(0, 5), "残缺或损坏"),
        ("现场.jpg", docx(), "内容却是Word 文档"),
        ("表.csv", b"a\0b".to_vec(), "不接受"),
    ] {
        let message = refusal(&shelf, name, &content).await;
        assert!(message.contains(words), "{name}: {message}");
        assert!(message.contains(name), "{message}");
    }
    assert!(shelf.on_disk().is_empty(), "nothing is left of them");
}

#[tokio::test]
async fn a_picture_of_too_many_pixels_is_refused() {
    let shelf = Shelf::new(|config| config.image_pixels_max = 1_000_000);
    shelf
        .receive("a.png", &png(1_000, 1_000))
        .await
        .expect("exactly the limit");
    for content in [png(1_001, 1_000), png(u32::MAX, u32::MAX)] {
        let refused = shelf.receive("a.png", &content).await.expect_err("a bomb");
        assert!(matches!(refused, FileError::Pixels { .. }), "{refused}");
    }
    let refused = shelf
        .receive("a.jpg", &jpeg(65_000, 65_000))
        .await
        .expect_err("a bomb");
    assert!(refused.to_string().contains("65000×65000"), "{refused}");
}

/// What is said of an archive under these settings.
async fn archive_fault(
    change: impl FnOnce(&mut FilesConfig),
    name: &str,
    content: &[u8],
) -> Option<String> {
    let shelf = Shelf::new(change);
    let refused = shelf.receive(name, content).await.err()?;
    assert!(shelf.on_disk().is_empty(), "nothing is left of it");
    Some(refused.to_string())
}

#[tokio::test]
async fn bombs_of_size_and_ratio_are_refused() {
    let zeros = zip(&[("a.txt", &vec![0; 2 << 20])]);
    let small = |config: &mut FilesConfig| config.archive_unpacked_bytes_max = 1 << 20;
    let fault = archive_fault(small, "a.zip", &zeros)
        .await
        .expect("too much");
    assert!(fault.contains("解压后超过 1,048,576 字节"), "{fault}");
    assert_eq!(
        archive_fault(|_| {}, "a.zip", &zeros).await,
        None,
        "small enough to pack well"
    );

    let zeros = vec![0; 20 << 20];
    let fault = archive_fault(|_| {}, "a.zip", &zip(&[("a.txt", &zeros)])).await;
    assert!(fault.expect("a bomb").contains("200 倍"));
    let word = zip(&[("[Content_Types].xml", b"x"), ("word/document.xml", &zeros)]);
    let fault = archive_fault(|_| {}, "a.docx", &word).await;
    assert!(
        fault
            .expect("Office files are archives too")
            .contains("压缩炸弹")
    );
}

#[tokio::test]
async fn a_directory_that_lies_about_sizes_does_not_help() {
    let mut bytes = zip(&[("a.txt", &vec![0; 2 << 20])]);
    // the uncompressed size in the local header and in the directory
    let size = u32::to_le_bytes(2 << 20);
    let places: Vec<usize> = (0..bytes.len() - 4)
        .filter(|at| bytes[*at..*at + 4] == size)
        .collect();
    assert_eq!(places.len(), 2);
    for place in places {
        bytes[place..place + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    let small = |config: &mut FilesConfig| config.archive_unpacked_bytes_max = 1 << 20;
    let fault = archive_fault(small, "a.zip", &bytes)
        .await
        .expect("refused");
    assert!(
        fault.contains("解压后超过") || fault.contains("损坏"),
        "{fault}"
    );
}

#[tokio::test]
async fn archives_in_archives_end_somewhere() {
    let one = zip(&[("a.txt", b"x")]);
    let two = zip(&[("one.zip", &one)]);
    let three = zip(&[("two.zip", &two)]);
    let four = zip(&[("three.zip", &three)]);
    assert_eq!(archive_fault(|_| {}, "a.zip", &three).await, None);
    let fault = archive_fault(|_| {}, "a.zip", &four)
        .await
        .expect("too deep");
    assert!(fault.contains("超过 3 层"), "{fault}");
    // what is inside counts: two archives of 700 KiB each
    let inner = zip(&[("a.txt", &vec![0; 700 << 10])]);
    let both = zip(&[("a.zip", &inner), ("b.zip", &inner)]);
    let small = |config: &mut FilesConfig| config.archive_unpacked_bytes_max = 1 << 20;
    let fault = archive_fault(small, "a.zip", &both)
        .await
        .expect("too much");
    assert!(fault.contains("解压后超过"), "{fault}");
}

#[tokio::test]
async fn an_archive_of_too_many_entries_is_refused_before_it_is_opened() {
    let names: Vec<String> = (0..11).map(|number| format!("{number}.txt")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let ten = |config: &mut FilesConfig| config.archive_entries_max = 10;
    assert_eq!(
        archive_fault(ten, "a.zip", &zip(&entries[..10])).await,
        None
    );
    let fault = archive_fault(ten, "a.zip", &zip(&entries))
        .await
        .expect("too many");
    assert!(fault.contains("超过 10 个"), "{fault}");
    // marks across the pieces in which a file is read
    let far = [&b"PK\x03\x04"[..], &[0; 65_530], &b"PK\x01\x02".repeat(11)].concat();
    let fault = archive_fault(ten, "a.zip", &far).await.expect("too many");
    assert!(fault.contains("超过 10 个"), "{fault}");
}

#[tokio::test]
async fn archives_that_cannot_be_looked_into_are_refused() {
    // the flag “encrypted” in the local header and in the directory
    let mut locked = zip(&[("a.txt", b"x")]);
    let directory = locked
        .windows(4)
        .position(|bytes| bytes == b"PK\x01\x02")
        .expect("one entry");
    locked[6] |= 1;
    locked[directory + 8] |= 1;
    let mut linked = ZipWriter::new(Cursor::new(Vec::new()));
    linked
        .add_symlink("a", "/etc/passwd", SimpleFileOptions::default())
        .expect("a link");
    let linked = linked.finish().expect("finished").into_inner();
    let mut cut = docx();
    cut.truncate(cut.len() / 2);
    for (name, content, words) in [
        ("a.zip", locked, "口令"),
        ("a.docx", compound("EncryptedPackage"), "口令"),
        ("a.zip", zip(&[("../../evil.sh", b"x")]), "包外"),
        ("a.zip", zip(&[("/etc/cron.d/evil", b"x")]), "包外"),
        ("a.zip", zip(&[("a\\..\\..\\evil.bat", b"x")]), "包外"),
        ("a.zip", zip(&[("C:\\evil.bat", b"x")]), "包外"),
        ("a.zip", linked, "链接"),
        ("a.docx", cut, "损坏"),
        ("a.zip", b"PK\x03\x04and nothing else".to_vec(), "损坏"),
    ] {
        let fault = archive_fault(|_| {}, name, &content).await.expect(words);
        assert!(fault.contains(words), "{fault}");
    }
}
