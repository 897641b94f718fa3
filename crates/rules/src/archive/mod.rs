//! Compiled rules as data: after a restart they are read back instead of being parsed again, which
//! takes a small part of the time.
//!
//! An archive is `magic · format version · digest of the dictionary · items · SHA-256 of all that`.
//! It belongs to one content of the dictionary, because compiled rules name attributes by position.
//! What is read is checked as the compiler checks it ([`build`]): whoever wrote the archive, no rule
//! comes out of it that could not have been written as text.

mod build;
mod op;

use std::io;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Benefit, BenefitKind, Check, Condition, Dictionary, Expr, ItemRules, RoundTo, RuleError,
    compile::{Locals, Type},
};
use op::Op;

const MAGIC: &[u8; 8] = b"ZHIDARUL";
/// Raised whenever [`Op`], the items' form or the meaning of an expression changes.
const VERSION: u32 = 1;
const DIGEST_BYTES: usize = 32;

/// Why an archive cannot be written or read. All but [`ArchiveError::Write`] are mended by compiling
/// the rules from their texts again.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It begins as no archive does.
    #[error("这不是已编译规则的存档文件，将从规则原文重新编译")]
    NotAnArchive,
    /// Written by another version of the program.
    #[error("规则存档的格式是第 {found} 版，本程序使用第 {VERSION} 版，将从规则原文重新编译")]
    Version {
        /// The archive's format.
        found: u32,
    },
    /// Written with another dictionary, or another content of it.
    #[error("规则存档是按另一份属性字典编译的，将从规则原文重新编译")]
    OtherDictionary,
    /// Bytes are missing or changed.
    #[error("规则存档已损坏或不完整，将从规则原文重新编译")]
    Damaged,
    /// An item's rules could not have come from the compiler.
    #[error("规则存档中事项“{item}”的规则不成立：{error}")]
    Rules {
        /// The item's key.
        item: String,
        /// What is wrong.
        error: RuleError,
    },
    /// The destination does not take it.
    #[error("规则存档无法写入：{0}")]
    Write(#[from] io::Error),
}

impl From<postcard::Error> for ArchiveError {
    fn from(_: postcard::Error) -> Self {
        Self::Damaged
    }
}

/// How a condition is checked; a rule's expression follows.
#[derive(Serialize, Deserialize)]
enum CheckForm<'a> {
    Rule,
    Manual(&'a str),
}

/// A benefit; the expressions that are present follow in this order.
#[derive(Serialize, Deserialize)]
struct BenefitForm {
    kind: BenefitKind,
    round_to: RoundTo,
    budget_limited: bool,
    /// Formula, cap, floor, de minimis.
    present: [bool; 4],
}

/// Writes compiled items with their keys; the items were compiled with this dictionary.
///
/// # Errors
/// When `out` does not take it, or a number has more digits than a rule can be written with.
pub fn write<'i>(
    dictionary: &Dictionary,
    items: impl IntoIterator<Item = (&'i str, &'i ItemRules)>,
    mut out: impl io::Write,
) -> Result<(), ArchiveError> {
    let mut sum = Sha256::new();
    let mut put = |bytes: &[u8]| {
        sum.update(bytes);
        out.write_all(bytes)
    };
    put(MAGIC)?;
    put(&VERSION.to_le_bytes())?;
    put(&dictionary.digest())?;
    for (key, rules) in items {
        let mut writer = Writer(Vec::new());
        writer.item(key, rules).map_err(|error| match error {
            Fault::Form => ArchiveError::Damaged,
            Fault::Rules(error) => ArchiveError::Rules {
                item: key.to_owned(),
                error,
            },
        })?;
        put(&writer.0)?;
    }
    out.write_all(&sum.finalize())?;
    Ok(out.flush()?)
}

/// Reads what [`write()`] wrote with a dictionary of the same content.
///
/// # Errors
/// When the bytes are no archive, of another version or dictionary, damaged, or hold rules that
/// the compiler would refuse.
pub fn read(
    dictionary: &Dictionary,
    bytes: &[u8],
) -> Result<Vec<(String, ItemRules)>, ArchiveError> {
    let rest = bytes
        .strip_prefix(MAGIC)
        .ok_or(ArchiveError::NotAnArchive)?;
    let (version, rest) = rest.split_first_chunk().ok_or(ArchiveError::Damaged)?;
    let found = u32::from_le_bytes(*version);
    if found != VERSION {
        return Err(ArchiveError::Version { found });
    }
    let (digest, rest) = rest
        .split_first_chunk::<DIGEST_BYTES>()
        .ok_or(ArchiveError::Damaged)?;
    let (body, sum) = rest
        .split_last_chunk::<DIGEST_BYTES>()
        .ok_or(ArchiveError::Damaged)?;
    if *sum != *Sha256::digest(&bytes[..bytes.len() - DIGEST_BYTES]) {
        return Err(ArchiveError::Damaged);
    }
    if *digest != dictionary.digest() {
        return Err(ArchiveError::OtherDictionary);
    }
    let mut reader = Reader {
        dictionary,
        rest: body,
    };
    let mut items = Vec::new();
    while !reader.rest.is_empty() {
        items.push(reader.item()?);
    }
    Ok(items)
}

/// What can be wrong within an item.
enum Fault {
    /// The bytes are not of the form.
    Form,
    /// The rules are not as the compiler makes them.
    Rules(RuleError),
}

impl From<postcard::Error> for Fault {
    fn from(_: postcard::Error) -> Self {
        Self::Form
    }
}

impl From<RuleError> for Fault {
    fn from(error: RuleError) -> Self {
        Self::Rules(error)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn put(&mut self, value: &impl Serialize) -> Result<(), Fault> {
        self.0 = postcard::to_extend(value, std::mem::take(&mut self.0))?;
        Ok(())
    }

    fn item(&mut self, key: &str, rules: &ItemRules) -> Result<(), Fault> {
        self.put(&key)?;
        self.put(&rules.locals.len())?;
        for (name, local) in rules.local_names.iter().zip(&rules.locals) {
            self.put(name)?;
            self.expr(local)?;
        }
        self.put(&rules.conditions.len())?;
        for condition in &rules.conditions {
            self.put(&condition.text)?;
            match &condition.check {
                Check::Rule(expr) => {
                    self.put(&CheckForm::Rule)?;
                    self.expr(expr)?;
                }
                Check::Manual(how) => self.put(&CheckForm::Manual(how))?,
            }
        }
        self.put(&rules.benefit.as_ref().map(Benefit::form))?;
        for expr in rules.benefit.iter().flat_map(Benefit::exprs).flatten() {
            self.expr(expr)?;
        }
        Ok(())
    }

    fn expr(&mut self, expr: &Expr) -> Result<(), Fault> {
        op::flatten(expr, &mut |op| self.put(&op?))?;
        self.put(&Op::End)
    }
}

struct Reader<'a> {
    dictionary: &'a Dictionary,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take<T: Deserialize<'a>>(&mut self) -> Result<T, postcard::Error> {
        let (value, rest) = postcard::take_from_bytes(self.rest)?;
        self.rest = rest;
        Ok(value)
    }

    fn item(&mut self) -> Result<(String, ItemRules), ArchiveError> {
        let key: String = self.take()?;
        match self.rules() {
            Ok(rules) => Ok((key, rules)),
            Err(Fault::Form) => Err(ArchiveError::Damaged),
            Err(Fault::Rules(error)) => Err(ArchiveError::Rules { item: key, error }),
        }
    }

    fn rules(&mut self) -> Result<ItemRules, Fault> {
        let mut known = Locals::default();
        let mut locals = Vec::new();
        for _ in 0..self.take::<usize>()? {
            let name: String = self.take()?;
            known.check_name(self.dictionary, &name)?;
            let (expr, found, size) = self.expr(&known)?;
            known.names.push(name);
            known.types.push(found);
            known.sizes.push(size);
            locals.push(expr);
        }
        let mut conditions = Vec::new();
        for _ in 0..self.take::<usize>()? {
            conditions.push(Condition {
                text: self.take()?,
                check: match self.take()? {
                    CheckForm::Rule => Check::Rule(self.expr_of(&known, Type::Bool)?),
                    CheckForm::Manual(how) => Check::Manual(how.to_owned()),
                },
            });
        }
        let benefit = match self.take()? {
            Some(form) => Some(self.benefit(&known, form)?),
            None => None,
        };
        Ok(ItemRules {
            conditions,
            benefit,
            local_names: known.names,
            locals,
        })
    }

    fn benefit(&mut self, known: &Locals, form: BenefitForm) -> Result<Benefit, Fault> {
        let mut amount = |present: bool| {
            present
                .then(|| self.expr_of(known, Type::Number))
                .transpose()
        };
        let [formula, cap, floor, de_minimis] = form.present;
        Ok(Benefit {
            kind: form.kind,
            formula: amount(formula)?,
            cap: amount(cap)?,
            floor: amount(floor)?,
            de_minimis: amount(de_minimis)?,
            round_to: form.round_to,
            budget_limited: form.budget_limited,
        })
    }

    fn expr_of(&mut self, known: &Locals, wanted: Type) -> Result<Expr, Fault> {
        let (expr, found, _) = self.expr(known)?;
        match found == wanted {
            true => Ok(expr),
            false => Err(build::malformed().into()),
        }
    }

    fn expr(&mut self, known: &Locals) -> Result<build::Part, Fault> {
        let mut builder = build::Builder::new(self.dictionary, known);
        loop {
            match self.take()? {
                Op::End => return Ok(builder.finish()?),
                op => builder.apply(op)?,
            }
        }
    }
}

impl Benefit {
    fn form(&self) -> BenefitForm {
        BenefitForm {
            kind: self.kind,
            round_to: self.round_to,
            budget_limited: self.budget_limited,
            present: self.exprs().map(|expr| expr.is_some()),
        }
    }

    fn exprs(&self) -> [Option<&Expr>; 4] {
        [&self.formula, &self.cap, &self.floor, &self.de_minimis].map(Option::as_ref)
    }
}
