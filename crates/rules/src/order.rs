//! The order and the nesting of a rule's words, checked before the parser sees them: it would only
//! say “syntax error”, and it is as deep in calls as the rule is nested.

use crate::{
    RuleError,
    lexer::{Kind, Token},
    size::{self, LEVELS_MAX},
};

/// Levels of brackets, branches and operators that a text may nest. The normal form of an expression
/// needs no more than these for each of its levels, so that it can always be read again.
const NESTING_MAX: usize = 4 * LEVELS_MAX;

/// Finds what is missing between two neighbours, where the parser would only say “syntax error”.
pub(crate) fn check_order(tokens: &[Token]) -> Result<(), RuleError> {
    let Some(last) = tokens.last() else {
        return Err(RuleError::new("empty", "规则是空的").hint("例如 上年.营业收入 >= 2000万"));
    };
    let mut open: Vec<&Token> = Vec::new();
    let mut before: Option<&Token> = None;
    for token in tokens {
        if let Some(previous) = before {
            neighbours(previous, token)?;
        } else if let Kind::Infix(symbol) = token.kind {
            return Err(RuleError::new("operand", format!("“{symbol}”前面缺少内容"))
                .at(token.start, token.end));
        }
        match token.kind {
            Kind::Open(_) => open.push(token),
            Kind::Close(c) if open.pop().is_none() => {
                return Err(RuleError::new("bracket", format!("“{c}”没有对应的左括号"))
                    .at(token.start, token.end));
            }
            _ => {}
        }
        before = Some(token);
    }
    if let Some(token) = open.last() {
        return Err(RuleError::new("bracket", "这个括号没有配对")
            .at(token.start, token.end)
            .hint("请在后面补上右括号"));
    }
    if !matches!(last.kind, Kind::Operand(_) | Kind::Close(_)) {
        return Err(RuleError::new("operand", "规则没有写完").at(last.start, last.end));
    }
    Ok(())
}

fn neighbours(previous: &Token, token: &Token) -> Result<(), RuleError> {
    let ends = matches!(previous.kind, Kind::Operand(_) | Kind::Close(_));
    let between = |message: &str, hint: &str| {
        Err(RuleError::new("operator", message)
            .at(previous.start, token.end)
            .hint(hint))
    };
    match (&token.kind, &previous.kind) {
        (Kind::Operand(_) | Kind::Function(_) | Kind::Not | Kind::If, _) if ends => {
            between("这两项之间缺少连接词", "请写“且”“或”，或写比较符号")
        }
        (Kind::Open(_), Kind::Operand(_) | Kind::Close(')')) => {
            between("括号前面不是函数名", "如果要列出几个值，请写 in (…)")
        }
        (kind, Kind::Function(_)) if *kind != Kind::Open('(') => {
            between("函数名后面要有括号", "例如 min(甲, 乙)")
        }
        (Kind::Infix(symbol), _) if !ends && !is_test_start(symbol, &previous.kind) => {
            Err(RuleError::new("operand", format!("“{symbol}”前面缺少内容"))
                .at(token.start, token.end))
        }
        (Kind::Close(_) | Kind::Comma, Kind::Infix(symbol)) => {
            Err(RuleError::new("operand", format!("“{symbol}”后面缺少内容"))
                .at(previous.start, previous.end))
        }
        _ => Ok(()),
    }
}

/// `in (>= 5, < 9)` has comparisons without a left side.
fn is_test_start(symbol: &str, previous: &Kind) -> bool {
    matches!(symbol, "<" | "<=" | ">" | ">=" | "=" | "!=")
        && matches!(previous, Kind::Open('(') | Kind::Comma | Kind::Infix("in"))
}

/// How deep the content of one bracket nests: each `if` holds what follows it, each operator what
/// stands before it up to the last word that joins.
#[derive(Default)]
struct Nesting {
    branches: usize,
    operators: usize,
    /// The deepest bracket since the last word that joins.
    inside: usize,
    /// The deepest part before it.
    beside: usize,
}

impl Nesting {
    fn levels(&self) -> usize {
        self.branches + self.beside.max(self.operators + self.inside)
    }

    fn join(&mut self) {
        self.beside = self.beside.max(self.operators + self.inside);
        (self.operators, self.inside) = (0, 0);
    }
}

/// Refuses what would nest deeper than the parser and the interpreter may call themselves; the
/// answer is how deep it is.
pub(crate) fn check_nesting(tokens: &[Token]) -> Result<usize, RuleError> {
    let mut open = vec![Nesting::default()];
    for token in tokens {
        if let Kind::Open(_) = token.kind {
            open.push(Nesting::default());
            continue;
        }
        let inside = match token.kind {
            Kind::Close(_) if open.len() > 1 => open.pop().map_or(0, |group| group.levels() + 1),
            _ => 0,
        };
        let Some(group) = open.last_mut() else {
            continue;
        };
        group.inside = group.inside.max(inside);
        match token.kind {
            Kind::If => group.branches += 1,
            Kind::Comma | Kind::Infix("and" | "or" | "then" | "else") => group.join(),
            Kind::Minus | Kind::Infix(_) => group.operators += 1,
            _ => {}
        }
        if group.levels() > NESTING_MAX {
            return Err(size::too_deep().at(token.start, token.end));
        }
    }
    Ok(open.first().map_or(0, Nesting::levels))
}
