//! Where each role finds something in the demonstration: on the page of roles, and at the start.

use zhida_people::DemoHint;

const fn hint(role: &'static str, href: &'static str, words: &'static str) -> DemoHint {
    DemoHint { role, href, words }
}

/// One for each role that has something to look at.
pub const HINTS: &[DemoHint] = &[
    hint(
        "legal",
        "/redemption",
        "“我的兑付”：一件免申即享等您确认，一件申请等补正；到账的一笔在“已办结”里，可以评价",
    ),
    hint(
        "handler",
        "/redemption",
        "“我的兑付”：补正写了一半，接着写完再提交；免申即享的，核对账户、点“确认领取”",
    ),
    hint(
        "finance",
        "/redemption?show=closed",
        "“我的兑付”的“已办结”：到账多少、哪天到的",
    ),
    hint(
        "reader",
        "/appeals/mine",
        "“我的诉求”：一件已经答复等您评价，一件还没有受理",
    ),
    hint(
        "clerk",
        "/redemption/desk",
        "“兑付办件”：新收、联审、等补正、逾期各有；“诉求办理”：交给发展和改革局的",
    ),
    hint(
        "decider",
        "/redemption/desk",
        "“兑付办件”：一件等审定；“兑付评估”：天数和企业评价",
    ),
    hint(
        "specialist",
        "/match/news",
        "“新匹配”，和每家企业的“可享政策”",
    ),
    hint(
        "policy_editor",
        "/schemes",
        "“兑付方案”：四个已发布，免申、即申、申报都有",
    ),
    hint(
        "data_manager",
        "/enterprises/import",
        "“导入企业”：可以先试算再导入",
    ),
    hint(
        "supervisor",
        "/appeals?standing=overdue",
        "“诉求查询”：逾期的和两次不满意的；“一类事”：货车限行在增多；“调度会”：交办清单",
    ),
    hint(
        "leader",
        "/appeals/numbers",
        "“诉求数据”和上月月报；“调度会”：上次的交办清单、下次的议程；“兑付报表”",
    ),
    hint(
        "operator",
        "/appeals",
        "“诉求查询”：新来的等受理，答复了的等回访，渠道选 Open311 是热线平台提交的；“诉求登记”：接一个电话试试",
    ),
    hint(
        "appeal_manager",
        "/appeals/setup",
        "“诉求设置”：分类、责任单位和时限；“登记设置”里有热线平台的 Open311 密钥",
    ),
    hint(
        "treasurer",
        "/funds/payments",
        "“拨付”：已付的、银行退回的各有；“资金池”：四个事项",
    ),
    hint(
        "payment_approver",
        "/funds/batches",
        "“拨付批次”：两批，编制和复核不是同一人",
    ),
    hint("sysadmin", "/office", "“后台”：任务、日历、文件"),
    hint("secadmin", "/organisations", "“组织机构”：演示市的各个单位"),
    hint(
        "auditor",
        "/office/audit",
        "“审计”：八周里每一步是谁、什么时候办的",
    ),
];
