//! From text to a typed expression, with messages a clerk understands.

use std::thread;

use dsntk_feel::{FeelScope, IntervalType, Name as FeelName};
use dsntk_feel_parser::AstNode;

use crate::{
    Attribute, AttributeIndex, Comparison, Dictionary, Expr, Hierarchy, Kind, Number, Operator,
    RuleError, Test, Value,
    dictionary::NAME_MAX,
    fit::{self, fit},
    lexer::{Lexed, Name, Words, lex},
    size::Size,
};

/// Tokens and levels from which on the parser gets a thread with a stack of its own: its trees nest
/// as deep as a chain of conditions is long.
const TOKENS_INLINE_MAX: usize = 500;
const LEVELS_INLINE_MAX: usize = 64;
const STACK_BYTES: usize = 512 << 20;

/// What an expression's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    Number,
    Text,
    Date,
    Choice(AttributeIndex),
    Set(AttributeIndex),
    Code(Hierarchy),
}

impl Type {
    pub(crate) fn of(attribute: &Attribute, index: AttributeIndex) -> Self {
        match attribute.kind {
            Kind::Bool => Type::Bool,
            Kind::Number => Type::Number,
            Kind::Text => Type::Text,
            Kind::Date => Type::Date,
            Kind::Choice => Type::Choice(index),
            Kind::Set => Type::Set(index),
            Kind::Division => Type::Code(Hierarchy::Division),
            Kind::Industry => Type::Code(Hierarchy::Industry),
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Type::Bool => "是否",
            Type::Number => "数字",
            Type::Text => "文字",
            Type::Date => "日期",
            Type::Choice(_) => "选项",
            Type::Set(_) => "集合",
            Type::Code(Hierarchy::Division) => "行政区划",
            Type::Code(Hierarchy::Industry) => "行业",
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Type::Text | Type::Choice(_) | Type::Code(_))
    }
}

/// Compiles a condition: its value must be true or false.
pub(crate) fn condition(
    dictionary: &Dictionary,
    locals: &Locals,
    text: &str,
) -> Result<Expr, RuleError> {
    let words = Words {
        dictionary,
        locals: &locals.names,
        annual: false,
    };
    let (expr, found, _) = compile(&words, locals, text)?;
    expect(found, Type::Bool, "条件的结果应为“是”或“否”")
        .map_err(|error| error.hint("条件里通常要有比较，例如 上年.营业收入 >= 2000万"))?;
    Ok(expr)
}

/// Compiles an amount: its value must be a number.
pub(crate) fn amount(
    dictionary: &Dictionary,
    locals: &Locals,
    text: &str,
) -> Result<Expr, RuleError> {
    let words = Words {
        dictionary,
        locals: &locals.names,
        annual: false,
    };
    let (expr, found, _) = compile(&words, locals, text)?;
    expect(found, Type::Number, "金额公式的结果应为数字")?;
    Ok(expr)
}

/// Intermediate quantities that a rule may name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Locals {
    pub names: Vec<String>,
    pub types: Vec<Type>,
    pub sizes: Vec<Size>,
}

impl Locals {
    /// Refuses a name that one more could not have.
    pub(crate) fn check_name(&self, dictionary: &Dictionary, name: &str) -> Result<(), RuleError> {
        let taken = self.names.iter().any(|other| other == name)
            || dictionary.named(name).is_some()
            || crate::words::is_reserved(name);
        let written = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let length = name.chars().count();
        if taken || !written || !(1..=NAME_MAX).contains(&length) {
            return Err(
                RuleError::new("local", format!("中间量“{name}”的名称不可用或已被占用"))
                    .hint("请换一个由汉字或字母组成的名称"),
            );
        }
        Ok(())
    }

    /// Compiles one more, which may name those before it.
    pub(crate) fn define(
        &mut self,
        dictionary: &Dictionary,
        name: &str,
        text: &str,
    ) -> Result<Expr, RuleError> {
        self.check_name(dictionary, name)?;
        let words = Words {
            dictionary,
            locals: &self.names,
            annual: false,
        };
        let (expr, found, size) = compile(&words, self, text)?;
        self.names.push(name.to_owned());
        self.types.push(found);
        self.sizes.push(size);
        Ok(expr)
    }
}

/// Compiles the formula of a derived attribute.
pub(crate) fn formula_of(
    dictionary: &Dictionary,
    attribute: &Attribute,
    text: &str,
) -> Result<Expr, RuleError> {
    let words = Words {
        dictionary,
        locals: &[],
        annual: attribute.annual,
    };
    let (expr, found, _) = compile(&words, &Locals::default(), text)?;
    let fits = match attribute.kind {
        Kind::Bool => found == Type::Bool,
        Kind::Number => found == Type::Number,
        Kind::Date => found == Type::Date,
        Kind::Text | Kind::Choice | Kind::Division | Kind::Industry => found.is_text(),
        Kind::Set => matches!(found, Type::Set(_)),
    };
    if fits {
        return Ok(expr);
    }
    Err(RuleError::new(
        "type",
        format!("公式的结果是{}，与属性的类型不符", found.word()),
    ))
}

type Measured = Result<(Expr, Type, Size), RuleError>;

fn compile(words: &Words<'_>, locals: &Locals, text: &str) -> Measured {
    let lexed = lex(words, text)?;
    let compiler = Compiler {
        dictionary: words.dictionary,
        lexed: &lexed,
        locals,
    };
    if lexed.tokens <= TOKENS_INLINE_MAX && lexed.levels <= LEVELS_INLINE_MAX {
        return compiler.run();
    }
    thread::scope(|scope| {
        thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || compiler.run())
            .map_err(|_| RuleError::new("memory", "内存不足，无法检查这么长的规则"))?
            .join()
            .map_err(|_| RuleError::new("syntax", "规则的写法无法识别"))?
    })
}

fn parse(lexed: &Lexed) -> Result<AstNode, RuleError> {
    // Placeholders need no scope: each is one word, with a bracket behind it.
    dsntk_feel_parser::parse_expression(&FeelScope::default(), &lexed.feel, false).map_err(|_| {
        RuleError::new("syntax", "规则的写法无法识别").hint("请检查括号、比较符号和“且/或”的位置")
    })
}

fn expect(found: Type, wanted: Type, message: &str) -> Result<(), RuleError> {
    if found == wanted {
        return Ok(());
    }
    Err(RuleError::new(
        "type",
        format!("{message}，这里是{}", found.word()),
    ))
}

/// Types one expression of the grammar's tree.
pub(crate) struct Compiler<'a> {
    pub(crate) dictionary: &'a Dictionary,
    lexed: &'a Lexed,
    locals: &'a Locals,
}

pub(crate) type Typed = Result<(Expr, Type), RuleError>;

impl Compiler<'_> {
    fn run(&self) -> Measured {
        let (expr, found) = self.expr(&parse(self.lexed)?)?;
        let size = Size::of(&expr, self.dictionary, &self.locals.sizes).check()?;
        Ok((expr, found, size))
    }

    pub(crate) fn expr(&self, node: &AstNode) -> Typed {
        match node {
            AstNode::And(..) => Ok((Expr::All(self.chain(node, true)?), Type::Bool)),
            AstNode::Or(..) => Ok((Expr::Any(self.chain(node, false)?), Type::Bool)),
            AstNode::Boolean(value) => Ok((Expr::Literal(Value::Bool(*value)), Type::Bool)),
            AstNode::Numeric(whole, part, _, exponent) if exponent.is_empty() => {
                let text = if part.is_empty() {
                    whole.clone()
                } else {
                    format!("{whole}.{part}")
                };
                let number: Number = text.parse().map_err(|error: crate::NumberError| {
                    RuleError::new("number", error.to_string())
                })?;
                Ok((Expr::Literal(Value::Number(number)), Type::Number))
            }
            AstNode::String(position) => Ok((
                Expr::Literal(Value::Text(self.text(position)?.to_owned())),
                Type::Text,
            )),
            AstNode::At(position) => fit::date(self.text(position)?),
            AstNode::Name(name) => self.name(name),
            AstNode::Neg(inner) => match self.number(inner)? {
                Expr::Literal(Value::Number(number)) => {
                    Ok((Expr::Literal(Value::Number(-number)), Type::Number))
                }
                inner => {
                    let zero = Expr::Literal(Value::Number(Number::zero()));
                    let negated =
                        Expr::Arithmetic(Operator::Subtract, Box::new(zero), Box::new(inner));
                    Ok((negated, Type::Number))
                }
            },
            AstNode::Add(left, right) => self.arithmetic(Operator::Add, left, right),
            AstNode::Sub(left, right) => self.arithmetic(Operator::Subtract, left, right),
            AstNode::Mul(left, right) => self.arithmetic(Operator::Multiply, left, right),
            AstNode::Div(left, right) => self.arithmetic(Operator::Divide, left, right),
            AstNode::Eq(left, right) => self.compare(Comparison::Equal, left, right),
            AstNode::Nq(left, right) => self.compare(Comparison::NotEqual, left, right),
            AstNode::Lt(left, right) => self.compare(Comparison::Less, left, right),
            AstNode::Le(left, right) => self.compare(Comparison::LessOrEqual, left, right),
            AstNode::Gt(left, right) => self.compare(Comparison::Greater, left, right),
            AstNode::Ge(left, right) => self.compare(Comparison::GreaterOrEqual, left, right),
            AstNode::Between(subject, low, high) => self.between(subject, low, high),
            AstNode::In(subject, tests) => self.membership(subject, tests),
            AstNode::If(condition, yes, no) => self.choice(condition, yes, no),
            AstNode::FunctionInvocation(name, parameters) => self.call(name, parameters),
            _ => Err(
                RuleError::new("unsupported", "用到了本系统不支持的 FEEL 写法")
                    .hint("支持的写法见《规则语言》"),
            ),
        }
    }

    /// The members of a chain of `and` (or `or`), however long.
    fn chain(&self, node: &AstNode, and: bool) -> Result<Vec<Expr>, RuleError> {
        let mut parts = Vec::new();
        let mut rest = node;
        loop {
            let (left, right) = match rest {
                AstNode::And(left, right) if and => (left, right),
                AstNode::Or(left, right) if !and => (left, right),
                first => {
                    parts.push(self.boolean(first)?);
                    break;
                }
            };
            match (and, self.boolean(right)?) {
                // Written with brackets, but the same chain.
                (true, Expr::All(inner)) | (false, Expr::Any(inner)) => {
                    parts.extend(inner.into_iter().rev());
                }
                (_, part) => parts.push(part),
            }
            rest = left;
        }
        parts.reverse();
        Ok(parts)
    }

    pub(crate) fn boolean(&self, node: &AstNode) -> Result<Expr, RuleError> {
        let (expr, found) = self.expr(node)?;
        expect(found, Type::Bool, "“且”“或”“非”连接的应是条件")?;
        Ok(expr)
    }

    pub(crate) fn number(&self, node: &AstNode) -> Result<Expr, RuleError> {
        let (expr, found) = self.expr(node)?;
        expect(found, Type::Number, "这里应是数字")?;
        Ok(expr)
    }

    pub(crate) fn text(&self, position: &str) -> Result<&str, RuleError> {
        position
            .parse::<usize>()
            .ok()
            .and_then(|position| self.lexed.texts.get(position))
            .map(String::as_str)
            .ok_or_else(|| RuleError::new("syntax", "规则的写法无法识别"))
    }

    pub(crate) fn placeholder(&self, name: &FeelName) -> Option<&Name> {
        let name = name.to_string();
        self.lexed
            .names
            .get(name.strip_prefix('n')?.parse::<usize>().ok()?)
    }

    fn name(&self, name: &FeelName) -> Typed {
        match self.placeholder(name) {
            Some(Name::Attribute(index, year)) => {
                let found = Type::of(self.dictionary.attribute(*index), *index);
                Ok((Expr::Attribute(*index, *year), found))
            }
            Some(Name::Constant(index)) => Ok((Expr::Constant(*index), Type::Number)),
            Some(Name::ReferenceDate) => Ok((Expr::ReferenceDate, Type::Date)),
            Some(Name::Local(position)) => match self.locals.types.get(*position) {
                Some(found) => Ok((Expr::Local(*position), *found)),
                None => Err(RuleError::new("local", "中间量必须先定义再使用")),
            },
            Some(Name::Function(_)) | None => Err(RuleError::new("syntax", "规则的写法无法识别")),
        }
    }

    fn arithmetic(&self, operator: Operator, left: &AstNode, right: &AstNode) -> Typed {
        arithmetic(operator, self.number(left)?, self.number(right)?)
    }

    fn compare(&self, comparison: Comparison, left: &AstNode, right: &AstNode) -> Typed {
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        // A literal on the left reads as well on the right, and has then one form.
        let (comparison, (left, left_type), (right, right_type)) =
            if matches!(left.0, Expr::Literal(_)) && !matches!(right.0, Expr::Literal(_)) {
                (comparison.mirrored(), right, left)
            } else {
                (comparison, left, right)
            };
        let right = fit(self.dictionary, right, right_type, left_type)?;
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        match left_type {
            Type::Set(_) => {
                Err(RuleError::new("type", "集合不能直接比较").hint("请写 包含(集合, \"内容\")"))
            }
            Type::Bool if equality => Ok((equals_bool(comparison, left, right), Type::Bool)),
            Type::Code(hierarchy) if equality => {
                let test = Expr::In(Box::new(left), vec![Test::Is(right)], Some(hierarchy));
                let negated = comparison == Comparison::NotEqual;
                let expr = if negated {
                    Expr::Not(Box::new(test))
                } else {
                    test
                };
                Ok((expr, Type::Bool))
            }
            Type::Number | Type::Date => Ok((
                Expr::Compare(comparison, Box::new(left), Box::new(right)),
                Type::Bool,
            )),
            _ if equality => Ok((
                Expr::Compare(comparison, Box::new(left), Box::new(right)),
                Type::Bool,
            )),
            other => Err(
                RuleError::new("type", format!("{}不能比较大小", other.word()))
                    .hint("请用 = 或 in (…)"),
            ),
        }
    }

    fn between(&self, subject: &AstNode, low: &AstNode, high: &AstNode) -> Typed {
        let (subject, found) = self.ordered(subject)?;
        let (low, high) = (self.value(low, found)?, self.value(high, found)?);
        let test = Test::Between {
            low,
            low_closed: true,
            high,
            high_closed: true,
        };
        Ok((Expr::In(Box::new(subject), vec![test], None), Type::Bool))
    }

    fn ordered(&self, node: &AstNode) -> Typed {
        let (expr, found) = self.expr(node)?;
        match found {
            Type::Number | Type::Date => Ok((expr, found)),
            other => Err(RuleError::new(
                "type",
                format!("{}没有大小之分", other.word()),
            )),
        }
    }

    fn value(&self, node: &AstNode, wanted: Type) -> Result<Expr, RuleError> {
        let (expr, found) = self.expr(node)?;
        fit(self.dictionary, expr, found, wanted)
    }

    fn membership(&self, subject: &AstNode, tests: &AstNode) -> Typed {
        let (subject, found) = self.expr(subject)?;
        let hierarchy = match found {
            Type::Code(hierarchy) => Some(hierarchy),
            Type::Set(index) => {
                let set = self.dictionary.attribute(index).name.clone();
                return Err(RuleError::new("type", format!("“{set}”是集合"))
                    .hint(format!("请写 包含任一({set}, \"甲\", \"乙\")")));
            }
            Type::Bool => return Err(RuleError::new("type", "条件不能用 in 判断")),
            _ => None,
        };
        let nodes: &[AstNode] = match tests {
            AstNode::ExpressionList(nodes) | AstNode::List(nodes) => nodes,
            one => std::slice::from_ref(one),
        };
        let tests = nodes
            .iter()
            .map(|node| self.test(node, found))
            .collect::<Result<Vec<_>, _>>()?;
        if tests.is_empty() {
            return Err(RuleError::new("empty", "in 后面的列表是空的"));
        }
        Ok((Expr::In(Box::new(subject), tests, hierarchy), Type::Bool))
    }

    fn test(&self, node: &AstNode, found: Type) -> Result<Test, RuleError> {
        let compares = |comparison, value: &AstNode| {
            if !matches!(found, Type::Number | Type::Date) {
                return Err(RuleError::new(
                    "type",
                    format!("{}没有大小之分", found.word()),
                ));
            }
            Ok(Test::Compares(comparison, self.value(value, found)?))
        };
        match node {
            AstNode::UnaryGe(value) => compares(Comparison::GreaterOrEqual, value),
            AstNode::UnaryGt(value) => compares(Comparison::Greater, value),
            AstNode::UnaryLe(value) => compares(Comparison::LessOrEqual, value),
            AstNode::UnaryLt(value) => compares(Comparison::Less, value),
            AstNode::Range(start, end) => match (start.as_ref(), end.as_ref()) {
                (AstNode::IntervalStart(low, left), AstNode::IntervalEnd(high, right))
                    if matches!(found, Type::Number | Type::Date) =>
                {
                    Ok(Test::Between {
                        low: self.value(low, found)?,
                        low_closed: *left == IntervalType::Closed,
                        high: self.value(high, found)?,
                        high_closed: *right == IntervalType::Closed,
                    })
                }
                _ => Err(RuleError::new("type", format!("{}没有区间", found.word()))),
            },
            value => Ok(Test::Is(self.value(value, found)?)),
        }
    }

    fn choice(&self, condition: &AstNode, yes: &AstNode, no: &AstNode) -> Typed {
        let condition = self.boolean(condition)?;
        let ((yes, found), (no, other)) = (self.expr(yes)?, self.expr(no)?);
        let no = fit(self.dictionary, no, other, found)?;
        Ok((
            Expr::If(Box::new(condition), Box::new(yes), Box::new(no)),
            found,
        ))
    }
}

/// An operator on two numbers; nothing is divided by a literal zero.
pub(crate) fn arithmetic(operator: Operator, left: Expr, right: Expr) -> Typed {
    if operator == Operator::Divide
        && matches!(&right, Expr::Literal(Value::Number(number)) if number.is_zero())
    {
        return Err(RuleError::new("zero", "不能除以 0"));
    }
    Ok((
        Expr::Arithmetic(operator, Box::new(left), Box::new(right)),
        Type::Number,
    ))
}

/// `x = true` is `x`; `x = false` is `not(x)`; `x = y` holds when both or neither do.
fn equals_bool(comparison: Comparison, left: Expr, right: Expr) -> Expr {
    let equal = comparison == Comparison::Equal;
    match right {
        Expr::Literal(Value::Bool(value)) if value == equal => left,
        Expr::Literal(Value::Bool(_)) => Expr::Not(Box::new(left)),
        right => Expr::Compare(comparison, Box::new(left), Box::new(right)),
    }
}
