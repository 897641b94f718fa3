//! Turns what a clerk types into plain FEEL with every name resolved.
//!
//! The FEEL grammar is directed by the names in scope, so a misspelt name would silently swallow
//! the words after it. Words are therefore resolved here, with their places, and handed to the
//! parser as `n0`, `n1` …; texts are handed over as their position in a table.

use crate::{
    AttributeIndex, ConstantIndex, Dictionary, Named, Number, NumberError, RuleError, Year,
    dictionary::NAME_MAX,
    order::{check_nesting, check_order},
    size::LEVELS_MAX,
    suggest,
    words::{
        FUNCTIONS, INFIX, REFERENCE_DATE, SPELLINGS, UNITS, YEARS, is_reserved, multiplier,
        operator,
    },
};

/// Characters that a rule may have at most.
pub const LENGTH_MAX: usize = 400_000;
/// Brackets that may be open at the same time: a table and its row at each level of an expression.
const DEPTH_MAX: usize = 2 * LEVELS_MAX;
/// Letters in a row that are looked at together: a year's word and a name.
const RUN_MAX: usize = NAME_MAX + 4;

/// What a placeholder of the FEEL text stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Name {
    Attribute(AttributeIndex, Year),
    Constant(ConstantIndex),
    Local(usize),
    ReferenceDate,
    Function(&'static str),
}

/// FEEL text without Chinese, and what its placeholders stand for.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    pub feel: String,
    pub names: Vec<Name>,
    pub texts: Vec<String>,
    pub tokens: usize,
    /// How deep it nests.
    pub levels: usize,
}

/// Where names come from.
pub(crate) struct Words<'a> {
    pub dictionary: &'a Dictionary,
    /// Names of intermediate quantities, in order.
    pub locals: &'a [String],
    /// Inside an annual formula a bare annual name is the same year.
    pub annual: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A name or literal: something that has a value.
    Operand(String),
    /// A function's name: a bracket must follow.
    Function(String),
    /// A bare `not`.
    Not,
    /// `and`, `+`, `in`, `then` …: something must follow, and (unless prefix) precede.
    Infix(&'static str),
    If,
    Minus,
    Open(char),
    Close(char),
    Comma,
    Range,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

pub(crate) fn lex(words: &Words<'_>, text: &str) -> Result<Lexed, RuleError> {
    let original: Vec<char> = text.chars().collect();
    let chars: Vec<char> = original.iter().copied().map(half_width).collect();
    if chars.len() > LENGTH_MAX {
        return Err(
            RuleError::new("too_long", format!("规则超过 {LENGTH_MAX} 个字"))
                .hint("请拆成几条规则"),
        );
    }
    let mut lexer = Lexer {
        words,
        original,
        chars,
        at: 0,
        open: 0,
        tokens: Vec::new(),
        out: Lexed::default(),
    };
    lexer.run()?;
    check_order(&lexer.tokens)?;
    lexer.out.levels = check_nesting(&lexer.tokens)?;
    lexer.finish()
}

/// Full-width forms to the ASCII ones, one character for one, so that places stay right.
fn half_width(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' | '\t' | '\r' | '\n' => ' ',
        '“' | '”' | '「' | '」' | '‘' | '’' => '"',
        '、' => ',',
        '【' => '[',
        '】' => ']',
        '×' => '*',
        '÷' => '/',
        '−' | '–' | '—' => '-',
        other => other,
    }
}

struct Lexer<'a> {
    words: &'a Words<'a>,
    /// As typed: what stands in quotes is kept.
    original: Vec<char>,
    chars: Vec<char>,
    at: usize,
    /// Brackets that are open here.
    open: usize,
    tokens: Vec<Token>,
    out: Lexed,
}

impl Lexer<'_> {
    fn run(&mut self) -> Result<(), RuleError> {
        while let Some(&c) = self.chars.get(self.at) {
            let start = self.at;
            match c {
                ' ' => self.at += 1,
                '"' => self.text()?,
                '@' => self.at_literal()?,
                '0'..='9' => self.number()?,
                '.' if self.peek(1) == Some('.') => self.push(Kind::Range, 2),
                '(' | '[' => {
                    self.open += 1;
                    if self.open > DEPTH_MAX {
                        return Err(RuleError::new(
                            "too_deep",
                            format!("括号嵌套超过 {DEPTH_MAX} 层"),
                        )
                        .at(start, start + 1));
                    }
                    self.push(Kind::Open(c), 1);
                }
                ')' | ']' => {
                    self.open = self.open.saturating_sub(1);
                    self.push(Kind::Close(c), 1);
                }
                ',' | ';' => self.push(Kind::Comma, 1),
                '-' => self.push(Kind::Minus, 1),
                _ if operator(c, self.peek(1)).is_some() => {
                    let (symbol, length) = operator(c, self.peek(1)).unwrap_or(("", 1));
                    self.push(Kind::Infix(symbol), length);
                }
                _ if is_word(c) => self.word()?,
                _ => {
                    return Err(
                        RuleError::new("character", format!("“{c}”不能出现在规则里"))
                            .at(start, start + 1),
                    );
                }
            }
        }
        Ok(())
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let start = self.at;
        self.at += length;
        self.tokens.push(Token {
            kind,
            start,
            end: self.at,
        });
    }

    fn name(&mut self, name: Name, length: usize) {
        let position = self.out.names.iter().position(|known| *known == name);
        let position = position.unwrap_or_else(|| {
            self.out.names.push(name.clone());
            self.out.names.len() - 1
        });
        // A FEEL name may hold spaces and operators: without its bracket, the parser would try
        // whether the rest of the rule is part of it, in cubic time.
        let kind = match name {
            Name::Function(_) => Kind::Function(format!("n{position}")),
            _ => Kind::Operand(format!("(n{position})")),
        };
        self.push(kind, length);
    }

    /// The characters between this quote and the next, and the length with both quotes.
    fn quoted(&self) -> Result<(String, usize), RuleError> {
        let from = self.at + 1;
        match self.chars[from..].iter().position(|c| *c == '"') {
            Some(length) => Ok((
                self.original[from..from + length].iter().collect(),
                length + 2,
            )),
            None => Err(RuleError::new("quote", "引号没有配对")
                .at(self.at, self.chars.len())
                .hint("请在文字末尾补上引号")),
        }
    }

    fn text(&mut self) -> Result<(), RuleError> {
        let (text, length) = self.quoted()?;
        if text.contains('\\') {
            return Err(
                RuleError::new("character", "文字里不能有反斜杠").at(self.at, self.at + length)
            );
        }
        let operand = format!("\"{}\"", self.out.texts.len());
        self.out.texts.push(text);
        self.push(Kind::Operand(operand), length);
        Ok(())
    }

    fn at_literal(&mut self) -> Result<(), RuleError> {
        if self.peek(1) != Some('"') {
            return Err(RuleError::new("character", "“@”后面应是带引号的日期")
                .at(self.at, self.at + 1)
                .hint("例如 @\"2025-01-01\""));
        }
        self.at += 1;
        let (text, length) = self.quoted()?;
        let operand = format!("@\"{}\"", self.out.texts.len());
        self.out.texts.push(text);
        self.push(Kind::Operand(operand), length);
        Ok(())
    }

    /// Digits with a multiplier, a per cent sign and a unit word: `2000万元`, `5%`, `300人`.
    fn number(&mut self) -> Result<(), RuleError> {
        let start = self.at;
        let mut end = start;
        let mut digits = String::new();
        let mut point = false;
        while let Some(&c) = self.chars.get(end) {
            match c {
                '0'..='9' => digits.push(c),
                '.' if !point && self.chars.get(end + 1).is_some_and(char::is_ascii_digit) => {
                    point = true;
                    digits.push(c);
                }
                // A thousands separator, unless it separates two numbers of a list.
                ',' if !point && self.is_thousands(start, end) => {}
                _ => break,
            }
            end += 1;
        }
        let mut number: Number = digits.parse().map_err(|error: NumberError| {
            RuleError::new("number", error.to_string()).at(start, end)
        })?;
        while let Some(factor) = self.chars.get(end).and_then(|c| multiplier(*c)) {
            number = number * Number::integer(factor);
            end += 1;
            if number.parts().is_none() {
                let error = RuleError::new("number", NumberError::TooLong.to_string());
                return Err(error.at(start, end));
            }
        }
        if self.chars.get(end) == Some(&'%') {
            number = number
                .divide(&Number::integer(100))
                .unwrap_or_else(Number::zero);
            end += 1;
        }
        let rest: String = self.chars[end..].iter().take(3).collect();
        if let Some(unit) = UNITS.iter().find(|unit| rest.starts_with(**unit)) {
            end += unit.chars().count();
        }
        let text = number.exact_text().unwrap_or_else(|| number.to_string());
        self.push(Kind::Operand(text), end - start);
        Ok(())
    }

    /// `1,500` is one number when the digits before the comma are 1–3 long and exactly three
    /// digits follow; inside a bracket or list it is two numbers, as in FEEL.
    fn is_thousands(&self, start: usize, comma: usize) -> bool {
        let follows = self.chars[comma + 1..]
            .iter()
            .take(4)
            .take_while(|c| c.is_ascii_digit())
            .count();
        comma - start <= 3 + 4 * 4 && follows == 3 && self.open == 0
    }

    /// A run of letters: one known word, or several written together (“甲且乙”).
    fn word(&mut self) -> Result<(), RuleError> {
        let start = self.at;
        let length = self.chars[start..]
            .iter()
            .take_while(|c| is_word(**c))
            .count();
        let end = start + length;
        while self.at < end {
            if self.chars[self.at].is_ascii_digit() {
                self.number()?;
                continue;
            }
            let run: String = self.chars[self.at..end].iter().take(RUN_MAX).collect();
            if self.year_prefix(&run)? {
                if self.at > end {
                    return Ok(());
                }
                continue;
            }
            let Some(length) = self.longest_known(&run) else {
                return Err(self.unknown(&run, self.at + run.chars().count()));
            };
            self.known(&run.chars().take(length).collect::<String>(), length)?;
        }
        Ok(())
    }

    /// Length of the longest word at the start of `run` after which the rest makes sense too.
    fn longest_known(&self, run: &str) -> Option<usize> {
        let ends: Vec<usize> = run
            .char_indices()
            .map(|(at, c)| at + c.len_utf8())
            .collect();
        let ascii = |at: usize| self.chars.get(at).is_some_and(char::is_ascii_alphanumeric);
        (1..=ends.len()).rev().find(|length| {
            // `订单and` is no word and a keyword: ASCII words end where letters end.
            let next = self.at + length;
            let splits_ascii = ascii(next) && ascii(next - 1);
            !splits_ascii && self.means_something(&run[..ends[length - 1]])
        })
    }

    fn means_something(&self, word: &str) -> bool {
        is_reserved(word)
            || self.words.locals.iter().any(|local| local == word)
            || self.words.dictionary.named(word).is_some()
    }

    /// `上年.营业收入`, `上年营业收入`, `2024年.营业收入` is read in [`Lexer::number`]'s place by
    /// 某年; here only the relative years.
    fn year_prefix(&mut self, run: &str) -> Result<bool, RuleError> {
        let start = self.at;
        let year = YEARS.iter().rev().find(|(word, _)| run.starts_with(word));
        let Some((word, offset)) = year else {
            return Ok(false);
        };
        let rest: String = run.chars().skip(word.chars().count()).collect();
        let dot = self.chars.get(start + word.chars().count()) == Some(&'.');
        if self.means_something(run) && !YEARS.iter().any(|(year, _)| *year == run) {
            return Ok(false);
        }
        let mut at = start + word.chars().count();
        let name: String = if rest.is_empty() && dot {
            at += 1;
            self.chars[at..]
                .iter()
                .take(RUN_MAX)
                .take_while(|c| is_word(**c))
                .collect()
        } else {
            rest
        };
        let found = (1..=name.chars().count()).rev().find_map(|length| {
            let word: String = name.chars().take(length).collect();
            self.words
                .dictionary
                .find(&word)
                .map(|index| (index, length))
        });
        let Some((index, length)) = found else {
            let end = at + name.chars().count();
            if name.is_empty() {
                return Err(RuleError::new("year", format!("“{word}”后面缺少属性名"))
                    .at(start, at)
                    .hint(format!("例如 {word}.营业收入")));
            }
            return Err(self.unknown(&name, end));
        };
        let attribute = self.words.dictionary.attribute(index);
        if !attribute.annual {
            return Err(RuleError::new(
                "year",
                format!("“{}”不分年度，不能写“{word}”", attribute.name),
            )
            .at(start, at + length)
            .hint(format!("请直接写 {}", attribute.name)));
        }
        self.name(
            Name::Attribute(index, Year::Relative(*offset)),
            at + length - start,
        );
        Ok(true)
    }

    fn known(&mut self, word: &str, length: usize) -> Result<(), RuleError> {
        let start = self.at;
        if let Some(position) = self.words.locals.iter().position(|local| local == word) {
            self.name(Name::Local(position), length);
            return Ok(());
        }
        match self.words.dictionary.named(word) {
            Some(Named::Constant(index)) => {
                self.name(Name::Constant(index), length);
                return Ok(());
            }
            Some(Named::Attribute(index)) => return self.attribute(index, start, length),
            None => {}
        }
        if word == REFERENCE_DATE {
            self.name(Name::ReferenceDate, length);
            return Ok(());
        }
        if let Some((_, function)) = FUNCTIONS.iter().find(|(spelling, _)| *spelling == word) {
            if *function == "某年" {
                return self.some_year(length);
            }
            self.name(Name::Function(function), length);
            return Ok(());
        }
        let keyword = SPELLINGS.iter().find(|(spelling, _)| *spelling == word);
        let keyword = keyword.map_or(word, |(_, keyword)| keyword);
        let kind = match keyword {
            "true" | "false" => Kind::Operand(keyword.to_owned()),
            "not" => Kind::Not,
            "if" => Kind::If,
            "not in" => {
                return Err(RuleError::new("not_in", "“不属于”请写成“非(… 属于 (…))”")
                    .at(start, start + length)
                    .hint("例如 not(企业规模 in (\"大型\"))"));
            }
            other => match INFIX.iter().find(|infix| **infix == other) {
                Some(infix) => Kind::Infix(infix),
                None => return Err(self.unknown(word, start + length)),
            },
        };
        self.push(kind, length);
        Ok(())
    }

    fn attribute(
        &mut self,
        index: AttributeIndex,
        start: usize,
        length: usize,
    ) -> Result<(), RuleError> {
        let attribute = self.words.dictionary.attribute(index);
        if attribute.personal.is_some() {
            let message = format!("“{}”是个人信息，不能用于规则", attribute.name);
            return Err(RuleError::new("personal", message)
                .at(start, start + length)
                .hint("政策条件只应涉及企业的情况"));
        }
        let year = match (attribute.annual, self.words.annual) {
            (false, _) => Year::None,
            (true, true) => Year::Relative(0),
            (true, false) => {
                return Err(RuleError::new(
                    "year",
                    format!("“{}”是分年度的，要说明是哪一年", attribute.name),
                )
                .at(start, start + length)
                .hint(format!("例如 上年.{}", attribute.name)));
            }
        };
        self.name(Name::Attribute(index, year), length);
        Ok(())
    }

    /// `某年(营业收入, 2024)`.
    fn some_year(&mut self, length: usize) -> Result<(), RuleError> {
        let start = self.at;
        let rest: String = self.chars[start + length..].iter().take(80).collect();
        let wrong = |end: usize| {
            RuleError::new("year", "“某年”的写法有误")
                .at(start, end)
                .hint("例如 某年(营业收入, 2024)")
        };
        let close = rest.find(')').ok_or_else(|| wrong(start + length))?;
        let used = length + rest[..close].chars().count() + 1;
        let inner = rest[..close]
            .trim()
            .strip_prefix('(')
            .ok_or_else(|| wrong(start + used))?;
        let (name, year) = inner.split_once(',').ok_or_else(|| wrong(start + used))?;
        let year: i32 = year
            .trim()
            .trim_end_matches('年')
            .parse()
            .ok()
            .filter(|year| crate::read::YEARS.contains(year))
            .ok_or_else(|| wrong(start + used))?;
        let name = name.trim();
        let index = self
            .words
            .dictionary
            .find(name)
            .ok_or_else(|| self.unknown(name, start + used))?;
        if !self.words.dictionary.attribute(index).annual {
            return Err(
                RuleError::new("year", format!("“{name}”不分年度，不能用“某年”"))
                    .at(start, start + used),
            );
        }
        self.name(Name::Attribute(index, Year::Absolute(year)), used);
        Ok(())
    }

    fn unknown(&self, word: &str, end: usize) -> RuleError {
        let error = RuleError::new(
            "unknown_name",
            format!("不认识“{word}”，属性字典里没有这个名称"),
        )
        .at(end.saturating_sub(word.chars().count()), end);
        let near = suggest::nearest(word, self.words.dictionary.words(), 3);
        match near.is_empty() {
            true => error.hint("请在属性列表中选择，文字内容要加引号"),
            false => error.hint(format!("是不是：{}？文字内容要加引号", near.join("、"))),
        }
    }

    /// Joins the tokens into FEEL; `非 甲` becomes `not(甲)`.
    fn finish(self) -> Result<Lexed, RuleError> {
        let mut out = self.out;
        out.tokens = self.tokens.len();
        let mut feel = String::with_capacity(self.tokens.len() * 4);
        let mut close_after: Option<usize> = None;
        for (position, token) in self.tokens.iter().enumerate() {
            feel.push(' ');
            match &token.kind {
                Kind::Operand(text) | Kind::Function(text) => feel.push_str(text),
                Kind::Not => {
                    feel.push_str("not");
                    match self.tokens.get(position + 1).map(|next| &next.kind) {
                        Some(Kind::Open('(')) => {}
                        Some(Kind::Operand(_)) => {
                            feel.push('(');
                            close_after = Some(position + 1);
                        }
                        _ => {
                            return Err(RuleError::new("not", "“非”后面请用括号括起来")
                                .at(token.start, token.end)
                                .hint("例如 not(企业规模 = \"大型\")"));
                        }
                    }
                }
                Kind::Infix(symbol) => feel.push_str(symbol),
                Kind::If => feel.push_str("if"),
                Kind::Minus => feel.push('-'),
                Kind::Open(c) | Kind::Close(c) => feel.push(*c),
                Kind::Comma => feel.push(','),
                Kind::Range => feel.push_str(".."),
            }
            if close_after == Some(position) {
                feel.push(')');
                close_after = None;
            }
        }
        out.feel = feel;
        Ok(out)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
