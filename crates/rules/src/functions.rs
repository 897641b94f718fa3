//! The functions of the rule language: which arguments each takes.

use std::collections::BTreeSet;

use dsntk_feel_parser::AstNode;

use crate::{
    AttributeIndex, Expr, Function, Members, RuleError, Table, Value,
    compile::{Compiler, Type, Typed},
    fit::{choose, date, fit},
    lexer::Name,
};

impl Compiler<'_> {
    pub(crate) fn call(&self, name: &AstNode, parameters: &AstNode) -> Typed {
        let (AstNode::Name(name), AstNode::PositionalParameters(arguments)) = (name, parameters)
        else {
            return Err(RuleError::new("unsupported", "函数参数请按位置书写"));
        };
        if name.to_string() == "not" {
            let [inner] = arguments.as_slice() else {
                return Err(RuleError::new("arguments", "“非”后面应是一个条件"));
            };
            return Ok((Expr::Not(Box::new(self.boolean(inner)?)), Type::Bool));
        }
        let Some(Name::Function(function)) = self.placeholder(name) else {
            return Err(RuleError::new("unsupported", "没有这个函数"));
        };
        match *function {
            "min" => self.numbers(Function::Min, function, arguments, 1..=50),
            "max" => self.numbers(Function::Max, function, arguments, 1..=50),
            "sum" => self.numbers(Function::Sum, function, arguments, 1..=50),
            "abs" => self.numbers(Function::Abs, function, arguments, 1..=1),
            "floor" => self.numbers(Function::Floor, function, arguments, 1..=1),
            "ceiling" => self.numbers(Function::Ceiling, function, arguments, 1..=1),
            "round" => self.numbers(Function::Round, function, arguments, 2..=2),
            "补差" => self.numbers(Function::TopUp, function, arguments, 2..=2),
            "满月数" => self.dates(Function::Months, function, arguments),
            "满年数" => self.dates(Function::Years, function, arguments),
            "天数" => self.dates(Function::Days, function, arguments),
            "分档" => self.table(Table::Tier, function, arguments, 1),
            "二维分档" => self.table(Table::Matrix, function, arguments, 2),
            "超额累进" => self.table(Table::Marginal, function, arguments, 1),
            "累计" => self.stages(arguments),
            "包含" | "包含任一" => self.contains(Members::Any, function, arguments),
            "包含全部" => self.contains(Members::All, function, arguments),
            "已知" => match arguments.as_slice() {
                [inner] => Ok((Expr::Known(Box::new(self.expr(inner)?.0)), Type::Bool)),
                _ => Err(arguments_wrong("已知", "一个属性，如 已知(上年.营业收入)")),
            },
            "date" => match arguments.as_slice() {
                [AstNode::String(position)] => date(self.text(position)?),
                _ => Err(arguments_wrong(
                    "date",
                    "带引号的日期，如 date(\"2025-01-01\")",
                )),
            },
            other => Err(RuleError::new(
                "unsupported",
                format!("没有“{other}”这个函数"),
            )),
        }
    }

    fn numbers(
        &self,
        function: Function,
        name: &str,
        arguments: &[AstNode],
        count: std::ops::RangeInclusive<usize>,
    ) -> Typed {
        if !count.contains(&arguments.len()) {
            return Err(arguments_wrong(name, "数字，个数不对"));
        }
        let arguments = arguments
            .iter()
            .map(|node| self.number(node))
            .collect::<Result<_, _>>()?;
        Ok((Expr::Call(function, arguments), Type::Number))
    }

    fn dates(&self, function: Function, name: &str, arguments: &[AstNode]) -> Typed {
        let [from, to] = arguments else {
            return Err(arguments_wrong(
                name,
                "两个日期，如 满月数(成立日期, 基准日)",
            ));
        };
        let day = |node| {
            let (expr, found) = self.expr(node)?;
            fit(self.dictionary, expr, found, Type::Date)
        };
        Ok((
            Expr::Call(function, vec![day(from)?, day(to)?]),
            Type::Number,
        ))
    }

    fn table(&self, table: Table, name: &str, arguments: &[AstNode], keys: usize) -> Typed {
        let shape = if keys == 1 {
            "数字，再加若干个 [起点, 值]"
        } else {
            "两个数字，再加若干个 [起点, 起点, 值]"
        };
        if arguments.len() <= keys {
            return Err(arguments_wrong(name, shape));
        }
        let (subjects, rows) = arguments.split_at(keys);
        let subjects = subjects
            .iter()
            .map(|node| self.number(node))
            .collect::<Result<_, _>>()?;
        let rows = rows
            .iter()
            .map(|row| match row {
                AstNode::List(cells) if cells.len() == keys + 1 => cells
                    .iter()
                    .map(|cell| self.number(cell))
                    .collect::<Result<Vec<_>, _>>(),
                _ => Err(arguments_wrong(name, shape)),
            })
            .collect::<Result<Vec<_>, _>>()?;
        if keys == 1 {
            refuse_unsorted(name, &rows)?;
        }
        Ok((Expr::Table(table, subjects, rows), Type::Number))
    }

    fn stages(&self, arguments: &[AstNode]) -> Typed {
        let wrong = || arguments_wrong("累计", "一个集合，再加若干个 [\"阶段\", 金额]");
        let (set, rows) = arguments
            .split_first()
            .filter(|(_, rows)| !rows.is_empty())
            .ok_or_else(wrong)?;
        let (set, index) = self.set(set)?;
        let stages = rows
            .iter()
            .map(|row| match row {
                AstNode::List(cells) => match cells.as_slice() {
                    [AstNode::String(stage), amount] => {
                        let stage = self.text(stage)?;
                        choose(self.dictionary, index, stage)?;
                        Ok((stage.to_owned(), self.number(amount)?))
                    }
                    _ => Err(wrong()),
                },
                _ => Err(wrong()),
            })
            .collect::<Result<_, _>>()?;
        Ok((Expr::Stages(Box::new(set), stages), Type::Number))
    }

    fn set(&self, node: &AstNode) -> Result<(Expr, AttributeIndex), RuleError> {
        match self.expr(node)? {
            (expr, Type::Set(index)) => Ok((expr, index)),
            (_, other) => Err(RuleError::new(
                "type",
                format!("这里应是集合型属性，不是{}", other.word()),
            )),
        }
    }

    fn contains(&self, members: Members, name: &str, arguments: &[AstNode]) -> Typed {
        let wrong = || {
            arguments_wrong(
                name,
                "一个集合和带引号的内容，如 包含(企业标签, \"专精特新\")",
            )
        };
        let (set, texts) = arguments
            .split_first()
            .filter(|(_, texts)| !texts.is_empty())
            .ok_or_else(wrong)?;
        let (set, index) = self.set(set)?;
        let mut wanted = BTreeSet::new();
        for node in texts {
            let AstNode::String(position) = node else {
                return Err(wrong());
            };
            let text = self.text(position)?;
            choose(self.dictionary, index, text)?;
            wanted.insert(text.to_owned());
        }
        let wanted = wanted.into_iter().collect();
        Ok((Expr::Contains(members, Box::new(set), wanted), Type::Bool))
    }
}

fn arguments_wrong(name: &str, shape: &str) -> RuleError {
    RuleError::new("arguments", format!("“{name}”的括号里应是{shape}"))
}

/// Rows must ascend, otherwise the author has likely swapped two numbers.
pub(crate) fn refuse_unsorted(name: &str, rows: &[Vec<Expr>]) -> Result<(), RuleError> {
    for pair in rows.windows(2) {
        let starts = (pair[0].first(), pair[1].first());
        if let (
            Some(Expr::Literal(Value::Number(before))),
            Some(Expr::Literal(Value::Number(after))),
        ) = starts
            && before >= after
        {
            return Err(RuleError::new(
                "rows",
                format!("“{name}”各档的起点应由小到大，{before} 之后是 {after}"),
            ));
        }
    }
    Ok(())
}
